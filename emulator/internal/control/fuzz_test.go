package control_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// direct is a transport that calls a handler.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, req)
	return w.Result(), nil
}

// FuzzControl makes any call and then looks at what is left: the contract must hold for both.
func FuzzControl(f *testing.F) {
	for _, seed := range []struct{ method, path, body string }{
		{"GET", "/healthz", ""},
		{"GET", "/v1/apis/onsmqtt/openapi.yaml", ""},
		{"POST", "/v1/sandboxes", "{}"},
		{"POST", "/v1/sandboxes", given},
		{"POST", "/v1/sandboxes", `{"id":"a","now":"9999-12-31T23:59:59Z","credentials":{"acs":[],"top":[],"fabric":[]}}`},
		{"POST", "/v1/sandboxes", `{"fixtures":{"warrants":[{"appId":"a","appSecret":"abc"}]}}`},
		{"POST", "/v1/sandboxes", "{\"credentials\":{\"top\":[{\"appKey\":\"\xff\",\"appSecret\":\"\xff\xff\xff\xff\"}]}}"},
		{"GET", "/v1/sandboxes/default", ""},
		{"DELETE", "/v1/sandboxes/default", ""},
		{"POST", "/v1/sandboxes/default/reset", ""},
		{"PATCH", "/v1/sandboxes/default/clock", `{"now":"1970-01-01T00:00:00Z","advance":"2562047h","frozen":true}`},
		{"GET", "/v1/sandboxes/default/requests?api=x&operation=y&outcome=z&after=1&limit=2", ""},
		{"GET", "/v1/sandboxes/default/requests/a", ""},
		{"DELETE", "/v1/sandboxes/default/requests", ""},
		{"POST", "/v1/sandboxes/default/tokens/onsmqtt-1/expire", ""},
		{"OPTIONS", "/v1/sandboxes//clock", "\x00"},
		{"HEAD", "/v1/%2e%2e/%00?;=%", "[[[["},
	} {
		f.Add(seed.method, seed.path, seed.body)
	}
	e, err := emulator.New(f.Context(), emulator.Options{
		Log: discard, Chance: rand.NewPCG(1, 2), RealNow: func() time.Time { return start },
	})
	if err != nil {
		f.Fatal(err)
	}
	e.Stop() // who follows events is let go at once
	handler := control.New(control.Options{World: e.World(), Data: "127.0.0.1:4010", Log: discard})
	contract := newChecked(f, direct{handler})
	contract.anything = true
	f.Fuzz(func(t *testing.T, method, path, body string) {
		check := *contract
		check.tb = t
		if req, ok := anyRequest(t, method, path, body); ok {
			sendDirect(t, &check, req)
		}
		for _, path := range []string{"", "/default", "/default/clock", "/default/requests", "/default/tokens"} {
			req, _ := anyRequest(t, http.MethodGet, "/v1/sandboxes"+path, "")
			if status := sendDirect(t, &check, req); status != http.StatusOK {
				t.Errorf("%s: status %d", path, status)
			}
		}
		clean(t, e)
	})
}

func sendDirect(t *testing.T, transport http.RoundTripper, req *http.Request) int {
	t.Helper()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// anyRequest is the request as the server would have read it; what cannot come off the wire is none.
func anyRequest(t *testing.T, method, path, body string) (*http.Request, bool) {
	t.Helper()
	target, err := url.ParseRequestURI(path)
	if err != nil || !strings.HasPrefix(path, "/") {
		return nil, false
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:4011/", strings.NewReader(body))
	if err != nil || method == "" {
		return nil, false
	}
	req.URL, req.RequestURI = target, path
	req.Header.Set("Content-Type", jsonContent)
	return req, true
}

// clean puts the world back to the start, so that every run of the fuzzer stands by itself.
func clean(t *testing.T, e *emulator.Emulator) {
	t.Helper()
	boxes, err := e.World().Sandboxes().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, box := range boxes {
		var err error
		if box.ID == sandbox.Default {
			err = box.Reset(t.Context())
		} else {
			err = e.World().Sandboxes().Remove(t.Context(), box.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// good is what may stand in Host, and with a scheme before it in Origin.
var good = regexp.MustCompile(`^(?i:127\.0\.0\.1|\[::1\]|localhost)(:[0-9]{1,5})?$`)

// FuzzGuard wants nobody in but by the names of this very machine.
func FuzzGuard(f *testing.F) {
	for _, seed := range [][2]string{
		{"localhost", ""},
		{"127.0.0.1:4011", "http://localhost:3000"},
		{"[::1]:1", "https://[::1]"},
		{"localhost.", "null"},
		{"localhost:+1", "http://a@localhost"},
		{"[localhost]", "http://localhost/"},
		{"::1", "http://127.0.0.1.nip.io"},
	} {
		f.Add(seed[0], seed[1])
	}
	e, err := emulator.New(f.Context(), emulator.Options{Log: discard})
	if err != nil {
		f.Fatal(err)
	}
	handler := control.New(control.Options{World: e.World(), Loopback: true, Log: discard})
	f.Fuzz(func(t *testing.T, host, origin string) {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil)
		req.Host = host
		req.Header.Set("Origin", origin)
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, req)
		_, named, _ := strings.Cut(origin, "://")
		if got.Code == http.StatusOK && (!good.MatchString(host) || !good.MatchString(named)) {
			t.Errorf("host %q and origin %q are let in", host, origin)
		}
	})
}
