package cli

import (
	"context"
	"fmt"
	"regexp"
	"time"

	durations "github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// clockCommand reads or changes a clock.
type clockCommand struct {
	sandboxFlags
	jsonFlag
	Set     setFlag     `placeholder:"TIME" help:"Set the clock to this instant (RFC 3339), or to real time: now."`
	Advance advanceFlag `placeholder:"STEP" help:"Move it on by such as 59m or 2d, after --set."`
	Freeze  bool        `xor:"running" help:"Stop the clock."`
	Resume  bool        `name:"run" xor:"running" help:"Let the clock run again."`
}

// Help gives the examples.
func (clockCommand) Help() string {
	return examples(
		"tokenstage clock", "what time it is in the default sandbox",
		"tokenstage clock --advance 59m", "just before a token with a lifetime of an hour expires",
		"tokenstage clock --set 2030-01-01T00:00:00Z --freeze", "a fixed instant",
		"tokenstage clock --run", "let time pass again",
		"tokenstage clock --set now --run", "back to real time",
	)
}

// Run applies the changes and prints the clock.
func (c *clockCommand) Run(ctx context.Context, env Env) error {
	clock, err := c.change(ctx)
	if err != nil {
		return c.failure(err, "sandbox list")
	}
	if clock.Warning != "" {
		printf(env.Stderr, "warning: %s\n", clock.Warning)
	}
	if c.JSON {
		return writeJSON(env.Stdout, clock)
	}
	printf(env.Stdout, "%s  %s\n", formatTime(clock.Now), clockState(clock.Frozen))
	return nil
}

func (c *clockCommand) change(ctx context.Context) (client.Clock, error) {
	change := client.ClockChange{Real: c.Set.real, Now: c.Set.at, Advance: time.Duration(c.Advance)}
	if c.Freeze || c.Resume {
		change.Frozen = &c.Freeze
	}
	if change == (client.ClockChange{}) {
		return c.client().Clock(ctx, c.Sandbox)
	}
	return c.client().ChangeClock(ctx, c.Sandbox, change)
}

// setFlag is a flag with what a clock is set to: a point in time, or real time.
type setFlag struct {
	real bool
	at   time.Time
}

// UnmarshalText reads RFC 3339, or "now".
func (s *setFlag) UnmarshalText(text []byte) error {
	if string(text) == "now" {
		s.real = true
		return nil
	}
	return (*timeFlag)(&s.at).UnmarshalText(text)
}

// timeFlag is a flag with a point in time.
type timeFlag time.Time

// beyondDates is a point in time but for its year, which no date can say.
var beyondDates = regexp.MustCompile(`^[+-]?\d{5,}-\d\d-\d\d`)

// UnmarshalText reads RFC 3339. The zero time would count as none; the server refuses what else is out of range.
func (m *timeFlag) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339, string(text))
	switch {
	case beyondDates.Match(text) || err == nil && t.IsZero():
		return fmt.Errorf("must lie in the years 1970 to 9999, got %q", text)
	case err != nil:
		return fmt.Errorf("must be an instant such as 2030-01-01T00:00:00Z, got %q", text)
	}
	*m = timeFlag(t)
	return nil
}

// advanceFlag is a flag with the duration by which a clock is moved forward. Moving back takes a point in time.
type advanceFlag time.Duration

// UnmarshalText reads a duration such as 1h30m or 2d.
func (s *advanceFlag) UnmarshalText(text []byte) error {
	d, err := durations.Forward(string(text))
	*s = advanceFlag(d)
	return err
}

// formatTime formats a time in RFC 3339, in UTC and to the second.
func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func clockState(frozen bool) string {
	if frozen {
		return "frozen"
	}
	return "running"
}
