package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

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
	Reset sandboxResetCommand `cmd:"" help:"Reset state, clock and journal; credentials stay."`
	Rm    sandboxRmCommand    `cmd:"" help:"Remove a sandbox with all its state."`
}

type sandboxNewCommand struct {
	controlFlags
	ID     string       `name:"id" placeholder:"ID" help:"Its id: 1 to 64 of a-z, 0-9 and -. Random unless given."`
	Seed   *uint64      `placeholder:"N" help:"Seed of its random values. Random unless given."`
	Now    timeFlag     `placeholder:"TIME" help:"Where the clock starts (RFC 3339). Real time unless given."`
	Frozen bool         `help:"Start with the clock stopped."`
	TTL    durationFlag `name:"ttl" placeholder:"D" help:"Remove it when it was unused for this long, such as 30m."`
	JSON   bool         `name:"json" help:"Print JSON, as the control API returns it."`
}

// durationFlag is a flag with a duration, as it was written.
type durationFlag string

// Validate refuses what is not a duration. The server decides how long it may be.
func (s durationFlag) Validate() error {
	if _, err := time.ParseDuration(string(s)); s != "" && err != nil {
		return usagef("must be a duration such as 30m or 12h, got %q", string(s))
	}
	return nil
}

// Help gives the examples.
func (sandboxNewCommand) Help() string {
	return examples(
		"tokenstage sandbox new", "with random id, seed and credentials",
		"tokenstage sandbox new --id checkout-7 --seed 7 --now 2030-01-01T00:00:00Z --frozen", "the same answers every time",
		"tokenstage sandbox new --ttl 30m", "for a job that may be aborted",
	)
}

// Run creates the sandbox and prints what an app needs of it.
func (n *sandboxNewCommand) Run(ctx context.Context, env Env) error {
	box, err := n.client().CreateSandbox(ctx, client.Definition{
		ID: n.ID, Seed: n.Seed, Now: time.Time(n.Now), Frozen: n.Frozen, TTL: string(n.TTL),
	})
	if err != nil {
		return n.failure(err, "sandbox list")
	}
	if n.JSON {
		return writeJSON(env.Stdout, box)
	}
	if err := writeSandbox(env.Stdout, box); err != nil {
		return err
	}
	flags := "--sandbox " + box.ID + controlFlag(string(n.Control))
	printf(env.Stdout, "\nnext: eval \"$(tokenstage env %s)\"\n", flags)
	return nil
}

func writeSandbox(out io.Writer, box client.Sandbox) error {
	rows := [][]string{
		{"id", box.ID},
		{"seed", strconv.FormatUint(box.Seed, 10)},
		{"clock", formatTime(box.Now) + " " + clockState(box.Frozen)},
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
	table{}.write(out, append(rows, endpoints...)...)
	return nil
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
	JSON bool `name:"json" help:"Print JSON, as the control API returns it."`
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

type sandboxResetCommand struct {
	controlFlags
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
	printf(env.Stdout, "%s was reset\n", r.ID)
	return nil
}

type sandboxRmCommand struct {
	controlFlags
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
	printf(env.Stdout, "%s was removed\n", r.ID)
	return nil
}
