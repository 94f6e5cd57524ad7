// Package emulator is the library: it joins gateways, APIs, sandboxes and journal into the pipeline that answers one
// request after another, and serves it as the data plane.
package emulator

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/api/aicontent"
	"github.com/tokenstage/tokenstage/emulator/internal/api/appstream"
	"github.com/tokenstage/tokenstage/emulator/internal/api/ccmessaging"
	"github.com/tokenstage/tokenstage/emulator/internal/api/deepvision"
	"github.com/tokenstage/tokenstage/emulator/internal/api/onsmqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/acs"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/fabric"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/top"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/fixtures"
	"github.com/tokenstage/tokenstage/openapi"
)

// Options configure an Emulator; the zero value is good.
type Options struct {
	// Store keeps all state; nil means memory.
	Store store.Store
	// Specs are further specs beside the built-in ones: operations that have no code answer from them.
	Specs []fs.FS
	// Seed is the seed of the default sandbox; zero means that of the fixtures.
	Seed uint64
	// RealNow is real time, from which running clocks are measured; nil means time.Now.
	RealNow func() time.Time
	// Chance draws the ids, credentials and seeds of sandboxes that leave them open; nil means unpredictable.
	Chance rand.Source
	// Journal bounds the journal of each sandbox; zero fields mean journal.DefaultBound.
	Journal store.Bound
	// Sandboxes limits how many sandboxes can exist; zero means sandbox.DefaultLimit.
	Sandboxes int
	// Log takes what is no call: violations of the spec by the emulator itself. Nil means slog.Default.
	Log *slog.Logger
	// After is how a scripted delay waits; nil means time.After. Tests give one that does not wait.
	After func(time.Duration) <-chan time.Time
	// Violation is called when a reply breaks its spec, which is a bug of the emulator; tests make it fatal. Nil
	// means that it is journaled and logged.
	Violation func(error)
	// Observe is told of every call once its reply is delivered; nil means that nobody watches, at no cost. It is called
	// by many calls at once.
	Observe func(context.Context, Observation)
	// Steps says that observations name their steps, which costs a look at the clock each.
	Steps bool
}

// Emulator answers requests. It is safe for concurrent use.
type Emulator struct {
	catalogue *contract.Catalogue
	gateways  []gateway.Gateway
	handlers  map[string]api.Handler // by operation name
	registry  *sandbox.Registry
	scenarios *play.Engine
	library   *scenario.Library
	// decodeScenario reads a document that somebody plays; its error is scenario.Problems.
	decodeScenario scenario.Decoder
	options        Options
	stopping       chan struct{} // closed when scripted delays and stalls must end
	stop           sync.Once
	fallback       *sandbox.Sandbox // the default sandbox
	drawing        sync.Mutex       // guards options.Chance, and what was drawn until a sandbox has it
	standing       standing
	watches        watches
	inFlight       atomic.Int64
	dates          dates
}

// apis is the catalogue of APIs that have code: one line each.
func apis() []api.API {
	return []api.API{
		aicontent.New(),
		appstream.New(),
		ccmessaging.New(),
		deepvision.New(),
		onsmqtt.New(),
	}
}

// New loads and validates the specs and creates the default sandbox.
func New(ctx context.Context, o Options) (*Emulator, error) {
	o = o.withDefaults()
	catalogue, err := loadSpecs(o.Specs)
	if err != nil {
		return nil, err
	}
	checkToken := fabric.TokenCheck{Header: ccmessaging.TokenHeader, Check: ccmessaging.CheckToken}
	e := &Emulator{
		catalogue: catalogue, options: o, handlers: map[string]api.Handler{}, stopping: make(chan struct{}),
		gateways: []gateway.Gateway{top.New(catalogue), fabric.New(catalogue, checkToken), acs.New(catalogue)},
		registry: sandbox.NewRegistry(sandbox.RegistryOptions{Store: o.Store, RealNow: o.RealNow, Limit: o.Sandboxes}),
	}
	for _, a := range apis() {
		if err := e.add(a); err != nil {
			return nil, err
		}
	}
	if err := e.addScenarios(); err != nil {
		return nil, err
	}
	e.fallback, err = e.createDefault(ctx)
	return e, err
}

func loadSpecs(further []fs.FS) (*contract.Catalogue, error) {
	if len(further) == 0 {
		return contract.Builtin()
	}
	return contract.Load(append([]fs.FS{openapi.Files}, further...)...)
}

