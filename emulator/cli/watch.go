package cli

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// watchInterval is how often files with scenarios are looked at. Looking needs no service of the operating system and
// works for every way to save a file, also across the mounts of containers, where such services are silent.
const watchInterval = 500 * time.Millisecond

// watched is a file whose scenario plays in the default sandbox.
type watched struct {
	file string
	// seen is what was read last, good or not, or why it could not be.
	seen string
	// name is that under which the last good document plays.
	name string
}

// playFiles plays the scenarios of files. The first one that is not good is a usageError.
func playFiles(ctx context.Context, em *emulator.Emulator, files []string) ([]*watched, error) {
	var all []*watched
	for _, file := range files {
		w := &watched{file: file}
		if err := w.look(ctx, em); err != nil {
			return nil, usagef("--scenario: %v", err)
		}
		all = append(all, w)
	}
	return all, nil
}

// watch plays files anew when they change, until ctx ends.
func watch(ctx context.Context, em *emulator.Emulator, log *slog.Logger, files []*watched) {
	if len(files) == 0 {
		<-ctx.Done()
		return
	}
	_ = tick(ctx, watchInterval, func() error {
		for _, w := range files {
			w.reload(ctx, em, log)
		}
		return nil
	})
}

// reload says what became of a change.
func (w *watched) reload(ctx context.Context, em *emulator.Emulator, log *slog.Logger) {
	before := w.seen
	err := w.look(ctx, em)
	switch {
	case w.seen == before || ctx.Err() != nil:
	case err == nil:
		log.Info("scenario reloaded", "file", w.file, "scenario", w.name)
	default:
		const keeps = "scenario not reloaded, the last good one keeps playing"
		bad, ok := errors.AsType[*badScenario](err)
		if !ok {
			log.Warn(keeps, "file", w.file, "error", err)
			return
		}
		for _, line := range bad.lines() {
			log.Warn(keeps, "scenario", w.name, "problem", line)
		}
	}
}

// look plays the file's document if it is another one than before. After an error the last good one plays on.
func (w *watched) look(ctx context.Context, em *emulator.Emulator) error {
	raw, err := readFile(w.file)
	if err != nil {
		w.seen = err.Error()
		return err
	}
	if string(raw) == w.seen {
		return nil
	}
	w.seen = string(raw)
	name, err := em.PlayStanding(ctx, w.seen, w.name)
	if problems, ok := errors.AsType[scenario.Problems](err); ok {
		return &badScenario{w.file, problems}
	}
	if err == nil {
		w.name = name
	}
	return err
}
