// Package duration reads and writes durations as people write them, days included, and knows how far time goes.
package duration

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Day is 24 hours: the clock of a sandbox runs in UTC, which knows no other days.
const Day = 24 * time.Hour

// Max is the longest duration that there is, 292 years.
const Max = time.Duration(math.MaxInt64)

// ErrRange is the error of Parse for a duration that is longer than Max.
var ErrRange = errors.New("a duration is at most " + Text(Max))

var (
	// withDays are the parts of a duration that begins with days: sign, days and the rest, which has no sign.
	withDays = regexp.MustCompile(`^([+-]?)(\d+(?:\.\d*)?|\.\d+)d((?:[\d.].*)?)$`)
	// form is that of what time.ParseDuration reads, were it not too long.
	form = regexp.MustCompile(`^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$`)
)

// Parse reads a duration as time.ParseDuration does, with days before the rest: 2d, 1d12h, -1.5d.
func Parse(text string) (time.Duration, error) {
	sign, count, rest := "", "0", text
	if parts := withDays.FindStringSubmatch(text); parts != nil {
		sign, count, rest = parts[1], parts[2], cmp.Or(parts[3], "0")
	}
	if !form.MatchString(rest) {
		if _, err := time.ParseDuration(text); err != nil {
			return 0, err
		}
		return 0, fmt.Errorf("not a duration: %q", text)
	}
	number, err := strconv.ParseFloat(count, 64)
	if err != nil || number*float64(Day) >= math.MaxInt64 {
		return 0, ErrRange
	}
	days := time.Duration(math.Round(number * float64(Day)))
	more, err := time.ParseDuration(rest)
	if err != nil || days > Max-max(more, 0) {
		return 0, ErrRange
	}
	if sign == "-" {
		return -(days + more), nil
	}
	return days + more, nil
}

// Forward reads a duration that is not negative. Its error says what it must be.
func Forward(text string) (time.Duration, error) {
	d, err := Parse(text)
	switch {
	case errors.Is(err, ErrRange):
		return 0, fmt.Errorf("must be a duration from 0s to %s, got %q", Text(Max), text)
	case err != nil || d < 0:
		return 0, fmt.Errorf("must be a duration such as 59m or 1h30m, not negative, got %q", text)
	}
	return d, nil
}

// Text writes a duration in at most days, hours, minutes and seconds, without the parts that are zero: 2d, 1d12h, 59m,
// 0s. Less than a second counts to the next.
func Text(d time.Duration) string {
	var text strings.Builder
	left := d.Abs()
	if part := left % time.Second; part > 0 {
		left += min(time.Second-part, math.MaxInt64-left)
	}
	if d < 0 {
		text.WriteByte('-')
	}
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"d", Day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if count := left / unit.size; count > 0 {
			text.WriteString(strconv.FormatInt(int64(count), 10) + unit.name)
		}
		left %= unit.size
	}
	if text.Len() == 0 {
		return "0s"
	}
	return text.String()
}

// Last is the last instant that a date can say: RFC 3339, and so JSON, knows no year 10000.
var Last = time.Date(9999, time.December, 31, 23, 59, 59, 999_999_999, time.UTC)

// Dated is an instant that a date can say: that one, or Last where it lies beyond.
func Dated(at time.Time) time.Time {
	if at.After(Last) {
		return Last
	}
	return at
}
