package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t, "--now", "2030-01-01T12:34:56Z", "--frozen")
	app := box.Credentials.Fabric[0]
	for range 3 {
		s.issue(t, app, app.AppSecret)
	}
	s.issue(t, app, "wrong-secret")
	list := func(args ...string) result {
		return s.run(t, append([]string{"requests", "--sandbox", box.ID}, args...)...)
	}

	t.Run("table", func(t *testing.T) {
		t.Parallel()
		rows := columns(list().out)
		want := []string{"TIME", "OPERATION", "OUTCOME", "STATUS", "DURATION", "ID", "FINDING"}
		if !slices.Equal(rows[0], want) {
			t.Errorf("heading %q", rows[0])
		}
		if len(rows) != 5 || rows[4][0] != "12:34:56.000" || rows[4][1] != "ccmessaging.tokenByAkSk" || rows[4][2] == "ok" ||
			len(rows[4]) != 7 {
			t.Errorf("rows %q", rows)
		}
	})
	t.Run("latest", func(t *testing.T) {
		t.Parallel()
		got := list("--limit", "1").out
		if !strings.HasSuffix(got, "3 earlier entries are not shown; --limit 0 shows all\n") || len(columns(got)) != 3 ||
			columns(got)[1][2] == "ok" {
			t.Errorf("got:\n%s", got)
		}
	})
	t.Run("filters", func(t *testing.T) {
		t.Parallel()
		if got := list("--outcome", "ok", "--api", "ccmessaging", "--operation", "tokenByAkSk").out; len(columns(got)) != 4 {
			t.Errorf("got:\n%s", got)
		}
		if got := list("--outcome", "Nothing").out; got != "no matching requests in the sandbox "+box.ID+"\n" {
			t.Errorf("got:\n%s", got)
		}
	})
	t.Run("whole", func(t *testing.T) {
		t.Parallel()
		got := list("--verbose", "--limit", "1").out
		order := regexp.MustCompile(`(?s)^id +\S+\ntime +2030-01-01T12:34:56Z\n.*` +
			`\nerror: .*\nrequest\n  POST http.*\nresponse\n  4\d\d `)
		if !order.MatchString(got) || strings.Contains(got, app.AppSecret) {
			t.Errorf("got:\n%s", got)
		}
	})
	t.Run("one by its id", func(t *testing.T) {
		t.Parallel()
		id := columns(list().out)[1][5]
		if got := list(id); got.code != 0 || !strings.HasPrefix(got.out, "id          "+id+"\n") {
			t.Errorf("got %+v", got)
		}
		var entry client.Entry
		s.decode(t, &entry, "requests", id, "--sandbox", box.ID, "--json")
		if entry.ID != id || entry.Outcome != "ok" {
			t.Errorf("got %+v", entry)
		}
		if got := list("1-2-3"); got.code != 1 || !strings.HasSuffix(got.err, "; see: tokenstage requests\n") {
			t.Errorf("got %+v", got)
		}
	})
}

// TestFollow resets the sandbox in between, after which the journal counts from 1 again.
func TestFollow(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t)
	app := box.Credentials.Fabric[0]
	env := map[string]string{"TOKENSTAGE_CONTROL": s.control, "TOKENSTAGE_SANDBOX": box.ID}

	for range 3 {
		s.issue(t, app, app.AppSecret)
	}
	following := start(t, env, "requests", "--follow", "--limit", "2")
	following.await(t, `(?m)^TIME .*\n(.* ok .*\n){2}`)
	s.issue(t, app, "wrong-secret")
	following.await(t, `(?m)^TIME .*\n(.* ok .*\n){2}.* 40\d .*\n`)
	if got := s.run(t, "sandbox", "reset", box.ID); got.code != 0 {
		t.Fatalf("got %+v", got)
	}
	s.issue(t, app, app.AppSecret)
	following.await(t, `(?m)^TIME .*\n(.* ok .*\n){2}.* 40\d .*\n.* ok .*\n`)
	if code := following.end(); code != 0 {
		t.Errorf("exit code %d: %s", code, following.err)
	}
}

func TestFollowAsJSON(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t)
	app := box.Credentials.Fabric[0]
	env := map[string]string{"TOKENSTAGE_CONTROL": s.control, "TOKENSTAGE_SANDBOX": box.ID}
	following := start(t, env, "requests", "-f", "--json")
	s.issue(t, app, app.AppSecret)
	s.issue(t, app, app.AppSecret)
	following.await(t, `(?m)(^\{.*\}\n){2}`)
	for line := range strings.Lines(following.out.String()) {
		var entry client.Entry
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Outcome != "ok" {
			t.Errorf("%v in %s", err, line)
		}
	}
}

func TestFollowEndsWithTheServer(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.issue(t, client.App{AppKey: "nobody"}, "wrong-secret")
	following := start(t, map[string]string{"TOKENSTAGE_CONTROL": s.control}, "requests", "--follow")
	following.await(t, "TIME")
	s.issue(t, client.App{AppKey: "nobody"}, "wrong-secret")
	following.await(t, `TIME(.*\n){2}.* 40\d `)
	s.end()
	if code := <-following.code; code != 1 || !strings.Contains(following.err.String(), "the emulator at "+s.control+" stopped") {
		t.Errorf("exit code %d: %s", code, following.err)
	}
}

