package cli

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
)

// telemetryFlags are the flags of serve about what it tells of the calls. Where traces go stands in the variables that
// OpenTelemetry gives names to.
type telemetryFlags struct {
	AccessLog string `enum:"auto,text,json,off" default:"auto" help:"Log each call. auto: like --log, only on terminals."`
}

// flushLimit is how long the last traces may take to be sent once the calls are over. With stopLimit it leaves some of
// the two seconds in which the server ends.
const flushLimit = 300 * time.Millisecond

// observe sets up what watches the calls. Settings of OpenTelemetry that are no good switch traces off and end nothing:
// they are meant for all programs of an environment.
func (f telemetryFlags) observe(
	ctx context.Context, env Env, format string, log *slog.Logger,
) (*telemetry.Telemetry, error) {
	catalogue, err := contract.Builtin()
	if err != nil {
		return nil, err
	}
	export, err := telemetry.ExportFrom(env.LookupEnv)
	if err != nil {
		log.Warn("traces are off", "error", err)
	}
	return telemetry.New(ctx, telemetry.Options{
		Catalogue: catalogue, Started: time.Now(), AccessLog: f.handler(env, format, log), Export: export, Log: log,
	})
}

// handler is where the access log goes, nil when it is off.
func (f telemetryFlags) handler(env Env, format string, log *slog.Logger) slog.Handler {
	switch {
	case f.AccessLog == "auto" && !(&output{to: env.Stderr}).isTerminal():
		return nil
	case f.AccessLog == "auto", f.AccessLog == format:
		if format == "off" {
			return nil
		}
		return log.Handler()
	case f.AccessLog == "off":
		return nil
	}
	return newLog(f.AccessLog, env.Stderr).Handler()
}

// metricsOf writes the metrics of an emulator.
func metricsOf(seen *telemetry.Telemetry, em *emulator.Emulator) func(io.Writer) error {
	return func(w io.Writer) error {
		return seen.WriteMetrics(w, telemetry.Gauges{InFlight: em.InFlight(), Sandboxes: len(em.Sandboxes().List())})
	}
}

// flush sends the traces that are left. The context of the command may have ended.
func flush(ctx context.Context, log *slog.Logger, seen *telemetry.Telemetry) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushLimit)
	defer cancel()
	if err := seen.Shutdown(limited); err != nil {
		log.Warn("the last traces were not sent", "error", err)
	}
}
