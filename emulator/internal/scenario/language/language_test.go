package language_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
)

func builtin(tb testing.TB) *contract.Catalogue {
	tb.Helper()
	catalogue, err := contract.Builtin()
	if err != nil {
		tb.Fatal(err)
	}
	return catalogue
}

// decode reads a document that must be good.
func decode(tb testing.TB, source string) *scenario.Scenario {
	tb.Helper()
	s, problems := language.Decode([]byte(source), builtin(tb))
	if len(problems) > 0 {
		tb.Fatalf("problems of a good document:\n%v\n%s", problems, source)
	}
	return s
}

// same compares scenarios; of conditions, whose tests are functions, what they say.
func same(ignored ...string) cmp.Options {
	return cmp.Options{
		cmpopts.IgnoreFields(scenario.Condition{}, "Test"), cmpopts.EquateEmpty(),
		cmp.FilterPath(func(p cmp.Path) bool { return slices.Contains(ignored, p.Last().String()) }, cmp.Ignore()),
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	source := `name: every/Key.of_the-language%s
summary: All of it.
rules:
  - on: onsmqtt.ApplyToken
    at: arrival
    when:
      params.InstanceId: post-cn-*
      headers.X-Test: {oneOf: [1, true, c]}
      credential: {absent: true}
      params.ExpireTime: {gt: 5, lt: 1e3}
    script:
      - pass
      - {fail: ApplyTokenOverFlow, times: 2, message: wait, delay: 150ms}
      - {fail: InvalidParameter.Actions}
      - {fail: InvalidParameter.%s, fill: Topic, chance: 5e-1}
      - {fail: InvalidParameter.%s}
      - {network: drip, delay: {median: 1s, p99: 1m}}
    cycle: true
  - on: ccmessaging.*
    script: [{fail: 401}, pass: {}]
    end: release
  - on: "*"
    quota: {rate: 100/m, burst: 5, over: {network: reset}}
  - on: onsmqtt.*
    quota:
      rate: 3/d
      over:
        respond: {status: 503, headers: {Retry-After: "1"}, body: gone, offSpec: true}
`
	always := func(s scenario.Step) scenario.Step {
		s.Times, s.Chance = max(s.Times, 1), 1
		return s
	}
	want := &scenario.Scenario{
		Name: "every/Key.of_the-language%s", Summary: "All of it.", Source: source,
		Rules: []scenario.Rule{
			{
				On: "onsmqtt.ApplyToken", Arrival: true, End: scenario.Cycle, Line: 4,
				When: []scenario.Condition{
					{Field: "params.InstanceId", Expected: "a glob post-cn-*"},
					{Field: "headers.X-Test", Expected: "one of 1, true, c"},
					{Field: "credential", Expected: "absent"},
					{Field: "params.ExpireTime", Expected: "greater than 5"},
					{Field: "params.ExpireTime", Expected: "less than 1e3"},
				},
				Script: []scenario.Step{
					always(scenario.Step{Line: 12}),
					always(scenario.Step{
						Fail: &scenario.Fail{Code: "ApplyTokenOverFlow", Message: "wait"}, Times: 2,
						Delay: scenario.Delay{Fixed: 150 * time.Millisecond}, Line: 13,
					}),
					always(scenario.Step{
						Fail: &scenario.Fail{Code: "InvalidParameter.%s", Fill: []string{"Actions"}}, Line: 14,
					}),
					{
						Fail:  &scenario.Fail{Code: "InvalidParameter.%s", Fill: []string{"Topic"}},
						Times: 1, Chance: 0.5, Line: 15,
					},
					always(scenario.Step{
						Fail: &scenario.Fail{Code: "InvalidParameter.%s", Fill: []string{"Actions"}}, Line: 16,
					}),
					always(scenario.Step{
						Network: scenario.Drip, Delay: scenario.Delay{Median: time.Second, P99: time.Minute}, Line: 17,
					}),
				},
			},
			{
				On: "ccmessaging.*", End: scenario.Release, Line: 19,
				Script: []scenario.Step{
					always(scenario.Step{Fail: &scenario.Fail{Code: "401"}, Line: 20}),
					always(scenario.Step{Line: 20}),
				},
			},
			{On: "*", Line: 22, Quota: &scenario.Quota{
				Calls: 100, Per: time.Minute, Burst: 5, Over: always(scenario.Step{Network: scenario.Reset, Line: 23}),
			}},
			{On: "onsmqtt.*", Line: 24, Quota: &scenario.Quota{
				Calls: 3, Per: 24 * time.Hour, Burst: 3,
				Over: always(scenario.Step{Line: 28, Respond: &scenario.Respond{
					Status: 503, Headers: map[string]string{"Retry-After": "1"}, Body: "gone", OffSpec: true,
				}}),
			}},
		},
	}
	if diff := cmp.Diff(want, decode(t, source), same()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDecodeWaysOfWriting(t *testing.T) {
	t.Parallel()
	const plain = "name: a\nsummary: two words\nrules: [{on: '*', script: [pass]}]\n"
	tests := map[string]string{
		"byte order mark":  "\ufeff" + plain,
		"Windows lines":    strings.ReplaceAll(plain, "\n", "\r\n"),
		"document marks":   "---\n" + plain + "...\n",
		"directive":        "%YAML 1.2\n---\n" + plain,
		"folded text":      "name: a\nsummary: >-\n  two\n  words\nrules: [{on: '*', script: [pass]}]\n",
		"explicit keys":    "? name\n: a\n? summary\n: two words\n? rules\n: [{on: '*', script: [pass]}]\n",
		"anchor and alias": "name: &n a\nsummary: two words\nrules: [{on: '*', script: &s [pass]}]\n",
		"JSON":             `{"name": "a", "summary": "two\u0020words", "rules": [{"on": "\u002a", "script": ["pass"]}]}`,
		"JSON with tabs": "{\n\t\"name\": \"a\",\t\"summary\": \"two words\",\n" +
			"\t\"rules\": [{\"on\":\"*\",\"script\":[\"pass\"]}]\n}",
		"pass as a mapping":  "name: a\nsummary: two words\nrules: [{on: '*', script: [{pass: {}}]}]\n",
		"pass with nothing":  "name: a\nsummary: two words\nrules: [{on: '*', script: [{pass: }]}]\n",
		"repeat in so many":  "name: a\nsummary: two words\nrules: [{on: '*', script: [pass], end: repeat}]\n",
		"cycle switched off": "name: a\nsummary: two words\nrules: [{on: '*', script: [pass], cycle: false}]\n",
	}
	want := decode(t, plain)
	for name, source := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, decode(t, source), same(".Source", ".Line")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDecodeAlias(t *testing.T) {
	t.Parallel()
	s := decode(t, `name: a
rules:
  - on: onsmqtt.ApplyToken
    script: &failing [fail: InternalError]
  - on: onsmqtt.QueryToken
    script: *failing
`)
	if got := s.Rules[1].Script[0].Fail; got == nil || got.Code != "InternalError" {
		t.Errorf("the aliased script fails with %+v", got)
	}
}

// TestDecodeHostile holds documents that are made to be expensive or to break the reader; each is refused.
func TestDecodeHostile(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for letter := 'b'; letter < 'k'; letter++ {
		alias := fmt.Sprintf("*%c", letter-1)
		bomb += fmt.Sprintf("%c: &%c [%s]\n", letter, letter, strings.Join(slices.Repeat([]string{alias}, 10), ", "))
	}
	tests := map[string]struct{ source, want string }{
		"too long": {
			strings.Repeat("# comment\n", 30_000), "1:1: the document has 300000 bytes, at most 262144 are read",
		},
		"too many words": {strings.Repeat("a,", 100_000), "1:1: a scenario must be a mapping"},
		"many tokens":    {"[" + strings.Repeat("a,", 100_000) + "]", "has more than 30000 words"},
		"brackets":       {strings.Repeat("[", 200_000), "has more than 30000 words"},
		"fewer brackets": {strings.Repeat("[", 20_000), "1:33: the document is nested more than 32 deep"},
		"braces":         {strings.Repeat("{a: ", 5_000), "nested more than 32 deep"},
		"dashes":         {strings.Repeat("- ", 20_000), "1:65: the document is nested more than 32 deep"},
		"question marks": {strings.Repeat("? ", 20_000), "nested more than 32 deep"},
		"tags":           {strings.Repeat("!a ", 20_000), "nested more than 32 deep"},
		"anchors":        {strings.Repeat("&a ", 10_000), "nested more than 32 deep"},
		"alias bomb":     {bomb, `1:1: unknown key "a"`},
		"alias bomb in place": {
			"name: x\nrules:\n  - on: '*'\n    script: &s [" + strings.Repeat("pass,", 1000) + "]\n" +
				strings.Repeat("  - {on: '*', script: *s}\n", 99),
			"the document holds more than 50000 values, aliases counted each time",
		},
		"alias bomb of texts": {
			"name: x\nrules:\n  - on: '*'\n    script:\n      - respond: {offSpec: true, body: &b '" + strings.Repeat("{{now}}", 2000) + "'}\n" +
				strings.Repeat("      - respond: {offSpec: true, body: *b}\n", 900),
			"the texts of the document have more than 524288 bytes, aliases counted each time",
		},
		"expressions that repeat": {
			"name: x\nrules:\n  - {on: '*', script: [pass], when: {headers.A: &c {matches: '" + strings.Repeat("x{1000}", 3) + "'}}}\n" +
				strings.Repeat("  - {on: '*', script: [pass], when: {headers.A: *c}}\n", 50),
			"the expressions of the document together compile to more than 20000 steps",
		},
		"bodies of much work": {
			"name: x\nrules:\n  - on: onsmqtt.ApplyToken\n    script:\n" +
				strings.Repeat("      - respond: {body: '{\"A\":\"{{$x := hex 30000}}{{$x = hex 30000}}{{$x = hex 30000}}\"}'}\n", 500),
			"the bodies of the document are together too long to be checked against the specs; set offSpec",
		},
		"alias of itself": {"name: &a [*a]\n", `1:11: no anchor "a" stands before this alias`},
		"NUL":             {strings.Repeat("\x00", 100), "1:1: a scenario must be a mapping"},
		"not UTF-8":       {"summary: x\nname: \"é\xff\"\n", "2:9: the document is not UTF-8"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, problems := language.Decode([]byte(test.source), builtin(t))
			if s != nil || !strings.Contains(problems.Error(), test.want) {
				t.Errorf("scenario %v and problems\n%.500s\nwant one with %q", s, problems, test.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"name: a\nrules: [{on: '*', script: [pass]}]\n", "{\"name\": \"a\"}", "name: &a [*a]", "a: |\n  {{\n", "? - a\n: b\n",
		"name: a\nrules:\n  - on: onsmqtt.ApplyToken\n    when: {params.InstanceId: {gt: 1}}\n" +
			"    quota: {rate: 1/s, over: pass}\n",
		"name: a\nrules:\n  - on: appstream.*\n    script:\n      - respond:\n          body: |\n            {{ now }}\n",
		"name: a\nrules: [{on: onsmqtt.ApplyToken, script: [{fail: InvalidParameter.X, chance: 1e-3, " +
			"delay: {median: 1s, p99: 2s}}]}]",
	} {
		f.Add([]byte(seed))
	}
	catalogue := builtin(f)
	f.Fuzz(func(t *testing.T, source []byte) {
		s, problems := language.Decode(source, catalogue)
		if (s == nil) != (len(problems) > 0) {
			t.Fatalf("scenario %v with problems %v", s, problems)
		}
		lines := 1 + strings.Count(strings.ReplaceAll(string(source), "\r", "\n"), "\n")
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Message == "" {
				t.Errorf("a problem outside the %d lines: %+v", lines, p)
			}
		}
		if s == nil {
			return
		}
		again, problems := language.Decode([]byte(s.Source), catalogue)
		if diff := cmp.Diff(s, again, same()); diff != "" || len(problems) > 0 {
			t.Errorf("reading again: %v\n%s", problems, diff)
		}
	})
}
