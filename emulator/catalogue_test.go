package emulator_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const scenarioHeader = "X-Tokenstage-Scenario"

// TestEveryErrorHasAScenario counts: each documented error of each operation is one generated scenario.
func TestEveryErrorHasAScenario(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	generated := 0
	for _, name := range w.Library().Names() {
		if strings.HasPrefix(name, "error/") {
			generated++
		}
	}
	documented := 0
	for _, api := range w.Catalogue().APIs {
		for _, op := range api.Operations {
			documented += len(op.Errors)
		}
	}
	if generated != documented || documented < 200 {
		t.Errorf("%d generated scenarios for %d documented errors", generated, documented)
	}
}

// TestEveryError sets off every documented error over the wire, named in the header and played, in each format.
func TestEveryError(t *testing.T) {
	t.Parallel()
	for _, api := range newWorld(t).HTTPAPIs() {
		for _, op := range api.Operations {
			for _, asXML := range []bool{false, true} {
				if asXML && api.Gateway.Name == "fabric" || !asXML && api.Gateway.Name == "oss" {
					continue // they speak one of the two alone
				}
				t.Run(op.Name+map[bool]string{false: "/JSON", true: "/XML"}[asXML], func(t *testing.T) {
					t.Parallel()
					testErrors(t, op, asXML)
				})
			}
		}
	}
}

