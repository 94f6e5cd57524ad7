package sandbox_test

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

func TestTurnsCountFromOne(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	for want := range uint64(5) {
		if turn := begin(t, box); turn.Number != want+1 || !turn.Now.Equal(epoch()) {
			t.Errorf("turn %d at %v, want %d at %v", turn.Number, turn.Now, want+1, epoch())
		}
	}
	if err := box.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if turn := begin(t, box); turn.Number != 1 {
		t.Errorf("after a reset the turn is %d, want 1", turn.Number)
	}
}

func TestSameSeedSameDraws(t *testing.T) {
	t.Parallel()
	draws := func(seed uint64) []string {
		box := newBox(t, seed)
		var all []string
		for range 3 {
			turn := begin(t, box)
			all = append(all, turn.UUID(), turn.Draw(20, random.Base62), turn.Draw(5, random.LowerHex))
		}
		return all
	}
	first, again := draws(7), draws(7)
	for i := range first {
		if first[i] != again[i] {
			t.Errorf("draw %d: %s, then %s", i, first[i], again[i])
		}
	}
	seen := map[string]bool{}
	for _, seed := range []uint64{0, 1, 7, 8, 1 << 52} {
		for i, text := range draws(seed) {
			if len(text) > 5 && seen[text] {
				t.Errorf("seed %d drew %s (%d) again", seed, text, i)
			}
			seen[text] = true
		}
	}
}

func TestUUIDHasVersion4(t *testing.T) {
	t.Parallel()
	turn := begin(t, newBox(t, 1))
	pattern := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for range 100 {
		if text := turn.UUID(); !pattern.MatchString(text) {
			t.Fatalf("%s is no random UUID", text)
		}
	}
}

// A long run sweeps what expired by itself.
func TestTurnsReclaim(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	if err := box.Space().Put(t.Context(), "old", []byte("value"), epoch()); err != nil {
		t.Fatal(err)
	}
	for range 1 << 14 {
		begin(t, box)
	}
	if _, ok, err := box.Space().Get(t.Context(), "old"); ok || err != nil {
		t.Errorf("an expired value is still there, %v", err)
	}
	clockIs(t, box, epoch(), true)
	if turn := begin(t, box); turn.Number != 1<<14+1 {
		t.Errorf("the turn is %s, want %d", strconv.FormatUint(turn.Number, 10), 1<<14+1)
	}
}

func TestResetLeavesOtherSandboxesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	one, other := w.create(t, complete("one", "a")), w.create(t, complete("other", "b"))
	begin(t, one)
	begin(t, other)
	if _, err := other.ChangeClock(t.Context(), sandbox.ClockChange{Advance: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if err := one.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if turn := begin(t, other); turn.Number != 2 || !turn.Now.Equal(epoch().Add(time.Hour)) {
		t.Errorf("turn %d at %v, want 2 an hour later", turn.Number, turn.Now)
	}
}
