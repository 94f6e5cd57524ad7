package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// stopLimit is how long calls in flight may take to finish once the server stops.
const stopLimit = 1500 * time.Millisecond

// serveCommand runs the emulator.
type serveCommand struct {
	Addr        address  `default:"127.0.0.1:4010" placeholder:"ADDR" help:"Address of the APIs; port 0 picks a free one."`
	ControlAddr address  `default:"127.0.0.1:4011" placeholder:"ADDR" help:"Address of the control plane and the console."`
	Seed        uint64   `placeholder:"N" help:"Seed of the default sandbox; 0 means the documented seed."`
	Scenario    []string `placeholder:"FILE" help:"Play this file in the default sandbox; reload it when it changes."`
	Token       string   `name:"control-token" placeholder:"T" help:"Control plane token; generated unless on loopback."`
	Log         string   `enum:"text,json,off" default:"text" help:"Log on standard error: text, json or off."`
	limitFlags
	tlsFlags
	telemetryFlags
}

// Help gives the examples.
func (serveCommand) Help() string {
	return "It stops on SIGINT and SIGTERM with exit code 0: calls in flight get " + stopLimit.String() + " to finish, " +
		"scripted delays and stalls end at once. A second signal kills it.\n\n" + examples(
		"tokenstage serve", "both planes on their default addresses",
		"tokenstage serve --scenario mine.yaml", "with a scenario that is reloaded whenever its file is saved",
		"tokenstage serve --addr 127.0.0.1:0 --control-addr 127.0.0.1:0", "on free ports, which are printed",
		"tokenstage serve --addr 0.0.0.0:4010 --control-addr 0.0.0.0:4011", "open to other machines, with a token",
		"tokenstage serve --tls-addr 127.0.0.1:4443", "over HTTPS too; see tokenstage ca for how to make clients trust it",
	)
}

// address is a flag with a host and port to listen on.
type address string

// Validate refuses what is not an address with a port.
func (a address) Validate() error {
	_, port, err := net.SplitHostPort(string(a))
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return usagef("must be HOST:PORT such as 127.0.0.1:4010, got %q", string(a))
	}
	return nil
}

// isLoopback reports whether only this machine reaches the address. A name that is not localhost may mean anything.
func (a address) isLoopback() bool {
	host, _, _ := net.SplitHostPort(string(a))
	return host == "127.0.0.1" || host == "::1" || host == "localhost"
}

// Run serves until ctx ends.
func (s *serveCommand) Run(ctx context.Context, env Env) error {
	key, err := newControlKey(s.Token, s.ControlAddr.isLoopback())
	if err != nil {
		return err
	}
	log := newLog(s.Log, env.Stderr)
	seen, err := s.observe(ctx, env, s.Log, log)
	if err != nil {
		return err
	}
	defer flush(ctx, log, seen)
	em, err := emulator.New(ctx, emulator.Options{
		Seed: s.Seed, Log: log, Observe: seen.Observe, Steps: seen.Tracing(),
	})
	if err != nil {
		return err
	}
	files, err := playFiles(ctx, em, s.Scenario)
	if err != nil {
		return err
	}
	box, err := em.Sandboxes().Get(sandbox.Default)
	if err != nil {
		return err
	}
	handler := em.Handler()
	data, err := listen(ctx, "--addr", s.Addr, handler, log, s.limits())
	if err != nil {
		return err
	}
	secure, err := s.open(ctx, env, handler, log, s.limits())
	if err != nil {
		stop(ctx, log, data)
		return err
	}
	pages := console.New(console.Options{
		Emulator: em, Data: reachable(data.Addr()), TLS: secure.addr(), Token: key.token, Log: log,
	})
	steer, err := listen(ctx, "--control-addr", s.ControlAddr, control.New(control.Options{
		Emulator: em, Data: reachable(data.Addr()), Token: key.token, Loopback: s.ControlAddr.isLoopback(), Log: log,
		Console: pages, ConsoleRoot: console.Root, Metrics: metricsOf(seen, em),
		TLS: secure.addr(), CA: secure.pem(),
	}), log, s.limits())
	if err != nil {
		stop(ctx, log, secure.with(data)...)
		return err
	}
	log.Info("serving", "data", data.Addr(), "control", steer.Addr())
	welcome{
		data: reachable(data.Addr()), control: reachable(steer.Addr()), tls: secure.addr(), key: key, box: box,
		style: styleFor(env),
	}.write(env.Stdout)
	go sweep(ctx, em, log)
	watch(ctx, em, log, files)
	em.Stop() // scripted delays and stalls would keep their calls in flight
	stop(ctx, log, secure.with(data, steer)...)
	log.Info("stopped")
	return nil
}

// listen opens the address of a flag.
func listen(
	ctx context.Context, flag string, addr address, handler http.Handler, log *slog.Logger, limits emulator.ServerLimits,
) (*emulator.Server, error) {
	server, err := emulator.ListenWithin(ctx, string(addr), handler, log, limits)
	if err != nil {
		return nil, listenError(flag, addr, err)
	}
	return server, nil
}

// listenError explains what to do if an address cannot be listened on.
func listenError(flag string, addr address, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s: %s is in use: stop what listens there, or give %s another port (0 picks a free one)",
			flag, addr, flag)
	}
	return fmt.Errorf("%s: %w", flag, err)
}

// stop closes servers, all at once and within one limit. The context of the command may have ended.
func stop(ctx context.Context, log *slog.Logger, servers ...*emulator.Server) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	var closing sync.WaitGroup
	for _, server := range servers {
		closing.Go(func() {
			if err := server.Close(limited); err != nil {
				log.Warn("calls in flight were cut off", "address", server.Addr(), "error", err)
			}
		})
	}
	closing.Wait()
}

// reachable returns the address at which this machine reaches a listener. For a listener on all interfaces that is the
// loopback address.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsUnspecified() {
		return addr
	}
	return net.JoinHostPort("127.0.0.1", port)
}

func newLog(format string, out io.Writer) *slog.Logger {
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(out, nil))
	case "off":
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(out, nil))
}
