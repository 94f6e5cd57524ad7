package emulator

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/emulator/internal/mcptools"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// loopback takes a free port that only this machine reaches.
const loopback = "127.0.0.1:0"

// sweepInterval is how often sandboxes are removed that were unused for longer than their ttl.
const sweepInterval = time.Minute

// running is what Start began and Close ends.
type running struct {
	data, control, tls, mqttWS *listen.Server
	mqtt, mqtts                string // where the broker listens, as host:port
	ca                         *authority.CA
	stop                       context.CancelFunc // ends what runs in the background
	background                 sync.WaitGroup
}

// ListenError says which of the addresses could not be listened on.
type ListenError struct {
	// Option is the name of the option: "Addr", "ControlAddr", "TLSAddr", "MQTTAddr", "MQTTWSAddr" or "MQTTSAddr".
	Option string
	// Err is what the operating system said.
	Err error
}

// Error names the option and the reason.
func (e *ListenError) Error() string { return e.Option + ": " + e.Err.Error() }

// Unwrap is the reason.
func (e *ListenError) Unwrap() error { return e.Err }

// Start listens on the addresses of the options. It is ready when Start returns, and goes on until Close; ctx is for
// the start alone. With an error, which can be a *ListenError, nothing is left listening. It is called once.
func (e *Emulator) Start(ctx context.Context) error {
	if err := e.open(ctx); err != nil {
		return errors.Join(err, e.Close(ctx))
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.running.stop = stop
	e.running.background.Go(func() { e.sweep(background) })
	e.running.background.Go(func() { e.world.Supervise(background) })
	return nil
}

func (e *Emulator) open(ctx context.Context) error {
	o, r := &e.options, &e.running
	if err := e.fitFiles(); err != nil {
		return err
	}
	var err error
	r.data, err = listen.Open(ctx, listen.Options{
		Addr: cmp.Or(o.Addr, loopback), Handler: e.handler, Log: o.Log, Limits: o.Limits, Network: o.Network,
		Refused: e.data.Refused, PlainHint: gateways.PlainHTTP(),
	})
	if err != nil {
		return &ListenError{"Addr", err}
	}
	issuer, err := e.newIssuer()
	if err != nil {
		return err
	}
	if err := e.openTLS(ctx, issuer); err != nil {
		return err
	}
	if err := e.openBroker(ctx, issuer); err != nil {
		return err
	}
	r.control, err = listen.Open(ctx, listen.Options{
		Addr: cmp.Or(o.ControlAddr, loopback), Handler: e.controlPlane(), Log: o.Log, Limits: o.Limits,
		Network: o.Network, Yield: true,
	})
	if err != nil {
		return &ListenError{"ControlAddr", err}
	}
	return nil
}

// fitFiles shares the files that this process may have open among the listeners: each connection is one. The broker
// takes what the others leave, and counts as one of them where that is little.
func (e *Emulator) fitFiles() error {
	o := &e.options
	listeners, broking := 2, o.MQTTAddr != Off || o.MQTTSAddr != ""
	for _, addr := range []string{o.TLSAddr, o.MQTTWSAddr} {
		if addr != "" {
			listeners++
		}
	}
	const fewClients = 64
	clients := o.Limits.Spare(listeners)
	shares := broking && clients < fewClients
	if shares {
		listeners++
	}
	var err error
	if o.Limits, err = o.Limits.Fit(listeners, o.Log); shares {
		clients = o.Limits.Connections
	}
	e.broker.LimitClients(clients)
	return err
}

// newIssuer returns what issues the certificates; nil where nothing listens for TLS.
func (e *Emulator) newIssuer() (*authority.Authority, error) {
	o, r := &e.options, &e.running
	if o.TLSAddr == "" && o.MQTTSAddr == "" {
		return nil, nil //nolint:nilnil // nobody asks for a certificate
	}
	now := time.Now //nolint:forbidigo // clients judge certificates by real time
	r.ca = o.CA
	var err error
	if r.ca == nil {
		if r.ca, err = authority.NewCA(now(), gateways.CAHosts()); err != nil {
			return nil, err
		}
	}
	return authority.New(authority.Options{
		CA: r.ca, Now: now, Log: o.Log, Hosts: gateways.Hosts(), Domains: gateways.Domains(),
		Patterns: gateways.HostPatterns(),
	})
}

func (e *Emulator) openTLS(ctx context.Context, issuer *authority.Authority) error {
	o, r := &e.options, &e.running
	if o.TLSAddr == "" {
		return nil
	}
	var err error
	r.tls, err = listen.Open(ctx, listen.Options{
		Addr: o.TLSAddr, Handler: e.handler, Log: o.Log, Limits: o.Limits, Network: o.Network, TLS: issuer.TLSConfig(),
		Refused: e.data.Refused,
	})
	if err != nil {
		return &ListenError{"TLSAddr", err}
	}
	o.Log.Info("serving TLS", "address", r.tls.Addr(), "ca", r.ca.Name())
	return nil
}

// openBroker listens for clients of MQTT.
func (e *Emulator) openBroker(ctx context.Context, issuer *authority.Authority) error {
	o, r := &e.options, &e.running
	if o.MQTTAddr != Off {
		at, err := e.listenMQTT(ctx)
		if err != nil {
			return &ListenError{"MQTTAddr", err}
		}
		r.mqtt = listen.Reachable(at.String())
	}
	if o.MQTTSAddr != "" {
		secure := issuer.TLSConfig()
		secure.NextProtos = nil // those of HTTP would refuse clients that ask for mqtt
		at, err := e.broker.Listen(ctx, o.MQTTSAddr, secure)
		if err != nil {
			return &ListenError{"MQTTSAddr", err}
		}
		r.mqtts = listen.Reachable(at.String())
	}
	if o.MQTTWSAddr == "" {
		return nil
	}
	var err error
	r.mqttWS, err = listen.Open(ctx, listen.Options{
		Addr: o.MQTTWSAddr, Handler: e.broker.WebSocket(), Log: o.Log, Limits: o.Limits, Network: o.Network,
	})
	if err != nil {
		return &ListenError{"MQTTWSAddr", err}
	}
	return nil
}

// listenMQTT listens where it is told to, else at the preferred address, else at a free port.
func (e *Emulator) listenMQTT(ctx context.Context) (net.Addr, error) {
	o := &e.options
	if o.MQTTAddr == "" && o.MQTTPreferred != "" {
		at, err := e.broker.Listen(ctx, o.MQTTPreferred, nil)
		if err == nil {
			return at, nil
		}
		o.Log.Debug("the broker takes a free port instead of its usual one", "reason", err)
	}
	return e.broker.Listen(ctx, cmp.Or(o.MQTTAddr, loopback), nil)
}

// controlPlane is the control API with the console mounted on it.
func (e *Emulator) controlPlane() http.Handler {
	o := &e.options
	return control.New(control.Options{
		World: e.world, Broker: e.broker, Data: e.shownData(), TLS: e.shownTLS(), Endpoints: e.endpoints(), CA: e.CA(),
		Token:    o.ControlToken,
		Loopback: listen.IsLoopback(cmp.Or(o.ControlAddr, loopback)), Metrics: o.Metrics, Log: o.Log,
		Tools:       func(plane http.Handler) http.Handler { return agentTools(plane, o.ControlToken) },
		ConsoleRoot: console.Root,
		Console: func(routes *echo.Echo) {
			console.Register(routes, console.Options{
				World: e.world, Broker: e.broker, MQTT: e.shownMQTT(), Data: e.shownData(), TLS: e.shownTLS(),
				Token: o.ControlToken, Log: o.Log, Send: e.Send, Identify: e.Identifier(),
			})
		},
	})
}

// agentTools serves agents, with the control plane as it is called from within.
func agentTools(plane http.Handler, token string) http.Handler {
	return mcptools.Handler(mcptools.Options{Client: client.New("http://localhost", client.WithToken(token),
		client.WithHTTPClient(&http.Client{Transport: mcptools.Within(plane)}))})
}

// sweep removes expired sandboxes until ctx ends.
func (e *Emulator) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		removed, err := e.world.Sandboxes().Sweep(ctx)
		for _, id := range removed {
			e.options.Log.Info("sandbox removed: it was unused for its ttl", "sandbox", id)
		}
		if err != nil {
			e.options.Log.Error("expired sandboxes were not removed", "error", err)
		}
	}
}

