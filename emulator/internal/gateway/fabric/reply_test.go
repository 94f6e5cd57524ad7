package fabric_test

import (
	"net/http"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := func(path string) gateway.Exchange {
		x, err := w.gateway.Read(w.request(func(r *wire.Request) { r.Path = path }))
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	documented := func(code string) *wire.Fault { return &wire.Fault{Kind: wire.Documented, Code: code} }
	apply, send := read(applyPath), read(sendPath)
	cases := map[string]struct {
		x       gateway.Exchange
		reply   wire.Reply
		status  int
		outcome string
		body    string
	}{
		"success": {
			apply, apply.Reply(wire.Result{Body: wire.Object{
				{Name: "resultCode", Value: "0"}, {Name: "token", Value: "a<%3D"},
			}}),
			200, "ok", `{"resultCode":"0","token":"a<%3D"}`,
		},
		"business failure by the operation": {
			send, send.Reply(wire.Result{Outcome: "resultCode.13", Body: wire.Object{
				{Name: "resultCode", Value: "13"}, {Name: "resultDesc", Value: "sendUserMessage failed"},
			}}),
			200, "resultCode.13", `{"resultCode":"13","resultDesc":"sendUserMessage failed"}`,
		},
		"business failure with a text": {
			send, send.Refuse(documented("resultCode.12")), 200, "resultCode.12",
			`{"resultCode":"12","resultDesc":"The current time is not within the working time of the service agents"}`,
		},
		"business failure without": {
			apply, apply.Refuse(documented("resultCode.1")), 200, "resultCode.1", `{"resultCode":"1"}`,
		},
		"documented": {
			apply, apply.Refuse(documented("401")), 401, "401", `{"errorCode":"0","exceptionInfo":"` + lapsed + `"}`,
		},
		"own text": {
			apply, apply.Refuse(&wire.Fault{Kind: wire.Internal, Message: `a "b"`}), 500, "500",
			`{"errorCode":"0","exceptionInfo":"a \"b\""}`,
		},
		"too large": {
			apply, apply.Refuse(&wire.Fault{Kind: wire.TooLarge}), 413, "413",
			`{"errorCode":"0","exceptionInfo":"The request body is too large."}`,
		},
		"unknown kind": {
			apply, apply.Refuse(&wire.Fault{Kind: wire.UsedNonce}), 500, "500",
			`{"errorCode":"0","exceptionInfo":"The request could not be processed. Check the values of its parameters."}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.reply.Status != c.status || c.reply.Outcome != c.outcome || string(c.reply.Body) != c.body {
				t.Errorf("got %d %s %s, want %d %s %s",
					c.reply.Status, c.reply.Outcome, c.reply.Body, c.status, c.outcome, c.body)
			}
			if got := c.reply.Header.Get("Content-Type"); got != "application/json;charset=UTF-8" {
				t.Errorf("the content type is %q", got)
			}
			if err := c.x.Operation().CheckReply(c.reply.Status, c.reply.Value); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReplyHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	given := http.Header{}
	given.Set("ccmessaging-token", "next")
	_, _, x := w.answer(t, w.request())
	reply := x.Reply(wire.Result{Header: given})
	if reply.Header.Get("ccmessaging-token") != "next" || reply.Header.Get("Content-Type") == "" || len(given) != 1 {
		t.Fatalf("the header is %v, the given one %v", reply.Header, given)
	}
}

func TestWrongMethodNamesTheRightOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string]string{applyPath: "POST", pollPath: "GET"} {
		reply, _, _ := w.answer(t, w.request(func(r *wire.Request) { r.Path, r.Method = path, http.MethodDelete }))
		if got := reply.Header.Get("Allow"); reply.Status != 405 || got != want {
			t.Errorf("%s: got %d, Allow %q, want %q", path, reply.Status, got, want)
		}
	}
}

// TestEveryDocumentedError holds the whole catalogue to the envelope.
func TestEveryDocumentedError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	catalogue, err := specs()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range catalogue.API("ccmessaging").Operations {
		x, err := w.gateway.Read(w.request(func(r *wire.Request) { r.Path, r.Method = op.Path, op.Methods[0] }))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range op.Errors {
			reply := x.Refuse(&wire.Fault{Kind: wire.Documented, Code: e.Code})
			if reply.Status != e.Status || reply.Outcome != e.Code {
				t.Errorf("%s %s: got %d %s", op.Name, e.Code, reply.Status, reply.Outcome)
			}
			if err := op.CheckReply(reply.Status, reply.Value); err != nil {
				t.Error(err)
			}
		}
	}
}
