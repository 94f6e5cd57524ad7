package top_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/top"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestReadReply(t *testing.T) {
	t.Parallel()
	catalogue, err := contract.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	g := top.New(catalogue)
	object := func(name string, value any) map[string]any { return map[string]any{name: value} }
	for name, test := range map[string]struct {
		body    string
		outcome string
		value   any
	}{
		"error": {
			`{"error_response":{"code":15,"sub_code":"isv.invalid-parameter"}}`, "isv.invalid-parameter",
			object("error_response", map[string]any{"code": int64(15), "sub_code": "isv.invalid-parameter"}),
		},
		"error by number": {
			`{"error_response":{"code":7,"msg":"m"}}`, "7",
			object("error_response", map[string]any{"code": int64(7), "msg": "m"}),
		},
		"error in XML":         {`<error_response><code>7</code></error_response>`, "7", nil},
		"success with a code":  {`{"code":7}`, "", object("code", int64(7))},
		"success in XML":       {`<a_response><code>7</code></a_response>`, "", nil},
		"error that is a text": {`{"error_response":"7"}`, "", object("error_response", "7")},
		"text":                 {`busy`, "", nil},
	} {
		outcome, value := g.ReadReply(wire.Reply{Status: 200, Body: []byte(test.body)})
		if diff := cmp.Diff(test.value, value); diff != "" || outcome != test.outcome {
			t.Errorf("%s: outcome %q, want %q; value (-want +got):\n%s", name, outcome, test.outcome, diff)
		}
	}
	for body, want := range map[string]string{
		`{}`: "text/javascript;charset=UTF-8", `<a/>`: "text/xml;charset=UTF-8", `busy`: "text/plain;charset=utf-8", ``: "",
	} {
		if got := g.ContentType([]byte(body)); got != want {
			t.Errorf("content type of %q: %q, want %q", body, got, want)
		}
	}
}
