package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	durations "github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// sandboxCommand is the group of commands about sandboxes.
type sandboxCommand struct {
	New   sandboxNewCommand   `cmd:"" help:"Create a sandbox with its own credentials, clock and journal."`
	List  sandboxListCommand  `cmd:"" help:"List the sandboxes."`
	Show  sandboxShowCommand  `cmd:"" help:"Show a sandbox with its credentials and addresses."`
	Reset sandboxResetCommand `cmd:"" help:"Reset state, clock and journal; credentials stay."`
	Rm    sandboxRmCommand    `cmd:"" help:"Remove a sandbox with all its state."`
	Save  sandboxSaveCommand  `cmd:"" help:"Write a sandbox with its state to standard output."`
	Load  sandboxLoadCommand  `cmd:"" help:"Make the sandbox that was saved in a file."`
}

type sandboxNewCommand struct {
	controlFlags
	jsonFlag
	ID     string   `name:"id" placeholder:"ID" help:"Its id: 1 to 64 of a-z, 0-9 and -. Random unless given."`
	Seed   *uint64  `placeholder:"N" help:"Seed of its random values. Random unless given."`
	Clock  timeFlag `aliases:"now" placeholder:"TIME" help:"Where the clock starts; real time unless given."`
	Frozen bool     `help:"Start with the clock stopped."`
	signatureTimeFlag
	Play  []string          `sep:"none" placeholder:"NAME" help:"Play this known scenario or that of a file; repeatable."`
	Quota map[string]string `placeholder:"OPERATION=RATE" help:"Rate limit in place of the documented one, or off."`
	TTL   durationFlag      `name:"ttl" placeholder:"D" help:"Remove it when it was unused for this long, such as 30m."`
}

// signatureTimeFlag is the rule by which a sandbox judges the times of signatures.
type signatureTimeFlag struct {
	SignatureTime string `enum:"either,clock,real,off" default:"either" help:"Time that signatures must fit: ${enum}."`
}

// durationFlag is a flag with a duration, as it was written.
type durationFlag string

// Validate refuses what is not a duration. The server decides how long it may be.
func (s durationFlag) Validate() error {
	if _, err := durations.Parse(string(s)); s != "" && err != nil {
		return usagef("must be a duration such as 30m or 12h, got %q", string(s))
	}
	return nil
}

// Help gives the examples.
func (sandboxNewCommand) Help() string {
	return examples(
		"tokenstage sandbox new", "with random id, seed and credentials",
		"tokenstage sandbox new --id checkout-7 --seed 7 --clock 2030-01-01T00:00:00Z --frozen",
		"the same answers every time",
		"tokenstage sandbox new --play mqtt-throttled-then-fine --quota onsmqtt.ApplyToken=5/s",
		"a scenario and a limit of its own",
		"tokenstage sandbox new --ttl 30m", "for a job that may be aborted",
		"tokenstage sandbox new --signature-time clock", "clients must sign with the sandbox's clock, wherever it is moved",
	)
}

// Run creates the sandbox and prints what an app needs of it.
func (n *sandboxNewCommand) Run(ctx context.Context, env Env) error {
	scenarios, err := startingScenarios(n.Play)
	if err != nil {
		return err
	}
	box, err := n.client().CreateSandbox(ctx, client.Definition{
		ID: n.ID, Seed: n.Seed, Now: time.Time(n.Clock), Frozen: n.Frozen, TTL: string(n.TTL),
		Quotas: n.Quota, Scenarios: scenarios,
		SignatureTime: client.SignatureTimeRule(n.SignatureTime),
	})
	if err != nil {
		return n.failure(err, "scenarios list")
	}
	if n.JSON {
		return writeJSON(env.Stdout, box)
	}
	if err := writeSandbox(env.Stdout, box); err != nil {
		return err
	}
	flags := "--sandbox " + box.ID + controlFlag(string(n.Control))
	printf(env.Stdout, "\nnext: eval \"$(%s env %s)\"\n", env.Command, flags)
	return nil
}

// startingScenarios returns what a sandbox starts with as the control API takes it: a name, or the document of a file.
func startingScenarios(play []string) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for _, what := range play {
		read := func(name string) ([]byte, error) { return json.Marshal(name) }
		if isFile(what) {
			read = scenarioAsJSON
		}
		raw, err := read(what)
		if err != nil {
			return nil, err
		}
		all = append(all, raw)
	}
	return all, nil
}

// scenarioAsJSON reads the scenario of a file as an object of JSON.
func scenarioAsJSON(file string) ([]byte, error) {
	_, source, err := readScenario(file)
	if err != nil {
		return nil, err
	}
	var document map[string]any
	if err := yaml.Load([]byte(source), &document); err != nil {
		return nil, err
	}
	return json.Marshal(document)
}

// writeSandbox writes a sandbox with its credentials and addresses, and what makes it differ from others.
func writeSandbox(out io.Writer, box client.Sandbox) error {
	rows := [][]string{
		{"id", box.ID},
		{"seed", strconv.FormatUint(box.Seed, 10)},
		{"clock", formatTime(box.Now) + " " + clockState(box.Frozen)},
		{"signed by", signedBy(box.SignatureTime)},
	}
	if box.TTL != "" {
		rows = append(rows, []string{"ends", "when unused for " + box.TTL})
	}
	listed, err := box.Credentials.ByGateway()
	if err != nil {
		return err
	}
	var endpoints [][]string
	for _, profile := range gateways.Profiles() {
		keys, err := listedKeys(profile, listed)
		if err != nil {
			return err
		}
		for _, key := range keys {
			rows = append(rows, []string{profile.Name(), strings.Join(key.words(), " ")})
		}
		endpoint := profile.Endpoint(dataAddress(box))
		if !strings.Contains(endpoint, "://") {
			endpoint += " (protocol http)"
		}
		endpoints = append(endpoints, []string{profile.Name() + " at", endpoint})
	}
	if box.Endpoints.TLS != "" {
		endpoints = append(endpoints, []string{"over TLS at", box.Endpoints.TLS})
	}
	table{}.write(out, slices.Concat(rows, endpoints, differences(box))...)
	return nil
}

