package cli

import (
	"context"
	"log/slog"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
)

// telemetryFlags are the flags of serve about the access log. Traces are configured by the environment variables of
// OpenTelemetry.
type telemetryFlags struct {
	AccessLog string `enum:"auto,text,json,off" default:"auto" help:"Log each call. auto: like --log, only on terminals."`
}

// flushLimit is how long sending the last traces may take. With stopLimit it stays below the two seconds within which
// the server ends.
const flushLimit = 300 * time.Millisecond

// observe sets up access log, metrics and traces. Invalid settings of OpenTelemetry only switch traces off: they are
// shared by all programs of an environment.
func (f telemetryFlags) observe(
	ctx context.Context, env Env, format string, log *slog.Logger,
) (*telemetry.Telemetry, error) {
	catalogue, err := contract.Builtin()
	if err != nil {
		return nil, err
	}
	traces, err := telemetry.TracesConfigured(env.LookupEnv)
	if err != nil {
		log.Warn("traces are off", "error", err)
	}
	return telemetry.New(ctx, telemetry.Options{
		Catalogue: catalogue, AccessLog: f.handler(env, format, log), Traces: traces, Log: log,
	}), nil
}

// handler returns the handler of the access log, nil if it is off.
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

// flush sends the remaining traces. The context of the command may have ended.
func flush(ctx context.Context, log *slog.Logger, seen *telemetry.Telemetry) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushLimit)
	defer cancel()
	if err := seen.Shutdown(limited); err != nil {
		log.Warn("the last traces were not sent", "error", err)
	}
}