// Addr is where this machine reaches the data plane, as host:port; empty before Start.
func (e *Emulator) Addr() string { return addrOf(e.running.data) }

// ControlAddr is where this machine reaches the control plane, as host:port; empty before Start.
func (e *Emulator) ControlAddr() string { return addrOf(e.running.control) }

// TLSAddr is where this machine reaches the data plane over HTTPS, as host:port; empty where that is off.
func (e *Emulator) TLSAddr() string { return addrOf(e.running.tls) }

// MQTTAddr is where this machine reaches the broker, as host:port; empty where it is off.
func (e *Emulator) MQTTAddr() string { return e.running.mqtt }

// MQTTWSAddr is where it reaches the broker over WebSocket.
func (e *Emulator) MQTTWSAddr() string { return addrOf(e.running.mqttWS) }

// MQTTSAddr is where it reaches the broker over TLS.
func (e *Emulator) MQTTSAddr() string { return e.running.mqtts }

func addrOf(server *listen.Server) string {
	if server == nil {
		return ""
	}
	return listen.Reachable(server.Addr())
}

// CA is the certificate that clients of TLSAddr have to trust, in PEM; nil where HTTPS is off.
func (e *Emulator) CA() []byte {
	if e.running.ca == nil {
		return nil
	}
	return e.running.ca.PEM()
}

// Stop ends scripted delays, stalls and streams at once, so that a server over Handler can close without waiting for
// them. Calls that come later are answered without delays.
func (e *Emulator) Stop() {
	e.data.Stop()
	e.world.EndWatches()
}

// Close stops listening. Scripted delays and stalls end at once; calls in flight may finish until ctx ends, and are cut
// off then, which the log tells. Nothing that Start began goes on when it returns.
func (e *Emulator) Close(ctx context.Context) error {
	e.Stop() // they would keep their calls in flight
	r := &e.running
	e.broker.Close()
	e.pusher.Close()
	e.scorer.Close()
	var closing sync.WaitGroup
	for _, server := range []*listen.Server{r.data, r.tls, r.control, r.mqttWS} {
		if server == nil {
			continue
		}
		closing.Go(func() {
			if err := server.Close(ctx); err != nil {
				e.options.Log.Warn("calls in flight were cut off", "address", server.Addr(), "error", err)
			}
		})
	}
	closing.Wait()
	if r.stop != nil {
		r.stop()
	}
	r.background.Wait()
	return e.closeStore()
}
