package scenario_test

import (
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

func TestProblemsAsError(t *testing.T) {
	t.Parallel()
	err := scenario.Problems{{Line: 1, Column: 2, Message: "wrong", Meant: "right"}, {Line: 3, Column: 4, Message: "bad"}}
	if got, want := err.Error(), "1:2: wrong; did you mean \"right\"?\n3:4: bad"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
