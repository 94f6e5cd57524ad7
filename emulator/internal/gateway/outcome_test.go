package gateway_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
)

func TestReadMembers(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		root    string
		members map[string]any
	}{
		`{"Code":"a","n":7}`: {"", map[string]any{"Code": "a", "n": int64(7)}},
		`[1]`:                {"", nil},
		`<?xml version="1.0"?><Error><Code>Busy</Code><A><Code>x</Code></A></Error>`: {"Error", map[string]any{"Code": "Busy"}},
		`<Error><Code>Bus`: {"Error", map[string]any{"Code": "Bus"}},
		``:                 {"", map[string]any{}},
		`busy`:             {"", map[string]any{}},
	} {
		root, members := gateway.ReadMembers([]byte(body))
		if diff := cmp.Diff(want.members, members); diff != "" || root != want.root {
			t.Errorf("%s: root %q: %s", body, root, diff)
		}
	}
}

func TestCodeIn(t *testing.T) {
	t.Parallel()
	members := map[string]any{
		"none": nil, "empty": "", "list": []any{}, "long": strings.Repeat("x", 101), "number": int64(7), "text": "a",
	}
	if got := gateway.CodeIn(members, "none", "empty", "list", "long", "absent", "number", "text"); got != "7" {
		t.Errorf("got %q", got)
	}
	if got := gateway.CodeIn(members, "long"); got != "" {
		t.Errorf("got %q", got)
	}
}
