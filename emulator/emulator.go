// Package emulator is the library: an emulator of cloud APIs that issue access tokens, with its planes. It is the one
// place where the parts are put together; the command line and testkit/inprocess only choose the options.
package emulator

import (
	"bytes"
	"cmp"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/api/aicontent"
	"github.com/tokenstage/tokenstage/emulator/internal/api/appstream"
	"github.com/tokenstage/tokenstage/emulator/internal/api/ccmessaging"
	"github.com/tokenstage/tokenstage/emulator/internal/api/deepvision"
	"github.com/tokenstage/tokenstage/emulator/internal/api/onsmqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/api/oss"
	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/broker"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/fabric"
	gatewayoss "github.com/tokenstage/tokenstage/emulator/internal/gateway/oss"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/identify"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/emulator/internal/push"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/scorer"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/fixtures"
	"github.com/tokenstage/tokenstage/openapi"
	"github.com/tokenstage/tokenstage/scenarios"
)

// Options configure an Emulator; the zero value is good.
type Options struct {
	// Addr and ControlAddr are where the data plane and the control plane listen, as host:port; empty means a free port
	// that only this machine reaches.
	Addr, ControlAddr string
	// TLSAddr is where the data plane listens for HTTPS; empty means nowhere.
	TLSAddr string
	// MQTTAddr is where the broker listens for MQTT; empty means a free port that only this machine reaches, Off nowhere.
	MQTTAddr string
	// MQTTPreferred is tried first where MQTTAddr is empty.
	MQTTPreferred string
	// MQTTWSAddr and MQTTSAddr are where it listens for MQTT over WebSocket, at /mqtt, and over TLS; empty means nowhere.
	MQTTWSAddr, MQTTSAddr string
	// MQTTBadToken says what answers a login with a token that is not good: 4, bad user name or password (the default),
	// 5, not authorized, or later, where the login passes and the first packet that needs the token is refused.
	MQTTBadToken string
	// MQTTHidePayloads keeps what clients publish out of the journal.
	MQTTHidePayloads bool
	// Public says where clients reach it, where that is not where it listens.
	Public Public
	// CA issues the certificates of TLSAddr and MQTTSAddr; nil means one that lives as long as the emulator. Its package
	// is internal: other modules leave it nil and trust what Emulator.CA returns.
	CA *authority.CA
	// ControlToken must come with every call of the control plane when it is not empty. It is needed where the control
	// plane is open to other machines.
	ControlToken string
	// Limits bound what clients can hold of each listener.
	Limits Limits
	// Network is where the addresses are; nil means this machine's.
	Network Network

	// Seed is the seed of the default sandbox; zero means that of the fixtures.
	Seed uint64
	// SignatureTime is the rule of the default sandbox for the times of signatures: either (the sandbox's clock or real
	// time), clock, real or off; empty means either.
	SignatureTime string
	// Specs are further specs beside the built-in ones: operations that have no code answer from them.
	Specs []fs.FS
	// StoreURL is where all state is kept: "memory:", which is what empty means too, or redis:// or rediss:// with the
	// address of a Redis or Valkey server. Emulators on one store are one emulator to their users.
	StoreURL string
	// Store is an open store, in place of StoreURL. The stores are internal: other modules leave it nil.
	Store store.Store
	// Journal bounds the journal of each sandbox.
	Journal JournalBound
	// Sandboxes limits how many sandboxes can exist; zero means 20,000. Above it the control plane refuses more.
	Sandboxes int

	// PushHosts are the hosts beside this machine to which sandboxes may push; empty means none.
	PushHosts []string

	// Log takes what is no call: violations of the spec by the emulator itself. Nil means slog.Default.
	Log *slog.Logger
	// Observe is told of every call once its reply is delivered; nil means that nobody watches, at no cost. It is called
	// by many calls at once.
	Observe func(context.Context, Observation)
	// Steps says that observations name their steps, which costs a look at the clock each.
	Steps bool
	// Metrics answers what Prometheus asks the control plane for; nil means that nothing is counted.
	Metrics http.Handler

	// RealNow is real time, from which running clocks are measured; nil means time.Now.
	RealNow func() time.Time
	// Chance draws the ids, credentials and seeds of sandboxes that leave them open; nil means unpredictable.
	Chance rand.Source
	// After is how a scripted delay waits; nil means time.After. Tests give one that does not wait.
	After func(time.Duration) <-chan time.Time
	// Violation is called when a reply breaks its spec, which is a bug of the emulator; tests make it fatal. Nil
	// means that it is journaled and logged.
	Violation func(error)
}

// Limits are Connections, the number that one listener holds open (4096), and the times ReadHeader (10 s) and Read (60
// s) in which a request must have come, Write (90 s) in which its reply must be taken, and Idle (120 s) for which a
// connection may wait for its next request. A field that is zero means the value in brackets.
type Limits = listen.Limits

// Network opens addresses, as *net.ListenConfig does.
type Network = listen.Network

