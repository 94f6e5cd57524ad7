package language_test

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
)

//go:embed testdata/problems.txt
var problemCases string

// problemsOf reads a bad document and says what is wrong, a line for each problem.
func problemsOf(t *testing.T, source string) string {
	t.Helper()
	s, problems := language.Decode([]byte(source), builtin(t))
	if s != nil {
		t.Errorf("a scenario in spite of the problems: %+v", s)
	}
	return problems.Error()
}

func TestProblems(t *testing.T) {
	t.Parallel()
	var without []string // the operations that do not document Throttling
	for _, api := range builtin(t).APIs {
		for _, op := range api.Operations {
			if _, ok := op.Error("Throttling"); !ok {
				without = append(without, op.Name)
			}
		}
	}
	written := strings.ReplaceAll(problemCases, "OPERATIONS-WITHOUT-Throttling", strings.Join(without, ", "))
	cases := strings.Split(written, "\n==== ")[1:]
	for _, text := range cases {
		name, text, _ := strings.Cut(text, "\n")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, want, ok := strings.Cut(text, "----\n")
			if !ok {
				t.Fatal("testdata/problems.txt: the case has no line ----")
			}
			if diff := cmp.Diff(strings.TrimSpace(want), problemsOf(t, source)); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, source)
			}
		})
	}
	if len(cases) < 48 {
		t.Errorf("only %d cases were found", len(cases))
	}
}

func TestProblemsOfSize(t *testing.T) {
	t.Parallel()
	const rule = "  - {on: '*', script: [pass]}\n"
	tests := map[string]struct{ source, want string }{
		"name": {
			"name: " + strings.Repeat("a", 129) + "\nrules:\n" + rule,
			`1:7: "name" has 129 characters, at most 128 are allowed`,
		},
		"rules": {
			"name: a\nrules:\n" + strings.Repeat(rule, 101), `3:3: "rules" has 101 entries, at most 100 are allowed`,
		},
		"steps of a rule": {
			"name: a\nrules:\n  - {on: '*', script: [" + strings.Repeat("pass, ", 1001) + "]}\n",
			`3:23: "script" has 1001 entries, at most 1000 are allowed`,
		},
		"steps of all rules": {
			"name: a\nrules:\n" + strings.Repeat("  - {on: '*', script: ["+strings.Repeat("pass, ", 400)+"]}\n", 3),
			"5:23: the scenario has more than 1000 steps",
		},
		"long texts are shown in part": {
			"name: a\nrules:\n  - {on: " + strings.Repeat("中", 100) + ", script: [pass]}\n",
			`3:10: no operation is named "` + strings.Repeat("中", 60) + `…"`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := problemsOf(t, test.source); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
