package play_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// TestFields checks what a condition reads from each kind of field, and how a miss reports it.
func TestFields(t *testing.T) {
	t.Parallel()
	const apply, warrant, session = "onsmqtt.ApplyToken", "aicontent.CreateAccessWarrant", "ccmessaging.applyToken"
	tests := map[string]struct {
		operation, when string
		call            wire.Call
		// miss is empty when the rule takes the call.
		miss scenario.Miss
	}{
		"text": {
			operation: apply, when: "params.InstanceId: post-*",
			call: wire.Call{Text: map[string]string{"InstanceId": "post-1"}},
		},
		"text that differs": {
			operation: apply, when: "params.InstanceId: post-*",
			call: wire.Call{Text: map[string]string{"InstanceId": "pre-1"}},
			miss: scenario.Miss{Condition: "when params.InstanceId", Expected: "a glob post-*", Got: "pre-1"},
		},
		"absent": {
			operation: apply, when: "params.InstanceId: '*'",
			miss: scenario.Miss{Condition: "when params.InstanceId", Expected: "a glob *", Got: "nothing"},
		},
		"empty is not absent": {
			operation: apply, when: "params.InstanceId: ''",
			call: wire.Call{Text: map[string]string{"InstanceId": ""}},
		},
		"long text is cut": {
			operation: apply, when: "params.InstanceId: a",
			call: wire.Call{Text: map[string]string{"InstanceId": "x" + strings.Repeat("é", 99)}},
			miss: scenario.Miss{
				Condition: "when params.InstanceId", Expected: "a glob a", Got: "x" + strings.Repeat("é", 49) + "…",
			},
		},
		"whole number": {
			operation: apply, when: "params.ExpireTime: {gt: 5}",
			call: wire.Call{Params: map[string]any{"ExpireTime": int64(6)}},
		},
		"large number": {
			operation: apply, when: "params.ExpireTime: '1893456000000'",
			call: wire.Call{Params: map[string]any{"ExpireTime": 1893456000000.0}},
		},
		"list as JSON": {
			operation: warrant, when: "params.userId: '[1,true]'",
			call: wire.Call{Params: map[string]any{"userId": []any{int64(1), true}}},
		},
		"null is empty": {
			operation: warrant, when: "params.userId: ''", call: wire.Call{Params: map[string]any{"userId": nil}},
		},
		"member of the body before validation": {
			operation: warrant, when: "params.userId: u1",
			call: wire.Call{Request: &wire.Request{Body: []byte(` {"userId":"u1"}`)}},
		},
		"body that is not JSON": {
			operation: warrant, when: "params.userId: u1",
			call: wire.Call{Request: &wire.Request{Body: []byte(`{"userId":`)}},
			miss: scenario.Miss{Condition: "when params.userId", Expected: "a glob u1", Got: "nothing"},
		},
		"header": {
			operation: apply, when: "headers.user-agent: 'sdk/*'",
			call: wire.Call{Request: &wire.Request{Header: http.Header{"User-Agent": {"sdk/1"}}}},
		},
		"header of several values": {
			operation: apply, when: "headers.Accept: 'a, b'",
			call: wire.Call{Request: &wire.Request{Header: http.Header{"Accept": {"a", "b"}}}},
		},
		"absent header": {operation: apply, when: "headers.Accept: {absent: true}"},
		"host": {
			operation: apply, when: "headers.Host: host.*",
			call: wire.Call{Request: &wire.Request{Host: "host.example"}},
		},
		"credential": {
			operation: session, when: "credential: app-*",
			call: wire.Call{Credential: wire.Credential{Kind: wire.FabricApp, ID: "app-1"}},
		},
		"other credential": {
			operation: session, when: "credential: app-*",
			call: wire.Call{Credential: wire.Credential{Kind: wire.AccessKey, ID: "LTAI"}},
			miss: scenario.Miss{Condition: "when credential", Expected: "a glob app-*", Got: "LTAI"},
		},
		"a bearer token is a secret": {
			operation: session, when: "credential: app-*",
			call: wire.Call{Credential: wire.Credential{Kind: wire.Bearer, ID: "s3cret", Secret: true}},
			miss: scenario.Miss{Condition: "when credential", Expected: "a glob app-*", Got: "a bearer token"},
		},
		"a parameter beside a bearer token": {
			operation: apply, when: "params.InstanceId: a",
			call: wire.Call{
				Text: map[string]string{"InstanceId": "b"}, Credential: wire.Credential{Kind: wire.Bearer, ID: "s3cret", Secret: true},
			},
			miss: scenario.Miss{Condition: "when params.InstanceId", Expected: "a glob a", Got: "b"},
		},
		"an expression and a long text": {
			operation: apply, when: "params.InstanceId: {matches: x}",
			call: wire.Call{Text: map[string]string{"InstanceId": strings.Repeat("x", 5000)}},
			miss: scenario.Miss{
				Condition: "when params.InstanceId", Expected: "a match of x", Got: "a text of 5000 bytes; at most 4096 are compared",
			},
		},
		"a glob and the longest text": {
			operation: apply, when: "params.InstanceId: '*x'",
			call: wire.Call{Text: map[string]string{"InstanceId": strings.Repeat("x", 4096)}},
		},
		"equality and a long text": {
			operation: apply, when: "params.InstanceId: {equals: " + strings.Repeat("x", 5000) + "}",
			call: wire.Call{Text: map[string]string{"InstanceId": strings.Repeat("x", 5000)}},
		},
		"the first condition that fails is reported": {
			operation: apply, when: "params.Actions: R, params.InstanceId: a",
			call: wire.Call{Text: map[string]string{"Actions": "R"}},
			miss: scenario.Miss{Condition: "when params.InstanceId", Expected: "a glob a", Got: "nothing"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play("name: a\nrules:\n  - {on: " + test.operation + ", when: {" + test.when + "}, script: [pass]}\n")
			in := b.askFor(test.operation, nil)
			if test.call.Request == nil {
				test.call.Request = &wire.Request{}
			}
			in.Call = &test.call
			d := b.decide(in)
			want := []scenario.Miss{test.miss}
			want[0].Scenario = "a"
			if test.miss.Condition == "" {
				want = nil
			}
			if diff := cmp.Diff(want, d.Misses); diff != "" || d.Decided != (want == nil) {
				t.Errorf("decided: %t, misses (-want +got):\n%s", d.Decided, diff)
			}
		})
	}
}

