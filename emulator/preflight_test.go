package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// TestPreflights sends what browsers send before a call to another origin. Gateway acs answers it; what the others
// answer is not known, so that they treat it like any method that they do not take.
func TestPreflights(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		target, method, headers string // empty for a plain OPTIONS
		status                  int
		gateway                 string
	}{
		"acs, RPC with V3":         {"/", "POST", "authorization,content-type,x-acs-action,x-acs-date", 200, "acs"},
		"acs, RPC":                 {"/", "POST", "content-type", 200, "acs"},
		"acs, RPC in the query":    {"/?Action=ApplyToken&Version=2020-04-20", "POST", "", 200, "acs"},
		"acs, ROA":                 {"/api/v1/aliyunConsole/createAccessWarrant", "POST", "authorization,x-acs-version", 200, "acs"},
		"acs, an unknown ROA path": {"/api/none", "POST", "authorization, X-Acs-Version", 200, "acs"},
		"acs, plain OPTIONS":       {"/api/v1/aliyunConsole/createAccessWarrant", "", "", 200, "acs"},
		"top":                      {"/router/rest?method=taobao.none", "POST", "content-type", 200, "top"},
		"fabric":                   {"/apigovernance/api/oauth/tokenByAkSk", "POST", "content-type", 405, "fabric"},
		"nobody":                   {"/nothing", "POST", "content-type", 404, ""},
		"nobody's root":            {"/", "", "", 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			req := httptest.NewRequestWithContext(t.Context(), http.MethodOptions, c.target, http.NoBody)
			req.Header.Set("Origin", "https://app.example")
			if c.method != "" {
				req.Header.Set("Access-Control-Request-Method", c.method)
			}
			if c.headers != "" {
				req.Header.Set("Access-Control-Request-Headers", c.headers)
			}
			got := httptest.NewRecorder()
			w.handler.ServeHTTP(got, req)
			allowed := got.Header().Get("Access-Control-Allow-Methods")
			if got.Code != c.status || (allowed == "POST, GET, OPTIONS, PUT, DELETE") != (c.gateway == "acs") {
				t.Errorf("status %d, allowed %q: %s", got.Code, allowed, got.Body)
			}
			page, err := w.Journal(w.Default()).List(t.Context(), journal.Filter{})
			if err != nil || len(page.Requests) != 1 {
				t.Fatalf("%d entries, %v", len(page.Requests), err)
			}
			if entry := page.Requests[0]; entry.Gateway != c.gateway || entry.Status != c.status {
				t.Errorf("the journal says %s, status %d", entry.Gateway, entry.Status)
			}
		})
	}
}

// TestServedNamesEveryMethod looks for each method of each operation in what a 404 lists.
func TestServedNamesEveryMethod(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := httptest.NewRecorder()
	w.handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nothing", http.NoBody))
	var problem struct{ Served []string }
	if err := json.Unmarshal(got.Body.Bytes(), &problem); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, api := range w.HTTPAPIs() {
		for _, op := range api.Operations {
			for _, method := range op.Methods {
				lines++
				if line := servedLine(method, op); !slices.Contains(problem.Served, line) {
					t.Errorf("%q is not served", line)
				}
			}
		}
	}
	if lines != len(problem.Served) || !slices.IsSorted(problem.Served) {
		t.Errorf("served %q", problem.Served)
	}
}

func servedLine(method string, op *contract.Operation) string {
	line := method + " " + op.Path
	if op.Action != "" {
		line += " " + op.Action
	}
	return line + " (" + op.Name + ")"
}
