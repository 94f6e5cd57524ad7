package cli_test

import (
	"strings"
	"testing"
)

// TestSaveAndLoad takes a sandbox to another server.
func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	a, b := serve(t, nil), serve(t, nil)
	made := a.box(t, "--id", "my-box", "--clock", "2030-01-01T00:00:00Z", "--frozen")
	secret := made.Credentials.ACS[0].AccessKeySecret
	bare, whole := a.run(t, "sandbox", "save", "my-box", "--journal"), a.run(t, "sandbox", "save", "my-box", "--secrets")
	if bare.code != 0 || strings.Contains(bare.out, secret) || !strings.Contains(whole.out, secret) {
		t.Fatalf("saved %+v and %+v", bare, whole)
	}
	path := file(t, "box.json", whole.out)
	got := b.run(t, "sandbox", "load", path)
	if got.code != 0 || !strings.Contains(got.out, secret) || !strings.Contains(got.out, "2030-01-01T00:00:00Z frozen") {
		t.Errorf("loaded %+v", got)
	}
	if got := b.run(t, "sandbox", "load", path); got.code != 1 || !strings.Contains(got.err, "exists: my-box") {
		t.Errorf("once more: %+v", got)
	}
	b.run(t, "sandbox", "rm", "my-box")
	got = b.run(t, "sandbox", "load", file(t, "bare.json", bare.out))
	if got.code != 0 || strings.Contains(got.out, secret) || !strings.Contains(got.out, "LTAI") {
		t.Errorf("loaded without secrets: %+v", got)
	}
	for text, want := range map[string]string{"name: x": "it is no JSON", "[]": "snapshot", "{}": "snapshot.format"} {
		if got := b.run(t, "sandbox", "load", file(t, "none.json", text)); got.code != 1 || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
