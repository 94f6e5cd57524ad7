package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
)

// stopLimit is how long calls in flight may take to finish once the server stops.
const stopLimit = 1500 * time.Millisecond

// serveCommand runs the emulator.
type serveCommand struct {
	Addr        address  `default:"127.0.0.1:4010" placeholder:"ADDR" help:"Address of the APIs; port 0 picks a free one."`
	ControlAddr address  `default:"127.0.0.1:4011" placeholder:"ADDR" help:"Address of the control plane and the console."`
	Store       string   `default:"memory:" placeholder:"URL" help:"Where state is: memory:, or shared at redis://HOST."`
	Seed        uint64   `placeholder:"N" help:"Seed of the default sandbox; 0 means the documented seed."`
	Scenario    []string `predictor:"scenario" placeholder:"WHAT" help:"Play a file, reloaded when it changes, or a name."`
	Token       string   `name:"control-token" placeholder:"T" help:"Control plane token; generated unless on loopback."`
	EndWithIn   bool     `name:"end-with-stdin" help:"Stop when standard input ends, as with the program that starts it."`
	PushHosts   []string `placeholder:"HOST" help:"Hosts beside this machine that sandboxes may push messages to."`
	Log         string   `enum:"text,json,off" default:"text" help:"Log on standard error: text, json or off."`

	Public emulator.Public `mapsep:"," placeholder:"NAME=ADDR" help:"Addresses that clients are shown, as data=HOST:PORT."`
	signatureTimeFlag
	limitFlags
	tlsFlags
	mqttFlags
	telemetryFlags
}

// Help gives the examples.
func (serveCommand) Help() string {
	return "It stops on SIGINT and SIGTERM with exit code 0: calls in flight get " + stopLimit.String() + " to finish, " +
		"scripted delays and stalls end at once. A second signal kills it.\n\n" + examples(
		"tokenstage serve", "both planes on their default addresses",
		"tokenstage serve --scenario mine.yaml", "with a scenario that is reloaded whenever its file is saved",
		"tokenstage serve --scenario mqtt-throttled-then-fine", "with one that ships, see tokenstage scenarios",
		"tokenstage serve --addr 127.0.0.1:0 --control-addr 127.0.0.1:0", "on free ports, which are printed",
		"tokenstage serve --addr 0.0.0.0:4010 --control-addr 0.0.0.0:4011", "open to other machines, with a token",
		"tokenstage serve --end-with-stdin", "until the program ends that holds its standard input, as the testkits do",
		"tokenstage serve --mqtt-addr off", "without the broker for MQTT",
		"tokenstage serve --store redis://127.0.0.1:6379", "as one of several that share what they keep",
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

// Run serves until ctx ends.
func (s *serveCommand) Run(ctx context.Context, env Env) error {
	if s.EndWithIn {
		ctx = withInput(ctx, env.Stdin)
	}
	key, err := newControlKey(s.Token, listen.IsLoopback(string(s.ControlAddr)))
	if err != nil {
		return err
	}
	log := newLog(s.Log, env.Stderr)
	seen, err := s.observe(ctx, env, s.Log, log)
	if err != nil {
		return err
	}
	defer flush(ctx, log, seen)
	em, err := s.emulator(ctx, env, log, key, seen)
	if err != nil {
		return err
	}
	files, err := playGiven(ctx, em.World(), log, s.Scenario)
	if err != nil {
		return errors.Join(err, stop(ctx, em))
	}
	if err := em.Start(ctx); err != nil {
		return s.startError(err)
	}
	log.Info("serving", "data", em.Addr(), "control", em.ControlAddr(), "mqtt", em.MQTTAddr())
	welcome{
		data: em.Addr(), control: em.ControlAddr(), tls: em.TLSAddr(), mqtt: em.MQTTAddr(), key: key,
		box: em.World().Default(), style: styleFor(env), command: env.Command,
	}.write(env.Stdout, log)
	debug.FreeOSMemory() // nearly all that a start allocated is garbage by now
	watch(ctx, em.World(), log, files)
	err = stop(ctx, em)
	log.Info("stopped")
	return err
}

// emulator creates the emulator that the flags describe.
func (s *serveCommand) emulator(
	ctx context.Context, env Env, log *slog.Logger, key controlKey, seen *telemetry.Telemetry,
) (em *emulator.Emulator, err error) {
	ca, err := s.chooseCA(env, log, s.MQTTSAddr != "")
	if err != nil {
		return nil, err
	}
	options := emulator.Options{
		Addr: string(s.Addr), ControlAddr: string(s.ControlAddr), TLSAddr: string(s.TLSAddr), CA: ca,
		Public: s.Public, ControlToken: key.token, Limits: s.limits(), Seed: s.Seed,
		SignatureTime: s.SignatureTime, StoreURL: s.Store, PushHosts: s.PushHosts, Log: log,
		Observe: seen.Observe, Steps: seen.Tracing(),
		Metrics: seen.MetricsHandler(telemetry.Gauges{
			InFlight: func() int64 { return em.InFlight() }, Sandboxes: func() int { return em.World().Sandboxes().Known() },
		}),
	}
	s.set(&options)
	em, err = emulator.New(ctx, options)
	if failed, ok := errors.AsType[*emulator.StoreError](err); ok {
		if failed.BadURL {
			return nil, usagef("--store: %v", failed)
		}
		return nil, fmt.Errorf("--store: %w", failed)
	}
	return em, err
}

// startError names the flag of an address that cannot be listened on, and explains what to do about it.
func (s *serveCommand) startError(err error) error {
	failed, ok := errors.AsType[*emulator.ListenError](err)
	if !ok {
		return err
	}
	flag, addr := "--addr", s.Addr
	switch failed.Option {
	case "ControlAddr":
		flag, addr = "--control-addr", s.ControlAddr
	case "TLSAddr":
		flag, addr = "--tls-addr", s.TLSAddr
	case "MQTTAddr":
		flag, addr = "--mqtt-addr", address(s.MQTTAddr)
	case "MQTTWSAddr":
		flag, addr = "--mqtt-ws-addr", s.MQTTWSAddr
	case "MQTTSAddr":
		flag, addr = "--mqtts-addr", s.MQTTSAddr
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s: %s is in use: stop what listens there, or give %s another port (0 picks a free one)",
			flag, addr, flag)
	}
	if errors.Is(err, syscall.EACCES) {
		return fmt.Errorf("%s: this user may not listen at %s: take a port above 1023, or run it as root "+
			"(on Linux the system can also be told: sysctl net.ipv4.ip_unprivileged_port_start=80)", flag, addr)
	}
	return fmt.Errorf("%s: %w", flag, failed.Err)
}

// stop ends an emulator within the limit. The context of the command may have ended.
func stop(ctx context.Context, em *emulator.Emulator) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	return em.Close(limited)
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
