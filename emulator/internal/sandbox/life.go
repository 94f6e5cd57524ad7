package sandbox

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// Life is where a sandbox stands in its life, for one that goes on elsewhere. The store it came from may be another:
// what counts there, such as the second at which a running clock is at an instant of real time, is not in it.
type Life struct {
	// Now is the reading of the clock.
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
	// Moved says that people moved or froze the clock, and Lowest is the second at which it was lowest when they did.
	Moved  bool  `json:"moved,omitempty"`
	Lowest int64 `json:"lowest,omitempty"`
	// Generation counts from 1 how often the sandbox began, Calls its calls since then.
	Generation uint64 `json:"generation"`
	Calls      int64  `json:"calls"`
}

// maxCount is the highest generation, and number of calls, that can go on elsewhere: no reader of JSON rounds it.
const maxCount = 1 << 53

func (l *Life) validate() error {
	switch {
	case !clockReaches(l.Now):
		return &InvalidError{"life.now", outsideClock}
	case l.Lowest < 0 || l.Lowest > 0 && !clockReaches(time.Unix(l.Lowest, 0)):
		return &InvalidError{"life.lowest", outsideClock}
	case l.Generation < 1 || l.Generation > maxCount:
		return &InvalidError{"life.generation", "must be 1 or more, and no more than 2^53"}
	case l.Calls < 0 || l.Calls > maxCount:
		return &InvalidError{"life.calls", "must be 0 or more, and no more than 2^53"}
	}
	return nil
}

// firstSteps begin a sandbox that stands there in its life.
func (l *Life) firstSteps(b *Sandbox) ([]store.Step, error) {
	real := b.realNow()
	clock := Clock{Now: l.Now.UTC(), Frozen: l.Frozen}
	kept := state{Generation: l.Generation, Moved: l.Moved, Lowest: l.Lowest}.with(clock, real)
	if !l.Frozen && !clock.Now.Equal(real) {
		kept = kept.movedFrom(clock.Now, clock, real) // real time went on meanwhile
	}
	steps, err := kept.firstSteps()
	calls := &store.Put{Key: callsKey, Value: strconv.AppendInt(nil, l.Calls, 10)}
	return append(steps, calls), err
}

// Export reads where the sandbox stands and what its space holds: the keys without those of the sandbox itself, and
// the list of issued tokens. It is all of one instant. It fails with an *ExportError where the keys count for more than
// most bytes.
func (b *Sandbox) Export(ctx context.Context, most int) (Life, []store.Value, [][]byte, error) {
	get, calls, values := stateStep(), store.Increment{Key: callsKey}, store.Values{Most: most} // nothing is added
	listing := token.NewListing()
	if err := b.space.Do(ctx, &get, &calls, &values, listing.Step()); err != nil {
		return Life{}, nil, nil, fmt.Errorf("read what is kept: %w", err)
	}
	kept, err := b.readState(&get)
	if err != nil {
		return Life{}, nil, nil, err
	}
	if values.TooMany {
		return Life{}, nil, nil, &ExportError{most}
	}
	clock := kept.clock(b.realNow())
	life := Life{
		Now: clock.Now, Frozen: clock.Frozen, Moved: kept.Moved, Lowest: kept.Lowest,
		Generation: kept.Generation, Calls: calls.Sum,
	}
	own := func(v store.Value) bool {
		return v.Key == stateKey || v.Key == callsKey || strings.HasPrefix(v.Key, generationPrefix)
	}
	return life, slices.DeleteFunc(values.Values, own), listing.Records(), nil
}

// ExportError says that a sandbox holds too much to go on elsewhere.
type ExportError struct{ Most int }

func (e *ExportError) Error() string {
	return fmt.Sprintf("the sandbox holds more than the %d bytes that a snapshot can have; a reset empties it", e.Most)
}

// OwnPrefixes begin the keys that a sandbox and its tokens keep in its space beside what Life says.
func OwnPrefixes() []string { return []string{quotaPrefix, token.ChangePrefix} }

// CheckOwn refuses what one of OwnPrefixes begins and no sandbox would keep.
func CheckOwn(v store.Value) error {
	if strings.HasPrefix(v.Key, token.ChangePrefix) {
		return token.CheckChange(v.Value)
	}
	if n, err := strconv.ParseInt(string(v.Value), 10, 64); err != nil || n < 0 || n > math.MaxInt64/2 {
		return fmt.Errorf("%.40q is no number of calls", v.Value)
	}
	return nil
}

// WithoutSecrets is the definition without its credentials; a gateway that has none keeps its empty list. Warrants keep
// that they have a secret.
func (d Definition) WithoutSecrets() Definition {
	credentials := Credentials{}
	for gateway, list := range d.Credentials {
		if len(list) == 0 {
			credentials[gateway] = list
		}
	}
	d.Credentials = credentials
	d.Fixtures.Warrants = slices.Clone(d.Fixtures.Warrants)
	for i := range d.Fixtures.Warrants {
		if w := &d.Fixtures.Warrants[i]; w.AppSecret != "" {
			w.AppSecret = Mask
		}
	}
	if d.Fixtures.Push != nil {
		push := *d.Fixtures.Push
		push.Key = Mask
		d.Fixtures.Push = &push
	}
	return d
}

// newSecrets draws those of warrants and of the push that WithoutSecrets took away.
func (d *Definition) newSecrets(draw func(n int, alphabet string) string) {
	const length, pushLength = 32, 43
	if d.Fixtures.Push != nil && d.Fixtures.Push.Key == Mask {
		push := *d.Fixtures.Push
		push.Key = draw(pushLength, random.Base62)
		d.Fixtures.Push = &push
	}
	d.Fixtures.Warrants = slices.Clone(d.Fixtures.Warrants)
	for i := range d.Fixtures.Warrants {
		if w := &d.Fixtures.Warrants[i]; w.AppSecret == Mask {
			w.AppSecret = draw(length, random.LowerHex)
		}
	}
}
