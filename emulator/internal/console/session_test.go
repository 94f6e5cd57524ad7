package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// The address that serve prints opens the console and leaves no token behind.
func TestTheTokenInTheAddress(t *testing.T) {
	t.Parallel()
	w := open(t, guarded)
	given := "token=" + url.QueryEscape(token)
	for path, leads := range map[string]string{
		"/console/?" + given: "/console/",
		"/?" + given:         "/console/",
		"/console/calls?sandbox=default&" + given + "&outcome=%21ok": "/console/calls?outcome=%21ok&sandbox=default",
		"/console//evil.test/?" + given:                              "", // redirected or refused, but not to evil.test
		"/console/..//evil.test/?" + given:                           "",
		"//evil.test/console/?" + given:                              "",
	} {
		w.browser = newBrowser(t)
		got := w.send(t, w.request(t, http.MethodGet, path, nil))
		location := got.header.Get("Location")
		if leads == "" {
			if local := strings.HasPrefix(location, "/console/") || location == ""; !local || strings.HasPrefix(location, "//") {
				t.Errorf("%s leads to %s", path, location)
			}
			continue
		}
		if got.status != http.StatusSeeOther || location != leads || got.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %d %v, want %s", path, got.status, got.header, leads)
		}
		w.page(t, "/console/calls").lacks(t, token)
	}
	w.browser = newBrowser(t)
	got := w.pageOf(t, "/console/calls?token=wrong", http.StatusUnauthorized)
	got.has(t, "That is not the token of this control plane.")
	w.pageOf(t, "/console/calls", http.StatusUnauthorized)
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	w := open(t, guarded)
	const signIn = "/console/sign-in"
	asked := w.pageOf(t, "/console/clock?sandbox=default", http.StatusUnauthorized)
	if !strings.Contains(asked.body, `name="back" value="/console/clock?sandbox=default"`) {
		t.Error("the form does not lead back to the page that was asked for")
	}
	for _, wrong := range []string{"", "wrong", token + " "} {
		got := w.send(t, w.request(t, http.MethodPost, signIn, url.Values{"token": {wrong}, "back": {"/console/clock"}}))
		if got.status != http.StatusUnauthorized || !strings.Contains(got.body, `name="back" value="/console/clock"`) {
			t.Errorf("%q: %d %s", wrong, got.status, got.text())
		}
		got.has(t, "That is not the token")
	}
	got := w.send(t, w.request(t, http.MethodPost, signIn, url.Values{"token": {token}, "back": {"/console/clock?sandbox=default"}}))
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/console/clock?sandbox=default" {
		t.Fatalf("%d %v", got.status, got.header)
	}
	cookies := (&http.Response{Header: got.header}).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v", cookies)
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/console/" || c.Domain != "" || c.Secure ||
		c.MaxAge != 0 || strings.Contains(c.Value, token) {
		t.Errorf("cookie %+v", c)
	}
	w.page(t, "/console/clock?sandbox=default")
	// The root leads to the console also for who is signed in: its cookie is not sent there.
	if got := w.pageOf(t, "/", http.StatusSeeOther).header.Get("Location"); got != "/console/calls" {
		t.Errorf("the root leads to %s", got)
	}
}

func TestNoOtherCookieOpensTheConsole(t *testing.T) {
	t.Parallel()
	w := open(t, guarded)
	got := w.send(t, w.request(t, http.MethodPost, "/console/sign-in", url.Values{"token": {token}}))
	c := (&http.Response{Header: got.header}).Cookies()[0]
	for value, want := range map[string]int{
		c.Value: http.StatusOK, c.Value + "0": http.StatusUnauthorized, strings.ToUpper(c.Value): http.StatusUnauthorized,
	} {
		req := w.request(t, http.MethodGet, "/console/calls", nil)
		req.AddCookie(&http.Cookie{Name: c.Name, Value: value})
		if got := exchange(t, http.DefaultClient, req); got.status != want {
			t.Errorf("cookie %q: status %d, want %d", value, got.status, want)
		}
	}
	req := w.request(t, http.MethodGet, "/v1/sandboxes", nil)
	req.Header.Set("Authorization", "Bearer "+c.Value)
	if got := exchange(t, http.DefaultClient, req); got.status != http.StatusUnauthorized {
		t.Errorf("as a bearer token: status %d", got.status)
	}
}

func TestTheCookieOverTLSIsForTLSAlone(t *testing.T) {
	t.Parallel()
	handler := echo.New()
	console.Register(handler, console.Options{Token: token, Log: discard})
	got := httptest.NewRecorder()
	handler.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet,
		"https://console.test/console/?token="+url.QueryEscape(token), nil))
	if cookies := got.Result().Cookies(); len(cookies) != 1 || !cookies[0].Secure {
		t.Errorf("%d, cookies %v", got.Code, cookies)
	}
}

