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
      - {fail: Throttling.User, headers: {x-acs-retry-after: 1500, X-A: '{{requestId}}'}}
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
				On: []string{"onsmqtt.ApplyToken"}, Arrival: true, End: scenario.Cycle, Line: 4,
				When: []scenario.Condition{
					{
						Field: "params.InstanceId", Compare: scenario.Glob, Values: []string{"post-cn-*"},
						Expected: "a glob post-cn-*", Longest: 4 << 10, Weight: 1400,
					},
					{
						Field: "headers.X-Test", Compare: scenario.OneOf, Values: []string{"1", "true", "c"},
						Expected: "one of 1, true, c",
					},
					{Field: "credential", Compare: scenario.Absent, Expected: "absent"},
					{Field: "params.ExpireTime", Compare: scenario.Greater, Values: []string{"5"}, Expected: "greater than 5"},
					{Field: "params.ExpireTime", Compare: scenario.Less, Values: []string{"1e3"}, Expected: "less than 1e3"},
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
						Fail: &scenario.Fail{Code: "Throttling.User", Headers: map[string]string{
							"x-acs-retry-after": "1500", "X-A": "{{requestId}}",
						}}, Line: 17,
					}),
					always(scenario.Step{
						Network: scenario.Drip, Delay: scenario.Delay{Median: time.Second, P99: time.Minute}, Line: 18,
					}),
				},
			},
			{
				On: []string{"ccmessaging.*"}, End: scenario.Release, Line: 20,
				Script: []scenario.Step{
					always(scenario.Step{Fail: &scenario.Fail{Code: "401"}, Line: 21}),
					always(scenario.Step{Line: 21}),
				},
			},
			{On: []string{"*"}, Line: 23, Quota: &scenario.Quota{
				Calls: 100, Per: time.Minute, Burst: 5, Over: always(scenario.Step{Network: scenario.Reset, Line: 24}),
			}},
			{On: []string{"onsmqtt.*"}, Line: 25, Quota: &scenario.Quota{
				Calls: 3, Per: 24 * time.Hour, Burst: 3,
				Over: always(scenario.Step{Line: 29, Respond: &scenario.Respond{
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
		"many values":    {"rules: [" + strings.Repeat("a,", 100_000) + "]", "1:8: \"rules\" has 100000 entries, at most 100"},
		"brackets":       {strings.Repeat("[", 200_000), "1:33: the document is nested more than 32 deep"},
		"braces":         {strings.Repeat("{a: ", 5_000), "nested more than 32 deep"},
		"dashes":         {strings.Repeat("- ", 20_000), "1:65: the document is nested more than 32 deep"},
		"question marks": {strings.Repeat("? ", 20_000), "nested more than 32 deep"},
		"lists in braces": {
			strings.Repeat("- ", 20) + strings.Repeat("{a: ", 13) + strings.Repeat("}", 13), "nested more than 32 deep",
		},
		"tags":         {strings.Repeat("!a ", 20_000), "1:4: the document is not YAML"},
		"anchors":      {strings.Repeat("&a ", 10_000), "1:4: the document is not YAML"},
		"blank lines":  {"rules: |\n" + strings.Repeat("\n", 250_000) + " x", `1:8: "rules" must be a list, not text`},
		"other blanks": {"rules: >\n" + strings.Repeat(" \r\n", 80_000) + " x", `"rules" must be a list, not text`},
		"lines in quotes": {
			`rules: "` + strings.Repeat("\n", 250_000) + `"`, `"rules" must be a list, not text`,
		},
		"unknown keys": {strings.Repeat("ruls: x\n", 30_000), "100:1: only 100 problems are listed; there can be more"},
		"unknown aliases": {
			"a: &a 1\nrules: [" + strings.Repeat("*b, ", 50_000) + "]", "only 100 problems are listed; there can be more",
		},
		"alias bomb": {bomb, `1:1: unknown key "a"`},
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
			"the expressions of the document together compile to more than 10000 steps",
		},
		"bodies of much work": {
			"name: x\nrules:\n  - on: onsmqtt.ApplyToken\n    script:\n" +
				strings.Repeat("      - respond: {body: '{\"RequestId\":\"x{{$x := hex 30000}}{{$x = hex 30000}}\",\"Token\":\"x\"}'}\n", 900),
			"the bodies of the document are together too long to be checked against the specs; set offSpec",
		},
		"conditions in conditions": {
			"name: x\nrules:\n  - on: '*'\n    script: [pass]\n    when: &w {anyOf: [" + strings.Repeat("{headers.A: {absent: true}},", 99) + "{headers.A: {absent: true}}]}\n" +
				strings.Repeat("  - {on: '*', script: [pass], when: {anyOf: ["+strings.Repeat("*w,", 9)+"*w]}}\n", 9),
			"the document has more than 5000 conditions, aliases counted each time",
		},
		"not of not": {"name: x\nrules: [{on: '*', when: " + strings.Repeat("{not: ", 40) + "{}", "nested more than 32 deep"},
		"choices": {
			"name: x\nrules:\n  - on: '*'\n    script: [" + strings.Repeat("{choose: ["+strings.Repeat("pass,", 99)+"pass]},", 11) + "]\n",
			"the scenario has more than 1000 steps",
		},
		"states": {
			"name: x\nrules:\n  - on: '*'\n    script: [pass]\n    then: {" + manyStates(33) + "}\n", "a scenario has at most 32 states",
		},
		"fields of per": {
			"name: x\nrules:\n" + manyPers(9), "the rules of a scenario keep cursors for at most 8 fields",
		},
		"alias of itself": {"name: &a [*a]\n", `1:11: no anchor "a" stands before this alias`},
		"NUL":             {strings.Repeat("\x00", 100), "the document is not YAML: control characters are not allowed"},
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

func manyStates(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("state.s%d: x", i))
	}
	return strings.Join(all, ", ")
}

func manyPers(n int) (text string) {
	for i := range n {
		text += fmt.Sprintf("  - {on: '*', script: [pass], end: release, per: headers.h%d}\n", i)
	}
	return text
}

// TestCheckIsCheap checks a document of as many rules and conditions as there can be.
func TestCheckIsCheap(t *testing.T) {
	t.Parallel()
	source := "name: x\nrules:\n  - on: '*'\n    script: &s [pass]\n    end: release\n    when: &w {" + manyFields(45) + "}\n" +
		strings.Repeat("  - {on: '*', script: *s, when: *w}\n", 99)
	began := time.Now()
	problems, _ := language.Check([]byte(source), builtin(t), began)
	if took := time.Since(began); took > 5*time.Second || len(problems) == 0 {
		t.Errorf("took %s, %d problems", took, len(problems))
	}
}

func manyFields(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("headers.H%d: a", i))
	}
	return strings.Join(all, ", ")
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"name: a\nrules: [{on: '*', script: [pass]}]\n", "{\"name\": \"a\"}", "name: &a [*a]", "a: |\n  {{\n", "? - a\n: b\n", "{name\"",
		"name: a\nrules:\n  - on: onsmqtt.ApplyToken\n    when: {params.InstanceId: {gt: 1}}\n" +
			"    quota: {rate: 1/s, over: pass}\n",
		"name: a\nrules:\n  - on: appstream.*\n    script:\n      - respond:\n          body: |\n            {{ now }}\n",
		"name: a\nrules: [{on: onsmqtt.ApplyToken, script: [{fail: InvalidParameter.X, chance: 1e-3, " +
			"delay: {median: 1s, p99: 2s}}]}]",
		"name: a\nrules:\n  - on: [onsmqtt.*, appstream.GetAuthCode]\n    per: credential\n    chance: {from: 0, to: 0.5, over: 1m, back: 1m}\n" +
			"    for: 1h\n    when: {state.a: b, not: {now: {between: ['22:00', '06:00'], zone: Asia/Shanghai}}, anyOf: [{headers.A: b}]}\n" +
			"    script: [{choose: [{weight: 2, fail: Throttling, message: '{{left}}', then: {state.a: {value: c, for: 1m}}}, pass]}]\n",
		"name: a\nrules:\n  - {on: '*', also: {delay: {first: 1s, between: 1ms}, network: {drip: 2KB/s, truncate: 3}}, until: '00:00', " +
			"zone: UTC, then: {state.a: b}}\n  - {on: '*', quota: {rate: 3/day, zone: UTC, over: {network: late}}}\n",
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
		_, _ = language.Check(source, catalogue, time.Unix(0, 0))
		again, problems := language.Decode([]byte(s.Source), catalogue)
		if diff := cmp.Diff(s, again, same()); diff != "" || len(problems) > 0 {
			t.Errorf("reading again: %v\n%s", problems, diff)
		}
	})
}
