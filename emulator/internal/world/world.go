// Package world holds everything that the HTTP planes steer, without any HTTP: sandboxes and their scenarios, clocks,
// tokens and journals, and the watches that report changes.
package world

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Options are what a World is made of. All fields but Sandboxes are required.
type Options struct {
	Store     store.Store
	Catalogue *contract.Catalogue
	// Gateways stand in the order in which they are asked whether a request is theirs.
	Gateways []gateway.Gateway
	// Schemes read the credentials of the gateways, and generate them in this order.
	Schemes []sandbox.Scheme
	// Library holds the scenarios that can be played by name.
	Library *scenario.Library
	// Defaults play in every sandbox until they are switched off there; worlds can share them.
	Defaults *play.Defaults
	// Default is the sandbox that always exists. Where the store holds it already, it stays as it is.
	Default sandbox.Definition
	// RealNow returns the real time, outside the sandboxes.
	RealNow func() time.Time
	// Chance is the random source for ids, credentials and seeds that the definition of a sandbox leaves out.
	Chance rand.Source
	// Journal bounds the journal of each sandbox.
	Journal store.Bound
	// Sandboxes limits how many sandboxes can exist; zero means sandbox.DefaultLimit.
	Sandboxes int
	// PushHosts are the hosts beside this machine that sandboxes may push to.
	PushHosts []string
	Log       *slog.Logger
}

// World is what the planes steer. It is safe for concurrent use.
type World struct {
	options    Options
	registry   *sandbox.Registry
	viewer     *journal.Viewer
	engine     *play.Engine
	decode     scenario.Decoder
	defaultBox atomic.Pointer[sandbox.Sandbox] // the default sandbox, as it was found last
	permanent  permanentScenarios
	watches    watches
	shared     store.Shared // nil for a store that nobody shares
	late       lateEntries
	chanceMu   sync.Mutex // guards options.Chance, and drawn ids and credentials until their sandbox is created
	stopping   chan struct{}
	stop       sync.Once
}

// New makes a world with its default sandbox.
func New(ctx context.Context, o Options) (*World, error) {
	w := &World{
		options: o, stopping: make(chan struct{}), decode: language.NewDecoder(o.Catalogue),
	}
	w.registry = sandbox.NewRegistry(sandbox.RegistryOptions{
		Store: o.Store, RealNow: o.RealNow, Schemes: o.Schemes, Limit: o.Sandboxes, Leaving: w.leaving,
		Standing: &w.options.Default, Restored: w.restored, PushHosts: o.PushHosts,
	})
	w.viewer = journal.NewViewer(w.registry.Secrets())
	w.share(o.Store)
	w.engine = w.newEngine()
	_, err := w.standing(ctx)
	return w, err
}

// standing is the default sandbox, which is made anew where the store was emptied.
func (w *World) standing(ctx context.Context) (*sandbox.Sandbox, error) {
	box, err := w.registry.Get(ctx, sandbox.Default)
	if err == nil {
		w.defaultBox.Store(box)
	}
	return box, err
}

// EndWatches ends every Watch, also those that are opened later, so that live pages do not keep a server from closing.
func (w *World) EndWatches() { w.stop.Do(func() { close(w.stopping) }) }

// RealNow returns the real time, outside the sandboxes.
func (w *World) RealNow() time.Time { return w.options.RealNow() }

// Catalogue returns the APIs that are emulated.
func (w *World) Catalogue() *contract.Catalogue { return w.options.Catalogue }

// HTTPAPIs returns the APIs that a gateway serves over HTTP: all but that of the broker.
func (w *World) HTTPAPIs() []*contract.API {
	var served []*contract.API
	for _, api := range w.options.Catalogue.APIs {
		byGateway := func(g gateway.Gateway) bool { return g.Name() == api.Gateway.Name }
		if slices.ContainsFunc(w.options.Gateways, byGateway) {
			served = append(served, api)
		}
	}
	return served
}

// Gateways returns the gateways in the order in which they are asked whether a request is theirs.
func (w *World) Gateways() []gateway.Gateway { return w.options.Gateways }

// Sandboxes returns the registry of the sandboxes.
func (w *World) Sandboxes() *sandbox.Registry { return w.registry }