func testErrors(t *testing.T, op *contract.Operation, asXML bool) {
	t.Helper()
	w := newWorld(t, noQuota)
	c := errorCheck{world: w, op: op, asXML: asXML}
	request := w.requests(t, op, asXML)
	c.seen = uint64(w.written(t.Context(), w.box)) // signing in
	for i := range op.Errors {
		e := &op.Errors[i]
		name := "error/" + op.Name + "/" + e.Code

		r := request()
		r.Header.Set(scenarioHeader, name)
		c.check(t, e, w.do(t, r))

		if err := w.Player(w.box).Play(t.Context(), play.Playing{Name: name}); err != nil {
			t.Fatal(err)
		}
		c.check(t, e, w.do(t, request()))
		if err := w.Player(w.box).Stop(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDetailBehindASubCode plays business failures of the Taobao Open Platform with a detail, which carry the code 15
// whatever the code of the same failure without one.
func TestDetailBehindASubCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := w.Catalogue().ByAction("top", "alibaba.security.deepvision.proxy.security.common.token.get")[0]
	request := w.requests(t, op, false)
	for code, number := range map[string]string{
		"isv.invalid-parameter": "50", "isv.invalid-parameter:ROOM_TYPE_NOT_EXIST": "15", "isv.missing-parameter:图片": "15",
	} {
		w.play(t, w.box, "name: refused\nrules:\n  - on: "+op.Name+"\n    script: [{fail: \""+code+"\"}]\n")
		got := membersOf(t, w.do(t, request()).body, false)
		if got["code"] != number || got["sub_code"] != code || got["msg"] != "Remote service error" {
			t.Errorf("%s: %v", code, got)
		}
		if known, ok := op.ErrorOf(code); !ok || strconv.Itoa(known.Number) != number {
			t.Errorf("%s is documented as %+v", code, known)
		}
	}
}

// errorCheck holds the errors of an operation to its spec.
type errorCheck struct {
	world *world
	op    *contract.Operation
	asXML bool
	// seen is how many entries of the journal were looked at.
	seen uint64
}

// requests makes good requests of the operation, each signed anew. That of fabric and of oss, which know no nonce, is one.
func (w *world) requests(t *testing.T, op *contract.Operation, asXML bool) func() gatewaytest.Request {
	t.Helper()
	text, body := w.example(t, op)
	if asXML {
		w.acs.Format, w.top.Format = "XML", "xml"
	}
	build := func() gatewaytest.Request { return driverOf(op).valid(t, w, op, text, body) }
	switch {
	case op.API.Gateway.Name == "fabric" || op.API.Gateway.Name == "oss":
		once := build()
		return func() gatewaytest.Request {
			r := once
			r.Header = once.Header.Clone()
			return r
		}
	case asXML && op.Action != "" && op.Path == "/":
		return func() gatewaytest.Request { return w.rpc(op, text) }
	case asXML && op.API.Gateway.Name == "acs":
		return func() gatewaytest.Request {
			r := build()
			r.Header.Set("Accept", "application/xml")
			return r
		}
	}
	return build
}

func (w *world) rpc(op *contract.Operation, text map[string]string) gatewaytest.Request {
	r := gatewaytest.Request{Method: http.MethodPost, Path: op.Path, Host: host, Query: map[string][]string{}}
	for name, value := range text {
		r.Query.Set(name, value)
	}
	return w.acs.RPC(r, op.Action, op.Version)
}

// check holds an answer to the spec, status, envelope, code and message, and then its journal entry.
func (c *errorCheck) check(t *testing.T, e *contract.Error, got answer) {
	t.Helper()
	fill := c.op.Required() // placeholders are filled with the name of the operation's first parameter
	if parameters := c.op.Parameters(); len(fill) == 0 && len(parameters) > 0 {
		fill = []string{parameters[0].Name}
	}
	fill = fill[:min(len(fill), 1)]
	want := *e
	want.Code, want.Message = contract.Fill(e.Code, fill), contract.Fill(e.Message, fill)
	want.Detail = contract.Fill(e.Detail, fill)

	members := membersOf(t, got.body, c.asXML)
	for name, text := range envelopeOf(c.op.API.Gateway.Name, &want) {
		if members[name] != text {
			t.Errorf("%s of %s: %s is %q, want %q: %s", e.Code, c.op.Name, name, members[name], text, got.body)
		}
	}
	if got.status != e.Status || strings.Contains(got.body, "%s") {
		t.Errorf("%s of %s: %d %s, want status %d", e.Code, c.op.Name, got.status, got.body, e.Status)
	}
	c.checkReadBack(t, want.Code, got)
	c.checkEntry(t, e, want.Code)
}

// checkReadBack wants the gateway to read the outcome and a value of the spec back from what it sent, and to give the
// body the content type that it was sent with.
func (c *errorCheck) checkReadBack(t *testing.T, outcome string, got answer) {
	t.Helper()
	for _, g := range c.world.Gateways() {
		if g.Name() != c.op.API.Gateway.Name {
			continue
		}
		read, value := g.ReadReply(wire.Reply{Status: got.status, Header: got.header, Body: []byte(got.body)})
		if read != outcome {
			t.Errorf("the gateway reads the outcome %q, want %q, from %s", read, outcome, got.body)
		}
		if (value == nil) != c.asXML {
			t.Errorf("the gateway reads the value %v from %s", value, got.body)
		} else if !c.asXML {
			if err := c.op.CheckReply(got.status, value); err != nil {
				t.Errorf("the value that the gateway reads breaks the spec: %v", err)
			}
		}
		if content := g.ContentType([]byte(got.body)); content != got.header.Get("Content-Type") {
			t.Errorf("the gateway gives the content type %q to a body that it sent as %q",
				content, got.header.Get("Content-Type"))
		}
		return
	}
	t.Errorf("no gateway is named %s", c.op.API.Gateway.Name)
}

// checkEntry wants one more entry in the journal, of that outcome and decided by the error's scenario.
func (c *errorCheck) checkEntry(t *testing.T, e *contract.Error, outcome string) {
	t.Helper()
	entries := c.world.entries(t, c.world.box, c.seen)
	if len(entries) != 1 {
		t.Fatalf("%d new entries in the journal", len(entries))
	}
	c.seen++
	entry, name := entries[0], "error/"+c.op.Name+"/"+e.Code
	if entry.Outcome != outcome || entry.Decision == nil || entry.Decision.Scenario != name {
		t.Errorf("%s of %s: the journal says %s, %+v", e.Code, c.op.Name, entry.Outcome, entry.Decision)
	}
}

// envelopeOf is what the members of an error's body must be, by the path of each. "" means that it is absent.
func envelopeOf(gateway string, e *contract.Error) map[string]string {
	switch {
	case gateway == "top":
		subCode := e.Code
		if strconv.Itoa(e.Number) == e.Code {
			subCode = ""
		}
		return map[string]string{
			"code": strconv.Itoa(e.Number), "msg": e.Message, "sub_code": subCode, "sub_msg": e.Detail,
		}
	case gateway == "fabric" && e.Status == http.StatusOK:
		return map[string]string{"resultCode": strings.TrimPrefix(e.Code, "resultCode."), "resultDesc": e.Message}
	case gateway == "fabric":
		return map[string]string{"errorCode": "0", "exceptionInfo": e.Message}
	case e.Status == http.StatusOK:
		return map[string]string{"success": "false", "errCode": e.Code, "errMessage": e.Message, "httpStatusCode": "200"}
	}
	return map[string]string{"Code": e.Code, "Message": e.Message, "HostId": host}
}

// membersOf are the members of an error's body as text, without the root that top puts around JSON and both gateways
// around XML.
func membersOf(t *testing.T, body string, asXML bool) map[string]string {
	t.Helper()
	members := map[string]string{}
	if asXML {
		var root struct {
			Members []struct {
				XMLName xml.Name
				Text    string `xml:",chardata"`
			} `xml:",any"`
		}
		if err := xml.Unmarshal([]byte(body), &root); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		for _, m := range root.Members {
			members[m.XMLName.Local] = m.Text
		}
		return members
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &values); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if inner, ok := values["error_response"]; ok {
		return membersOf(t, string(inner), false)
	}
	for name, raw := range values {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		members[name] = text
	}
	return members
}

// lastEntry is the newest of a sandbox's journal, which must have come after the given one.
func (w *world) lastEntry(t *testing.T, box *sandbox.Sandbox, after uint64) *journal.Entry {
	t.Helper()
	entries := w.entries(t, box, after)
	if len(entries) == 0 {
		t.Fatal("the journal has nothing new")
	}
	return &entries[len(entries)-1]
}

// entries is the journal of a sandbox after the given entry, oldest first.
func (w *world) entries(t *testing.T, box *sandbox.Sandbox, after uint64) []journal.Entry {
	t.Helper()
	var all []journal.Entry
	filter := journal.Filter{Limit: journal.MaxLimit, After: after}
	for {
		page, err := w.Journal(box).List(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Requests...)
		if page.Next == nil {
			return all
		}
		filter.After = *page.Next
	}
}

// TestUnknownScenarioInHeader wants the provider's own refusal of a parameter, whatever the operation.
func TestUnknownScenarioInHeader(t *testing.T) {
	t.Parallel()
	for _, api := range newWorld(t).HTTPAPIs() {
		for _, op := range api.Operations {
			t.Run(op.Name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				r := w.requests(t, op, false)()
				r.Header.Set(scenarioHeader, "mqtt-throttled-then-fin")
				got := w.do(t, r)
				entry := w.lastEntry(t, w.box, 0)
				if entry.Outcome == "ok" || len(entry.Findings) == 0 ||
					entry.Findings[0].Expected != "mqtt-throttled-then-fine" {
					t.Errorf("%s %+v", entry.Outcome, entry.Findings)
				}
				if outcome := got.outcome(api.Gateway.Name); outcome == "" || got.status >= http.StatusInternalServerError {
					t.Errorf("not refused in the provider's shape: %d %s", got.status, got.body)
				}
			})
		}
	}
}

// TestScriptedDateIsSent: the date of an answer is the sandbox's, unless a script says another one.
func TestScriptedDateIsSent(t *testing.T) {
	t.Parallel()
	const date = "Thu, 01 Jan 1970 00:00:00 GMT"
	for headers, want := range map[string]bool{"Date: '" + date + "'": true, "date: '" + date + "'": true, "X-A: b": false} {
		w := newWorld(t, noQuota)
		w.play(t, w.box, onApplyToken("{respond: {status: 200, body: \"{}\", offSpec: true, headers: {"+headers+"}}}"))
		got := w.do(t, w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")).header.Values("Date")
		if len(got) != 1 || (got[0] == date) != want {
			t.Errorf("{%s} is answered with the dates %q", headers, got)
		}
	}
}

// TestScriptedReplyLooksLikeTheGateways plays a reply without headers of its own for an operation of each gateway.
func TestScriptedReplyLooksLikeTheGateways(t *testing.T) {
	t.Parallel()
	for operation, want := range map[string]struct{ code, content string }{
		"onsmqtt.ApplyToken":          {`{"Code":"Busy"}`, "application/json;charset=utf-8"},
		"deepvision.SecurityTokenGet": {`{"error_response":{"sub_code":"Busy"}}`, "text/javascript;charset=UTF-8"},
		"ccmessaging.applyToken":      {`{"resultCode":"Busy"}`, "application/json;charset=UTF-8"},
	} {
		w := newWorld(t, noQuota)
		source := "name: own\nrules: [{on: " + operation + ", script: [{respond: {offSpec: true, body: '" + want.code + "'}}]}]\n"
		if err := w.Player(w.box).Play(t.Context(), play.Playing{Source: source}); err != nil {
			t.Fatal(err)
		}
		for _, api := range w.HTTPAPIs() {
			for _, op := range api.Operations {
				if op.Name != operation {
					continue
				}
				request := w.requests(t, op, false)
				seen := uint64(w.written(t.Context(), w.box))
				got := w.do(t, request())
				if content := got.header.Get("Content-Type"); content != want.content || got.body != want.code {
					t.Errorf("%s: %s %s, want %s", operation, content, got.body, want.content)
				}
				outcome := w.entries(t, w.box, seen)[0].Outcome
				if strings.TrimPrefix(outcome, "resultCode.") != "Busy" {
					t.Errorf("%s: the journal says %s", operation, outcome)
				}
			}
		}
	}
}
