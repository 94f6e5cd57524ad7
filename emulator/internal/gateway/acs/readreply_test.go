package acs_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/acs"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestReadReply(t *testing.T) {
	t.Parallel()
	catalogue, err := contract.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	g := acs.New(catalogue)
	for name, test := range map[string]struct {
		status  int
		body    string
		outcome string
		value   any
	}{
		"error": {
			400, `{"Code":"Throttling.User","Message":"m"}`, "Throttling.User",
			map[string]any{"Code": "Throttling.User", "Message": "m"},
		},
		"error in XML": {
			400, `<?xml version="1.0"?><Error><Code>Busy</Code><A><Code>x</Code></A></Error>`, "Busy", nil,
		},
		"broken XML": {400, `<Error><Code>Bus`, "Bus", nil},
		"business failure": {
			200, `{"success":false,"errCode":"UNKNOWN_ERROR"}`, "UNKNOWN_ERROR",
			map[string]any{"success": false, "errCode": "UNKNOWN_ERROR"},
		},
		"success":           {200, `{"success":true,"errCode":null}`, "", map[string]any{"success": true, "errCode": nil}},
		"list":              {200, `[1]`, "", []any{int64(1)}},
		"code far too long": {400, `<Error><Code>` + strings.Repeat("x", 200) + `</Code></Error>`, "", nil},
		"text":              {503, `busy`, "", nil},
		"nothing":           {204, ``, "", nil},
	} {
		outcome, value := g.ReadReply(wire.Reply{Status: test.status, Body: []byte(test.body)})
		if diff := cmp.Diff(test.value, value); diff != "" || outcome != test.outcome {
			t.Errorf("%s: outcome %q, want %q; value (-want +got):\n%s", name, outcome, test.outcome, diff)
		}
	}
	for body, want := range map[string]string{
		`{}`: sentJSON, "\n[]": sentJSON, `<a/>`: sentXML, `busy`: "text/plain;charset=utf-8", ``: "",
	} {
		if got := g.ContentType([]byte(body)); got != want {
			t.Errorf("content type of %q: %q, want %q", body, got, want)
		}
	}
}

// TestReadReplyReadsWhatTheGatewaySends reads refusals back that the gateway itself wrote, in both formats.
func TestReadReplyReadsWhatTheGatewaySends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, format := range []string{"JSON", "XML"} {
		x, err := w.gateway.Read(&wire.Request{
			Method: http.MethodPost, Path: "/", Header: http.Header{},
			RawQuery: "Action=ApplyToken&Version=2020-04-20&Format=" + format,
		})
		if err != nil {
			t.Fatal(err)
		}
		reply := x.Refuse(&wire.Fault{Kind: wire.UsedNonce})
		if outcome, _ := w.gateway.ReadReply(reply); outcome != reply.Outcome || outcome != "SignatureNonceUsed" {
			t.Errorf("%s: reads %q from a reply with outcome %q", format, outcome, reply.Outcome)
		}
	}
}
