package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// TestThrottlingSaysWhenToComeAgain wants the header that today's SDKs wait by: from the sandbox's quota, from a quota of
// a scenario, and from documented errors that a script plays, which may say another time.
func TestThrottlingSaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quota, rule string
		calls       int // of which the last is refused
		code, want  string
	}{
		"the sandbox's quota":  {quota: "1/m", calls: 2, code: "ApplyTokenOverFlow", want: "60000"},
		"a scenario's quota":   {rule: "quota: {rate: 1/h, over: {fail: ApplyTokenOverFlow}}", calls: 2, code: "ApplyTokenOverFlow", want: "3600000"},
		"scripted":             {rule: "script: [fail: Throttling.User]", calls: 1, code: "Throttling.User", want: "1000"},
		"scripted with a time": {rule: "script: [{fail: Throttling.Api, headers: {x-acs-retry-after: 1500}}]", calls: 1, code: "Throttling.Api", want: "1500"},
		"scripted from the request": {
			rule: `script: [{fail: Throttling, headers: {x-acs-retry-after: '{{len (param "Actions")}}'}}]`, calls: 1, code: "Throttling", want: "3",
		},
		"the product's, scripted": {rule: "script: [fail: ApplyTokenOverFlow]", calls: 1, code: "ApplyTokenOverFlow", want: ""},
		"before authentication": {
			rule: "at: arrival, script: [{fail: Throttling.User, headers: {x-acs-retry-after: 7}}]", calls: 1, code: "Throttling.User", want: "7",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldWith(t, emulator.Options{}, func(d *sandbox.Definition) {
				d.Quotas = map[string]string{"onsmqtt.ApplyToken": "off"}
				if c.quota != "" {
					d.Quotas["onsmqtt.ApplyToken"] = c.quota
				}
			})
			if c.rule != "" {
				w.play(t, w.box, "name: a\nrules: [{on: onsmqtt.ApplyToken, "+c.rule+"}]")
			}
			var got answer
			for i := range c.calls {
				if got = w.do(t, w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")); i < c.calls-1 && got.status != http.StatusOK {
					t.Fatalf("call %d: %d %s", i, got.status, got.body)
				}
			}
			if wait := got.header.Get("X-Acs-Retry-After"); got.code != c.code || wait != c.want {
				t.Errorf("%s, retry after %q, want %s and %q", got.code, wait, c.code, c.want)
			}
		})
	}
}

// TestHeadersOfAScriptedFailure adds headers to documented errors of every gateway; their status and body stay.
func TestHeadersOfAScriptedFailure(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"onsmqtt.ApplyToken": "InternalError", "deepvision.SecurityTokenGet": "isp.top-remote-service-unavailable", "ccmessaging.tokenByAkSk": "500",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.play(t, w.box, "name: a\nrules: [{on: "+name+", script: [{fail: '"+code+"'}, {fail: '"+code+
				"', headers: {x-one: '{{requestId}}', Content-Type: text/odd}}]}]")
			api, id, _ := strings.Cut(name, ".")
			op := operation(t, w, api, id)
			call := func() answer {
				text, body, err := op.RequestExample()
				if err != nil {
					t.Fatal(err)
				}
				return w.do(t, driverOf(op).valid(t, w, op, text, body))
			}
			plain, got := call(), call()
			if got.status != plain.status || got.code != plain.code || got.header.Get("X-One") == "" ||
				got.header.Get("Content-Type") != "text/odd" || plain.header.Get("X-One") != "" {
				t.Errorf("without: %+v\nwith: %+v", plain, got)
			}
		})
	}
}
