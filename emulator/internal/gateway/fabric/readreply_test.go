package fabric_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/fabric"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestReadReply(t *testing.T) {
	t.Parallel()
	catalogue, err := contract.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	g := fabric.New(catalogue)
	for name, test := range map[string]struct {
		status  int
		body    string
		outcome string
		value   any
	}{
		"error":               {401, `{"errorCode":"0"}`, "401", map[string]any{"errorCode": "0"}},
		"error without body":  {503, ``, "503", nil},
		"business failure":    {200, `{"resultCode":"1"}`, "resultCode.1", map[string]any{"resultCode": "1"}},
		"success":             {200, `{"resultCode":"0"}`, "", map[string]any{"resultCode": "0"}},
		"success of zeros":    {200, `{"resultCode":"0000"}`, "", map[string]any{"resultCode": "0000"}},
		"success by a number": {200, `{"resultCode":0}`, "", map[string]any{"resultCode": int64(0)}},
		"no result code":      {200, `{"token":"t"}`, "", map[string]any{"token": "t"}},
		"text":                {200, `busy`, "", nil},
	} {
		outcome, value := g.ReadReply(wire.Reply{Status: test.status, Body: []byte(test.body)})
		if diff := cmp.Diff(test.value, value); diff != "" || outcome != test.outcome {
			t.Errorf("%s: outcome %q, want %q; value (-want +got):\n%s", name, outcome, test.outcome, diff)
		}
	}
	for body, want := range map[string]string{
		`{}`: "application/json;charset=UTF-8", `<a/>`: "text/xml;charset=UTF-8", `busy`: "text/plain;charset=utf-8", ``: "",
	} {
		if got := g.ContentType([]byte(body)); got != want {
			t.Errorf("content type of %q: %q, want %q", body, got, want)
		}
	}
}
