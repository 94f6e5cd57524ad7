package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Clock is the reading of a sandbox's clock. Its warning says which clients are refused by the time they sign with.
type Clock = controlapi.Clock

// ClockChange is what to do to a clock. What is left zero stays as it is; the rest is carried out in the order real,
// now, advance, frozen.
type ClockChange struct {
	// Real puts the clock to real time.
	Real bool
	// Now is the time to put the clock to, forwards or backwards, in the years 1970 to 9999.
	Now time.Time
	// Advance is how far to move the clock on; it is not negative.
	Advance time.Duration
	// Frozen stops the clock when true and lets it run when false; nil leaves it as it is.
	Frozen *bool
}

// MarshalJSON writes the change as the control API reads it: the step as text such as "59m0s".
func (c ClockChange) MarshalJSON() ([]byte, error) {
	body := controlapi.ClockChange{Real: c.Real, Now: c.Now, Frozen: c.Frozen}
	if c.Advance != 0 {
		body.Advance = c.Advance.String()
	}
	return json.Marshal(body)
}

// Clock reads a sandbox's clock.
func (c *Client) Clock(ctx context.Context, id string) (Clock, error) {
	return call[Clock](ctx, c, http.MethodGet, sandboxPath(id, "clock"), nil)
}

// ChangeClock moves or freezes a sandbox's clock and returns its new reading.
func (c *Client) ChangeClock(ctx context.Context, id string, change ClockChange) (Clock, error) {
	return call[Clock](ctx, c, http.MethodPatch, sandboxPath(id, "clock"), change)
}
