package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// everyKind are addresses of every kind that the console has.
var everyKind = []string{
	"/", "/console/", "/console/calls", "/console/live", "/console/calls/flow", "/console/sandboxes/default",
	"/console/assets/console.js", "/console/nothing", "/console/sign-in",
}

// TestForeignersSeeNoPage refuses what other sites' pages can have a browser send on a loopback address: by a name of
// their own (DNS rebinding), with their Origin, or embedded.
func TestForeignersSeeNoPage(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Stop() // ends streams at once
	for name, spoil := range map[string]func(*http.Request){
		"rebound name":   func(r *http.Request) { r.Host = "localhost.example.com:4011" },
		"rebound number": func(r *http.Request) { r.Host = "127.0.0.1.nip.io" },
		"other address":  func(r *http.Request) { r.Host = "10.0.0.1:4011" },
		"origin":         func(r *http.Request) { r.Header.Set("Origin", "http://example.com") },
		"no origin":      func(r *http.Request) { r.Header.Set("Origin", "null") },
		"embedded": func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "no-cors")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range everyKind {
				req := w.request(t, http.MethodGet, path, nil)
				spoil(req)
				if got := w.send(t, req); got.status != http.StatusForbidden {
					t.Errorf("%s: status %d", path, got.status)
				}
			}
		})
	}
}

// TestForeignFormsChangeNothing although they have a good proof, which they cannot.
func TestForeignFormsChangeNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	form := url.Values{
		"sandbox": {sandbox.Default}, "back": {"/console/clock"}, "csrf": {w.page(t, "/console/clock").csrf(t)}, "real": {"yes"},
	}
	for name, header := range map[string]http.Header{
		"origin":           {"Origin": {"http://example.com"}},
		"another port":     {"Origin": {"http://localhost:3000"}}, // which may call the API, but has no page of ours
		"cross-site":       {"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}},
		"same site":        {"Sec-Fetch-Site": {"same-site"}},
		"several origins":  {"Origin": {"http://" + w.control, "http://example.com"}},
		"null from a file": {"Origin": {"null"}},
	} {
		req := w.request(t, http.MethodPost, "/console/clock", form)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for field, values := range header {
			req.Header[field] = values
		}
		if got := w.send(t, req); got.status != http.StatusForbidden {
			t.Errorf("%s: status %d", name, got.status)
		}
	}
	if got := w.send(t, w.request(t, http.MethodPost, "/console/clock", form)); got.status != http.StatusSeeOther {
		t.Errorf("the very form is refused by itself: %d", got.status)
	}
}

const token = "console-token-0123456789"

func guarded(s *settings) { s.control.Loopback, s.control.Token, s.console.Token = false, token, token }

// TestPagesAskForTheToken where the plane is open to a network.
func TestPagesAskForTheToken(t *testing.T) {
	t.Parallel()
	w := open(t, guarded)
	w.Stop() // ends streams at once
	for _, path := range everyKind {
		want := http.StatusUnauthorized
		switch path {
		case "/":
			want = http.StatusSeeOther // to the console, for which the cookie is
		case "/console/assets/console.js": // the page that asks needs it
			want = http.StatusOK
		}
		_, port, _ := strings.Cut(w.control, ":")
		for _, cookie := range []string{"", token, "x"} {
			req := w.request(t, http.MethodGet, path, nil)
			req.AddCookie(&http.Cookie{Name: "tokenstage_console_" + port, Value: cookie})
			if got := w.send(t, req); got.status != want {
				t.Errorf("%s with cookie %q: status %d", path, cookie, got.status)
			}
		}
		got := w.send(t, w.request(t, http.MethodPost, path, url.Values{"token": {token + "0"}, "csrf": {""}}))
		if got.status != http.StatusUnauthorized && got.status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d", path, got.status)
		}
	}
}

// TestSessionsAreForTheConsole alone: the control API takes no cookie, so nobody's page can steer by one.
func TestSessionsAreForTheConsole(t *testing.T) {
	t.Parallel()
	w := open(t, guarded)
	w.Stop() // ends streams at once
	got := w.send(t, w.request(t, http.MethodGet, "/console/calls?sandbox=default&token="+token, nil))
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/console/calls?sandbox=default" {
		t.Fatalf("status %d, to %s", got.status, got.header.Get("Location"))
	}
	w.page(t, "/console/calls")
	cookies := w.browser.Jar.Cookies(&url.URL{Scheme: "http", Host: w.control, Path: "/console/"})
	if len(cookies) != 1 || cookies[0].Value == token {
		t.Fatalf("%v", cookies)
	}
	for _, path := range []string{"/v1/sandboxes", "/metrics", "/v1/sandboxes/default/events"} {
		req := w.request(t, http.MethodGet, path, nil)
		req.AddCookie(cookies[0])
		if got := w.send(t, req); got.status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", path, got.status)
		}
	}
	form := url.Values{"sandbox": {sandbox.Default}, "csrf": {w.page(t, "/console/clock").csrf(t)}, "real": {"yes"}}
	req := w.request(t, http.MethodPost, "/console/clock", form)
	req.Header.Set("Origin", "https://example.com")
	if got := w.send(t, req); got.status != http.StatusForbidden {
		t.Errorf("another site's form: status %d", got.status)
	}
}

// TestPagesKeepToThemselves holds every kind of answer to the headers that browsers go by.
func TestPagesKeepToThemselves(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.Stop() // ends streams at once
	for _, path := range everyKind {
		header := w.send(t, w.request(t, http.MethodGet, path, nil)).header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'; " +
				"script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s: %q", path, name, got)
			}
		}
	}
}

// TestFirstCall shows how to make one, and no secret but those of the default sandbox, which are documented.
func TestFirstCall(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	w.page(t, "/console/calls").has(t, "Make the first one", "fake-default-fabric-app-secret")
	got := w.page(t, "/console/calls?sandbox=qa")
	got.has(t, "Make the first one", `"app_secret":"<app secret>"`, "Put the app's secret in the place of <app secret>")
	got.lacks(t, gatewaytest.Read(box.Credentials).Fabric[0].AppSecret)
}