// JournalBound is how much of the calls to a sandbox is kept: Records, the number of calls (1000), and Bytes, what they
// take in memory (8 MiB). The oldest give way. A field that is zero means the value in brackets.
type JournalBound = store.Bound

// Observation is one call as Options.Observe is told of it: when it came and was answered, which sandbox, gateway and
// operation it belonged to, and how it ended. It can hold what clients wrote: who shows it masks secrets.
type Observation = dataplane.Observation

// Emulator is a data plane, a broker and a control plane over one world. It is safe for concurrent use.
type Emulator struct {
	options Options
	world   *world.World
	data    *dataplane.Plane
	broker  *broker.Broker
	pusher  *push.Pusher
	scorer  *scorer.Scorer
	handler *echo.Echo
	running running
	own     store.Shared // the store that New opened; nil for one that need not be closed
}

// Off in the place of an address means that nothing listens.
const Off = "off"

// apis are those that have code: one line each.
func (e *Emulator) apis() []api.API {
	return []api.API{
		aicontent.New(),
		appstream.New(),
		ccmessaging.New(e.pusher.Wake),
		deepvision.New(storageFor),
		onsmqtt.New(onsmqtt.Clients{Online: e.broker.Online, Send: e.broker.Send, Close: e.broker.CutClient}),
		oss.New(),
	}
}

// storageFor is where objects are stored for who called by that scheme and host.
func storageFor(scheme, host string) (public, internal string) {
	name := host
	if withoutPort, _, err := net.SplitHostPort(host); err == nil {
		name = withoutPort
	}
	return gatewayoss.EndpointsFor(scheme, host, slices.Contains(gateways.Hosts(), name))
}

// New puts an emulator together. It answers through Handler at once, and on addresses after Start. The error tells of
// Specs that cannot be loaded, of a store that does not answer, or of public addresses that are none.
func New(ctx context.Context, o Options) (*Emulator, error) { return newWith(ctx, o) }

// newWith puts an emulator together that has the code of further APIs.
func newWith(ctx context.Context, o Options, further ...api.API) (*Emulator, error) {
	o = o.withDefaults()
	if err := o.Public.Validate(); err != nil {
		return nil, fmt.Errorf("the public addresses: %w", err)
	}
	known, err := o.load()
	if err != nil {
		return nil, err
	}
	def, err := o.defaultSandbox()
	if err != nil {
		return nil, err
	}
	e := &Emulator{}
	if o.Store == nil {
		if o.Store, e.own, err = openStore(ctx, o.StoreURL); err != nil {
			return nil, err
		}
	}
	e.options = o
	if err := e.build(ctx, known, def, further); err != nil {
		return nil, errors.Join(err, e.closeStore())
	}
	return e, nil
}

// build makes the parts over the store.
func (e *Emulator) build(ctx context.Context, known knowledge, def sandbox.Definition, further []api.API) (err error) {
	o := &e.options
	e.world, err = world.New(ctx, world.Options{
		Store: o.Store, Catalogue: known.catalogue, Library: known.library, Defaults: known.defaults, Default: def,
		Gateways: gateways.New(known.catalogue, fabric.TokenCheck{
			Header: ccmessaging.TokenHeader, Claims: ccmessaging.TokenClaims, Check: ccmessaging.CheckToken,
		}),
		Schemes: gateways.Schemes(),
		RealNow: o.RealNow, Chance: o.Chance, Journal: o.Journal, Sandboxes: o.Sandboxes, Log: o.Log,
		PushHosts: o.PushHosts,
	})
	if err != nil {
		return err
	}
	e.pusher = push.New(push.Options{
		World: e.world, Hosts: o.PushHosts, Source: messages{}, After: o.After, Log: o.Log,
	})
	if e.broker, err = e.newBroker(); err != nil {
		return err
	}
	e.data, err = dataplane.New(dataplane.Options{
		World: e.world, APIs: append(e.apis(), further...), After: o.After,
		WriteTimeout: cmp.Or(o.Limits.Write, listen.MaxWriteTime),
		Violation:    o.Violation, Observe: o.Observe, Steps: o.Steps, Log: o.Log,
	})
	if err != nil {
		return err
	}
	if e.scorer, err = e.newScorer(); err != nil {
		return err
	}
	e.handler = e.data.Handler()
	e.handler.Pre(e.serveSockets)
	return nil
}

// newScorer returns what takes the sockets of the data plane, whose warrants are those of aicontent.
func (e *Emulator) newScorer() (*scorer.Scorer, error) {
	o := &e.options
	made := scorer.Options{World: e.world, After: o.After, Log: o.Log, Warrants: scorer.Warrants{
		Find: func(ctx context.Context, turn *sandbox.Turn, id string) (scorer.Warrant, bool, error) {
			found, known, err := aicontent.FindWarrant(ctx, turn, id)
			return scorer.Warrant{Claims: found.Claims(), AppID: found.AppID, UserID: found.UserID}, known, err
		},
		GoodSig: aicontent.GoodSig,
	}}
	if o.Observe != nil {
		made.Observe = func(ctx context.Context, seen scorer.Observation) {
			e.data.ObserveEntry(ctx, seen.Request, seen.Entry, seen.Operation)
		}
	}
	return scorer.New(made)
}

