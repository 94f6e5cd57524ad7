package control_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	w := open(t)
	tests := map[string]int{
		"127.0.0.1": http.StatusOK, "127.0.0.1:4011": http.StatusOK, "127.0.0.1:1": http.StatusOK,
		"localhost": http.StatusOK, "localhost:80": http.StatusOK, "LocalHost:4011": http.StatusOK,
		"[::1]": http.StatusOK, "[::1]:4011": http.StatusOK,
		"example.com": http.StatusForbidden, "example.com:4011": http.StatusForbidden,
		"localhost.example.com": http.StatusForbidden, "127.0.0.1.example.com": http.StatusForbidden,
		"localhost.": http.StatusForbidden, "127.0.0.2": http.StatusForbidden, "10.0.0.1:4011": http.StatusForbidden,
		"localhost.evil.com": http.StatusForbidden, "127.0.0.1.nip.io": http.StatusForbidden,
		"127.0.0.1.nip.io:4011": http.StatusForbidden, "127-0-0-1.sslip.io": http.StatusForbidden,
		"127.0.0.1.": http.StatusForbidden, "localhost.:4011": http.StatusForbidden, "evil-localhost": http.StatusForbidden,
		"127.0.0.1:4011.evil.com": http.StatusForbidden, "localhost:": http.StatusForbidden, "127.1": http.StatusForbidden,
		"127.0.0.1:99999": http.StatusForbidden, "0.0.0.0:4011": http.StatusForbidden, "0x7f.0.0.1": http.StatusForbidden,
		"[::ffff:127.0.0.1]": http.StatusForbidden, "::1": http.StatusForbidden,
		"[localhost]": http.StatusForbidden, "[::]": http.StatusForbidden, "0177.0.0.1": http.StatusForbidden,
		"[::2]:4011": http.StatusForbidden, "2130706433": http.StatusForbidden, "example.com:127.0.0.1": http.StatusForbidden,
	}
	for host, want := range tests {
		for _, path := range []string{"/healthz", "/v1/sandboxes", "/v1/sandboxes/default"} {
			t.Run(host+path, func(t *testing.T) {
				t.Parallel()
				req := w.request(t, http.MethodGet, path, "")
				req.Host = host
				if got := w.send(t, req); got.status != want {
					t.Errorf("status %d, want %d", got.status, want)
				}
			})
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	w := open(t)
	tests := map[string]int{
		"http://127.0.0.1": http.StatusOK, "http://127.0.0.1:4011": http.StatusOK, "http://localhost:3000": http.StatusOK,
		"https://localhost": http.StatusOK,
		"null":              http.StatusForbidden, "http://example.com": http.StatusForbidden,
		"https://example.com:4011": http.StatusForbidden, "//localhost@": http.StatusForbidden,
		"http://localhost.example.com": http.StatusForbidden, "http://127.0.0.1:80@example.com": http.StatusForbidden,
		"http://localhost@example.com": http.StatusForbidden, "http://10.0.0.1": http.StatusForbidden,
		"localhost": http.StatusForbidden, "file://": http.StatusForbidden, "%%": http.StatusForbidden,
		"http://example.com#localhost": http.StatusForbidden, "http://localhost/": http.StatusForbidden,
		"http://example.com@localhost": http.StatusForbidden, "http://localhost:80:80": http.StatusForbidden,
		"chrome-extension://localhost": http.StatusForbidden, "http://127.0.0.1.nip.io": http.StatusForbidden,
		"http://localhost.": http.StatusForbidden, "http://localhost, http://example.com": http.StatusForbidden,
		"http://localhost http://example.com": http.StatusForbidden, "http://[::1]:4011": http.StatusOK,
		"http://[::1%25lo]": http.StatusForbidden, "HTTP://LOCALHOST": http.StatusForbidden,
	}
	for origin, want := range tests {
		t.Run(origin, func(t *testing.T) {
			t.Parallel()
			req := w.request(t, http.MethodPatch, "/v1/sandboxes/default/clock", `{"frozen":false}`)
			req.Header.Set("Origin", origin)
			if got := w.send(t, req); got.status != want {
				t.Errorf("status %d, want %d", got.status, want)
			}
		})
	}
}

// TestSeveralOrigins wants every one of them to be good.
func TestSeveralOrigins(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, origins := range [][]string{
		{"http://localhost", "http://example.com"}, {"http://example.com", "http://localhost"}, {"http://localhost", "null"}, {""},
	} {
		req := w.request(t, http.MethodPatch, "/v1/sandboxes/default/clock", `{"frozen":true}`)
		req.Header["Origin"] = origins
		if got := w.send(t, req); got.status != http.StatusForbidden {
			t.Errorf("%q: status %d", origins, got.status)
		}
	}
}

// TestNoHost is about HTTP/1.0, which needs none, and 1.1, which does.
func TestNoHost(t *testing.T) {
	t.Parallel()
	w := open(t)
	for head, want := range map[string]string{
		"GET /v1/sandboxes HTTP/1.0\r\n\r\n":                                         "403",
		"GET /v1/sandboxes HTTP/1.1\r\n\r\n":                                         "400",
		"GET /v1/sandboxes HTTP/1.1\r\nHost:\r\n\r\n":                                "403",
		"GET /v1/sandboxes HTTP/1.1\r\nHost: localhost\r\nHost: example.com\r\n\r\n": "400",
		"GET http://example.com/v1/sandboxes HTTP/1.1\r\nHost: localhost\r\n\r\n":    "403",
		"GET http://localhost/healthz HTTP/1.1\r\nHost: example.com\r\nX: 1\r\n\r\n": "200",
		"GET //example.com/v1/sandboxes HTTP/1.1\r\nHost: localhost\r\n\r\n":         "404",
		"GET / HTTP/1.1\r\nHost: [::1%25lo]:4011\r\n\r\n":                            "403",
		"OPTIONS * HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n":       "403",
		"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n":          "403",
	} {
		if got := raw(t, w.control, head); !strings.HasPrefix(got, "HTTP/1.1 "+want) && !strings.HasPrefix(got, "HTTP/1.0 "+want) {
			t.Errorf("%q: %.200q, want %s", head, got, want)
		}
	}
}

// raw sends bytes as they are and returns the beginning of what comes back.
func raw(t *testing.T, address, text string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return line
}

// TestFetchMetadata refuses what another site's page embeds, and lets in who follows a link.
func TestFetchMetadata(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, c := range map[string]struct {
		method, site, mode, origin string
		status                     int
	}{
		"no browser":         {"GET", "", "", "", http.StatusOK},
		"own page":           {"GET", "same-origin", "cors", "", http.StatusOK},
		"typed in":           {"GET", "none", "navigate", "", http.StatusOK},
		"link":               {"GET", "cross-site", "navigate", "", http.StatusOK},
		"image or script":    {"GET", "cross-site", "no-cors", "", http.StatusForbidden},
		"fetch":              {"GET", "cross-site", "cors", "http://example.com", http.StatusForbidden},
		"form":               {"POST", "cross-site", "navigate", "", http.StatusForbidden},
		"other local server": {"GET", "cross-site", "cors", "http://localhost:3000", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := "/v1/sandboxes/default/clock"
			if c.method == http.MethodPost {
				path = "/v1/sandboxes/default/reset"
			}
			req := w.request(t, c.method, path, "")
			for header, value := range map[string]string{"Sec-Fetch-Site": c.site, "Sec-Fetch-Mode": c.mode, "Origin": c.origin} {
				if value != "" {
					req.Header.Set(header, value)
				}
			}
			if got := w.send(t, req); got.status != c.status {
				t.Errorf("status %d, want %d: %s", got.status, c.status, got.body)
			}
		})
	}
}