// A change needs the proof that stands in the forms of this run of the console.
func TestChangesNeedTheirProof(t *testing.T) {
	t.Parallel()
	w := open(t)
	good := w.page(t, "/console/clock").csrf(t)
	for name, test := range map[string]struct {
		csrf        []string
		query       string
		contentType string
		want        int
	}{
		"good":          {[]string{good}, "", "application/x-www-form-urlencoded", http.StatusSeeOther},
		"none":          {nil, "", "application/x-www-form-urlencoded", http.StatusForbidden},
		"empty":         {[]string{""}, "", "application/x-www-form-urlencoded", http.StatusForbidden},
		"wrong":         {[]string{good + "x"}, "", "application/x-www-form-urlencoded", http.StatusForbidden},
		"in the URL":    {nil, "?csrf=" + good, "application/x-www-form-urlencoded", http.StatusForbidden},
		"not as a form": {[]string{good}, "", "text/plain", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := w.request(t, http.MethodPost, "/console/clock"+test.query, url.Values{
				"sandbox": {sandbox.Default}, "back": {"/console/clock"}, "frozen": {"true"}, "csrf": test.csrf,
			})
			req.Header.Set("Content-Type", test.contentType)
			got := exchange(t, &http.Client{CheckRedirect: w.browser.CheckRedirect}, req)
			if got.status != test.want {
				t.Errorf("status %d, want %d: %s", got.status, test.want, got.text())
			}
			if got.status == http.StatusForbidden {
				got.has(t, "Load the page again", "Back to the page before")
			}
		})
	}
}

// After a change, and after signing in, the browser stays in the console.
func TestAFormLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	w, locked := open(t), open(t, guarded)
	csrf := w.page(t, "/console/clock").csrf(t)
	for _, evil := range []string{
		"https://evil.test/console/", "//evil.test/console/", "/\\evil.test/console/", "\\\\evil.test", "/console/../..//evil.test",
		"/console/..//evil.test", "/console/..\\..\\\\evil.test", "/console/%2e%2e//evil.test", "/console/%2e%2e/%2e%2e//evil.test",
		"/console/%5c..", "/console", "/v1/sandboxes", "javascript:alert(1)", "/console/\x00", "/console/\r\nX: y", " /console/",
		"http:/console/", "http:console", "//u@evil.test/console/", "", "?", "/console/../v1/", "/console/.%2e//evil.test",
		"///evil.test/console/", "/\t/evil.test",
	} {
		got := w.send(t, w.request(t, http.MethodPost, "/console/clock", url.Values{
			"csrf": {csrf}, "sandbox": {sandbox.Default}, "frozen": {"true"}, "back": {evil},
		}))
		if got.status != http.StatusSeeOther || got.header.Get("Location") != "/console/" {
			t.Errorf("a change leads back to %q: %d %q", evil, got.status, got.header.Get("Location"))
		}
		got = locked.send(t, locked.request(t, http.MethodPost, "/console/sign-in", url.Values{"token": {token}, "back": {evil}}))
		if got.status != http.StatusSeeOther || got.header.Get("Location") != "/console/" {
			t.Errorf("signing in leads to %q: %d %q", evil, got.status, got.header.Get("Location"))
		}
	}
}

// The headers that keep pages to themselves are on every reply.
func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	w, locked := open(t), open(t, guarded)
	replies := map[string]reply{
		"page":      w.page(t, "/console/calls"),
		"redirect":  w.pageOf(t, "/", http.StatusSeeOther),
		"not found": w.pageOf(t, "/console/none", http.StatusNotFound),
		"no file":   w.pageOf(t, "/console/assets/none", http.StatusNotFound),
		"asset":     w.page(t, "/console/assets/console.js"),
		"sign-in":   locked.pageOf(t, "/console/calls", http.StatusUnauthorized),
		"no proof":  w.send(t, w.request(t, http.MethodPost, "/console/clock", url.Values{})),
		"no method": w.send(t, w.request(t, http.MethodPut, "/console/clock", nil)),
		"no part":   w.pageOf(t, "/console/calls/default/none/part", http.StatusNotFound),
	}
	for name, got := range replies {
		for key, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
				"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got.header.Get(key) != want {
				t.Errorf("%s (%d): %s is %q", name, got.status, key, got.header.Get(key))
			}
		}
		cache := "no-store"
		if name == "asset" {
			cache = "no-cache"
		}
		if got.header.Get("Cache-Control") != cache && name != "no file" {
			t.Errorf("%s: Cache-Control is %q", name, got.header.Get("Cache-Control"))
		}
	}
}

// A note is shown once.
func TestANoteIsShownOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	const note = "The journal of sandbox default is empty now."
	w.submit(t, "/console/calls?sandbox=default", "/console/calls/clear", nil).has(t, note)
	w.page(t, "/console/calls").lacks(t, note)
}

// Browsers send cookies to every port of a host: two servers there must not sign each other out.
func TestTwoServersOfOneHost(t *testing.T) {
	t.Parallel()
	first, second := open(t, guarded), open(t, guarded)
	second.browser = first.browser
	for _, w := range []*world{first, second} {
		w.send(t, w.request(t, http.MethodGet, "/console/calls?token="+token, nil))
	}
	for _, w := range []*world{first, second} {
		w.page(t, "/console/calls")
	}
}