// serveSockets takes the requests of the data plane that ask for a WebSocket.
func (e *Emulator) serveSockets(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !scorer.Wants(c.Request()) {
			return next(c)
		}
		e.scorer.ServeHTTP(c.Response().Writer, c.Request())
		return nil
	}
}

// messages are what ccmessaging pushes.
type messages struct{}

// Take returns the messages that are due.
func (messages) Take(
	ctx context.Context, box *sandbox.Sandbox, now time.Time,
) (due []push.Parcel, next time.Time, err error) {
	taken, next, err := ccmessaging.TakePushes(ctx, box, now)
	for _, out := range taken {
		due = append(due, push.Parcel{
			ID: out.ID, Gateway: fabric.Name, API: ccmessaging.Name, URL: out.URL, Header: out.Header, Body: out.Body,
			Accepted: ccmessaging.PushAccepted,
		})
	}
	return due, next, err
}

// newBroker returns the broker, whose tokens are those of onsmqtt. It listens nowhere yet.
func (e *Emulator) newBroker() (*broker.Broker, error) {
	o := &e.options
	made := broker.Options{
		World: e.world, BadToken: broker.BadToken(o.MQTTBadToken), HidePayloads: o.MQTTHidePayloads,
		Network: o.Network, After: o.After, Log: o.Log, Tokens: broker.Tokens{
			Issued: onsmqtt.Issued,
			GrantOf: func(ctx context.Context, space store.Space, claims token.Claims) (broker.Grant, error) {
				grant, err := onsmqtt.GrantOf(ctx, space, claims)
				return broker.Grant(grant), err
			},
		},
	}
	if o.Observe != nil {
		made.Observe = func(ctx context.Context, seen broker.Observation) {
			e.data.ObserveEntry(ctx, seen.Request, seen.Entry, seen.Operation)
		}
	}
	return broker.New(made)
}

// Handler is the data plane: all emulated APIs, without a path prefix. It can be served without Start, by any server.
func (e *Emulator) Handler() http.Handler { return e.handler }

// World is what the planes steer: sandboxes, clocks, tokens and playing scenarios. Its type is internal: other modules
// steer an emulator over its control plane, with testkit/client.
func (e *Emulator) World() *world.World { return e.world }

// Broker is where MQTT clients use their tokens. Its type is internal, as that of World is.
func (e *Emulator) Broker() *broker.Broker { return e.broker }

// Send answers a request that people send from the console: see dataplane.Plane. Its type is internal, like World.
func (e *Emulator) Send(ctx context.Context, req *wire.Request) (sandbox, id string) {
	return e.data.Send(ctx, req)
}

// Identifier tells what a token or key is that somebody found. Its type is internal, like World.
func (e *Emulator) Identifier() *identify.Identifier { return identify.New(e.world, e.apis()...) }

// InFlight is how many requests of the data plane are being answered.
func (e *Emulator) InFlight() int64 { return e.data.InFlight() }

// knowledge is what an emulator is told by specs and scenarios. It never changes, and emulators can share it.
type knowledge struct {
	catalogue *contract.Catalogue
	library   *scenario.Library
	defaults  *play.Defaults
}

// builtin is what the specs and scenarios say that ship, read once for the whole process: tests start many emulators.
var builtin = sync.OnceValues(func() (knowledge, error) {
	catalogue, err := contract.Builtin()
	if err != nil {
		return knowledge{}, err
	}
	return newKnown(catalogue)
})

// newKnown adds the scenarios, those that ship and those that the specs give.
func newKnown(catalogue *contract.Catalogue) (knowledge, error) {
	library, err := scenario.NewLibrary(catalogue, scenarios.Files, language.NewDecoder(catalogue))
	if err != nil {
		return knowledge{}, err
	}
	defaults, err := world.DefaultScenarios(library)
	return knowledge{catalogue, library, defaults}, err
}

// load reads the specs and the scenarios.
func (o Options) load() (knowledge, error) {
	if len(o.Specs) == 0 {
		return builtin()
	}
	catalogue, err := contract.Load(append([]fs.FS{openapi.Files}, o.Specs...)...)
	if err != nil {
		return knowledge{}, err
	}
	return newKnown(catalogue)
}

func (o Options) withDefaults() Options {
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
	if o.Network == nil {
		o.Network = new(net.ListenConfig)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

func (o Options) defaultSandbox() (sandbox.Definition, error) {
	var def sandbox.Definition
	raw, err := fixtures.Default()
	if err != nil {
		return def, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&def); err != nil {
		return def, fmt.Errorf("fixtures/default.yaml: %w", err)
	}
	if o.Seed != 0 {
		def.Seed = o.Seed
	}
	if o.SignatureTime != "" {
		def.SignatureTime = sandbox.SignatureTime(o.SignatureTime)
	}
	return def, nil
}
