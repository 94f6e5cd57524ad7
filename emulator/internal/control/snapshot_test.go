package control_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestSnapshot takes a sandbox from one server to another.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	a, b := open(t), open(t)
	a.create(t, given)
	const path = "/v1/sandboxes/given-1/snapshot"
	whole := a.call(t, http.MethodGet, path+"?secrets=true&journal=true", "", http.StatusOK).body
	bare := a.call(t, http.MethodGet, path, "", http.StatusOK).body
	for _, secret := range []string{"given-secret", "given-warrant-secret", "given-bearer"} {
		if !strings.Contains(whole, secret) || strings.Contains(bare, secret) {
			t.Errorf("%s: in %s, not in %s", secret, whole, bare)
		}
	}
	body := func(snapshot string) string { return `{"snapshot":` + snapshot + `}` }
	if got := b.create(t, body(whole)); got.ID != "given-1" || !got.Frozen || got.Credentials.ACS[0].Secret != "given-secret" {
		t.Errorf("loaded %+v", got)
	}
	taken := b.call(t, http.MethodPost, "/v1/sandboxes", body(bare), http.StatusConflict)
	if !strings.Contains(taken.body, "a sandbox of that id exists: given-1") {
		t.Errorf("an id that exists: %s", taken.body)
	}
	b.call(t, http.MethodDelete, "/v1/sandboxes/given-1", "", http.StatusNoContent)
	if got := b.create(t, body(bare)); len(got.Credentials.ACS) != 1 || got.Credentials.ACS[0].Secret == "given-secret" {
		t.Errorf("loaded without secrets %+v", got)
	}
}

// TestSnapshotRefused sends what is no snapshot, and asks for what there is none of.
func TestSnapshotRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.create(t, given)
	whole := w.call(t, http.MethodGet, "/v1/sandboxes/given-1/snapshot?secrets=true", "", http.StatusOK).body
	w.call(t, http.MethodDelete, "/v1/sandboxes/given-1", "", http.StatusNoContent)
	for name, c := range map[string]struct {
		body   string
		status int
		field  string
	}{
		"no object":        {`{"snapshot":"x"}`, http.StatusBadRequest, "snapshot"},
		"no JSON":          {`{"snapshot":{"format":1`, http.StatusBadRequest, ""},
		"unknown member":   {`{"snapshot":` + strings.Replace(whole, `"format"`, `"fromat":1,"format"`, 1) + `}`, 400, "fromat"},
		"no base64":        {`{"snapshot":` + strings.Replace(whole, `"life"`, `"tokens":["-"],"life"`, 1) + `}`, 400, ""},
		"empty":            {`{"snapshot":{}}`, http.StatusUnprocessableEntity, "snapshot.format"},
		"other format":     {`{"snapshot":` + strings.Replace(whole, `"format":1`, `"format":7`, 1) + `}`, 422, "snapshot.format"},
		"bad id":           {`{"snapshot":` + strings.Replace(whole, `"given-1"`, `"A/B"`, 1) + `}`, 422, "snapshot.definition.id"},
		"beside others":    {`{"id":"x","snapshot":` + whole + `}`, http.StatusUnprocessableEntity, "id"},
		"too long":         {`{"snapshot":` + whole + strings.Repeat(" ", 16<<20) + `}`, http.StatusRequestEntityTooLarge, ""},
		"long without one": {`{"id":"x"` + strings.Repeat(" ", 1<<20) + `}`, http.StatusRequestEntityTooLarge, ""},
	} {
		got := w.call(t, http.MethodPost, "/v1/sandboxes", c.body, c.status)
		var p struct{ Field, Detail string }
		if err := json.Unmarshal([]byte(got.body), &p); err != nil || p.Field != c.field || p.Detail == "" {
			t.Errorf("%s: got %s", name, got.body)
		}
	}
	for query, want := range map[string]string{
		"?secrets=yes": "secrets must be true or false", "?secret=true": "secrets", "?journal=true&journal=true": "journal",
	} {
		got := w.call(t, http.MethodGet, "/v1/sandboxes/default/snapshot"+query, "", http.StatusBadRequest)
		if !strings.Contains(got.body, want) {
			t.Errorf("%s: got %s", query, got.body)
		}
	}
	w.call(t, http.MethodGet, "/v1/sandboxes/nobody/snapshot", "", http.StatusNotFound)
}