func TestNestedParameters(t *testing.T) {
	t.Parallel()
	const operation = "deepvision.SecurityTokenGet"
	b := newBox(t, newEngine(t))
	b.play("name: a\nrules:\n  - {on: " + operation + ", when: {params.param.product_code: p1}, script: [pass]}\n")
	tests := map[string]struct {
		call wire.Call
		want bool
	}{
		"typed": {
			wire.Call{Params: map[string]any{"param": map[string]any{"product_code": "p1"}}}, true,
		},
		"typed and other": {
			wire.Call{Params: map[string]any{"param": map[string]any{"product_code": "p2"}}}, false,
		},
		"text as JSON":           {wire.Call{Text: map[string]string{"param": `{"product_code":"p1"}`}}, true},
		"text is not an object":  {wire.Call{Text: map[string]string{"param": `p1`}}, false},
		"a name with dots":       {wire.Call{Text: map[string]string{"param.product_code": "p1"}}, true},
		"value is not an object": {wire.Call{Params: map[string]any{"param": "p1"}}, false},
	}
	for name, test := range tests {
		in := b.askFor(operation, nil)
		test.call.Request = &wire.Request{}
		in.Call = &test.call
		if d := b.decide(in); d.Decided != test.want {
			t.Errorf("%s: decided %t, want %t", name, d.Decided, test.want)
		}
	}
}

func TestMissesAreBoundedAndLeaveOutTheDefaults(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 30 {
		fmt.Fprintf(&many, "  - {on: onsmqtt.ApplyToken, when: {params.InstanceId: i%d}, script: [pass]}\n", i)
	}
	b := newBox(t, newEngine(t, "name: by-default\nrules:\n"+many.String()))
	if d := b.decide(b.ask(nil)); d.Misses != nil {
		t.Errorf("the defaults explain themselves: %v", d.Misses)
	}
	b.play("name: a\nrules:\n  - {on: onsmqtt.QueryToken, script: [pass]}\n" + many.String())
	d := b.decide(b.ask(nil))
	if len(d.Misses) != 20 || d.Misses[0].Rule != 1 {
		t.Errorf("%d misses, want 20 from rule 1 on: %v", len(d.Misses), d.Misses)
	}
}
