package sandbox_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

func TestSpend(t *testing.T) {
	t.Parallel()
	documented := contract.Rate{Calls: 3, Per: time.Second}
	for _, c := range []struct {
		name  string
		own   string
		limit contract.Rate
		calls int // within the first window
	}{
		{"documented", "", documented, 3},
		{"tighter", "1/s", contract.Rate{Calls: 1, Per: time.Second}, 1},
		{"wider", "5/m", contract.Rate{Calls: 5, Per: time.Minute}, 5},
		{"by the hour", "2/h", contract.Rate{Calls: 2, Per: time.Hour}, 2},
		{"by the day", "2/d", contract.Rate{Calls: 2, Per: 24 * time.Hour}, 2},
		{"off", "off", contract.Rate{}, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			def := sandbox.Definition{ID: "box", Frozen: true, Now: pointer(epoch().Truncate(24 * time.Hour))}
			if c.own != "" {
				def.Quotas = map[string]string{"api.Call": c.own}
			}
			box := newWorld(t, 0).create(t, def)
			spend := func(operation string) bool {
				t.Helper()
				turn, limit := begin(t, box), c.limit
				turn.Spend(operation, documented, func(own contract.Rate, left time.Duration) error {
					if left <= 0 || left > own.Per {
						t.Errorf("%s left of a window of %s", left, own.Per)
					}
					limit = own
					return errOverQuota
				})
				err := turn.Settle(t.Context())
				if err != nil && !errors.Is(err, errOverQuota) || operation == "api.Call" && limit != c.limit {
					t.Fatalf("Spend: limit %+v, %v, want %+v", limit, err, c.limit)
				}
				return err == nil
			}
			for i := range c.calls {
				if !spend("api.Call") {
					t.Fatalf("call %d of %d is over the limit", i+1, c.calls)
				}
			}
			if c.name != "off" && spend("api.Call") {
				t.Errorf("call %d is within the limit", c.calls+1)
			}
			if !spend("api.Other") {
				t.Error("another operation has the same quota")
			}
			if _, err := box.ChangeClock(t.Context(), sandbox.ClockChange{Advance: c.limit.Per - time.Nanosecond}); err != nil {
				t.Fatal(err)
			}
			if c.name != "off" && spend("api.Call") {
				t.Error("a call at the end of the window is within the limit")
			}
			if _, err := box.ChangeClock(t.Context(), sandbox.ClockChange{Advance: time.Nanosecond}); err != nil {
				t.Fatal(err)
			}
			if !spend("api.Call") {
				t.Error("the first call of the next window is over the limit")
			}
		})
	}
}

// errOverQuota is what these tests refuse a call beyond its quota with.
var errOverQuota = errors.New("over quota")

func TestSpendWithoutALimit(t *testing.T) {
	t.Parallel()
	turn := begin(t, newBox(t, 1))
	for range 100 {
		turn.Spend("api.Call", contract.Rate{}, func(contract.Rate, time.Duration) error { return errOverQuota })
		if err := turn.Settle(t.Context()); err != nil {
			t.Fatalf("Spend without a limit = %v", err)
		}
	}
}

func TestQuotasThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "0/s", "-1/s", "5", "5/", "/s", "5/w", "5 /s", "05/s", "1e3/s", "Off", "5/s\n", "9999999999/s",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			def := sandbox.Definition{ID: "box", Quotas: map[string]string{"a.B": text}}
			if _, err := newWorld(t, 0).Create(t.Context(), def); invalidField(err) != "quotas.a.B" {
				t.Errorf("a quota of %q = %v, want a refusal", text, err)
			}
		})
	}
}
