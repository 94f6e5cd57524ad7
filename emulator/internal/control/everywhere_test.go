package control_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// wholeCoverage is the coverage of all sandboxes, and what was seen of ApplyToken alone.
func (w *world) wholeCoverage(t *testing.T) (all journal.Coverage, apply journal.OperationCoverage) {
	t.Helper()
	w.get(t, "/v1/coverage", &all)
	i := slices.IndexFunc(all.Operations, func(op journal.OperationCoverage) bool { return op.ID == "onsmqtt.ApplyToken" })
	return all, all.Operations[i]
}

// TestCoverageOfAllSandboxes holds that a suite with a sandbox for each test can tell at its end what it has seen.
func TestCoverageOfAllSandboxes(t *testing.T) {
	t.Parallel()
	w := open(t)
	const teapot = `{"scenarios":[{"name":"a","rules":[{"on":"onsmqtt.ApplyToken","script":[
		{"fail":"ApplyTokenOverFlow"}, {"fail":"InvalidParameter.%s","fill":"Actions"},
		{"respond":{"status":418,"body":"{\"Code\":\"Teapot\"}","offSpec":true}}, "pass"]}]}]}`
	if all, _ := w.wholeCoverage(t); all.Calls != 0 || all.Seen != 0 || all.Documented == 0 {
		t.Errorf("at the start: %d calls, %d of %d", all.Calls, all.Seen, all.Documented)
	}
	stays, removed, reset := w.create(t, teapot), w.create(t, teapot), w.create(t, teapot)
	for _, b := range []box{stays, removed, reset} {
		w.outcomes(t, b, 5)
	}
	w.call(t, http.MethodDelete, removed.path(""), "", http.StatusNoContent)
	w.call(t, http.MethodPost, reset.path("/reset"), "", http.StatusNoContent)
	w.outcomes(t, reset, 1)
	w.call(t, http.MethodPost, reset.path("/reset"), "", http.StatusNoContent)
	if all, _ := w.coverage(t, reset); all.Calls != 0 {
		t.Errorf("%d calls after a reset", all.Calls)
	}
	all, got := w.wholeCoverage(t)
	if all.Calls != 16 || all.Seen != 2 || got.Calls != 16 || got.OK != 6 {
		t.Errorf("%d calls, %d seen; of ApplyToken %d, %d good", all.Calls, all.Seen, got.Calls, got.OK)
	}
	for _, want := range []journal.CodeCount{{Code: "ApplyTokenOverFlow", Seen: 4}, {Code: "InvalidParameter.%s", Seen: 3}} {
		if !slices.Contains(got.Errors, want) {
			t.Errorf("no %+v", want)
		}
	}
	if want := []journal.CodeCount{{Code: "Teapot", Seen: 3}}; !slices.Equal(got.Undocumented, want) {
		t.Errorf("undocumented %+v", got.Undocumented)
	}
}

// TestCoverageOfAllIsExact resets while calls come in: each of them is counted, once.
func TestCoverageOfAllIsExact(t *testing.T) {
	t.Parallel()
	w := open(t)
	const callers, calls = 4, 25
	var running sync.WaitGroup
	b := w.create(t, "{}")
	for range callers {
		running.Go(func() {
			for range calls {
				w.signed(t, b, "ApplyToken", mqttVersion, applyParams(b))
			}
		})
	}
	for range 20 {
		w.call(t, http.MethodPost, b.path("/reset"), "", http.StatusNoContent)
	}
	running.Wait()
	w.call(t, http.MethodDelete, b.path(""), "", http.StatusNoContent)
	if _, got := w.wholeCoverage(t); got.Calls != callers*calls {
		t.Errorf("%d calls, want %d", got.Calls, callers*calls)
	}
}

// everywhere lists the calls of all sandboxes, each as its sandbox and outcome.
func (w *world) everywhere(t *testing.T, query string) (all []string, p page) {
	t.Helper()
	w.get(t, "/v1/requests"+query, &p)
	for _, e := range p.Requests {
		all = append(all, e.Sandbox+" "+e.Outcome)
	}
	return all, p
}

