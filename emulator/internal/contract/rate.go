package contract

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Rate is how many calls are allowed in how much time. The zero Rate stands for no limit.
type Rate struct {
	Calls int
	Per   time.Duration
}

var ratePattern = regexp.MustCompile(`^([1-9][0-9]{0,8})/(s|m|h|d|second|minute|hour|day)$`)

// ParseRate reads calls per second, minute, hour or day, such as "500/s" and "1000/d"; units may be written in full.
func ParseRate(text string) (Rate, error) {
	m := ratePattern.FindStringSubmatch(text)
	if m == nil {
		return Rate{}, fmt.Errorf("must be calls per s, m, h or d such as \"5/s\", got %q", text)
	}
	calls, err := strconv.Atoi(m[1])
	return Rate{Calls: calls, Per: unitOf(m[2][:1])}, err
}

// String is the text that ParseRate reads.
func (r Rate) String() string {
	for _, unit := range []string{"s", "m", "h", "d"} {
		if r.Per == unitOf(unit) {
			return strconv.Itoa(r.Calls) + "/" + unit
		}
	}
	return fmt.Sprintf("%d in %s", r.Calls, r.Per)
}

// unitOf is the time that a letter stands for.
func unitOf(letter string) time.Duration {
	switch letter {
	case "s":
		return time.Second
	case "m":
		return time.Minute
	case "h":
		return time.Hour
	}
	return 24 * time.Hour
}
