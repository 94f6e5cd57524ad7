package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// clockCommand reads or changes a clock.
type clockCommand struct {
	sandboxFlags
	Set     timeFlag    `placeholder:"TIME" help:"Set the clock to this instant (RFC 3339)."`
	Advance advanceFlag `placeholder:"STEP" help:"Move the clock forward, after --set."`
	Freeze  bool        `xor:"running" help:"Stop the clock."`
	Resume  bool        `name:"run" xor:"running" help:"Let the clock run again."`
	JSON    bool        `name:"json" help:"Print JSON, as the control API returns it."`
}

// Help gives the examples.
func (clockCommand) Help() string {
	return examples(
		"tokenstage clock", "what time it is in the default sandbox",
		"tokenstage clock --advance 59m", "just before a token with a lifetime of an hour expires",
		"tokenstage clock --set 2030-01-01T00:00:00Z --freeze", "a fixed instant",
		"tokenstage clock --run", "let time pass again",
	)
}

// Run applies the changes and prints the clock.
func (c *clockCommand) Run(ctx context.Context, env Env) error {
	clock, err := c.change(ctx)
	if err != nil {
		return c.failure(err, "sandbox list")
	}
	if c.JSON {
		return writeJSON(env.Stdout, clock)
	}
	printf(env.Stdout, "%s  %s\n", formatTime(clock.Now), clockState(clock.Frozen))
	return nil
}

func (c *clockCommand) change(ctx context.Context) (client.Clock, error) {
	change := client.ClockChange{Now: time.Time(c.Set), Advance: time.Duration(c.Advance)}
	if c.Freeze || c.Resume {
		change.Frozen = &c.Freeze
	}
	if change == (client.ClockChange{}) {
		return c.client().Clock(ctx, c.Sandbox)
	}
	return c.client().ChangeClock(ctx, c.Sandbox, change)
}

// timeFlag is a flag with a point in time.
type timeFlag time.Time

// UnmarshalText reads RFC 3339.
func (m *timeFlag) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("must be an instant such as 2030-01-01T00:00:00Z, got %q", text)
	}
	*m = timeFlag(t)
	return nil
}

// advanceFlag is a flag with the duration by which a clock is moved forward. Moving back takes a point in time.
type advanceFlag time.Duration

// UnmarshalText reads a duration in the format of Go, such as 1h30m.
func (s *advanceFlag) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf("must be a duration such as 59m or 1h30m, not negative, got %q", text)
	}
	*s = advanceFlag(d)
	return nil
}

// formatTime formats a time in RFC 3339, in UTC and to the second.
func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func clockState(frozen bool) string {
	if frozen {
		return "frozen"
	}
	return "running"
}
