package emulator

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
)

// loopback takes a free port that only this machine reaches.
const loopback = "127.0.0.1:0"

// sweepInterval is how often sandboxes are removed that were unused for longer than their ttl.
const sweepInterval = time.Minute

// running is what Start began and Close ends.
type running struct {
	data, control, tls *listen.Server
	ca                 *authority.CA
	stop               context.CancelFunc // ends what runs in the background
	background         sync.WaitGroup
}

// ListenError says which of the addresses could not be listened on.
type ListenError struct {
	// Option is the name of the option: "Addr", "ControlAddr" or "TLSAddr".
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
	return nil
}

func (e *Emulator) open(ctx context.Context) error {
	o, r := &e.options, &e.running
	var err error
	r.data, err = listen.Open(ctx, listen.Options{
		Addr: cmp.Or(o.Addr, loopback), Handler: e.handler, Log: o.Log, Limits: o.Limits,
	})
	if err != nil {
		return &ListenError{"Addr", err}
	}
	if err := e.openTLS(ctx); err != nil {
		return err
	}
	r.control, err = listen.Open(ctx, listen.Options{
		Addr: cmp.Or(o.ControlAddr, loopback), Handler: e.controlPlane(), Log: o.Log, Limits: o.Limits,
	})
	if err != nil {
		return &ListenError{"ControlAddr", err}
	}
	return nil
}

func (e *Emulator) openTLS(ctx context.Context) error {
	o, r := &e.options, &e.running
	if o.TLSAddr == "" {
		return nil
	}
	now := time.Now //nolint:forbidigo // clients judge certificates by real time
	r.ca = o.CA
	var err error
	if r.ca == nil {
		if r.ca, err = authority.NewCA(now(), gateways.Hosts()); err != nil {
			return err
		}
	}
	issuer, err := authority.New(authority.Options{
		CA: r.ca, Now: now, Log: o.Log, Hosts: gateways.Hosts(), Patterns: gateways.HostPatterns(),
	})
	if err != nil {
		return err
	}
	r.tls, err = listen.Open(ctx, listen.Options{
		Addr: o.TLSAddr, Handler: e.handler, Log: o.Log, Limits: o.Limits, TLS: issuer.TLSConfig(),
	})
	if err != nil {
		return &ListenError{"TLSAddr", err}
	}
	o.Log.Info("serving TLS", "address", r.tls.Addr(), "ca", r.ca.Name())
	return nil
}

// controlPlane is the control API with the console mounted on it.
func (e *Emulator) controlPlane() http.Handler {
	o := &e.options
	return control.New(control.Options{
		World: e.world, Data: e.Addr(), TLS: e.TLSAddr(), CA: e.CA(), Token: o.ControlToken,
		Loopback: listen.IsLoopback(cmp.Or(o.ControlAddr, loopback)), Metrics: o.Metrics, Log: o.Log,
		ConsoleRoot: console.Root,
		Console: func(routes *echo.Echo) {
			console.Register(routes, console.Options{
				World: e.world, Data: e.Addr(), TLS: e.TLSAddr(), Token: o.ControlToken, Log: o.Log,
			})
		},
	})
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
	var closing sync.WaitGroup
	for _, server := range []*listen.Server{r.data, r.tls, r.control} {
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
	return nil
}
