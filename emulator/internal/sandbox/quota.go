package sandbox

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Rate is a limit of calls per time; a zero Calls means no limit.
type Rate struct {
	Calls int
	Per   time.Duration
}

var quotaPattern = regexp.MustCompile(`^([1-9][0-9]{0,8})/(s|m|h|d)$`)

// QuotaUnits are the units of a quota's text.
var quotaUnits = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// parseQuota reads "off" or calls per unit, such as "500/s".
func parseQuota(text string) (Rate, error) {
	if text == "off" {
		return Rate{}, nil
	}
	m := quotaPattern.FindStringSubmatch(text)
	if m == nil {
		return Rate{}, fmt.Errorf("must be \"off\" or calls per s, m, h or d such as \"5/s\", got %q", text)
	}
	n, err := strconv.Atoi(m[1])
	return Rate{n, quotaUnits[m[2]]}, err
}

// Spend counts one call against the quota of an operation and reports whether it is within. The limit is the
// sandbox's own where its definition has one, else documented. Time is cut into windows of Per on the sandbox's clock.
func (t *Turn) Spend(ctx context.Context, operation string, documented Rate) (within bool, limit Rate, err error) {
	limit = documented
	if own, ok := t.quotas[operation]; ok {
		limit = own
	}
	if limit.Calls == 0 {
		return true, limit, nil
	}
	start := t.Now.Truncate(limit.Per)
	step := store.Increment{
		Key: quotaPrefix + operation + "/" + strconv.FormatInt(start.Unix(), 10), Delta: 1, Expires: start.Add(2 * limit.Per),
	}
	err = t.Do(ctx, &step)
	return step.Sum <= int64(limit.Calls), limit, err
}
