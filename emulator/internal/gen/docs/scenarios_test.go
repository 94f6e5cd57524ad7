package main_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/gen/docs"
)

// TestScenariosPageIsCurrent holds docs/scenarios.md to the schema and the shipped scenarios.
func TestScenariosPageIsCurrent(t *testing.T) {
	t.Parallel()
	made := filepath.Join(t.TempDir(), "scenarios.md")
	if err := main.Run([]string{made}, nil); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("docs/scenarios.md is not current; run go generate ./docs (-committed +made):\n%s", diff)
	}
}
