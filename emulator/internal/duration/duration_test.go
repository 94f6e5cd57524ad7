package duration_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"2d": 2 * day, "1d12h": 36 * time.Hour, "1d12h30m15s": 36*time.Hour + 30*time.Minute + 15*time.Second, "0d": 0,
		"1.5d": 36 * time.Hour, ".5d": 12 * time.Hour, "1.d": day, "-1d": -day, "-1d12h": -36 * time.Hour, "+2d": 2 * day,
		"1d0": day, "1d1ns": day + 1, "365d": 365 * day, "59m": 59 * time.Minute, "1h30m": 90 * time.Minute, "0": 0,
		"-1m": -time.Minute, "150ms": 150 * time.Millisecond, "1µs": time.Microsecond, "106751d": 106751 * day,
		"106751d23h47m16.854775807s": math.MaxInt64, "1d24h": 2 * day, "1d.5h": day + 30*time.Minute,
	} {
		if got, err := duration.Parse(text); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{ // nil means any but ErrRange
		"": nil, "d": nil, "1": nil, "1D": nil, "soon": nil,
		"1 d": nil, "1d 2h": nil, "1h1d": nil, "1d-2h": nil,
		"1d+2h": nil, "1d2d": nil, "--1d": nil, "1e3d": nil,
		"1w": nil, "1dd": nil, "0x1d": nil, ".d": nil, "1d2": nil,
		"106752d": duration.ErrRange, "106751d23h47m16.854775808s": duration.ErrRange, "9999999999h": duration.ErrRange,
		"-9999999999h": duration.ErrRange, "99999999999999999999999d": duration.ErrRange, "1d2562047h48m": duration.ErrRange,
		"99999999999999999999s": duration.ErrRange,
	} {
		got, err := duration.Parse(text)
		if err == nil || errors.Is(err, duration.ErrRange) != (want != nil) {
			t.Errorf("%q: got %s, %v, want %v", text, got, err, want)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", time.Second: "1s", 1: "1s", -1: "-1s", 59 * time.Minute: "59m", time.Hour: "1h", 48 * time.Hour: "2d",
		36*time.Hour + 30*time.Second: "1d12h30s", -90 * time.Minute: "-1h30m", 1500 * time.Millisecond: "2s",
		math.MaxInt64: "106751d23h47m16s", math.MinInt64: "-106751d23h47m16s",
	} {
		got := duration.Text(d)
		if got != want {
			t.Errorf("%d: got %s, want %s", d, got, want)
		}
		if again, err := duration.Parse(got); err != nil || d%time.Second == 0 && again != d {
			t.Errorf("%s reads as %s, %v", got, again, err)
		}
	}
}

func TestDated(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time]string{
		duration.Last:                         "9999-12-31T23:59:59Z",
		duration.Last.Add(1):                  "9999-12-31T23:59:59Z",
		duration.Last.Add(time.Hour):          "9999-12-31T23:59:59Z",
		duration.Last.Add(-time.Second):       "9999-12-31T23:59:58Z",
		time.Unix(0, 0).UTC():                 "1970-01-01T00:00:00Z",
		duration.Last.Add(duration.Max).UTC(): "9999-12-31T23:59:59Z",
	} {
		if got := duration.Dated(at).Format(time.RFC3339); got != want {
			t.Errorf("%s: got %s, want %s", at, got, want)
		}
	}
}
