package nearest_test

import (
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

func TestName(t *testing.T) {
	t.Parallel()
	known := []string{"rules", "summary", "name", strings.Repeat("long", 30)}
	for word, want := range map[string]string{
		"rule":                     "rules", // a letter is missing
		"summmary":                 "summary",
		"anme":                     "name", // two letters are swapped
		"NAME":                     "name",
		"rulez":                    "rules",
		"something else":           "",
		"":                         "",
		strings.Repeat("long", 30): "", // too long to be compared
	} {
		if got := nearest.Name(word, known); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}
