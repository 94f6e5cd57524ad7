package journal_test

import (
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
)

// TestLargeEntriesHideWhatIsLearnedLater: that an entry is masked once does not show a secret that became one since, nor
// one entry in the place of another.
func TestLargeEntriesHideWhatIsLearnedLater(t *testing.T) {
	t.Parallel()
	const secret = "secret-of-a-later-sandbox"
	secrets := sandbox.NewSecrets()
	j := journal.New(memory.New().Space("one"), journal.NewViewer(secrets), journal.DefaultBound)
	for _, id := range []string{"a", "b"} {
		e := &journal.Entry{ID: id}
		e.Request.Body = strings.Repeat("x", 10_000) + secret
		if err := j.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	look := func(id string, shown bool) {
		t.Helper()
		e, err := j.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if e.ID != id || strings.Contains(e.Request.Body, secret) != shown {
			t.Errorf("entry %s is %s and ends in %q", id, e.ID, e.Request.Body[10_000:])
		}
	}
	look("a", true)
	look("a", true)
	look("b", true)
	secrets.Keep(secret)
	look("a", false)
	look("b", false)
}
