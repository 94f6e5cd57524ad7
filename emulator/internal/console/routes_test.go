package console_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// What the console answers with: the status, where it leads, which methods it allows and what comes.
const (
	isPage      = "200 text/html; charset=utf-8"
	isStream    = "200 text/event-stream; charset=utf-8"
	leadsOn     = "303 /console/calls text/html; charset=utf-8"
	isNoPage    = "404 text/html; charset=utf-8"
	isNoAsset   = "404 text/plain; charset=utf-8"
	isBadAsset  = "400 text/plain; charset=utf-8"
	isNoProof   = "403 text/html; charset=utf-8" // a form without the text that the pages put into theirs
	isNoProofJS = "403 text/plain; charset=utf-8"
	isSignedOut = "401 text/html; charset=utf-8"
	isReadOnly  = "405 GET, HEAD text/plain; charset=utf-8"
	isNoMethod  = "405 GET, HEAD, POST text/plain; charset=utf-8"
)

// address is one of the console's, with the answer to GET and HEAD and the one to an empty form, where it takes forms.
type address struct{ path, get, post string }

var pages = []address{
	{"/console/", leadsOn, ""},
	{"/console/?x=1", leadsOn, ""},
	{"/console/calls", isPage, ""},
	{"/console/calls/", isNoPage, ""},
	{"/console/calls/flow", isPage, ""},
	{"/console/calls/clear", isNoPage, isNoProof},
	{"/console/calls/default", isNoPage, ""},
	{"/console/calls/default/", isNoPage, ""},
	{"/console/calls/default/none", isNoPage, ""},
	{"/console/calls/default/none/", isNoPage, ""},
	{"/console/calls/default/a/b", isNoPage, ""},
	{"/console/calls/default/a%2Fb", isNoPage, ""},
	{"/console/calls/none/c", isNoPage, ""},
	{"/console/tokens", isPage, isNoProof},
	{"/console/tokens/", isNoPage, ""},
	{"/console/clock", isPage, isNoProof},
	{"/console/clock/", isNoPage, ""},
	{"/console/clock/x", isNoPage, ""},
	{"/console/live", isStream, ""},
	{"/console/live/x", isNoPage, ""},
	{"/console/scenarios", isPage, isNoProof},
	{"/console/scenarios/", isNoPage, ""},
	{"/console/scenarios/show", isNoPage, ""},
	{"/console/scenarios/show?name=hostile-day", isPage, ""},
	{"/console/scenarios/edit", isPage, isNoProof},
	{"/console/scenarios/check", isNoPage, isNoProofJS},
	{"/console/scenarios/none", isNoPage, ""},
	{"/console/coverage", isPage, ""},
	{"/console/sandboxes", isPage, isNoProof},
	{"/console/sandboxes/", isNoPage, ""},
	{"/console/sandboxes/change", isNoPage, isNoProof},
	{"/console/sandboxes/change/x", isNoPage, ""},
	{"/console/sandboxes/default", isPage, ""},
	{"/console/sandboxes/default/", isNoPage, ""},
	{"/console/sandboxes/default?sandbox=qa", "303 /console/sandboxes/qa text/html; charset=utf-8", ""},
	{"/console/sandboxes/none", isNoPage, ""},
	{"/console/sandboxes/a/b", isNoPage, ""},
	{"/console/sandboxes/a%2Fb", isNoPage, ""},
	{"/console/sandboxes/a%25b", isNoPage, ""},
	{"/console/sandboxes/%2e%2e", isNoPage, ""},
	{"/console/sign-in", isNoPage, ""},
	{"/console/nothing", isNoPage, ""},
	{"/console/nothing/", isNoPage, ""},
}

// assets need no token: the page that asks for it has them.
var assets = []address{
	{"/console/assets/console.js", "200 text/javascript; charset=utf-8", ""},
	{"/console/assets/none.js", isNoAsset, ""},
	{"/console/assets/a%2Fb", isNoAsset, ""},
	{"/console/assets/%2e%2e", isBadAsset, ""},
	{"/console/assets/..%2Fconsole.go", isBadAsset, ""},
}

// noAssets look like assets and are none.
var noAssets = []address{
	{"/console/assets", isNoPage, ""},
	{"/console/assets/", isNoPage, ""},
	{"/console/assets/a/b", isNoPage, ""},
	{"/console/assets/console.js/", isNoPage, ""},
}

// unclean addresses lead to the ones that they mean.
var unclean = map[string]string{
	"/console//":                          "/console/",
	"/console//clock":                     "/console/clock",
	"/console/./clock":                    "/console/clock",
	"/console/calls//c":                   "/console/calls/c",
	"/console/calls/../clock":             "/console/clock",
	"/console/calls/x/../clock?y=2":       "/console/calls/clock?y=2",
	"/console/scenarios/show/../edit/":    "/console/scenarios/edit/",
	"/console/sandboxes/.":                "/console/sandboxes",
	"/console/sandboxes//default?x=1&y=2": "/console/sandboxes/default?x=1&y=2",
	"/console//sandboxes/a%2Fb":           "/console/sandboxes/a%2Fb",
	"/console/..":                         "/",
	"/console/../v1/sandboxes":            "/v1/sandboxes",
	"/console/../console/clock":           "/console/clock",
}

