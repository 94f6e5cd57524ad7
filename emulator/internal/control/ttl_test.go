package control_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A ttl can be written in days.
func TestTTLInDays(t *testing.T) {
	t.Parallel()
	w := open(t)
	for ttl, ends := range map[string]string{"2d": "2026-03-03T08:00:00Z", "1d12h": "2026-03-02T20:00:00Z", "30d": "2026-03-31T08:00:00Z"} {
		got := w.call(t, http.MethodPost, "/v1/sandboxes", `{"ttl":"`+ttl+`"}`, http.StatusCreated)
		if !strings.Contains(got.body, `"ttl":"`+ttl+`","expiresAt":"`+ends+`"`) {
			t.Errorf("%s: %s", ttl, got.body)
		}
	}
}

// TestTTL follows a sandbox that nobody uses to its end.
func TestTTL(t *testing.T) {
	t.Parallel()
	w := open(t)
	got := w.call(t, http.MethodPost, "/v1/sandboxes", `{"id":"job","ttl":"30m","frozen":true}`, http.StatusCreated)
	for _, want := range []string{`"ttl":"30m"`, `"expiresAt":"2026-03-01T08:30:00Z"`} {
		if !strings.Contains(got.body, want) {
			t.Errorf("no %s in %s", want, got.body)
		}
	}
	w.real.Pass(20 * time.Minute)
	w.call(t, http.MethodPatch, "/v1/sandboxes/job/clock", `{"advance":"1000h"}`, http.StatusOK)
	w.real.Pass(20 * time.Minute)
	if got = w.call(t, http.MethodGet, "/v1/sandboxes", "", http.StatusOK); !strings.Contains(got.body, `"expiresAt":"2026-03-01T08:50:00Z"`) {
		t.Errorf("a use did not move the end, or looking at the list did: %s", got.body)
	}
	w.real.Pass(11 * time.Minute)
	w.refused(t, http.MethodGet, "/v1/sandboxes/job", "", http.StatusNotFound)
	if got = w.call(t, http.MethodGet, "/v1/sandboxes", "", http.StatusOK); strings.Contains(got.body, "job") {
		t.Errorf("still listed: %s", got.body)
	}
	w.call(t, http.MethodPost, "/v1/sandboxes", `{"id":"job"}`, http.StatusCreated)
}

func TestRefusedTTLs(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, ttl := range []string{"0", "1ms", "-30m", "a while", "721h"} {
		got := w.refused(t, http.MethodPost, "/v1/sandboxes", `{"ttl":"`+ttl+`"}`, http.StatusUnprocessableEntity)
		if got.Field != "ttl" || got.Column != 2 {
			t.Errorf("%s: %+v", ttl, got)
		}
	}
}
