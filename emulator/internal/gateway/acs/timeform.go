package acs

import (
	"errors"
	"net/http"
	"regexp"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// isoLayout is the form of Timestamp and x-acs-date.
const isoLayout = "2006-01-02T15:04:05Z"

// timeForm is how a signature style writes its time. It is read up to the second: rest is what may stand there in the
// place of the zone alone, and is not read.
type timeForm struct {
	layout string // for time.Parse
	zone   string
	length int // of the text up to the second
	rest   *regexp.Regexp
}

var (
	// isoForm takes a fraction of the second, which JavaScript's toISOString writes (observed). RFC3339 is the quick
	// layout to read and write; in UTC it is isoLayout.
	isoForm = timeForm{time.RFC3339, "Z", len(isoLayout) - len("Z"), regexp.MustCompile(`^\.\d+Z$`)}
	// dateForm takes that too, and the mark of a 12-hour clock, which strftime writes in some locales (observed).
	dateForm = timeForm{
		http.TimeFormat, " GMT", len(http.TimeFormat) - len(" GMT"),
		regexp.MustCompile(`^(?:\.\d+)?(?: (?i:[AP]\.?M\.?))? GMT$`),
	}
	halfDay = regexp.MustCompile(`(?i: [AP]\.?M\.?) GMT$`)
)

var errTimeForm = errors.New("not in the form of the signature style")

// parseTime takes the one form of the style.
func (x *exchange) parseTime(text string) (time.Time, error) {
	form := &isoForm
	if x.claim.style == roaV1 {
		form = &dateForm
	}
	at, err := form.exactly(text)
	if err != nil && len(text) > form.length && form.rest.MatchString(text[form.length:]) {
		return form.exactly(text[:form.length] + form.zone)
	}
	return at, err
}

// exactly reads a text without any rest: time.Parse alone would let short hours and other weekdays pass.
func (f *timeForm) exactly(text string) (time.Time, error) {
	at, err := time.Parse(f.layout, text)
	var room [len(http.TimeFormat)]byte
	if err == nil && string(at.UTC().AppendFormat(room[:0], f.layout)) != text {
		err = errTimeForm
	}
	return at, err
}

// halfDayAdvice is about a Date with AM or PM, whose hour the gateway takes for one of 24.
func (x *exchange) halfDayAdvice() []wire.Finding {
	if x.claim.style != roaV1 || !halfDay.MatchString(x.claim.timestamp) {
		return nil
	}
	return []wire.Finding{{
		Check: "timestamp", Level: wire.LevelAdvice,
		Message: "The Date is written with a 12-hour clock. The gateway reads its hour as one of 24 and passes over AM and " +
			"PM, so it is right from one in the morning to one in the afternoon alone.",
		Expected: http.TimeFormat, Got: x.claim.timestamp,
	}}
}
