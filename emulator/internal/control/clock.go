package control

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// clockBody is the body of PATCH …/clock. Instants and durations are read as text first, so that a refusal can name
// the member.
type clockBody struct {
	controlapi.ClockChange

	Now     *string `json:"now"`
	Advance *string `json:"advance"`
}

func showClock(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	clock, err := box.Clock(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, clockView(clock, p.world.Signing(box, clock)))
}

func changeClock(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	var body clockBody
	text, err := decode(c, &body)
	if err != nil {
		return err
	}
	change, err := body.change()
	if err != nil {
		return text.locate(err)
	}
	clock, err := p.world.ChangeClock(c.Request().Context(), box, change)
	if err != nil {
		return text.locate(err)
	}
	return c.JSON(http.StatusOK, clockView(clock, p.world.Signing(box, clock)))
}

func (b clockBody) change() (sandbox.ClockChange, error) {
	change := sandbox.ClockChange{Frozen: b.Frozen, Real: b.Real}
	if b == (clockBody{}) {
		return change, &sandbox.InvalidError{Field: "body", Reason: "give real, now, advance or frozen"}
	}
	var err error
	if change.Now, err = readInstant(b.Now); err != nil || b.Advance == nil {
		return change, err
	}
	if change.Advance, err = duration.Forward(*b.Advance); err != nil {
		return change, &sandbox.InvalidError{Field: "advance", Reason: err.Error() + "; now sets the clock back"}
	}
	return change, nil
}

// readInstant reads the member now.
func readInstant(text *string) (*time.Time, error) {
	if text == nil {
		return nil, nil //nolint:nilnil // what is left out stays left out
	}
	var at time.Time
	if err := at.UnmarshalText([]byte(*text)); err != nil {
		return nil, &sandbox.InvalidError{Field: "now", Reason: fmt.Sprintf(
			"must be an instant as of RFC 3339 such as 2030-01-01T00:00:00Z, in the years 1970 to 9999, got %q", *text)}
	}
	return &at, nil
}
