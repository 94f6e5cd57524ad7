package cli

import (
	"context"
	"io"
	"strconv"
	"time"

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
	writeSandbox(env.Stdout, box)
	flags := "--sandbox " + box.ID + controlFlag(string(n.Control))
	printf(env.Stdout, "\nnext: eval \"$(tokenstage env %s)\"\n", flags)
	return nil
}

func writeSandbox(out io.Writer, box client.Sandbox) {
	rows := [][]string{
		{"id", box.ID},
		{"seed", strconv.FormatUint(box.Seed, 10)},
		{"clock", formatTime(box.Now) + " " + clockState(box.Frozen)},
	}
	if box.TTL != "" {
		rows = append(rows, []string{"ends", "when unused for " + box.TTL})
	}
	for _, a := range box.Credentials.ACS {
		rows = append(rows, []string{"acs", a.AccessKeyID + " " + a.AccessKeySecret})
	}
	for _, a := range box.Credentials.Top {
		rows = append(rows, []string{"top", a.AppKey + " " + a.AppSecret})
	}
	for _, a := range box.Credentials.Fabric {
		rows = append(rows, []string{"fabric", a.AppKey + " " + a.AppSecret})
	}
	rows = append(rows,
		[]string{"acs at", box.Endpoints.ACS + " (protocol http)"},
		[]string{"top at", box.Endpoints.Top},
		[]string{"fabric at", box.Endpoints.Fabric},
	)
	table{}.write(out, rows...)
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
		return writeJSON(env.Stdout, map[string]any{"sandboxes": boxes})
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