// TestForeignersLearnNothing refuses before it looks for the path.
func TestForeignersLearnNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, path := range []string{"/nope", "/v1/sandboxes/none", "/v1/sandboxes/UPPER"} {
		req := w.request(t, http.MethodDelete, path, "")
		req.Host = "example.com"
		if got := w.send(t, req); got.status != http.StatusForbidden {
			t.Errorf("%s: status %d, want 403", path, got.status)
		}
	}
}

const token = "control-token-0123456789"

func guarded(_ *emulator.Options, o *control.Options) { o.Loopback, o.Token = false, token }

func TestToken(t *testing.T) {
	t.Parallel()
	w := open(t, guarded)
	tests := map[string]struct {
		authorization string
		status        int
	}{
		"right":            {"Bearer " + token, http.StatusOK},
		"scheme's case":    {"bearer " + token, http.StatusOK},
		"none":             {"", http.StatusUnauthorized},
		"empty":            {"Bearer ", http.StatusUnauthorized},
		"scheme alone":     {"Bearer", http.StatusUnauthorized},
		"wrong":            {"Bearer wrong", http.StatusUnauthorized},
		"longer":           {"Bearer " + token + "0", http.StatusUnauthorized},
		"shorter":          {"Bearer " + token[:len(token)-1], http.StatusUnauthorized},
		"other case":       {"Bearer CONTROL-token-0123456789", http.StatusUnauthorized},
		"without a scheme": {token, http.StatusUnauthorized},
		"other scheme":     {"Basic " + token, http.StatusUnauthorized},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/v1/sandboxes", "/v1/apis", "/openapi.yaml"} {
				req := w.request(t, http.MethodGet, path, "")
				if test.authorization != "" {
					req.Header.Set("Authorization", test.authorization)
				}
				got, want := w.send(t, req), ""
				if got.status != test.status {
					t.Errorf("%s: status %d, want %d", path, got.status, test.status)
				}
				if test.status == http.StatusUnauthorized {
					want = "Bearer"
				}
				if scheme := got.header.Get("WWW-Authenticate"); scheme != want {
					t.Errorf("%s: WWW-Authenticate %q, want %q", path, scheme, want)
				}
			}
		})
	}
}

