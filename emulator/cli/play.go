package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// playCommand plays a scenario.
type playCommand struct {
	sandboxFlags
	What string `arg:"" name:"name|file" help:"Name of a known scenario, or a file with a scenario of your own."`
}

// Help gives the examples.
func (playCommand) Help() string {
	return examples(
		"tokenstage play mqtt-throttled-then-fine", "a scenario that ships with Tokenstage",
		"tokenstage play error/onsmqtt.ApplyToken/ApplyTokenOverFlow", "a documented error, for every call",
		"tokenstage play ./mine.yaml --sandbox checkout-7", "a scenario of your own, in another sandbox",
	)
}

// Run plays the scenario. It replaces a playing one of the same name.
func (p *playCommand) Run(ctx context.Context, env Env) error {
	what := playable{name: p.What}
	if isFile(p.What) {
		var err error
		if what.name, what.source, err = readScenario(p.What); err != nil {
			return err
		}
	}
	if err := what.play(ctx, p.client(), p.Sandbox); err != nil {
		return p.failure(err, "scenarios list")
	}
	printf(env.Stdout, "%s is playing in the sandbox %s\n", printable(what.name), p.Sandbox)
	return nil
}

// isFile tells the name of a file from that of a scenario. A name with the extension of a document is always that of a
// file, so that the error message is about the file if there is none.
func isFile(what string) bool {
	if slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(what)) {
		return true
	}
	info, err := os.Stat(what)
	return err == nil && info.Mode().IsRegular()
}

// maxScenario is how much of a file is read, more than the longest document that is accepted.
const maxScenario = 1 << 20

// readFile reads at most maxScenario bytes, since a mistyped name may be that of a huge file.
func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no such file: %s", name)
	}
	if err != nil {
		return nil, err // the error names the file
	}
	defer func() { _ = file.Close() }()
	var text bytes.Buffer
	_, err = text.ReadFrom(io.LimitReader(file, maxScenario))
	return text.Bytes(), err
}

// stopCommand stops a scenario.
type stopCommand struct {
	sandboxFlags
	Name string `arg:"" help:"Name of a scenario that is playing."`
}

// Help gives the examples.
func (stopCommand) Help() string {
	return examples(
		"tokenstage stop mqtt-throttled-then-fine", "normal answers again",
		"tokenstage stop magic-values", "scenarios that play by default can be stopped too",
	)
}

// Run stops the scenario.
func (s *stopCommand) Run(ctx context.Context, env Env) error {
	if err := s.client().StopScenario(ctx, s.Sandbox, s.Name); err != nil {
		return s.failed(ctx, err)
	}
	printf(env.Stdout, "%s stopped playing in the sandbox %s\n", printable(s.Name), s.Sandbox)
	return nil
}

// failed adds the names of the playing scenarios if the one to be stopped is not playing.
func (s *stopCommand) failed(ctx context.Context, err error) error {
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || p.Status != http.StatusNotFound {
		return s.failure(err, "sandbox list")
	}
	playing, unknown := s.client().Playing(ctx, s.Sandbox)
	if unknown != nil {
		return s.failure(unknown, "sandbox list")
	}
	names := make([]string, len(playing))
	for i, each := range playing {
		names[i] = printable(each.Name)
	}
	return fmt.Errorf("%s; playing in the sandbox %s: %s", p.Detail, s.Sandbox, cmp.Or(strings.Join(names, ", "), "none"))
}
