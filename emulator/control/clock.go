package control

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/tokenstage/tokenstage/emulator/sandbox"
)

type clockView struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
}

// clockPatch is the body of PATCH …/clock: at least one of the three.
type clockPatch struct {
	Now     *time.Time `json:"now"`
	Advance *string    `json:"advance"`
	Frozen  *bool      `json:"frozen"`
}

func showClock(_ *plane, c *echo.Context, box *sandbox.Sandbox) error {
	clock, err := box.Clock(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, clockView(clock))
}

func changeClock(_ *plane, c *echo.Context, box *sandbox.Sandbox) error {
	var patch clockPatch
	if err := decode(c, &patch); err != nil {
		return err
	}
	change, err := patch.change()
	if err != nil {
		return err
	}
	clock, err := box.ChangeClock(c.Request().Context(), change)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, clockView(clock))
}

func (p clockPatch) change() (sandbox.ClockChange, error) {
	change := sandbox.ClockChange{Now: p.Now, Frozen: p.Frozen}
	if p.Now == nil && p.Advance == nil && p.Frozen == nil {
		return change, &sandbox.InvalidError{Field: "body", Reason: "give now, advance or frozen"}
	}
	if p.Advance == nil {
		return change, nil
	}
	step, err := time.ParseDuration(*p.Advance)
	if err != nil || step < 0 {
		return change, &sandbox.InvalidError{Field: "advance", Reason: fmt.Sprintf(
			"must be a duration such as 59m or 1h30m, not negative, got %q; now sets the clock back", *p.Advance)}
	}
	change.Advance = step
	return change, nil
}