func TestHealthNeedsNoToken(t *testing.T) {
	t.Parallel()
	open(t, guarded).call(t, http.MethodGet, "/healthz", "", http.StatusOK)
}

// TestStrangersLearnNothing answers without the token alike for what is there and what is not, and changes nothing.
func TestStrangersLearnNothing(t *testing.T) {
	t.Parallel()
	w := open(t, guarded)
	for method, path := range map[string]string{
		http.MethodGet: "/v1/nope", http.MethodPost: "/v1/sandboxes", http.MethodPut: "/v1/sandboxes",
		http.MethodDelete: "/v1/sandboxes/none", http.MethodPatch: "/healthz/",
	} {
		w.refused(t, method, path, "", http.StatusUnauthorized)
	}
	if n := w.boxes(t); n != 1 {
		t.Errorf("%d sandboxes", n)
	}
}

// TestTokenInsteadOfHost takes any Host and Origin with the token, as a plane that is open to the network must.
func TestTokenInsteadOfHost(t *testing.T) {
	t.Parallel()
	w := open(t, guarded)
	req := w.request(t, http.MethodGet, "/v1/sandboxes", "")
	req.Host = "tokenstage.example.com"
	req.Header.Set("Origin", "https://console.example.com")
	req.Header.Set("Authorization", "Bearer "+token)
	if got := w.send(t, req); got.status != http.StatusOK {
		t.Errorf("status %d: %s", got.status, got.body)
	}
}

// TestNothingIsForOtherSites: every answer of the control plane says that no other site's page may frame, sniff or embed
// it, refusals, redirects and streams too.
func TestNothingIsForOtherSites(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.create(t, `{"id":"box"}`)
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for request, want := range map[string]int{
		"GET /healthz": http.StatusOK, "GET /openapi.yaml": http.StatusOK,
		"GET /metrics": http.StatusNotFound, "GET /ca.pem": http.StatusNotFound, "GET /v1/apis": http.StatusOK,
		"GET /v1/none": http.StatusNotFound, "PUT /v1/apis": http.StatusMethodNotAllowed, "OPTIONS /v1/apis": http.StatusNoContent,
		"DELETE /v1/sandboxes/box": http.StatusNoContent, "POST /v1/sandboxes": http.StatusCreated,
		"GET /v1/sandboxes/default/events": http.StatusOK, "GET //v1": http.StatusNotFound,
	} {
		method, path, _ := strings.Cut(request, " ")
		req := w.request(t, method, path, "")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", request, resp.StatusCode, want)
		}
		for name, part := range map[string]string{
			"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := resp.Header.Get(name); !strings.Contains(got, part) {
				t.Errorf("%s: %s is %q, want %s in it", request, name, got, part)
			}
		}
	}
}
