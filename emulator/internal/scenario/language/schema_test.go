package language_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/scenarios"
)

func TestSchemaIsGenerated(t *testing.T) {
	t.Parallel()
	want, err := language.Schema()
	if err != nil {
		t.Fatal(err)
	}
	got, err := scenarios.Files.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("scenarios/schema.json is not what the types say, run go generate ./scenarios (-types +file)\n%s", diff)
	}
}

// TestSchemaExplainsEverything walks the schema for what editors would show without a word.
func TestSchemaExplainsEverything(t *testing.T) {
	t.Parallel()
	raw, err := language.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	explained := 0
	var walk func(place string, value any)
	walk = func(place string, value any) {
		switch v := value.(type) {
		case map[string]any:
			properties, _ := v["properties"].(map[string]any)
			for name, property := range properties {
				if explained++; property.(map[string]any)["description"] == "" {
					t.Errorf("%s/%s has no meaning", place, name)
				}
			}
			for name, member := range v {
				walk(place+"/"+name, member)
			}
		case []any:
			for _, element := range v {
				walk(place, element)
			}
		}
	}
	walk("", schema)
	if explained < 40 {
		t.Errorf("only %d keys were found", explained)
	}
}
