package scenario_test

import (
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// wall is what clocks show at an instant, as the same time in UTC.
func wall(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
}

// next looks at every minute for the first at which clocks show a time of day, or pass over it.
func next(t time.Time, clock time.Duration, zone *time.Location) time.Time {
	for before := t; ; before = before.Add(time.Minute) {
		now := before.Add(time.Minute)
		shown := wall(now, zone)
		wanted := shown.Truncate(24 * time.Hour).Add(clock)
		if shown.Equal(wanted) || wall(before, zone).Before(wanted) && shown.After(wanted) {
			return now
		}
	}
}

// oddDays are days on which clocks are set, and an ordinary one.
func oddDays() map[string]time.Time {
	return map[string]time.Time{
		"UTC":                 time.Date(2030, 5, 1, 0, 0, 0, 0, time.UTC),
		"Asia/Shanghai":       time.Date(2030, 5, 1, 0, 0, 0, 0, time.UTC),
		"America/New_York":    time.Date(2030, 3, 10, 0, 0, 0, 0, time.UTC),
		"Europe/Berlin":       time.Date(2030, 10, 27, 0, 0, 0, 0, time.UTC),
		"America/Sao_Paulo":   time.Date(2018, 11, 4, 0, 0, 0, 0, time.UTC),  // no midnight
		"America/Fortaleza":   time.Date(2001, 10, 14, 0, 0, 0, 0, time.UTC), // no midnight
		"America/Bahia":       time.Date(2012, 2, 26, 0, 0, 0, 0, time.UTC),  // at midnight it is 23:00 again
		"America/Havana":      time.Date(2030, 11, 3, 0, 0, 0, 0, time.UTC),  // midnight comes twice
		"Australia/Lord_Howe": time.Date(2030, 10, 6, 0, 0, 0, 0, time.UTC),  // by half an hour
		"Pacific/Apia":        time.Date(2011, 12, 30, 0, 0, 0, 0, time.UTC), // a day that was left out
		"Asia/Kathmandu":      time.Date(1986, 1, 1, 0, 0, 0, 0, time.UTC),   // by a quarter of an hour
	}
}

// TestTimesOfDay asks for the next time of day from every half hour around a day.
func TestTimesOfDay(t *testing.T) {
	t.Parallel()
	for name, day := range oddDays() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			zone, err := scenario.Zone(name)
			if err != nil {
				t.Fatal(err)
			}
			for half := range 3 * 24 * 2 {
				at := day.Add(-24*time.Hour + time.Duration(half)*30*time.Minute)
				for _, clock := range []time.Duration{0, 90 * time.Minute, 150 * time.Minute, 23*time.Hour + 30*time.Minute} {
					if got, want := scenario.NextTime(at, clock, zone), next(at, clock, zone); !got.Equal(want) {
						t.Fatalf("after %s the next %s is %s, want %s", at.In(zone), clock, got.In(zone), want.In(zone))
					}
				}
				checkDay(t, at, zone)
			}
		})
	}
}

// checkDay wants the day of an instant to begin where clocks first show its date, and to end where they first show a
// later one.
func checkDay(t *testing.T, at time.Time, zone *time.Location) {
	t.Helper()
	begins, ends := scenario.Day(at, zone)
	date := func(t time.Time) time.Time { return wall(t, zone).Truncate(24 * time.Hour) }
	if begins.After(at) || !date(begins).Equal(date(at)) || !date(begins.Add(-time.Minute)).Before(date(at)) {
		t.Fatalf("the day of %s begins at %s", at.In(zone), begins.In(zone))
	}
	if !date(ends).After(date(at)) || date(ends.Add(-time.Minute)).After(date(at)) {
		t.Fatalf("the day of %s ends at %s", at.In(zone), ends.In(zone))
	}
}

// TestSpan wants a time of day to be within a span or not, and the span to end when it says.
func TestSpan(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	noon := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	night := scenario.Span{Daily: true, From: 22 * hour, To: 6 * hour}
	day := scenario.Span{Daily: true, From: 6 * hour, To: 22 * hour, Before: noon.Add(48 * hour)}
	once := scenario.Span{After: noon, Before: noon.Add(hour)}
	tests := map[string]struct {
		span  scenario.Span
		at    time.Duration // after noon
		holds bool
		ends  time.Duration // after noon; zero for none
	}{
		"noon is not night":          {night, 0, false, 0},
		"just before the night":      {night, 10*hour - 1, false, 0},
		"as the night begins":        {night, 10 * hour, true, 18 * hour},
		"midnight":                   {night, 12 * hour, true, 18 * hour},
		"just before it ends":        {night, 18*hour - 1, true, 18 * hour},
		"as it ends":                 {night, 18 * hour, false, 0},
		"day":                        {day, 0, true, 10 * hour},
		"the last day":               {day, 47 * hour, true, 48 * hour},
		"after the last day":         {day, 48 * hour, false, 0},
		"as an interval begins":      {once, 0, false, 0},
		"inside of an interval":      {once, 1, true, hour},
		"as an interval ends":        {once, hour, false, 0},
		"an interval without an end": {scenario.Span{After: noon}, hour, true, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := noon.Add(test.at)
			if got := test.span.Holds(at, time.UTC); got != test.holds {
				t.Errorf("holds: %t", got)
			}
			var want time.Time
			if test.ends != 0 {
				want = noon.Add(test.ends)
			}
			if got := test.span.End(at, time.UTC); test.holds && !got.Equal(want) {
				t.Errorf("ends at %s, want %s", got, want)
			}
		})
	}
}

func TestZone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "Etc/GMT+8"} {
		if zone, err := scenario.Zone(name); err != nil || name != "" && zone.String() != name {
			t.Errorf("%q: %v, %v", name, zone, err)
		}
	}
	for _, name := range []string{"Local", "../etc/passwd", "Asia//Shanghai", "/Asia/Shanghai", "Asia", "Mars", "a/b/c/d"} {
		if zone, err := scenario.Zone(name); err == nil {
			t.Errorf("%q is %v", name, zone)
		}
	}
}
