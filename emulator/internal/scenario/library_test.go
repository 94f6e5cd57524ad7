package scenario_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/scenarios"
)

func builtin(tb testing.TB) *contract.Catalogue {
	tb.Helper()
	catalogue, err := contract.Builtin()
	if err != nil {
		tb.Fatal(err)
	}
	return catalogue
}

// decode reads a document that must have no problems.
func decode(tb testing.TB, source string) *scenario.Scenario {
	tb.Helper()
	s, problems := language.Decode([]byte(source), builtin(tb))
	if len(problems) > 0 {
		tb.Fatalf("problems of a good document:\n%v\n%s", problems, source)
	}
	return s
}

// TestGenerated reads every generated scenario back from its document.
func TestGenerated(t *testing.T) {
	t.Parallel()
	catalogue := builtin(t)
	all := scenario.Generated(catalogue)
	// Generated scenarios have no line numbers, and an empty list counts as equal to none.
	written := cmp.Options{
		cmpopts.EquateEmpty(), cmpopts.IgnoreFields(scenario.Rule{}, "Line"), cmpopts.IgnoreFields(scenario.Step{}, "Line"),
	}
	names := map[string]*scenario.Scenario{}
	for _, s := range all {
		names[s.Name] = s
		if diff := cmp.Diff(s, decode(t, s.Source), written); diff != "" {
			t.Errorf("%s (-generated +read)\n%s", s.Name, diff)
		}
	}
	documented := 0
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			documented += len(op.Errors)
		}
	}
	if len(names) != len(all) || len(all) != documented {
		t.Errorf("%d scenarios with %d names for %d documented errors", len(all), len(names), documented)
	}
	s := names["error/onsmqtt.ApplyToken/InvalidParameter.%s"]
	want := &scenario.Fail{Code: "InvalidParameter.%s", Fill: []string{"Actions"}}
	if s == nil || !strings.HasSuffix(s.Source, "      - fail: \"InvalidParameter.%s\"\n        fill: \"Actions\"\n") {
		t.Fatalf("the error with a placeholder: %+v", s)
	}
	if diff := cmp.Diff(want, s.Rules[0].Script[0].Fail); diff != "" {
		t.Errorf("the error with a placeholder (-want +got)\n%s", diff)
	}
}

func TestLibrary(t *testing.T) {
	t.Parallel()
	l, err := scenario.NewLibrary(builtin(t), scenarios.Files, language.NewDecoder(builtin(t)))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
	names := l.Names()
	if !slices.IsSorted(names) {
		t.Error("the names are not sorted")
	}
	for _, name := range names {
		if s, ok := l.Get(name); !ok || s.Name != name {
			t.Errorf("Get(%q) does not find the scenario of that name", name)
		}
	}
	if _, ok := l.Get("mqtt"); ok {
		t.Error("a prefix of a name is found")
	}
	tests := map[string]string{
		"mqtt-throtled-then-fine":                    "mqtt-throttled-then-fine",
		"error/onsmqtt.ApplyToken/ApplyTokenOverflo": "error/onsmqtt.ApplyToken/ApplyTokenOverFlow",
		"error/onsmqtt.applytoken/internalerror":     "error/onsmqtt.ApplyToken/InternalError",
		"mqtt-throttled":                             "mqtt-throttled-then-fine",
		"ApplyTokenOverFlow":                         "error/onsmqtt.ApplyToken/ApplyTokenOverFlow",
		"ApplyTokenOverflw":                          "error/onsmqtt.ApplyToken/ApplyTokenOverFlow",
		"ApplyToken/SystemOverFlow":                  "error/onsmqtt.ApplyToken/SystemOverFlow",
		"onsmqtt.ApplyToken/SystemOverFlow":          "error/onsmqtt.ApplyToken/SystemOverFlow",
		"RevokeToken/SystemOverflow":                 "error/onsmqtt.RevokeToken/SystemOverFlow",
		"something else":                             "",
		"":                                           "",
	}
	for name, want := range tests {
		if got := l.Suggest(name); got != want {
			t.Errorf("Suggest(%q) is %q, want %q", name, got, want)
		}
	}
}

// TestShipped checks what the language does not require of a file: the line for editors and a summary.
func TestShipped(t *testing.T) {
	t.Parallel()
	files, err := scenarios.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".yaml") {
			continue
		}
		t.Run(file.Name(), func(t *testing.T) {
			t.Parallel()
			source, err := scenarios.Files.ReadFile(file.Name())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(source), "# yaml-language-server: $schema=schema.json\n") {
				t.Error("its first line does not name schema.json for editors")
			}
			if s := decode(t, string(source)); s.Summary == "" {
				t.Error("it has no summary")
			}
		})
	}
}

func TestLibraryRefuses(t *testing.T) {
	t.Parallel()
	const good = "rules: [{on: '*', script: [pass]}]\n"
	tests := map[string]struct{ file, source, want string }{
		"a problem": {
			"a.yaml", "name: a\nrule: []\n" + good,
			`scenario a.yaml: 2:1: unknown key "rule" in a scenario; did you mean "rules"?`,
		},
		"another name": {"a.yaml", "name: b\n" + good, `scenario a.yaml: its name must be "a" like the file's, not "b"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := scenario.NewLibrary(builtin(t), fstest.MapFS{test.file: {Data: []byte(test.source)}}, language.NewDecoder(builtin(t)))
			if err != nil {
				t.Fatal(err)
			}
			if err = l.Check(); err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
