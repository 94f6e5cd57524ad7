package contract_test

import (
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

func TestParseRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]contract.Rate{
		"1/s": {Calls: 1, Per: time.Second}, "500/m": {Calls: 500, Per: time.Minute}, "2/h": {Calls: 2, Per: time.Hour},
		"999999999/d": {Calls: 999_999_999, Per: 24 * time.Hour},
	} {
		got, err := contract.ParseRate(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "5", "5/", "/s", "0/s", "-1/s", "+1/s", "05/s", "1.5/s", "5/S", "5/w", "5/sec", " 5/s", "5 /s", "5/s ", "5/s/s",
		"1000000000/s", "off",
	} {
		got, err := contract.ParseRate(text)
		if err == nil || got != (contract.Rate{}) {
			t.Errorf("%q is %v", text, got)
			continue
		}
		wantError(t, err, "calls per s, m, h or d", `"5/s"`)
	}
	if got := (contract.Rate{Calls: 3, Per: 90 * time.Second}).String(); got != "3 in 1m30s" {
		t.Errorf("got %s", got)
	}
}
