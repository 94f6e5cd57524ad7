package language

import (
	"regexp"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// parseDuration reads a delay such as 150ms.
func parseDuration(text string) (time.Duration, bool) {
	d, err := duration.Parse(text)
	return d, err == nil && d >= 0 && d <= scenario.MaxDelay
}

// parseRate reads a number of calls and the time for them, such as 500/s, up to a million calls.
func parseRate(text string) (contract.Rate, bool) {
	rate, err := contract.ParseRate(text)
	return rate, err == nil && rate.Calls <= 1_000_000
}

// limit is what gt and lt compare with: a number or a time.
type limit struct {
	number float64
	time   time.Time
	isTime bool
}

// parseLimit reads a number, or a time in RFC 3339.
func parseLimit(text string) (limit, bool) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return limit{time: t, isTime: true}, true
	}
	number, err := strconv.ParseFloat(text, 64)
	// NaN is refused: every comparison with it is false.
	return limit{number: number}, err == nil && number == number
}

// maxSpan is the longest time for which a rule or a state can last.
const maxSpan = 3650 * 24 * time.Hour

// parseSpan reads how long a rule or a state lasts.
func parseSpan(text string) (time.Duration, bool) {
	d, err := duration.Parse(text)
	return d, err == nil && d > 0 && d <= maxSpan
}

var clockPattern = regexp.MustCompile(`^([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?$`)

// parseClock reads a time of day, counted from midnight.
func parseClock(text string) (time.Duration, bool) {
	m := clockPattern.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	var units [3]int
	for i := range units {
		units[i], _ = strconv.Atoi(m[i+1])
	}
	return time.Duration(units[0])*time.Hour + time.Duration(units[1])*time.Minute +
		time.Duration(units[2])*time.Second, true
}

// parseInstant reads a time of RFC 3339.
func parseInstant(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil && !t.IsZero()
}

// parseMoment reads a time of day or a time of RFC 3339.
func parseMoment(text string) (scenario.Moment, bool) {
	if clock, ok := parseClock(text); ok {
		return scenario.Moment{Daily: true, TimeOfDay: clock}, true
	}
	t, ok := parseInstant(text)
	return scenario.Moment{At: t}, ok
}

// maxBandwidth is the greatest number of bytes a second of a slow body.
const maxBandwidth = 1 << 30

var bandwidthPattern = regexp.MustCompile(`^([1-9][0-9]{0,9})(B|KB|MB)/s$`)

// parseBandwidth reads the bytes a second of a slow body: a KB is 1024 of them.
func parseBandwidth(text string) (int, bool) {
	m := bandwidthPattern.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	number, _ := strconv.Atoi(m[1])
	number *= map[string]int{"B": 1, "KB": 1 << 10, "MB": 1 << 20}[m[2]]
	return number, number <= maxBandwidth
}

// offset is when a described call comes: at an instant, or so long after the start.
type offset struct {
	since time.Duration
	at    time.Time
}

// parseOffset reads when a described call comes.
func parseOffset(text string) (offset, bool) {
	if t, ok := parseInstant(text); ok {
		return offset{at: t}, true
	}
	d, err := duration.Parse(text)
	return offset{since: d}, err == nil && d >= 0 && d <= maxSpan
}