func (o Options) withDefaults() Options {
	if o.Store == nil {
		o.Store = store.NewMemory()
	}
	if o.RealNow == nil {
		o.RealNow = time.Now //nolint:forbidigo // where real time comes in; clocks of sandboxes are measured from it
	}
	if o.Chance == nil {
		var seed [32]byte
		_, _ = crand.Read(seed[:]) //nolint:forbidigo // ids of sandboxes that name no seed; it never fails
		o.Chance = rand.NewChaCha8(seed)
	}
	if o.Journal.Records == 0 {
		o.Journal.Records = journal.DefaultBound.Records
	}
	if o.Journal.Bytes == 0 {
		o.Journal.Bytes = journal.DefaultBound.Bytes
	}
	if o.After == nil {
		o.After = time.After //nolint:forbidigo // a scripted delay lasts in real time, not on the sandbox's clock
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// add takes the handlers of an API. A handler without an operation in the spec is refused; an operation without a
// handler answers from the spec.
func (e *Emulator) add(a api.API) error {
	spec := e.catalogue.API(a.Name)
	if spec == nil {
		return fmt.Errorf("the API %s has code but no spec", a.Name)
	}
	left := len(a.Handlers)
	for _, op := range spec.Operations {
		if handler, ok := a.Handlers[op.ID]; ok {
			e.handlers[op.Name] = handler
			left--
		}
	}
	if left > 0 {
		return fmt.Errorf("the API %s has handlers for operations that its spec does not have", a.Name)
	}
	return nil
}

func (e *Emulator) createDefault(ctx context.Context) (*sandbox.Sandbox, error) {
	raw, err := fixtures.Default()
	if err != nil {
		return nil, err
	}
	var def sandbox.Definition
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&def); err != nil {
		return nil, fmt.Errorf("fixtures/default.yaml: %w", err)
	}
	if e.options.Seed != 0 {
		def.Seed = e.options.Seed
	}
	return e.registry.Create(ctx, def)
}

// Stop ends scripted delays and stalls, so that a server can close without waiting for them. Calls that come later are
// answered without them.
func (e *Emulator) Stop() { e.stop.Do(func() { close(e.stopping) }) }

// RealNow is the time outside the sandboxes.
func (e *Emulator) RealNow() time.Time { return e.options.RealNow() }

// Catalogue is what the emulator serves.
func (e *Emulator) Catalogue() *contract.Catalogue { return e.catalogue }

// Gateways are the gateways in the order in which they are asked.
func (e *Emulator) Gateways() []gateway.Gateway { return e.gateways }

// Sandboxes finds sandboxes.
func (e *Emulator) Sandboxes() *sandbox.Registry { return e.registry }

// Journal is the journal of a sandbox.
func (e *Emulator) Journal(box *sandbox.Sandbox) *journal.Journal {
	return journal.New(box.Space(), e.registry.Secrets(), e.options.Journal)
}

// CreateSandbox makes a sandbox, fills in what its definition leaves open and plays its scenarios. A nil seed is drawn.
// With an error there is no sandbox.
func (e *Emulator) CreateSandbox(
	ctx context.Context, def sandbox.Definition, seed *uint64,
) (*sandbox.Sandbox, error) {
	if err := e.checkScripts(def.Scenarios); err != nil {
		return nil, err
	}
	box, err := e.drawSandbox(ctx, def, seed)
	if err != nil {
		return nil, err
	}
	if err := e.playAll(ctx, box, def.Scenarios); err != nil {
		return nil, errors.Join(err, e.registry.Remove(ctx, box.ID))
	}
	return box, nil
}

func (e *Emulator) drawSandbox(ctx context.Context, def sandbox.Definition, seed *uint64) (*sandbox.Sandbox, error) {
	e.drawing.Lock()
	defer e.drawing.Unlock()
	chance := rand.New(e.options.Chance)
	def.Seed = sandbox.NewSeed(chance)
	def.Complete(chance, e.registry.Taken)
	if seed != nil {
		def.Seed = *seed
	}
	return e.registry.Create(ctx, def)
}

// RemoveSandbox removes a sandbox with all that it holds, and frees its credentials.
func (e *Emulator) RemoveSandbox(ctx context.Context, id string) error {
	if err := e.registry.Remove(ctx, id); err != nil {
		return err
	}
	e.watches.note(id)
	return nil
}