// otherMethods are those that the console never takes.
var otherMethods = []string{http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch}

// answer is how the console answers a request, in one line.
func (w *world) answer(t *testing.T, method, path string) string {
	t.Helper()
	var form url.Values
	if method == http.MethodPost {
		form = url.Values{}
	}
	got := w.send(t, w.request(t, method, path, form))
	h := got.header
	all := fmt.Sprintln(got.status, h.Get("Location"), h.Get("Allow"), h.Get("Content-Type"))
	return strings.Join(strings.Fields(all), " ")
}

// answers expects the same answer to a request of each method.
func (w *world) answers(t *testing.T, path, want string, methods ...string) {
	t.Helper()
	for _, method := range methods {
		if got := w.answer(t, method, path); got != want {
			t.Errorf("%s %s: %s, want %s", method, path, got, want)
		}
	}
}

// TestRoutes asks for every address of the console, and for some beside them, by every method.
func TestRoutes(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Stop() // ends streams at once
	for _, all := range [][]address{pages, assets, noAssets} {
		for _, a := range all {
			w.answers(t, a.path, a.get, http.MethodGet, http.MethodHead)
			w.answers(t, a.path, cmp.Or(a.post, isReadOnly), http.MethodPost)
			if a.post == "" {
				w.answers(t, a.path, isReadOnly, otherMethods...)
			} else {
				w.answers(t, a.path, isNoMethod, otherMethods...)
			}
		}
	}
	for path, plain := range unclean {
		w.answers(t, path, "307 "+plain+" text/html; charset=utf-8", http.MethodGet, http.MethodHead)
		w.answers(t, path, "307 "+plain, append(otherMethods, http.MethodPost)...)
	}
	w.answers(t, "/console/sandboxes/..", "307 /console/ text/html; charset=utf-8", http.MethodGet, http.MethodHead)
}

// TestRoutesAroundTheConsole are those of the control plane.
func TestRoutesAroundTheConsole(t *testing.T) {
	t.Parallel()
	w := open(t)
	const isProblem, isNoRoute = "405 OPTIONS, GET application/problem+json", "404 application/problem+json"
	w.answers(t, "/", leadsOn, http.MethodGet)
	w.answers(t, "/", isProblem, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete)
	w.answers(t, "/", "204 OPTIONS, GET", http.MethodOptions)
	for _, path := range []string{"/console", "//console/clock", "/console%2Fcalls", "/%63onsole/calls"} {
		w.answers(t, path, isNoRoute, append(otherMethods, http.MethodGet, http.MethodHead, http.MethodPost)...)
	}
}

// TestRoutesWithoutTheToken lead to the page that asks for it.
func TestRoutesWithoutTheToken(t *testing.T) {
	t.Parallel()
	w := open(t, guarded)
	everyMethod := append(otherMethods, http.MethodGet, http.MethodHead, http.MethodPost)
	for _, a := range slices.Concat(pages, noAssets) {
		w.answers(t, a.path, isSignedOut, everyMethod...)
	}
	for path := range unclean {
		w.answers(t, path, isSignedOut, everyMethod...)
	}
	for _, a := range assets {
		w.answers(t, a.path, a.get, http.MethodGet, http.MethodHead)
	}
	w.answers(t, "/", leadsOn, http.MethodGet)
	w.answers(t, "/?x=1", isSignedOut, http.MethodGet)
}

// TestPartsOfAPath are read as they were meant, escaped or not, and are one part each.
func TestPartsOfAPath(t *testing.T) {
	t.Parallel()
	w := open(t)
	for path, says := range map[string]string{
		"/console/sandboxes/a/b":            "There is no such page.",
		"/console/sandboxes/":               "There is no such page.",
		"/console/sandboxes/none":           `"none"`,
		"/console/sandboxes/a%2Fb":          `"a/b"`,
		"/console/sandboxes/a%25b":          `"a%b"`,
		"/console/sandboxes/a%2Fb%252F":     `"a/b%2F"`,
		"/console/calls/a%2Fb/c":            `"a/b"`,
		"/console/calls/default/a%2Fb":      `"a/b"`,
		"/console/calls/default/a%25b":      `"a%b"`,
		"/console/calls/default/a%20b":      `"a b"`,
		"/console/calls/default/a/b":        "There is no such page.",
		"/console/calls/default/a%252Fb%3F": `"a%2Fb?"`,
	} {
		w.pageOf(t, path, http.StatusNotFound).has(t, says)
	}
}