// stream is a control plane with an empty journal whose events are written in a test.
func stream(events string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/events") {
			_ = json.NewEncoder(w).Encode(client.Page{Requests: []client.Entry{}})
			return
		}
		_, _ = io.WriteString(w, events)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
}

func TestFollowLosesNothingSilently(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(stream(`: still here

event: request
id: 1
data: {"id":"one","outcome":"ok"}

event: cleared
data: {}

event: later
data: {"what":"is not known yet"}

event: missed
data: {"missed":3}

event: request
data: {"id":"five","outcome":"ok"}

event: removed
data: {}

`))
	t.Cleanup(server.Close)
	following := start(t, nil, "requests", "--follow", "--control", server.URL)
	code := <-following.code
	following.await(t, `^TIME .*\n.* one\n3 entries were dropped before they could be shown: .*\n.* five\n$`)
	if code != 1 || !strings.Contains(following.err.String(), "the sandbox default was removed") {
		t.Errorf("exit code %d: %s", code, following.err)
	}
}

// paged is a control plane with a journal that it gives in pages of two.
type paged struct {
	entries []client.Entry
	dropped uint64
}

// ServeHTTP answers with the page behind the place that is asked for.
func (p paged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	page := client.Page{Requests: []client.Entry{}, Dropped: p.dropped}
	for _, e := range p.entries {
		switch {
		case e.Seq <= after:
		case len(page.Requests) == 2:
			page.Next = &page.Requests[1].Seq
		default:
			page.Requests = append(page.Requests, e)
		}
	}
	_ = json.NewEncoder(w).Encode(page)
}

func TestRequestsSayWhatWasDropped(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(paged{
		dropped: 2, entries: []client.Entry{{ID: "three", Seq: 3}, {ID: "four", Seq: 4}, {ID: "five", Seq: 5}},
	})
	t.Cleanup(server.Close)
	got := run(t, nil, "requests", "--control", server.URL)
	rows := columns(got.out)
	if len(rows) != 5 || !strings.HasSuffix(got.out, "\n2 entries were dropped: the journal keeps only the latest\n") {
		t.Errorf("got %+v", got)
	}
}

// TestFindingsThatRefusedComeFirst has advice before the error.
func TestFindingsThatRefusedComeFirst(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(paged{entries: []client.Entry{
		{ID: "a", Seq: 1, Findings: []client.Finding{
			{Level: client.LevelAdvice, Message: "could be better"}, {Level: client.LevelError, Message: "is wrong"},
		}},
		{ID: "b", Seq: 2, Findings: []client.Finding{{Level: client.LevelAdvice, Message: strings.Repeat("long ", 30)}}},
		{ID: "c", Seq: 3, Misses: []client.Miss{{Scenario: "mine", Condition: "quota"}}},
	}})
	t.Cleanup(server.Close)
	got := run(t, nil, "requests", "--control", server.URL)
	for _, want := range []string{"  is wrong\n", "  " + strings.Repeat("long ", 19) + "long…\n", "  The rule did not take the call: quota.\n"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("does not say %q in:\n%s", want, got.out)
		}
	}
}

// TestRulesThatDidNotTakeTheCall stand behind what refused it.
func TestRulesThatDidNotTakeTheCall(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(paged{entries: []client.Entry{{
		ID: "a", Seq: 1, Findings: []client.Finding{{Check: "quota", Level: client.LevelError, Message: "is spent"}},
		Misses: []client.Miss{
			{Scenario: "mine", Rule: 1, Condition: "when params.InstanceId", Expected: "a glob post-*", Got: "pre-1"},
		},
	}}})
	t.Cleanup(server.Close)
	const want = `
error: quota
  is spent

advice: scenario mine, rule 1
  The rule did not take the call: when params.InstanceId.
  expected
    a glob post-*
  got
    pre-1

request
`
	if got := run(t, nil, "requests", "--verbose", "--control", server.URL); !strings.Contains(got.out, want) {
		t.Errorf("got:\n%s\nwant in it:\n%s", got.out, want)
	}
}

// TestForeignTextDoesNotSteerTheTerminal has escape sequences wherever a request can put them.
func TestForeignTextDoesNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b[2Jb\u009bc\rd"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entry := client.Entry{
			ID: "1-2", Seq: 1, Outcome: evil, Credential: evil, Panic: evil,
			Request: client.Request{
				Method: evil, URL: "http://x/" + evil, Headers: http.Header{evil: {evil}},
				Body: evil, BodyBytes: 99, BodyTruncated: true,
			},
			Response: client.Response{Headers: http.Header{"X": {evil}}, Body: evil},
			Decision: &client.Decision{Scenario: evil},
			Misses:   []client.Miss{{Scenario: evil, Condition: evil, Expected: evil, Got: evil}},
			Findings: []client.Finding{{Check: evil, Level: "error", Message: evil, Expected: evil, Server: evil + "\n" + evil}},
		}
		if strings.HasSuffix(r.URL.Path, "/1-2") {
			_ = json.NewEncoder(w).Encode(entry)
			return
		}
		_ = json.NewEncoder(w).Encode(client.Page{Requests: []client.Entry{entry}})
	}))
	t.Cleanup(server.Close)
	for _, args := range []string{"requests", "requests --verbose", "requests 1-2"} {
		got := run(t, nil, append(strings.Split(args, " "), "--control", server.URL)...)
		if got.code != 0 || strings.ContainsAny(got.out, "\x1b\u009b\r") {
			t.Errorf("%s: %q", args, got.out)
		}
	}
}
