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
	"syscall"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// playCommand plays a scenario.
type playCommand struct {
	sandboxFlags
	jsonFlag
	What string `arg:"" name:"name|file" predictor:"scenario" help:"Known scenario, or file with one of your own."`
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
		warn(env, p.What, what.source)
	}
	if err := what.play(ctx, p.client(), p.Sandbox); err != nil {
		return p.failure(err, "scenarios list")
	}
	if p.JSON {
		return p.writeStatus(ctx, env, what.name)
	}
	printf(env.Stdout, "%s is playing in the sandbox %s\n", printable(what.name), p.Sandbox)
	return nil
}

// writeStatus prints how far the scenario is, as the control API lists it.
func (p *playCommand) writeStatus(ctx context.Context, env Env, name string) error {
	playing, err := p.client().Playing(ctx, p.Sandbox)
	if err != nil {
		return p.failure(err, "sandbox list")
	}
	i := slices.IndexFunc(playing, func(each client.Playing) bool { return each.Name == name })
	if i < 0 {
		return fmt.Errorf("%s was stopped by somebody else as soon as it played", printable(name))
	}
	return writeJSON(env.Stdout, playing[i].Status)
}

// isFile tells the name of a file from that of a scenario. A name with the extension of a document is always that of a
// file, so that the error message is about the file if there is none.
func isFile(what string) bool {
	if slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(what)) {
		return true
	}
	info, err := os.Stat(what)
	return err == nil && !info.IsDir() // a pipe is as good as a file
}

// maxScenario is how much of a file is read, more than the longest document that is accepted.
const maxScenario = 1 << 20

// pipeTime is how long a pipe in place of a file may take to be written.
const pipeTime = 2 * time.Second

// readFile reads at most maxScenario bytes, since a mistyped name may be that of a huge file. What is no file may be a
// pipe, such as bash's <(command), which must bring its text soon; a pipe that nobody writes to is empty.
func readFile(name string) ([]byte, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no such file: %s", name)
	}
	if err != nil {
		return nil, err // the error names the file
	}
	defer func() { _ = file.Close() }()
	_ = file.SetReadDeadline(time.Now().Add(pipeTime)) // files have no deadline, and need none
	var text bytes.Buffer
	_, err = text.ReadFrom(io.LimitReader(file, maxScenario))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, fmt.Errorf("%s is a pipe that brought no whole text within %s", name, pipeTime)
	}
	return text.Bytes(), err
}

// stopCommand stops a scenario, or all of them.
type stopCommand struct {
	sandboxFlags
	jsonFlag
	Name string `arg:"" optional:"" predictor:"scenario" help:"Name of a scenario that is playing."`
	All  bool   `help:"Stop every scenario that was played; what plays by default goes on."`
}

// Help gives the examples.
func (stopCommand) Help() string {
	return examples(
		"tokenstage stop mqtt-throttled-then-fine", "normal answers again",
		"tokenstage stop --all", "whatever was played",
		"tokenstage stop magic-values", "scenarios that play by default can be stopped too",
	)
}

// Run stops the scenario, or all of them.
func (s *stopCommand) Run(ctx context.Context, env Env) error {
	names := []string{s.Name}
	switch {
	case s.All && s.Name != "":
		return usagef("--all cannot be used with the name of a scenario")
	case !s.All && s.Name == "":
		return usagef("name a scenario that is playing, or give --all")
	case s.All:
		playing, err := s.client().Playing(ctx, s.Sandbox)
		if err != nil {
			return s.failure(err, "sandbox list")
		}
		names = played(playing)
	}
	var said []string
	for _, name := range names {
		if err := s.client().StopScenario(ctx, s.Sandbox, name); err != nil && (!s.All || notFound(err) == nil) {
			return s.failed(ctx, err)
		}
		said = append(said, printable(name)+" stopped playing in the sandbox "+s.Sandbox)
	}
	if len(names) == 0 {
		said = append(said, "nothing was playing in the sandbox "+s.Sandbox+" but what plays by default")
	}
	return s.done(env, strings.Join(said, "\n"), map[string][]string{"stopped": names})
}

// played returns the names of the scenarios that somebody played, without those that play by default.
func played(playing []client.Playing) []string {
	names := []string{}
	for _, each := range playing {
		if !each.Default {
			names = append(names, each.Name)
		}
	}
	return names
}

// notFound returns what the control plane said if it does not know what was named, and nil for any other error.
func notFound(err error) *client.Problem {
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Status == http.StatusNotFound {
		return p
	}
	return nil
}

// failed adds the names of the playing scenarios if the one to be stopped is not playing.
func (s *stopCommand) failed(ctx context.Context, err error) error {
	p := notFound(err)
	if p == nil {
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
