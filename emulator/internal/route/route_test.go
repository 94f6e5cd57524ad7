package route_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/route"
)

// TestParam reads a part of a path once: what was escaped twice is still escaped.
func TestParam(t *testing.T) {
	t.Parallel()
	e := echo.New()
	var got string
	e.GET("/boxes/:id/calls", func(c echo.Context) error {
		got = route.Param(c, "id")
		return nil
	})
	for sent, want := range map[string]string{
		"box": "box", "a%20b": "a b", "a%25b": "a%b", "a%252Fb": "a%2Fb", "a%2Fb": "a/b", "a%2Fb%252F": "a/b%2F",
		"%2e%2e": "..", "d%C3%A9fault": "défault", "a+b": "a+b",
	} {
		got = ""
		e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/boxes/"+sent+"/calls", nil))
		if got != want {
			t.Errorf("%s is read as %q, want %q", sent, got, want)
		}
	}
}
