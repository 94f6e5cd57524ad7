package sandbox

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// parseQuota reads "off", which is the zero Rate, or a rate such as "500/s".
func parseQuota(text string) (contract.Rate, error) {
	if text == "off" {
		return contract.Rate{}, nil
	}
	rate, err := contract.ParseRate(text)
	if err != nil {
		return contract.Rate{}, fmt.Errorf("must be \"off\" or calls per s, m, h or d such as \"5/s\", got %q", text)
	}
	return rate, nil
}

// Spend counts one call against the quota of an operation, with the turn's next access to the store. A call beyond it
// ends the turn with the error of refused. The limit is the sandbox's own where its definition has one, else
// documented. Time is cut into windows of Per on the sandbox's clock; left is what is left of the call's.
func (t *Turn) Spend(
	operation string, documented contract.Rate, refused func(limit contract.Rate, left time.Duration) error,
) {
	limit := documented
	if own, ok := t.quotas[operation]; ok {
		limit = own
	}
	if limit.Calls == 0 {
		return
	}
	start := t.Now.Truncate(limit.Per)
	step := &store.Increment{
		Key: quotaPrefix + operation + "/" + strconv.FormatInt(start.Unix(), 10), Delta: 1, Expires: start.Add(2 * limit.Per),
		Limit: int64(limit.Calls),
	}
	left := start.Add(limit.Per).Sub(t.Now)
	t.conditions = append(t.conditions, condition{step, func() error { return refused(limit, left) }})
}
