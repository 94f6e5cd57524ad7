package scenario_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/scenario"
)

// rules is a document whose rules begin on line 3, so that the places of the table below can be counted.
func rules(list string) string { return "name: a\nrules:\n" + list }

// script is a document with one rule on ApplyToken whose script begins on line 5.
func script(steps string) string { return rules("  - on: onsmqtt.ApplyToken\n    script:\n") + steps }

// when is a document with one rule whose conditions begin on line 5.
func when(conditions string) string {
	return rules("  - on: onsmqtt.ApplyToken\n    script: [pass]\n    when:\n") + conditions
}

func TestProblems(t *testing.T) {
	t.Parallel()
	const outcomeKeys = "pass, fail, respond, message, fill, chance, delay, network, times"
	tests := map[string]struct {
		source string
		want   []string
	}{
		"empty":        {"", []string{"1:1: the document is empty; it needs name and rules"}},
		"only remarks": {"# nothing\n", []string{"1:1: the document is empty; it needs name and rules"}},
		"text":         {"hello", []string{"1:1: a scenario must be a mapping of name, summary, rules, not text"}},
		"list":         {"- a", []string{"1:1: a scenario must be a mapping of name, summary, rules, not a list"}},
		"null":         {"~", []string{"1:1: a scenario must be a mapping of name, summary, rules, not nothing"}},
		"two documents": {rules("  - {on: '*', script: [pass]}\n---\nname: b\n"), []string{
			"5:1: a second document begins here; a file holds one scenario",
		}},
		"syntax":        {"name: a: b", []string{"1:7: the document is not YAML: mapping value is not allowed in this context"}},
		"open bracket":  {"rules: [{on: '*'\n", []string{"1:9: the document is not YAML: could not find flow mapping end token '}'"}},
		"tab":           {"name: a\nrules:\n\t- x\n", []string{"3:1: the document is not YAML: found character '\t' that cannot start any token"}},
		"tag":           {"name: !!str a\nrules: [{on: '*', script: [pass]}]", []string{`1:7: tags such as "!!str" have no meaning here`}},
		"merge key":     {rules("  - &r {on: '*', script: [pass]}\n  - {<<: *r, on: '*', script: [pass]}\n"), []string{`4:6: unknown key "<<" in a rule, which takes on, when, at, quota, script, cycle, end`}},
		"unknown alias": {"name: *nam\nsummary: &name b\nrules: [{on: '*', script: [pass]}]", []string{`1:7: no anchor "nam" stands before this alias`}},
		"nothing that is needed": {"summary: a", []string{
			`1:1: a scenario needs the key "name"`, `1:1: a scenario needs the key "rules"`,
		}},
		"misspelt keys": {"nme: a\nsumary: b\nzzzzzz: c\nname: a\nrules:\n  - On: '*'\n    on: '*'\n    scrip: []\n    script: [pass]\n", []string{
			`1:1: unknown key "nme" in a scenario; did you mean "name"?`,
			`2:1: unknown key "sumary" in a scenario; did you mean "summary"?`,
			`3:1: unknown key "zzzzzz" in a scenario, which takes name, summary, rules`,
			`6:5: unknown key "On" in a rule; did you mean "on"?`,
			`8:5: unknown key "scrip" in a rule; did you mean "script"?`,
		}},
		"keys twice": {"name: a\nname: b\nrules:\n  - {on: '*', script: [pass], when: {headers.A: x, headers.A: y}}\n", []string{
			`2:1: the key "name" stands twice in a scenario`,
			`4:52: the key "headers.A" stands twice in "when"`,
		}},
		"columns count letters": {`{summary: "😀é", nme: x, name: a, rules: [{on: '*', script: [pass]}]}`, []string{
			`1:17: unknown key "nme" in a scenario; did you mean "name"?`,
		}},
		"name": {"name: two words\nrules: [{on: '*', script: [pass]}]", []string{
			`1:7: "name" must match ^[A-Za-z0-9][A-Za-z0-9./_%-]*$, not "two words"`,
		}},
		"long name": {"name: " + strings.Repeat("a", 129) + "\nrules: [{on: '*', script: [pass]}]", []string{
			`1:7: "name" has 129 characters, at most 128 are taken`,
		}},
		"no rules":       {"name: a\nrules: []", []string{`2:8: "rules" has 0 entries, at least 1 are needed`}},
		"too many rules": {rules(strings.Repeat("  - {on: '*', script: [pass]}\n", 101)), []string{`3:3: "rules" has 101 entries, at most 100 are taken`}},
		"too many steps": {rules(strings.Repeat("  - {on: '*', script: ["+strings.Repeat("pass, ", 400)+"]}\n", 3)), []string{`5:23: the scenario has more than 1000 steps`}},

		"unknown operation": {rules("  - {on: onsmqtt.AplyToken, script: [fail: What]}\n"), []string{
			`3:10: no operation is named "onsmqtt.AplyToken"; did you mean "onsmqtt.ApplyToken"?`,
		}},
		"unknown API":           {rules("  - {on: onsmqt.*, script: [pass]}\n"), []string{`3:10: no operation is named "onsmqt.*"; did you mean "onsmqtt.*"?`}},
		"operation without API": {rules("  - {on: getauthcode, script: [pass]}\n"), []string{`3:10: no operation is named "getauthcode"; did you mean "appstream.GetAuthCode"?`}},
		"TOP method": {rules("  - {on: alibaba.security.deepvision.proxy.security.common.token.get, script: [pass]}\n"), []string{
			`3:10: no operation is named "alibaba.security.deepvision.proxy.security.common.token.get"; did you mean "deepvision.SecurityTokenGet"?`,
		}},
		"empty on":                 {rules("  - {on: '', script: [pass]}\n"), []string{`3:10: "on" has 0 characters, at least 1 are needed`}},
		"on as a list":             {rules("  - {on: [a], script: [pass]}\n"), []string{`3:10: "on" must be text, not a list`}},
		"neither script nor quota": {rules("  - {on: '*'}\n"), []string{"3:5: a rule needs one of script, quota"}},
		"script and quota": {rules("  - {on: '*', script: [pass], quota: {rate: 1/s, over: pass}}\n"), []string{
			`3:38: "script" and "quota" exclude each other`,
		}},
		"cycle and end": {rules("  - {on: '*', script: [pass], cycle: true, end: release}\n"), []string{
			`3:49: "cycle" and "end" exclude each other`,
		}},
		"end without script": {rules("  - {on: '*', quota: {rate: 1/s, over: pass}, end: release}\n"), []string{
			`3:52: "end" has no meaning without "script"`,
		}},
		"wrong words": {rules("  - {on: '*', at: arival, end: relese, script: [pas, network: rst]}\n"), []string{
			`3:19: "at" must be arrival, not "arival"; did you mean "arrival"?`,
			`3:32: "end" must be one of repeat, release, not "relese"; did you mean "release"?`,
			`3:49: a step must be pass, not "pas"; did you mean "pass"?`,
			`3:63: "network" must be one of reset, close, truncate, stall, drip, not "rst"; did you mean "reset"?`,
		}},

		"condition on a misspelt parameter": {when("      params.InstanceID: a\n"), []string{
			`6:7: "params.InstanceID" is no field: a condition looks at params.X, where X is a parameter of the operation, at headers.X or at credential; did you mean "params.InstanceId"?`,
		}},
		"condition without a prefix": {when("      InstanceId: a\n"), []string{
			`6:7: "InstanceId" is no field: a condition looks at params.X, where X is a parameter of the operation, at headers.X or at credential; did you mean "params.InstanceId"?`,
		}},
		"condition on a header as a parameter": {rules("  - {on: ccmessaging.send, script: [pass], when: {params.x-app-key: a}}\n"), []string{
			`3:51: "params.x-app-key" is no field: a condition looks at params.X, where X is a parameter of the operation, at headers.X or at credential; did you mean "headers.x-app-key"?`,
		}},
		"condition on a member": {rules("  - {on: deepvision.*, script: [pass], when: {params.param.product_cod: a}}\n"), []string{
			`3:47: "params.param.product_cod" is no field: a condition looks at params.X, where X is a parameter of the operation, at headers.X or at credential; did you mean "params.param.product_code"?`,
		}},
		"condition on no header": {when("      'headers.X Y': a\n"), []string{`6:7: "headers.X Y" names no header`}},
		"conditions that cannot be": {when(`      credential: {}
      headers.A: 'x\'
      headers.B: {matches: '['}
      headers.C: {oneOf: []}
      headers.D: {gt: many, lt: 2030-13-01T00:00:00Z}
      headers.E: {present: true}
      headers.F: {absent: true, equals: a}
      headers.G:
      headers.H: [a]
      headers.I: {gt: nan}
`), []string{
			"6:19: a condition needs one of equals, oneOf, matches, absent, gt, lt",
			`7:18: "x\\" is no glob: it ends in a backslash`,
			"8:28: \"[\" is no regular expression: error parsing regexp: missing closing ]: `[`",
			`9:26: "oneOf" has 0 entries, at least 1 are needed`,
			`10:23: "gt" must be a number or a time such as 2030-01-31T00:00:00Z, not "many"`,
			`10:33: "lt" must be a number or a time such as 2030-01-31T00:00:00Z, not "2030-13-01T00:00:00Z"`,
			`11:19: unknown key "present" in a condition, which takes equals, oneOf, matches, absent, gt, lt`,
			`12:27: what is absent has no text to compare; leave out the other keys`,
			`13:17: a condition is missing here`,
			`14:18: a condition must be a mapping of equals, oneOf, matches, absent, gt, lt, not a list`,
			`15:23: "gt" must be a number or a time such as 2030-01-31T00:00:00Z, not "nan"`,
		}},
		"conditions as a list": {rules("  - {on: '*', script: [pass], when: [a]}\n"), []string{`3:37: "when" must be a mapping, not a list`}},

		"quota": {rules("  - {on: '*', quota: {rate: 5/y, burst: 0}}\n"), []string{
			`3:22: a quota needs the key "over"`,
			`3:29: "rate" must be calls per second, minute, hour or day, such as 500/s or 1000/d, not "5/y"`,
			`3:41: "burst" must be at least 1, not 0`,
		}},
		"step over a quota": {rules("  - {on: '*', quota: {rate: 5/s, over: {times: 2, fail: What}}}\n"), []string{
			`3:41: unknown key "times" in the step over a quota, which takes pass, fail, respond, message, fill, chance, delay, network`,
			`3:57: "What" is no documented error, and the operations have none in common`,
		}},

		"steps as a mapping": {script("      fail: X\n"), []string{`5:7: "script" must be a list, not a mapping`}},
		"steps without anything": {script("      -\n      - {}\n      - []\n      - fial: X\n"), []string{
			"5:8: a step is missing here",
			"6:9: a step needs one of " + outcomeKeys,
			"7:9: a step must be a mapping of " + outcomeKeys + ", not a list",
			`8:9: unknown key "fial" in a step; did you mean "fail"?`,
		}},
		"steps of two minds": {script("      - {pass: {}, fail: InternalError}\n      - {message: a, fill: b}\n"), []string{
			`5:26: "pass" and "fail" exclude each other`,
			`6:19: "message" has no meaning without "fail"`,
			`6:28: "fill" has no meaning without "fail"`,
		}},
		"numbers": {script("      - {times: two}\n      - {times: 0}\n      - {times: 1_000}\n      - {times: '2'}\n" +
			"      - {times: 1000001}\n      - {chance: 0}\n      - {chance: 1.5}\n      - {chance: .nan}\n      - {chance: yes}\n"), []string{
			`5:17: "times" must be a whole number, not the text "two"`,
			`6:17: "times" must be at least 1, not 0`,
			`7:17: "times" must be a whole number, not 1_000`,
			`8:17: "times" must be a whole number, not the text "2"`,
			`9:17: "times" must be at most 1000000, not 1000001`,
			`10:18: "chance" must be above 0, not 0`,
			`11:18: "chance" must be at most 1, not 1.5`,
			`12:18: "chance" must be a number, not .nan`,
			`13:18: "chance" must be a number, not the text "yes"`,
		}},
		"delays": {script("      - delay: 2h\n      - delay: 5\n      - delay: -1s\n      - delay: {median: 1s}\n" +
			"      - delay: {median: 2s, p99: 1s}\n      - delay: {median: 0s, p99: 1s}\n      - delay: [1s]\n"), []string{
			`5:16: a delay must be a time from 0s to 1h such as 150ms or 2s, not "2h"`,
			`6:16: a delay must be a time from 0s to 1h such as 150ms or 2s, not "5"`,
			`7:16: a delay must be a time from 0s to 1h such as 150ms or 2s, not "-1s"`,
			`8:16: a delay needs the key "p99"`,
			`9:34: the median must be above 0s and p99 no less than the median`,
			`10:34: the median must be above 0s and p99 no less than the median`,
			`11:16: a delay must be a mapping of median, p99, not a list`,
		}},
		"fail": {script("      - fail: ApplyTokenOverflow\n      - fail: ''\n      - fail: {code: a}\n      - fail: InvalidParameter.\n" +
			"      - {fail: InvalidParameter.%s, fill: [a, b]}\n      - {fail: InternalError, fill: a}\n      - fail: isv.missing-parameter\n"), []string{
			`5:15: "ApplyTokenOverflow" is no documented error of onsmqtt.ApplyToken; did you mean "ApplyTokenOverFlow"?`,
			`6:15: "fail" has 0 characters, at least 1 are needed`,
			`7:15: "fail" must be text, not a mapping`,
			`8:15: "InvalidParameter." is no documented error of onsmqtt.ApplyToken; did you mean "InvalidParameter"?`,
			`9:43: "fill" has 2 values, the error has places for 1`,
			`10:37: "fill" has 1 values, the error has places for 0`,
			`11:15: "isv.missing-parameter" is no documented error of onsmqtt.ApplyToken; did you mean "MissingParameter"?`,
		}},
		"fail for some": {rules("  - {on: onsmqtt.*, script: [fail: QueryTokenOverFlow]}\n  - {on: '*', script: [fail: Throttling]}\n"), []string{
			`3:36: "QueryTokenOverFlow" is no documented error of onsmqtt.ApplyToken, onsmqtt.RevokeToken`,
			`4:30: "Throttling" is no documented error of ccmessaging.applyToken, ccmessaging.poll, ccmessaging.send, ccmessaging.tokenByAkSk, deepvision.SecurityTokenGet`,
		}},

		"replies": {script(`      - respond: {status: 99}
      - respond: [a]
      - respond: {body: '{"RequestId": "x"}'}
      - respond: {body: '{"RequestId": "x"'}
      - respond: {body: gone}
      - respond: {stats: 1}
      - respond: {body: '{{', offSpec: true}
      - respond: {offSpec: true, headers: {Content-Length: 3, X Y: a, X: '{{ }}'}}
      - respond: {body: {a: b}}
`), []string{
			`5:27: "status" must be at least 200, not 99`,
			`6:18: a reply must be a mapping of status, headers, body, offSpec, not a list`,
			`7:25: onsmqtt.ApplyToken: the reply breaks the spec: Error at "/Token": property "Token" is missing; say offSpec: true if that is meant`,
			`8:25: the body is not JSON: it ends too early; say offSpec: true if that is meant`,
			`9:25: the body is not JSON: invalid character 'g' looking for beginning of value at byte 1; say offSpec: true if that is meant`,
			`10:19: unknown key "stats" in a reply; did you mean "status"?`,
			`11:25: the body is no template: line 1, column 1: unclosed action`,
			`12:44: the header Content-Length is the server's own; for a broken connection use "network"`,
			`12:63: "X Y" names no header`,
			`12:71: the header X is no template: line 1, column 1: missing value for command`,
			`13:25: "body" must be text, not a mapping`,
		}},
		"place inside a template": {script("      - respond:\n          body: |\n\n            {\"Token\":\n              \"{{ }}\"}\n"), []string{
			`9:16: the body is no template: missing value for command`,
		}},
		"template that breaks the spec": {script("      - respond: {body: '{\"RequestId\": \"{{ requestId }}\", \"Token\": {{ unix now }}}'}\n"), []string{
			`5:25: onsmqtt.ApplyToken: the reply breaks the spec: Error at "/Token": value must be a string; say offSpec: true if that is meant`,
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, problems := scenario.Decode([]byte(test.source), builtin(t))
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" || s != nil {
				t.Errorf("scenario %v, problems (-want +got)\n%s%s", s, diff, test.source)
			}
		})
	}
}

func TestProblemsAsError(t *testing.T) {
	t.Parallel()
	err := scenario.Problems{{Line: 1, Column: 2, Message: "wrong", Meant: "right"}, {Line: 3, Column: 4, Message: "bad"}}
	if got, want := err.Error(), "1:2: wrong; did you mean \"right\"?\n3:4: bad"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
