package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// watchInterval is how often scenario files are read again. Unlike notifications of the operating system, reading works
// for every way to save a file, and across the mounts of containers.
const watchInterval = 500 * time.Millisecond

// watchedFile is a file whose scenario plays in the default sandbox.
type watchedFile struct {
	file string
	// lastRead is the text that was read last, valid or not, or the error of reading it; wasRead, whether there is one.
	lastRead string
	wasRead  bool
	// name is the name of the last valid scenario, which is playing.
	name string
	// once says that it cannot be read again: a pipe.
	once bool
}

// playGiven plays scenarios of files and known ones by their names. It returns the files, which can change. What cannot
// be played is a usageError.
func playGiven(ctx context.Context, steered *world.World, log *slog.Logger, given []string) ([]*watchedFile, error) {
	var all []*watchedFile
	for _, file := range given {
		if !isFile(file) {
			if err := playKnown(ctx, steered, file); err != nil {
				return nil, err
			}
			continue
		}
		info, err := os.Stat(file)
		w := &watchedFile{file: file, once: err == nil && !info.Mode().IsRegular()}
		if err := w.load(ctx, steered); err != nil {
			return nil, usagef("--scenario: %v", err)
		}
		w.advise(steered, log)
		all = append(all, w)
	}
	return all, nil
}

// playKnown plays the scenario of that name.
func playKnown(ctx context.Context, steered *world.World, name string) error {
	known, ok := steered.Library().Get(name)
	if ok {
		_, err := steered.PlayPermanent(ctx, known.Source, "")
		return err
	}
	if meant := steered.Library().Suggest(name); meant != "" {
		return usagef("--scenario: no file and no scenario is named %q, did you mean %q?", name, meant)
	}
	return usagef("--scenario: no file and no scenario is named %q; see: tokenstage scenarios", name)
}

// watch reloads files when they change, until ctx ends.
func watch(ctx context.Context, steered *world.World, log *slog.Logger, files []*watchedFile) {
	if len(files) == 0 {
		<-ctx.Done()
		return
	}
	_ = tick(ctx, watchInterval, func() error {
		for _, w := range files {
			if !w.once {
				w.reload(ctx, steered, log)
			}
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
		w.advise(steered, log)
	default:
		const keeps = "scenario not reloaded, the last good one keeps playing"
		bad, ok := errors.AsType[*badScenario](err)
		if !ok {
			log.Warn(keeps, "file", w.file, "error", err)
			return
		}
		for _, problem := range bad.listed() {
			log.Warn(keeps, "scenario", w.name, "problem", problem.String())
		}
	}
}

// advise logs what of the file that plays can never happen, and other advice.
func (w *watchedFile) advise(steered *world.World, log *slog.Logger) {
	problems, advice := language.Check([]byte(w.lastRead), steered.Catalogue(), steered.RealNow())
	for _, p := range (&badScenario{w.file, append(problems, advice...)}).listed() {
		log.Warn("scenario plays, with advice", "scenario", w.name, "advice", p.String())
	}
}

// load plays the document of the file if it differs from the last one. After an error the last valid one keeps playing.
func (w *watchedFile) load(ctx context.Context, steered *world.World) error {
	raw, err := readDocument(w.file)
	if err != nil {
		w.lastRead, w.wasRead = err.Error(), true
		return err
	}
	if w.wasRead && string(raw) == w.lastRead {
		return nil
	}
	w.lastRead, w.wasRead = string(raw), true
	name, err := steered.PlayPermanent(ctx, w.lastRead, w.name)
	if problems, ok := errors.AsType[scenario.Problems](err); ok {
		return &badScenario{w.file, problems}
	}
	if err == nil {
		w.name = name
	}
	return err
}
