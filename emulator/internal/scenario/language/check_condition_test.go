package language_test

import (
	"testing"
)

// when is a document with one rule of these conditions.
func when(conditions string) string {
	return "name: a\nrules:\n  - on: onsmqtt.ApplyToken\n    script: [pass]\n    when:\n" + conditions
}

func TestConditions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		written string
		holds   []string
		fails   []string
		absent  bool // whether it holds for an absent field
	}{
		"glob": {
			`post-cn-*`, []string{"post-cn-", "post-cn-a/b\nc"}, []string{"post-cn", "a post-cn-1"}, false,
		},
		"glob of one letter":  {`a?c`, []string{"abc", "a中c"}, []string{"ac", "abbc"}, false},
		"glob taken as is":    {`'\*.[a]+?'`, []string{"*.[a]+x"}, []string{"x.[a]+x", "*.a+x"}, false},
		"glob with a last \\": {`'a\'`, []string{`a\`}, []string{"a"}, false},
		"glob without a star": {`a`, []string{"a"}, []string{"ab", "A", ""}, false},
		"empty glob":          {`''`, []string{""}, []string{"a"}, false},
		"number as a glob":    {`12`, []string{"12"}, []string{"12.0"}, false},
		"equals":              {`{equals: a*}`, []string{"a*"}, []string{"ab"}, false},
		"oneOf":               {`{oneOf: [a, 1, true]}`, []string{"a", "1", "true"}, []string{"", "b"}, false},
		"matches":             {`{matches: '^[ab]+$'}`, []string{"abba"}, []string{"", "abc"}, false},
		"matches inside":      {`{matches: b}`, []string{"abc"}, []string{"ac"}, false},
		"absent":              {`{absent: true}`, nil, []string{"", "a"}, true},
		"present":             {`{absent: false}`, []string{"", "a"}, nil, false},
		"gt":                  {`{gt: 5}`, []string{"5.1", "6e0", "1893456000000"}, []string{"5", "-6", "x", "NaN"}, false},
		"lt":                  {`{lt: 1.5}`, []string{"-2"}, []string{"1.5", "2", "2030-01-01T00:00:00Z"}, false},
		"between":             {`{gt: 1, lt: 3}`, []string{"2"}, []string{"1", "3"}, false},
		"later": {
			`{gt: 2030-01-01T00:00:00Z}`,
			[]string{"2030-01-01T00:00:01Z", "2030-01-01T01:00:00-08:00"},
			[]string{"2030-01-01T00:00:00Z", "2030-01-01T01:00:00+08:00", "1893456000001"},
			false,
		},
		"earlier": {
			`{lt: '2030-01-01T08:00:00+08:00'}`,
			[]string{"2029-12-31T23:59:59.9Z"},
			[]string{"2030-01-01T00:00:00Z", "5"},
			false,
		},
		"several": {`{matches: ^a, equals: ab, oneOf: [ab, b]}`, []string{"ab"}, []string{"b", "a"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conditions := decode(t, when("      headers.X: "+test.written+"\n")).Rules[0].When
			all := func(text string, present bool) bool {
				for _, c := range conditions {
					if !c.Test(text, present) {
						return false
					}
				}
				return true
			}
			for _, text := range test.holds {
				if !all(text, true) {
					t.Errorf("%s does not hold for %q", test.written, text)
				}
			}
			for _, text := range test.fails {
				if all(text, true) {
					t.Errorf("%s holds for %q", test.written, text)
				}
			}
			if all("", false) != test.absent {
				t.Errorf("%s for an absent field: %v", test.written, !test.absent)
			}
		})
	}
}

func TestConditionsSayWhatTheyExpect(t *testing.T) {
	t.Parallel()
	written := "{equals: a, oneOf: [b, c], matches: ^d, gt: 1, lt: 2030-01-01T00:00:00Z, absent: false}"
	want := []string{
		"equal to a", "one of b, c", "a match of ^d", "greater than 1", "less than 2030-01-01T00:00:00Z", "present",
	}
	s := decode(t, when("      credential: "+written+"\n"))
	for i, c := range s.Rules[0].When {
		if c.Field != "credential" || c.Expected != want[i] {
			t.Errorf("condition %d: %s, %s; want credential, %s", i, c.Field, c.Expected, want[i])
		}
	}
}