// Default returns the sandbox that always exists, as it was found last.
func (w *World) Default() *sandbox.Sandbox { return w.defaultBox.Load() }

// Secrets returns the secrets of all sandboxes, for masking.
func (w *World) Secrets() *sandbox.Secrets { return w.registry.Secrets() }

// CreateSandbox creates a sandbox, generates what its definition leaves out and plays its scenarios. A nil seed means a
// random one. With an error there is no sandbox.
func (w *World) CreateSandbox(
	ctx context.Context, def sandbox.Definition, seed *uint64,
) (*sandbox.Sandbox, error) {
	if err := w.checkScripts(def.Scenarios); err != nil {
		return nil, err
	}
	if err := w.checkQuotas(def.Quotas); err != nil {
		return nil, err
	}
	box, err := w.createDrawn(ctx, def, seed)
	if err != nil {
		return nil, err
	}
	if err := w.playAll(ctx, box, def.Scenarios); err != nil {
		return nil, errors.Join(err, w.registry.Remove(ctx, box.ID))
	}
	return box, nil
}

func (w *World) createDrawn(ctx context.Context, def sandbox.Definition, seed *uint64) (*sandbox.Sandbox, error) {
	w.chanceMu.Lock()
	defer w.chanceMu.Unlock()
	chance := rand.New(w.options.Chance)
	def.Seed = sandbox.NewSeed(chance)
	if err := w.registry.Complete(ctx, &def, chance); err != nil {
		return nil, err
	}
	if seed != nil {
		def.Seed = *seed
	}
	return w.registry.Create(ctx, def)
}

// Visit calls do with the sandbox of that id. When another emulator on the same store has removed that sandbox, Visit
// forgets it and calls do again with the sandbox that has the id now, if there is one.
func (w *World) Visit(ctx context.Context, id string, do func(*sandbox.Sandbox) error) error {
	box, err := w.registry.Get(ctx, id)
	if err != nil {
		return err
	}
	err = do(box)
	if !errors.Is(err, sandbox.ErrGone) {
		return err
	}
	w.registry.Forget(box)
	if box, err = w.registry.Get(ctx, id); err != nil {
		return err
	}
	return do(box)
}

// Begin starts the turn of a call in the sandbox of the credential that the call names. A call with an unknown
// credential goes to the default sandbox, which refuses it. The further steps are carried out in the same trip.
func (w *World) Begin(ctx context.Context, c wire.Credential, further ...store.Step) (*sandbox.Turn, error) {
	for range 2 {
		box, err := w.registry.Find(ctx, c)
		if err != nil {
			return nil, err
		}
		if box == nil {
			break
		}
		turn, err := box.Begin(ctx, further...)
		if !errors.Is(err, sandbox.ErrGone) {
			return turn, err
		}
		w.registry.Forget(box) // and look once more: the credential may be another sandbox's by now
	}
	return w.BeginDefault(ctx, further...)
}

// BeginDefault starts a turn in the default sandbox.
func (w *World) BeginDefault(ctx context.Context, further ...store.Step) (*sandbox.Turn, error) {
	for range 2 {
		box, err := w.standing(ctx)
		if err != nil {
			return nil, err
		}
		turn, err := box.Begin(ctx, further...)
		if !errors.Is(err, sandbox.ErrGone) {
			return turn, err
		}
		w.registry.Forget(box) // the store was emptied
	}
	return nil, sandbox.ErrGone
}

// RemoveSandbox removes a sandbox with all that it holds, and frees its credentials.
func (w *World) RemoveSandbox(ctx context.Context, id string) error {
	if err := w.registry.Remove(ctx, id); err != nil {
		return err
	}
	w.notify(id)
	return nil
}

// Reset puts a sandbox back to its start: its state, clock and journal. The scenarios that it started with play again.
func (w *World) Reset(ctx context.Context, box *sandbox.Sandbox) error {
	if err := box.Reset(ctx); err != nil {
		return fmt.Errorf("reset sandbox %s: %w", box.ID, err)
	}
	w.notify(box.ID)
	if err := w.playAll(ctx, box, box.Scenarios); err != nil {
		return fmt.Errorf("reset sandbox %s: %w", box.ID, err)
	}
	if box.ID != sandbox.Default {
		return nil
	}
	return w.playPermanentAgain(ctx, box)
}
