package cli

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// watchInterval is how often scenario files are read again. Unlike notifications of the operating system, reading works
// for every way to save a file, and across the mounts of containers.
const watchInterval = 500 * time.Millisecond

// watchedFile is a file whose scenario plays in the default sandbox.
type watchedFile struct {
	file string
	// lastRead is the text that was read last, valid or not, or the error of reading it.
	lastRead string
	// name is the name of the last valid scenario, which is playing.
	name string
}

// playFiles plays the scenarios of files. An invalid one is a usageError.
func playFiles(ctx context.Context, steered *world.World, files []string) ([]*watchedFile, error) {
	var all []*watchedFile
	for _, file := range files {
		w := &watchedFile{file: file}
		if err := w.load(ctx, steered); err != nil {
			return nil, usagef("--scenario: %v", err)
		}
		all = append(all, w)
	}
	return all, nil
}

// watch reloads files when they change, until ctx ends.
func watch(ctx context.Context, steered *world.World, log *slog.Logger, files []*watchedFile) {
	if len(files) == 0 {
		<-ctx.Done()
		return
	}
	_ = tick(ctx, watchInterval, func() error {
		for _, w := range files {
			w.reload(ctx, steered, log)
		}
		return nil
	})
}

// reload plays a file again if it changed, and logs the result.
func (w *watchedFile) reload(ctx context.Context, steered *world.World, log *slog.Logger) {
	before := w.lastRead
	err := w.load(ctx, steered)
	switch {
	case w.lastRead == before || ctx.Err() != nil:
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

// load plays the document of the file if it differs from the last one. After an error the last valid one keeps playing.
func (w *watchedFile) load(ctx context.Context, steered *world.World) error {
	raw, err := readFile(w.file)
	if err != nil {
		w.lastRead = err.Error()
		return err
	}
	if string(raw) == w.lastRead {
		return nil
	}
	w.lastRead = string(raw)
	name, err := steered.PlayPermanent(ctx, w.lastRead, w.name)
	if problems, ok := errors.AsType[scenario.Problems](err); ok {
		return &badScenario{w.file, problems}
	}
	if err == nil {
		w.name = name
	}
	return err
}
