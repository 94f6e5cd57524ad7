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
	Reset sandboxResetCommand `cmd:"" help:"Put state, clock and journal back to the start; credentials stay."`
	Rm    sandboxRmCommand    `cmd:"" help:"Remove a sandbox with all its state."`
}

type sandboxNewCommand struct {
	remote
	ID     string  `name:"id" placeholder:"ID" help:"Its id: 1 to 64 of a-z, 0-9 and -. Drawn unless given."`
	Seed   *uint64 `placeholder:"N" help:"Seed of all chance in it. Drawn unless given."`
	Now    moment  `placeholder:"TIME" help:"Where the clock starts (RFC 3339). Real time unless given."`
	Frozen bool    `help:"Let the clock stand still."`
	TTL    span    `name:"ttl" placeholder:"D" help:"Remove it when nothing used it for so long, such as 30m."`
	JSON   bool    `name:"json" help:"Print JSON, as the control API gives it."`
}

// span is a length of time as it was written.
type span string

// Validate refuses what is none; how long it may be is for the server to say.
func (s span) Validate() error {
	if _, err := time.ParseDuration(string(s)); s != "" && err != nil {
		return usagef("must be a time such as 30m or 12h, got %q", string(s))
	}
	return nil
}

// Help gives the examples.
func (sandboxNewCommand) Help() string {
	return examples(
		"tokenstage sandbox new", "with drawn id, seed and credentials",
		"tokenstage sandbox new --id checkout-7 --seed 7 --now 2030-01-01T00:00:00Z --frozen", "the same answers every time",
		"tokenstage sandbox new --ttl 30m", "for a job that may be broken off",
	)
}

// Run creates the sandbox and prints what an app needs of it.
func (n *sandboxNewCommand) Run(ctx context.Context, world World) error {
	box, err := n.client().CreateSandbox(ctx, client.Definition{
		ID: n.ID, Seed: n.Seed, Now: time.Time(n.Now), Frozen: n.Frozen, TTL: string(n.TTL),
	})
	if err != nil {
		return n.failure(err, "sandbox list")
	}
	if n.JSON {
		return writeJSON(world.Stdout, box)
	}
	if err := writeSandbox(world.Stdout, box); err != nil {
		return err
	}
	flags := "--sandbox " + box.ID + controlFlag(string(n.Control))
	say(world.Stdout, "\nnext: eval \"$(tokenstage env %s)\"\n", flags)
	return nil
}

func writeSandbox(out io.Writer, box client.Sandbox) error {
	rows := [][]string{
		{"id", box.ID},
		{"seed", strconv.FormatUint(box.Seed, 10)},
		{"clock", instant(box.Now) + " " + pace(box.Frozen)},
	}
	if box.TTL != "" {
		rows = append(rows, []string{"ends", "when nothing used it for " + box.TTL})
	}
	listed, err := gateway.CredentialsByGateway(box.Credentials)
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
	new(table).write(out, append(rows, endpoints...)...)
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
	remote
	JSON bool `name:"json" help:"Print JSON, as the control API gives it."`
}

// Help gives the examples.
func (sandboxListCommand) Help() string {
	return examples("tokenstage sandbox list", "all of them, without secrets")
}

// Run prints the list.
func (l *sandboxListCommand) Run(ctx context.Context, world World) error {
	boxes, err := l.client().Sandboxes(ctx)
	if err != nil {
		return l.failure(err, "sandbox list")
	}
	if l.JSON {
		return writeJSON(world.Stdout, controlapi.SandboxList{Sandboxes: boxes})
	}
	rows := [][]string{{"ID", "SEED", "NOW", "CLOCK", "ENDS"}}
	for _, box := range boxes {
		seed := strconv.FormatUint(box.Seed, 10)
		rows = append(rows, []string{box.ID, seed, instant(box.Now), pace(box.Frozen), ending(box)})
	}
	new(table).write(world.Stdout, rows...)
	return nil
}

// ending is when a sandbox is removed, by real time.
func ending(box client.Summary) string {
	if box.TTL == "" {
		return "stays"
	}
	return instant(box.ExpiresAt) + " unless used"
}

type sandboxResetCommand struct {
	remote
	ID string `arg:"" help:"Id of the sandbox."`
}

// Help gives the examples.
func (sandboxResetCommand) Help() string {
	return examples("tokenstage sandbox reset default", "between two tests by hand")
}

// Run resets the sandbox.
func (r *sandboxResetCommand) Run(ctx context.Context, world World) error {
	if err := r.client().Reset(ctx, r.ID); err != nil {
		return r.failure(err, "sandbox list")
	}
	say(world.Stdout, "%s is back at its start\n", r.ID)
	return nil
}

type sandboxRmCommand struct {
	remote
	ID string `arg:"" help:"Id of the sandbox."`
}

// Help gives the examples.
func (sandboxRmCommand) Help() string {
	return examples("tokenstage sandbox rm checkout-7", "its credentials are free again")
}

// Run removes the sandbox.
func (r *sandboxRmCommand) Run(ctx context.Context, world World) error {
	if err := r.client().RemoveSandbox(ctx, r.ID); err != nil {
		return r.failure(err, "sandbox list")
	}
	say(world.Stdout, "%s is removed\n", r.ID)
	return nil
}
