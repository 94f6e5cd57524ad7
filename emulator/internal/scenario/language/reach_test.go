package language_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
)

// TestCheckFindsWhatCanNeverHappen checks documents that can be played.
func TestCheckFindsWhatCanNeverHappen(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ rules, want string }{
		"nothing": {"- {on: onsmqtt.ApplyToken, script: [pass]}\n- {on: onsmqtt.QueryToken, script: [pass]}", ""},
		"rule behind an endless one": {
			"- {on: '*', script: [pass]}\n- {on: onsmqtt.ApplyToken, script: [fail: InternalError]}",
			"4:3: rule 2 can never take a call: rule 1 (line 3) takes every call that it fits, and its last step repeats; " +
				"end: release would let further calls go on",
		},
		"rule behind a cycle": {
			"- {on: onsmqtt.*, script: [pass], cycle: true}\n- {on: [onsmqtt.ApplyToken, onsmqtt.QueryToken], script: [pass]}",
			"4:3: rule 2 can never take a call: rule 1 (line 3) takes every call that it fits, again and again",
		},
		"rule whose conditions are stricter": {
			"- {on: onsmqtt.*, when: {params.InstanceId: a}, script: [pass]}\n" +
				"- {on: onsmqtt.*, when: {params.InstanceId: a, headers.A: b}, script: [pass]}",
			"4:3: rule 2 can never take a call: rule 1 (line 3) takes every call that it fits, and its last step repeats; " +
				"end: release would let further calls go on",
		},
		"rule with other conditions": {
			"- {on: onsmqtt.*, when: {params.InstanceId: a}, script: [pass]}\n" +
				"- {on: onsmqtt.*, when: {params.InstanceId: b}, script: [pass]}", "",
		},
		"rules that let calls go on": {
			"- {on: '*', script: [pass], end: release}\n- {on: '*', also: {delay: 1s}}\n- {on: '*', script: [pass], chance: 0.5}\n" +
				"- {on: '*', script: [pass], for: 1s}\n- {on: '*', script: [pass], until: '00:00'}\n" +
				"- {on: '*', quota: {rate: 1/s, over: pass}}\n- {on: '*', script: [pass]}", "",
		},
		"rule on more operations": {"- {on: onsmqtt.ApplyToken, script: [pass]}\n- {on: onsmqtt.*, script: [pass]}", ""},
		"rules at other times": {
			"- {on: '*', at: arrival, script: [pass]}\n- {on: onsmqtt.*, script: [pass]}\n" +
				"- {on: onsmqtt.*, at: arrival, when: {headers.A: b}, script: [fail: InternalError]}",
			"5:3: rule 3 can never take a call: rule 1 (line 3) takes every call that it fits, and its last step repeats; " +
				"end: release would let further calls go on",
		},
		"rule behind one that answers at arrival": {
			"- {on: onsmqtt.*, at: arrival, script: [fail: InternalError]}\n- {on: onsmqtt.*, script: [pass]}",
			"4:3: rule 2 can never take a call: rule 1 (line 3) takes every call that it fits, and its last step repeats; " +
				"end: release would let further calls go on",
		},
		"rule behind several that take all together": {
			"- {on: onsmqtt.ApplyToken, script: [pass]}\n- {on: onsmqtt.QueryToken, script: [pass]}\n" +
				"- {on: [onsmqtt.ApplyToken, onsmqtt.QueryToken], script: [pass]}\n- {on: onsmqtt.*, script: [pass]}",
			"5:3: rule 3 can never take a call: rules 1 and 2 together take every call that it fits",
		},
		"rule behind a wider glob": {
			"- {on: onsmqtt.*, when: {params.InstanceId: post-*}, script: [pass]}\n" +
				"- {on: onsmqtt.*, when: {params.InstanceId: post-1}, script: [pass]}\n" +
				"- {on: onsmqtt.*, when: {params.InstanceId: {oneOf: [post-2, post-3]}}, script: [pass]}\n" +
				"- {on: onsmqtt.*, when: {params.InstanceId: {oneOf: [post-2, other]}}, script: [pass]}\n" +
				"- {on: onsmqtt.*, when: {params.InstanceId: p*}, script: [pass]}",
			"4:3: rule 2 can never take a call: rule 1 (line 3) takes every call that it fits, and its last step repeats; " +
				"end: release would let further calls go on\n" +
				"5:3: rule 3 can never take a call: rule 1 (line 3) takes every call that it fits, and its last step repeats; " +
				"end: release would let further calls go on",
		},
		"rules that look at different states of one name": {
			"- {on: '*', per: credential, when: {state.a: x}, script: [pass], then: {state.a: x}}\n" +
				"- {on: '*', when: {state.a: x}, script: [pass], then: {state.a: x}}", "",
		},
		"refusal of the signature after its check": {
			"- {on: onsmqtt.RevokeToken, script: [fail: SignatureDoesNotMatch]}\n- {on: onsmqtt.ApplyToken, script: [pass, {choose: [{fail: InternalError}, {fail: SignatureDoesNotMatch}]}]}\n" +
				"- {on: onsmqtt.QueryToken, at: arrival, script: [fail: SignatureDoesNotMatch]}\n" +
				"- {on: deepvision.*, quota: {rate: 1/s, over: {fail: \"25\"}}}\n" +
				"- {on: ccmessaging.applyToken, script: [fail: \"401\"]}",
			"4:83: advice: the rule is asked only about calls whose signature is good: one that is really refused with " +
				"SignatureDoesNotMatch takes no step of it; at: arrival asks before the signature is looked at\n" +
				"6:54: advice: the rule is asked only about calls whose signature is good: one that is really refused with 25 " +
				"takes no step of it; at: arrival asks before the signature is looked at",
		},
		"reply of HTTP to packets too": {
			"- {on: [onsmqtt.ApplyToken, mqtt.PUBLISH], script: [respond: {body: x, offSpec: true}]}",
			`3:62: advice: "respond" writes replies of HTTP, which mqtt.PUBLISH cannot be answered with: such a packet fails ` +
				"with an internal error",
		},
		"state that nobody sets": {
			"- {on: '*', when: {state.phse: a}, script: [pass], end: release, then: {state.phase: a}}",
			`3:20: nothing sets state.phse, so the condition never holds; did you mean "state.phase"?`,
		},
		"state that nobody sets to that": {
			"- {on: '*', when: {state.phase: {oneOf: [b, c]}}, script: [{pass: {}, then: {state.phase: a}}]}",
			"3:20: nothing sets state.phase to a value that is one of b, c",
		},
		"state of another per": {
			"- {on: '*', per: credential, script: [pass], end: release, then: {state.phase: a}}\n" +
				"- {on: '*', when: {state.phase: a}, script: [pass]}",
			`4:20: state.phase is set per credential, and read once for the scenario: rules share a state only where they ` +
				`have the same "per"`,
		},
		"states that are set": {
			"- {on: '*', when: {state.a: x, state.b: {absent: true}, not: {state.c: z}}, script: [pass], end: release}\n" +
				"- {on: '*', quota: {rate: 1/s, over: {choose: [{pass: {}, then: {state.a: x}}]}}}", "",
		},
		"windows in the past": {
			"- {on: '*', until: 2029-01-01T00:00:00Z, script: [pass], then: {state.a: {value: b, until: 2029-01-01T00:00:00Z}}}\n" +
				"- {on: '*', when: {now: {lt: 2029-06-01T00:00:00Z}}, script: [pass]}\n" +
				"- {on: '*', when: {now: {gt: 2029-06-01T00:00:00Z}}, script: [pass]}",
			"3:20: 2029-01-01T00:00:00Z lies in the past: the rule is over before it can take a call\n" +
				"3:92: 2029-01-01T00:00:00Z lies in the past: the state is over before it is set\n" +
				"4:30: 2029-06-01T00:00:00Z lies in the past: the condition never holds",
		},
		"windows to come": {
			"- {on: '*', until: 2031-01-01T00:00:00Z, script: [pass]}\n- {on: '*', until: '00:00', script: [pass]}", "",
		},
		"conditions that exclude each other": {
			"- {on: '*', when: {headers.A: {equals: a, matches: b}}, script: [pass]}\n" +
				"- {on: '*', when: {headers.A: {gt: 3, lt: 2}}, script: [pass]}\n" +
				"- {on: '*', when: {headers.A: {equals: a, oneOf: [a, b]}}, script: [pass]}",
			"3:20: no text meets the conditions on headers.A together: equal to a and a match of b\n" +
				"4:20: nothing is greater than 3 and less than 2",
		},
		"values that validation refuses": {
			"- {on: onsmqtt.ApplyToken, when: {params.ExpireTime: {oneOf: [soon, later]}}, script: [pass], end: release}\n" +
				"- {on: onsmqtt.ApplyToken, when: {params.InstanceId: {equals: x}}, script: [pass], end: release}\n" +
				"- {on: onsmqtt.ApplyToken, at: arrival, when: {params.ExpireTime: {equals: soon}}, script: [pass]}",
			"3:35: advice: the spec refuses a call with such a params.ExpireTime before the rule is asked; at: arrival asks it before",
		},
		"call that validation refuses": {
			"- {on: onsmqtt.ApplyToken, when: {params.InstanceId: {absent: true}}, script: [pass]}\n" +
				"- {on: onsmqtt.ApplyToken, when: {params.RegionId: {absent: true}}, script: [pass]}\n" +
				"- {on: onsmqtt.ApplyToken, at: arrival, when: {params.InstanceId: {absent: true}}, script: [pass]}",
			"3:35: a call without params.InstanceId is refused before the rule is asked; at: arrival asks it before",
		},
	}
	now := time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := "name: a\nrules:\n" + test.rules + "\n"
			decode(t, source)
			problems, advice := language.Check([]byte(source), builtin(t), now)
			for _, a := range advice {
				a.Message = "advice: " + a.Message
				problems = append(problems, a)
			}
			if got := strings.TrimSpace(problems.Error()); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s\n%s", got, test.want, source)
			}
		})
	}
}
