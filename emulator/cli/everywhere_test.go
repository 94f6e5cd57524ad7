package cli_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// TestCoverageOfAll holds what CI asks for: the errors that a suite has seen whose sandboxes are gone.
func TestCoverageOfAll(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	if got := s.run(t, "coverage", "--all", "--min", "0"); got.code == 0 || !strings.Contains(got.err, "no calls in any sandbox") {
		t.Errorf("before the first call: %+v", got)
	}
	for range 2 {
		box := s.box(t)
		app := box.Credentials.Fabric[0]
		s.issue(t, app, app.AppSecret)
		s.issue(t, app, "wrong")
		if got := s.run(t, "sandbox", "rm", box.ID); got.code != 0 {
			t.Fatalf("%+v", got)
		}
	}
	if got := s.run(t, "coverage"); got.code == 0 {
		t.Errorf("the default sandbox has seen calls: %+v", got)
	}
	got := s.run(t, "coverage", "--all", "--min", "0.01")
	if got.code != 0 || !strings.Contains(got.out, "\n4 calls; 1 of ") {
		t.Errorf("%+v", got)
	}
	if got := s.run(t, "coverage", "--all", "--min", "50"); got.code == 0 {
		t.Errorf("a threshold that is not reached: %+v", got)
	}
	var whole client.Coverage
	s.decode(t, &whole, "coverage", "--all", "--format", "json")
	if whole.Calls != 4 || whole.Seen != 1 {
		t.Errorf("%d calls, %d seen", whole.Calls, whole.Seen)
	}
	if got := s.run(t, "coverage", "--all", "--format", "junit"); got.code != 0 || !strings.Contains(got.out, "<testsuites") {
		t.Errorf("%+v", got)
	}
}

func TestRequestsOfAll(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	none := s.run(t, "requests", "--all")
	if none.out != "no matching requests in any sandbox\n" {
		t.Errorf("%+v", none)
	}
	one, two := s.box(t, "--id", "one"), s.box(t, "--id", "two")
	s.issue(t, two.Credentials.Fabric[0], two.Credentials.Fabric[0].AppSecret)
	s.issue(t, one.Credentials.Fabric[0], "wrong")
	rows := columns(s.run(t, "requests", "--all").out)
	if len(rows) != 3 || rows[0][1] != "SANDBOX" || rows[1][1] != "two" || rows[2][1] != "one" {
		t.Errorf("rows %q", rows)
	}
	var page client.Page
	s.decode(t, &page, "requests", "--all", "--json", "--outcome", "ok")
	if len(page.Requests) != 1 || page.Requests[0].Sandbox != "two" {
		t.Errorf("%+v", page)
	}
	if got := s.run(t, "requests", "--all", "some-id"); got.code != 2 {
		t.Errorf("%+v", got)
	}
}

// TestFollowAll sees the calls of sandboxes that come and go, each once.
func TestFollowAll(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	one := s.box(t, "--id", "one")
	s.issue(t, one.Credentials.Fabric[0], one.Credentials.Fabric[0].AppSecret)
	following := start(t, nil, "requests", "--all", "--follow", "--json", "--control", s.control)
	following.await(t, `"sandbox":"one"`)
	if got := s.run(t, "sandbox", "rm", "one"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	two := s.box(t, "--id", "two")
	if status := s.issue(t, two.Credentials.Fabric[0], two.Credentials.Fabric[0].AppSecret); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	following.await(t, `"sandbox":"two"`)
	if code := following.end(); code != 0 {
		t.Errorf("it ends with %d", code)
	}
	var boxes []string
	for lines := bufio.NewScanner(strings.NewReader(following.out.String())); lines.Scan(); {
		var entry client.Entry
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		boxes = append(boxes, entry.Sandbox)
	}
	if !slices.Equal(boxes, []string{"one", "two"}) {
		t.Errorf("calls of %q", boxes)
	}
}