// differences are rows about what a sandbox was given of its own: quotas, scenarios and what exists in it.
func differences(box client.Sandbox) [][]string {
	var rows [][]string
	for _, operation := range slices.Sorted(maps.Keys(box.Quotas)) {
		rows = append(rows, []string{"quota", operation + " " + box.Quotas[operation]})
	}
	for _, name := range box.Scenarios {
		rows = append(rows, []string{"plays", name})
	}
	for _, list := range []struct {
		title string
		names []string
	}{
		{"instances", box.Fixtures.Instances}, {"channels", box.Fixtures.Channels}, {"users", box.Fixtures.Users},
	} {
		if len(list.names) > 0 {
			rows = append(rows, []string{list.title, strings.Join(list.names, " ")})
		}
	}
	for _, app := range box.Fixtures.Warrants {
		rows = append(rows, []string{"warrants", strings.TrimSpace(app.AppID + " " + app.AppSecret)})
	}
	return rows
}

// listedKey is a key of a sandbox as the command line shows it.
type listedKey struct{ sandbox.ListedKey }

// listedKeys are the keys of a gateway among the credentials by gateway.
func listedKeys(profile gateway.Profile, credentials map[string][]json.RawMessage) ([]listedKey, error) {
	var all []listedKey
	for _, credential := range credentials[profile.Name()] {
		keys, err := profile.Scheme().Parse(credential)
		if err != nil {
			return nil, fmt.Errorf("a credential of %s: %w", profile.Name(), err)
		}
		for _, key := range keys {
			all = append(all, listedKey{key})
		}
	}
	return all, nil
}

// words are what an app needs of the key.
func (k listedKey) words() []string {
	switch {
	case k.Names.Secret:
		return []string{k.Names.ID}
	case k.SecurityToken != "":
		return []string{k.ID, k.Secret, k.SecurityToken}
	}
	return []string{k.ID, k.Secret}
}

// label names the kind of key, such as "acs" or "acs bearer".
func (k listedKey) label(gatewayName string) string {
	switch {
	case k.Names.Secret:
		return gatewayName + " " + string(k.Names.Kind)
	case k.SecurityToken != "":
		return gatewayName + " with token"
	}
	return gatewayName
}

type sandboxListCommand struct {
	controlFlags
	jsonFlag
}

// Help gives the examples.
func (sandboxListCommand) Help() string {
	return examples("tokenstage sandbox list", "all of them, without secrets")
}

// Run prints the list.
func (l *sandboxListCommand) Run(ctx context.Context, env Env) error {
	boxes, err := l.client().Sandboxes(ctx)
	if err != nil {
		return l.failure(err, "sandbox list")
	}
	if l.JSON {
		return writeJSON(env.Stdout, controlapi.SandboxList{Sandboxes: boxes})
	}
	rows := [][]string{{"ID", "SEED", "NOW", "CLOCK", "ENDS"}}
	for _, box := range boxes {
		seed := strconv.FormatUint(box.Seed, 10)
		rows = append(rows, []string{box.ID, seed, formatTime(box.Now), clockState(box.Frozen), expiry(box)})
	}
	table{}.write(env.Stdout, rows...)
	return nil
}

// expiry describes when a sandbox is removed, in real time.
func expiry(box client.Summary) string {
	if box.TTL == "" {
		return "stays"
	}
	return formatTime(box.ExpiresAt) + " unless used"
}

type sandboxShowCommand struct {
	controlFlags
	jsonFlag
	ID string `arg:"" help:"Id of the sandbox."`
}

// Help gives the examples.
func (sandboxShowCommand) Help() string {
	return examples(
		"tokenstage sandbox show default", "its credentials, secrets included, and where each gateway is",
		"tokenstage sandbox show checkout-7 --json | jq .credentials", "as input for a program",
	)
}

// Run prints the sandbox.
func (s *sandboxShowCommand) Run(ctx context.Context, env Env) error {
	box, err := s.client().Sandbox(ctx, s.ID)
	if err != nil {
		return s.failure(err, "sandbox list")
	}
	if s.JSON {
		return writeJSON(env.Stdout, box)
	}
	return writeSandbox(env.Stdout, box)
}

type sandboxResetCommand struct {
	controlFlags
	jsonFlag
	ID string `arg:"" help:"Id of the sandbox."`
}

// Help gives the examples.
func (sandboxResetCommand) Help() string {
	return examples("tokenstage sandbox reset default", "between two manual tests")
}

// Run resets the sandbox.
func (r *sandboxResetCommand) Run(ctx context.Context, env Env) error {
	if err := r.client().Reset(ctx, r.ID); err != nil {
		return r.failure(err, "sandbox list")
	}
	return r.done(env, r.ID+" was reset", map[string]string{"reset": r.ID})
}

type sandboxRmCommand struct {
	controlFlags
	jsonFlag
	ID string `arg:"" help:"Id of the sandbox."`
}

// Help gives the examples.
func (sandboxRmCommand) Help() string {
	return examples("tokenstage sandbox rm checkout-7", "its credentials are free again")
}

// Run removes the sandbox.
func (r *sandboxRmCommand) Run(ctx context.Context, env Env) error {
	if err := r.client().RemoveSandbox(ctx, r.ID); err != nil {
		return r.failure(err, "sandbox list")
	}
	return r.done(env, r.ID+" was removed", map[string]string{"removed": r.ID})
}
