package language

import (
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// parseDuration reads a delay such as 150ms.
func parseDuration(text string) (time.Duration, bool) {
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0 && d <= scenario.MaxDelay
}

// parseRate reads a number of calls and the time for them, such as 500/s.
func parseRate(text string) (calls int, per time.Duration, ok bool) {
	count, unit, _ := strings.Cut(text, "/")
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	calls, err := strconv.Atoi(count)
	per = units[unit]
	return calls, per, err == nil && calls >= 1 && calls <= 1_000_000 && per > 0
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
