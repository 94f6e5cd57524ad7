package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
)

// TestOddSegments puts what is no id at every place of a path that takes one. All of it is refused, and nothing is
// taken for another thing.
func TestOddSegments(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.create(t, `{"id":"box"}`)
	segments := []string{
		"..", "%2e%2e", ".", "%2e", "a%2fb", "..%2fdefault", "default%2f", "%2fdefault", `a%5cb`, "default%00", "%00", "default%0a",
		"default%20", "%20default", "DEFAULT", "d%C3%A9fault", "default%ff", "%25", "default%3fx", "default;x", "default%23",
		strings.Repeat("a", 65), strings.Repeat("a", 60_000), "d%65fault%2e",
	}
	for _, segment := range segments {
		for _, path := range []string{
			"/v1/sandboxes/*", "/v1/sandboxes/*/clock", "/v1/sandboxes/*/requests", "/v1/sandboxes/*/tokens",
			"/v1/sandboxes/*/scenarios", "/v1/sandboxes/*/coverage", "/v1/sandboxes/box/requests/*",
			"/v1/apis/*/openapi.yaml", "/v1/scenarios/*", "/*",
		} {
			target := strings.Replace(path, "*", segment, 1)
			line := raw(t, w.control, "GET "+target+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
			if !strings.HasPrefix(line, "HTTP/1.1 400 ") && !strings.HasPrefix(line, "HTTP/1.1 404 ") {
				t.Errorf("%.100s: %s", target, line)
			}
		}
		for method, path := range map[string]string{
			"DELETE": "/v1/sandboxes/*", "POST": "/v1/sandboxes/box/tokens/*/expire", "PUT": "/v1/sandboxes/*/scenarios/hostile-day",
		} {
			target := strings.Replace(path, "*", segment, 1)
			line := raw(t, w.control, method+" "+target+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
			if !strings.HasPrefix(line, "HTTP/1.1 400 ") && !strings.HasPrefix(line, "HTTP/1.1 404 ") &&
				!strings.HasPrefix(line, "HTTP/1.1 405 ") { // what is left when the segment is a dot of no meaning
				t.Errorf("%s %.100s: %s", method, target, line)
			}
		}
	}
	if n := w.boxes(t); n != 2 {
		t.Errorf("%d sandboxes are left", n)
	}
}

// TestPanicsOfHandlers are internal errors, and the plane lives on.
func TestPanicsOfHandlers(t *testing.T) {
	t.Parallel()
	em, err := emulator.New(t.Context(), emulator.Options{Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("fake-default-bearer-token") })
	pages := func(e *echo.Echo) { e.GET("/console/calls", echo.WrapHandler(broken)) }
	plane := control.New(control.Options{
		World: em.World(), Log: discard, Metrics: broken, Console: pages, ConsoleRoot: "/console/",
	})
	for _, path := range []string{"/metrics", "/console/calls", "/metrics"} {
		got := httptest.NewRecorder()
		plane.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if got.Code != http.StatusInternalServerError || !strings.Contains(got.Body.String(), `"status":500`) ||
			strings.Contains(got.Body.String(), "bearer") {
			t.Errorf("%d %s", got.Code, got.Body)
		}
	}
}