func TestRequestsOfAllSandboxes(t *testing.T) {
	t.Parallel()
	w := open(t)
	one, two := w.create(t, `{"id":"one"}`), w.create(t, `{"id":"two"}`)
	gone := w.create(t, `{"id":"gone"}`)
	w.outcomes(t, gone, 1)
	w.call(t, http.MethodDelete, gone.path(""), "", http.StatusNoContent)
	w.outcomes(t, two, 1)
	w.real.Pass(time.Millisecond)
	w.outcomes(t, one, 1)
	w.real.Pass(time.Millisecond)
	w.getAuthCode(t, two, "alice")
	w.real.Pass(time.Millisecond)
	w.signed(t, one, "ApplyToken", mqttVersion, url.Values{"Actions": {"R"}})
	missing := w.requests(t, one, "?outcome=!ok").Requests[0].Outcome
	for query, want := range map[string][]string{
		"":                           {"two ok", "one ok", "two ok", "one " + missing},
		"?outcome=ok":                {"two ok", "one ok", "two ok"},
		"?api=appstream":             {"two ok"},
		"?operation=ApplyToken":      {"two ok", "one ok", "one " + missing},
		"?outcome=!ok&limit=1000":    {"one " + missing},
		"?after=9223372036854775807": nil,
	} {
		got, p := w.everywhere(t, query)
		if !slices.Equal(got, want) || p.Next != nil || p.Dropped != 0 {
			t.Errorf("%q: %q, next %v, dropped %d", query, got, p.Next, p.Dropped)
		}
	}
	for query, meant := range map[string]string{
		"?api=onsmqt": "onsmqtt", "?operation=AplyToken": "onsmqtt.ApplyToken", "?outcome=OK": "ok", "?outcom=ok": "outcome",
	} {
		for _, path := range []string{"/v1/requests", "/v1/events"} {
			if p := w.refused(t, http.MethodGet, path+query, "", http.StatusBadRequest); !strings.Contains(p.Detail, asked(meant)) {
				t.Errorf("%s: %s", path+query, p.Detail)
			}
		}
	}
}

// TestPagesOfAllSandboxes reads page by page, and finds each call once.
func TestPagesOfAllSandboxes(t *testing.T) {
	t.Parallel()
	w := open(t)
	var boxes []box
	for i := range 3 {
		boxes = append(boxes, w.create(t, fmt.Sprintf(`{"id":"b%d"}`, i)))
	}
	var want []string
	for range 4 {
		for _, b := range boxes {
			w.real.Pass(time.Microsecond)
			w.outcomes(t, b, 1)
			want = append(want, b.ID+" ok")
		}
	}
	for _, limit := range []int{1, 5, 12} {
		var all []string
		query := fmt.Sprintf("?limit=%d", limit)
		for {
			some, p := w.everywhere(t, query)
			all = append(all, some...)
			if p.Next == nil {
				break
			}
			query = fmt.Sprintf("?limit=%d&after=%d", limit, *p.Next)
		}
		if !slices.Equal(all, want) {
			t.Errorf("limit %d: %q", limit, all)
		}
	}
}

// TestCallsOfOneInstantStayTogether holds that none is lost between two pages.
func TestCallsOfOneInstantStayTogether(t *testing.T) {
	t.Parallel()
	w := open(t)
	one, two := w.create(t, `{"id":"one"}`), w.create(t, `{"id":"two"}`)
	w.outcomes(t, two, 2)
	w.outcomes(t, one, 1)
	w.real.Pass(time.Second)
	w.outcomes(t, one, 1)
	got, p := w.everywhere(t, "?limit=1")
	if want := []string{"one ok", "two ok", "two ok"}; !slices.Equal(got, want) || p.Next == nil {
		t.Fatalf("%q, next %v", got, p.Next)
	}
	if got, p := w.everywhere(t, fmt.Sprintf("?limit=1&after=%d", *p.Next)); len(got) != 1 || p.Next != nil {
		t.Errorf("%q, next %v", got, p.Next)
	}
}
