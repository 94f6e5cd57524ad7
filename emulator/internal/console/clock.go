package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// clockPage is the clock of a sandbox beside real time.
type clockPage struct {
	Real time.Time
	// Ahead is how many seconds the sandbox's clock is ahead of real time; behind is negative.
	Ahead int64
	// Rule is how the sandbox judges the times of signatures.
	Rule    sandbox.SignatureTime
	Windows []signingWindow
	// Refusal says why a change was refused; Advance and Now are what was typed then.
	Refusal, Advance, Now string
}

// signingWindow is how a gateway takes clients by the time that they sign with.
type signingWindow struct {
	world.Signing

	Error string
}

func (c *console) clock(_ *http.Request, l *layout) (body, error) {
	return body{"clock", "Clock", c.clockPage(l)}, nil
}

// refusedClock is the page of the clock with what was typed; nil for a form of another page.
func (c *console) refusedClock(r *http.Request, refusal error) view {
	if path, _, _ := strings.Cut(localPath(r.PostForm.Get("back")), "?"); path != Root+"clock" {
		return nil
	}
	return func(r *http.Request, l *layout) (body, error) {
		page := c.clockPage(l)
		said, _ := c.errorBody(r, refusal)
		page.Refusal, page.Advance, page.Now = fmt.Sprint(said.data), r.PostForm.Get("advance"), r.PostForm.Get("now")
		l.Refused = false
		return body{"clock", "Clock", page}, refusal
	}
}

func (c *console) clockPage(l *layout) clockPage {
	real := c.World.RealNow()
	page := clockPage{Real: real, Ahead: l.Clock.Now.Unix() - real.Unix(), Rule: l.Sandbox.Signing()}
	for _, signing := range c.World.Signing(l.Sandbox, l.Clock) {
		page.Windows = append(page.Windows, signingWindow{signing, c.expiredError(signing.Gateway)})
	}
	return page
}

// expiredError is the error by which a gateway refuses a request whose time is too far from the clock: its code, and
// what it says where the code is a mere number.
func (c *console) expiredError(name string) string {
	for _, gw := range c.World.Gateways() {
		if gw.Name() != name {
			continue
		}
		code := gw.Table()[wire.ExpiredTimestamp]
		found, ok := c.World.Catalogue().Gateway(name).Error(code)
		if _, err := strconv.Atoi(code); err == nil && ok {
			return code + ", " + found.Message
		}
		return code
	}
	return ""
}

// Seconds of a window, as the pages write durations.
func (w signingWindow) Seconds() int64 { return int64(w.Window / time.Second) }

// setClock does to a clock what the button of a form says.
func (c *console) setClock(r *http.Request, box *sandbox.Sandbox) (string, error) {
	change, err := clockChange(r.PostForm)
	if err != nil {
		return "", err
	}
	clock, err := c.World.ChangeClock(r.Context(), box, change)
	if err != nil {
		return "", err
	}
	state := "runs"
	if clock.Frozen {
		state = "is frozen"
	}
	return fmt.Sprintf("The clock of %s shows %s UTC and %s.", box.ID, moment(clock.Now), state), nil
}

func clockChange(form url.Values) (change sandbox.ClockChange, err error) {
	switch {
	case form.Has("real"):
		change.Real = true
	case form.Has("frozen"):
		frozen, wrong := strconv.ParseBool(form.Get("frozen"))
		if wrong != nil {
			err = &sandbox.InvalidError{Field: "frozen", Reason: "must be true or false"}
		}
		change.Frozen = &frozen
	case form.Has("advance"):
		change.Advance, err = parseAdvance(form.Get("advance"))
	case form.Has("now"):
		change.Now, err = parseInstant(form.Get("now"))
	default:
		err = &sandbox.InvalidError{Field: "clock", Reason: "give advance, now, frozen or real"}
	}
	return change, err
}

func parseAdvance(text string) (time.Duration, error) {
	d, err := duration.Forward(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		return 0, &sandbox.InvalidError{Field: "advance", Reason: err.Error() + "; set the clock to go back"}
	}
	return d, nil
}

// instantForms are how people write an instant: RFC 3339, what a browser's field for dates sends, and what the pages
// show. Where no zone stands, it is UTC.
func instantForms() []string {
	return []string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02",
		"2006-01-02 15:04:05 -07:00", "2006-01-02 15:04 -07:00",
	}
}

func parseInstant(text string) (*time.Time, error) {
	for _, form := range instantForms() {
		if at, err := time.Parse(form, strings.TrimSpace(text)); err == nil {
			return &at, nil
		}
	}
	return nil, &sandbox.InvalidError{Field: "now", Reason: fmt.Sprintf(
		"must be an instant such as 2030-01-01T00:00:00Z or 2030-01-01 00:00, which is UTC, in the years 1970 to 9999, "+
			"got %q", text)}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// span writes seconds as people read them, in up to three units: "2d 3h 4m", "59m 12s", "0s". clock.js does the same.
func span(seconds int64) string {
	left, parts := max(seconds, -seconds), []string{}
	for _, unit := range []struct {
		name    string
		seconds int64
	}{{"d", 24 * 60 * 60}, {"h", 60 * 60}, {"m", 60}, {"s", 1}} {
		count := left / unit.seconds
		left %= unit.seconds
		if len(parts) < 3 && (count > 0 || len(parts) > 0 || unit.seconds == 1) {
			parts = append(parts, strconv.FormatInt(count, 10)+unit.name)
		}
	}
	return strings.Join(parts, " ")
}

// takenTimes says which times of signatures a sandbox takes.
func takenTimes(rule sandbox.SignatureTime) string {
	switch rule {
	case sandbox.ByClock:
		return "the sandbox's clock alone"
	case sandbox.ByReal:
		return "real time alone"
	case sandbox.ByNone:
		return "any time"
	default:
		return "the sandbox's clock or real time"
	}
}
