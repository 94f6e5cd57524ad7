package explain_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/explain"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/scenarios"
)

var update = flag.Bool("update", false, "write the golden files")

func catalogue(t *testing.T) *contract.Catalogue {
	t.Helper()
	c, err := contract.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// golden holds a text to a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s; go test ./emulator/internal/scenario/explain -update writes it (-kept +got):\n%s", file, diff)
	}
}

// TestShipped explains each scenario that ships.
func TestShipped(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	library, err := scenario.NewLibrary(c, scenarios.Files, language.NewDecoder(c))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range library.Names() {
		s, ok := library.Get(name)
		if !ok {
			t.Fatalf("%s cannot be read", name)
		}
		if !strings.HasPrefix(name, scenario.ErrorPrefix) {
			all.WriteString(explain.Scenario(s).Text() + "\n")
		}
	}
	golden(t, "testdata/shipped.txt", all.String())
}

// words are the documents that hold every word of the language.
func words(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = string(text)
	}
	return all
}

// TestWords explains documents that hold every word of the language.
func TestWords(t *testing.T) {
	t.Parallel()
	for file, text := range words(t) {
		s, problems := language.Decode([]byte(text), catalogue(t))
		if len(problems) > 0 {
			t.Errorf("%s: %v", file, problems)
			continue
		}
		golden(t, strings.TrimSuffix(file, ".yaml")+".txt", explain.Scenario(s).Text())
	}
}

// TestEveryWordIsExplained finds a key of the language that none of those documents has.
func TestEveryWordIsExplained(t *testing.T) {
	t.Parallel()
	text, err := language.Schema()
	if err != nil {
		t.Fatal(err)
	}
	type definition struct {
		Properties map[string]any
		AnyOf      []struct{ Properties map[string]any }
	}
	var schema struct {
		Defs map[string]definition `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, text := range words(t) {
		all.WriteString(text)
	}
	keys := 0
	for name, def := range schema.Defs {
		for _, form := range append(def.AnyOf, struct{ Properties map[string]any }{def.Properties}) {
			for key := range form.Properties {
				keys++
				if !strings.Contains(all.String(), key+":") && key != "bodyFile" { // read by the command line alone
					t.Errorf("no document of testdata has the key %s of %s", key, name)
				}
			}
		}
	}
	if keys < 50 {
		t.Errorf("the schema has %d keys only", keys)
	}
}

// TestOutcome says what a step does without a subject, as lists of what plays do.
func TestOutcome(t *testing.T) {
	t.Parallel()
	for want, step := range map[string]scenario.Step{
		"is answered as usual":                                                       {Chance: 1},
		"fails with InvalidParameter.Actions after 2 seconds":                        {Chance: 1, Fail: &scenario.Fail{Code: "InvalidParameter.%s", Fill: []string{"Actions"}}, Delay: scenario.Delay{Fixed: 2e9}},
		"with a probability of 30% fails with A, and otherwise is answered as usual": {Chance: 0.3, Fail: &scenario.Fail{Code: "A"}},
		"gets one of these, drawn from the sandbox's seed: 75%: fails with A; 25%: is answered as usual": {Chance: 1, Choose: []scenario.Choice{
			{Weight: 3, Step: scenario.Step{Chance: 1, Fail: &scenario.Fail{Code: "A"}}}, {Weight: 1, Step: scenario.Step{Chance: 1}},
		}},
	} {
		if got := explain.Outcome(&step); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
