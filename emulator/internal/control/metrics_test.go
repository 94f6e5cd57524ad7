package control_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
)

func withMetrics(_ *emulator.Options, c *control.Options) {
	c.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = io.WriteString(w, "some_total 1\n")
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	got := open(t, withMetrics).call(t, http.MethodGet, "/metrics", "", http.StatusOK)
	if kind := got.header.Get("Content-Type"); got.body != "some_total 1\n" || kind != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("%q of type %q", got.body, kind)
	}
}

func TestMetricsOfAnEmulatorThatCountsNothing(t *testing.T) {
	t.Parallel()
	open(t).refused(t, http.MethodGet, "/metrics", "", http.StatusNotFound)
}

func TestMetricsAreGuarded(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	w := open(t, withMetrics, func(_ *emulator.Options, o *control.Options) { o.Token = token })
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"no token":       {func(*http.Request) {}, http.StatusUnauthorized},
		"another token":  {func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, http.StatusUnauthorized},
		"the token":      {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, http.StatusOK},
		"a foreign host": {func(r *http.Request) { r.Host = "example.com" }, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := w.request(t, http.MethodGet, "/metrics", "")
			c.change(req)
			if got := w.send(t, req); got.status != c.want {
				t.Errorf("status %d, want %d", got.status, c.want)
			}
		})
	}
}
