// Package push tells receivers what happens in sandboxes: an API says what is to be told and when, by the sandbox's
// clock; this package sends it by HTTP, tries again within bounds, and writes to the journal what became of it.
package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// Parcel is one thing to tell a receiver.
type Parcel struct {
	// ID is that of its entry in the journal.
	ID string
	// Gateway and API are those that it is told for.
	Gateway, API string
	// URL is where it goes, with Header and Body.
	URL    string
	Header http.Header
	Body   []byte
	// Accepted says whether an answer means that the receiver took it.
	Accepted func(status int, body []byte) bool
}

// Source says what there is to tell.
type Source interface {
	// Take returns what is due in a sandbox at an instant of its clock: every parcel is handed out once, whoever asks.
	// next is when there will be more; zero means that nothing is planned.
	Take(ctx context.Context, box *sandbox.Sandbox, now time.Time) (due []Parcel, next time.Time, err error)
}

// Options are what a Pusher is made of.
type Options struct {
	World *world.World
	// Hosts are those beside this machine that may be reached.
	Hosts  []string
	Source Source
	// After is how a pause between two attempts lasts.
	After func(time.Duration) <-chan time.Time
	Log   *slog.Logger
}

// Pusher sends what sandboxes have to tell. It is safe for concurrent use.
type Pusher struct {
	options Options
	here    *http.Client    // reaches this machine alone
	named   *http.Client    // reaches the hosts that the options name
	ctx     context.Context //nolint:containedctx // it ends the workers, which outlive every call
	stop    context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	watching bool
	workers  map[*sandbox.Sandbox]*worker
}

// New returns a pusher that does nothing until Wake.
func New(o Options) *Pusher {
	p := &Pusher{
		options: o, here: newClient(true), named: newClient(false), workers: map[*sandbox.Sandbox]*worker{},
	}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// Close ends all attempts and waits for them.
func (p *Pusher) Close() {
	p.mu.Lock()
	p.stop()
	p.mu.Unlock()
	p.running.Wait()
}

// Wake says that a sandbox has something to tell, now or soon.
func (p *Pusher) Wake(box *sandbox.Sandbox) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return
	}
	w := p.workers[box]
	if w == nil {
		if err := p.watch(); err != nil {
			p.options.Log.Error("nothing can be pushed", "error", err)
			return
		}
		w = &worker{pusher: p, box: box, wake: make(chan struct{}, 1)}
		p.workers[box] = w
		p.running.Go(w.run)
	}
	w.look()
}

// watch wakes the workers of sandboxes that change, from the first one on; p.mu is held.
func (p *Pusher) watch() error {
	if p.watching {
		return nil
	}
	watch, err := p.options.World.Watch()
	if err != nil {
		return fmt.Errorf("watch the sandboxes: %w", err)
	}
	p.watching = true
	p.running.Go(func() {
		defer watch.Close()
		for {
			ids, err := watch.Next(p.ctx)
			if err != nil {
				return
			}
			p.wakeAll(ids)
		}
	})
	return nil
}

func (p *Pusher) wakeAll(ids []string) {
	changed := make(map[string]bool, len(ids))
	for _, id := range ids {
		changed[id] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for box, w := range p.workers {
		if changed[box.ID] {
			w.look()
		}
	}
}

// worker tells what one sandbox has to tell, one after the other.
type worker struct {
	pusher *Pusher
	box    *sandbox.Sandbox
	wake   chan struct{} // holds one value while there may be something
}

// look has the worker look once more.
func (w *worker) look() {
	select {
	case w.wake <- struct{}{}:
	default: // it will anyway
	}
}

// longestSleep bounds how long a worker sleeps without being woken, errorPause how long after a failure of the store.
const (
	longestSleep = time.Hour
	errorPause   = time.Second
)

// run ends with the sandbox or the pusher.
func (w *worker) run() {
	timer := time.NewTimer(longestSleep)
	defer timer.Stop()
	for {
		select {
		case <-w.pusher.ctx.Done():
			return
		case <-w.wake:
		case <-timer.C:
		}
		sleep, err := w.tell()
		if errors.Is(err, sandbox.ErrGone) {
			w.pusher.mu.Lock()
			delete(w.pusher.workers, w.box)
			w.pusher.mu.Unlock()
			return
		}
		if err != nil && w.pusher.ctx.Err() == nil {
			w.pusher.options.Log.Error("what a sandbox pushes could not be read", "sandbox", w.box.ID, "error", err)
			sleep = errorPause
		}
		timer.Reset(sleep)
	}
}

// tell sends what is due, and returns after which time there may be more.
func (w *worker) tell() (time.Duration, error) {
	_, clock, err := w.box.Moment(w.pusher.ctx)
	if err != nil {
		return 0, err
	}
	due, next, err := w.pusher.options.Source.Take(w.pusher.ctx, w.box, clock.Now)
	if err != nil {
		return 0, err
	}
	for i := range due {
		if err := w.pusher.send(w.box, clock.Now, &due[i]); err != nil {
			return 0, err
		}
	}
	if next.IsZero() || clock.Frozen {
		return longestSleep, nil
	}
	return min(max(next.Sub(clock.Now), 0), longestSleep), nil
}
