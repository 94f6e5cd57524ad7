package language

import (
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// parseDuration reads a delay such as 150ms.
func parseDuration(text string) (time.Duration, bool) {
	d, err := time.ParseDuration(text)
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
