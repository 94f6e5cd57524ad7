package cli_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// browser is somebody who signed in to the console.
type browser struct {
	*birds

	client *http.Client
}

func (b *birds) browser(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	page := browser{b, &http.Client{Jar: jar}}
	status, text := page.open(t, http.MethodPost, "/console/sign-in", url.Values{"token": {canaryToken}})
	if status != http.StatusOK || !strings.Contains(text, "Calls") {
		t.Fatalf("status %d: %s", status, text)
	}
	b.check(t, "the page after the sign-in", text)
	address, err := url.Parse(b.server.control + "/console/")
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range jar.Cookies(address) {
		b.check(t, "a cookie", cookie.String())
	}
	return page
}

// open reads a page, or what came of a stream before it was left.
func (b browser) open(t *testing.T, method, path string, form url.Values) (status int, text string) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	req, err := http.NewRequestWithContext(ctx, method, b.server.control+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	reply, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body := readPage(t, reply, leave)
	for name, values := range reply.Header {
		b.check(t, "the header "+name+" of "+path, strings.Join(values, " "))
	}
	return reply.StatusCode, body
}

// pages are all of the console, with every call that the journals keep.
func (b browser) pages(t *testing.T) (paths []string) {
	t.Helper()
	paths = []string{
		"/console/calls?sandbox=*", "/console/calls/events?sandbox=*", "/console/sandboxes", "/console/scenarios/edit",
		"/console/scenarios/show?name=mqtt-throttled-then-fine",
	}
	for _, id := range []string{"canaries", "default"} {
		for _, page := range []string{"calls", "tokens", "clock", "scenarios", "coverage", "changes", "calls/events"} {
			paths = append(paths, "/console/"+page+"?sandbox="+id)
		}
		kept, err := b.control.Requests(t.Context(), id, client.Filter{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range kept.Requests {
			paths = append(paths, "/console/calls/"+id+"/"+call.ID)
		}
	}
	return append(paths, "/console/sandboxes/canaries")
}

// look reads every page, and puts secrets where none belong.
func (b browser) load(t *testing.T) {
	t.Helper()
	paths := b.pages(t)
	if len(paths) < 80 {
		t.Errorf("%d pages: the calls are not among them", len(paths))
	}
	for _, path := range paths {
		status, text := b.open(t, http.MethodGet, path, nil)
		if status != http.StatusOK || text == "" {
			t.Errorf("%s: status %d", path, status)
		}
		b.check(t, path, text)
	}
	for _, secret := range b.secrets {
		segment := url.PathEscape(secret)
		for _, path := range []string{
			"/console/" + segment, "/console/sandboxes/" + segment, "/console/calls/canaries/" + segment,
			"/console/calls/" + segment + "/x", "/console/assets/" + segment,
		} {
			_, text := b.open(t, http.MethodGet, path, nil)
			b.check(t, path, text)
		}
		for path, form := range map[string]url.Values{
			"/console/tokens": {"revoke": {secret}}, "/console/clock": {"now": {secret}}, "/console/scenarios": {"play": {secret}},
			"/console/calls/clear": {"sandbox": {secret}}, "/console/sandboxes/change": {"reset": {secret}},
		} {
			form.Set("csrf", secret)
			status, text := b.open(t, http.MethodPost, path, form)
			if status != http.StatusForbidden && status != http.StatusNotFound {
				t.Errorf("POST %s: status %d", path, status)
			}
			b.check(t, "POST "+path, text)
		}
	}
}

// collector keeps the traces that a server sends.
type collector struct {
	url string

	mu   sync.Mutex
	sent strings.Builder
}

func collect(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		_, _ = c.sent.Write(body)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *collector) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent.String()
}
