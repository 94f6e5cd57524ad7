package eventstream_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/eventstream"
)

// every changes one thing at a time, again and again.
type every struct {
	interval time.Duration
	ids      []string
	end      error // what comes instead of a change; nil for none
}

func (e every) Next(ctx context.Context) ([]string, error) {
	if e.end != nil {
		return nil, e.end
	}
	timer := time.NewTimer(e.interval)
	defer timer.Stop()
	select {
	case <-timer.C:
		return slices.Clone(e.ids), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func isMine(id string) bool { return id == "mine" }

func TestAwaitTellsOfWhatChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		got, err := eventstream.Await(t.Context(), every{time.Second, []string{"other", "mine"}, nil}, isMine)
		if err != nil || !slices.Equal(got, []string{"mine"}) || time.Since(started) != time.Second {
			t.Errorf("%q, %v after %s", got, err, time.Since(started))
		}
	})
}

// A stream about one sandbox says that it is still there also while others are busy.
func TestOtherChangesPutOffNoHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, interval := range []time.Duration{10 * time.Millisecond, time.Hour} {
			started := time.Now()
			got, err := eventstream.Await(t.Context(), every{interval, []string{"other"}, nil}, isMine)
			if err != nil || got != nil || time.Since(started) != eventstream.Heartbeat {
				t.Errorf("%q, %v after %s", got, err, time.Since(started))
			}
		}
	})
}

func TestAwaitEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stopping := errors.New("stopping")
		if _, err := eventstream.Await(t.Context(), every{time.Second, nil, stopping}, isMine); !errors.Is(err, stopping) {
			t.Errorf("it ends with %v", err)
		}
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		if _, err := eventstream.Await(ctx, every{time.Hour, nil, nil}, isMine); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it ends with %v", err)
		}
	})
}
