package scenario

import (
	"fmt"
	"regexp"
	"sync"
	"time"
	_ "time/tzdata" // the image has no time zones of its own
)

// Moment is an instant, or a time of day that comes every day. The zero Moment is none.
type Moment struct {
	At time.Time
	// Daily says that the moment is the time of day TimeOfDay, counted from midnight, and At is not used.
	Daily     bool
	TimeOfDay time.Duration
}

// IsZero reports whether there is no such moment.
func (m Moment) IsZero() bool { return m == Moment{} }

// After returns the next such moment after an instant; of one that does not come again, its only one.
func (m Moment) After(t time.Time, zone *time.Location) time.Time {
	if m.Daily {
		return NextTime(t, m.TimeOfDay, zone)
	}
	return m.At
}

// String is the moment as it is written in a document.
func (m Moment) String() string {
	if !m.Daily {
		return m.At.Format(time.RFC3339)
	}
	return clockText(m.TimeOfDay)
}

// clockText writes a time of day as 22:00, with seconds only where there are some.
func clockText(d time.Duration) string {
	text := fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
	if seconds := int(d.Seconds()) % 60; seconds > 0 {
		text += fmt.Sprintf(":%02d", seconds)
	}
	return text
}

// Span is when the condition now holds: each day from the time of day From up to but without To, which may lie behind
// midnight, if Daily is set; after the instant After and before Before, where these are set.
type Span struct {
	Daily         bool
	From, To      time.Duration
	Zone          string
	After, Before time.Time
}

// Holds reports whether an instant lies in the span, whose zone is given.
func (s *Span) Holds(t time.Time, zone *time.Location) bool {
	if !s.After.IsZero() && !t.After(s.After) || !s.Before.IsZero() && !t.Before(s.Before) {
		return false
	}
	if !s.Daily {
		return true
	}
	now := timeOfDay(t.In(zone))
	if s.From < s.To {
		return s.From <= now && now < s.To
	}
	return s.From <= now || now < s.To
}

// End returns when a span ends that holds at an instant; zero when it does not end.
func (s *Span) End(t time.Time, zone *time.Location) time.Time {
	end := s.Before
	if s.Daily {
		if next := NextTime(t, s.To, zone); end.IsZero() || next.Before(end) {
			end = next
		}
	}
	return end
}

func timeOfDay(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute +
		time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
}

// NextTime returns the first instant after t at which clocks in the zone show that time of day. Where they skip it, as
// when summer time begins, it is the instant of the change; where they show it twice, both count.
func NextTime(t time.Time, clock time.Duration, zone *time.Location) time.Time {
	local := t.In(zone)
	for day := 0; ; day++ {
		for _, next := range instantsOf(local.Year(), local.Month(), local.Day()+day, clock, zone) {
			if next.After(t) {
				return next
			}
		}
	}
}

// Day returns the instants at which the day of t begins and ends in the zone: those at which its clocks first show its
// date and a later one.
func Day(t time.Time, zone *time.Location) (begins, ends time.Time) {
	local := t.In(zone)
	begins = instantsOf(local.Year(), local.Month(), local.Day(), 0, zone)[0]
	for day := 1; ; day++ {
		if next := instantsOf(local.Year(), local.Month(), local.Day()+day, 0, zone); len(next) > 0 {
			return begins, next[0]
		}
	}
}

// instantsOf returns the instants at which clocks in the zone show a time of a day, oldest first: one, or two where
// they are set back over it, or that of the change where they are set forward over it. It is none where they are set
// forward over the whole day.
func instantsOf(year int, month time.Month, day int, clock time.Duration, zone *time.Location) []time.Time {
	seconds := int(clock / time.Second)
	t := time.Date(year, month, day, 0, 0, seconds, 0, zone)
	wall := time.Date(year, month, day, 0, 0, seconds, 0, time.UTC)
	shown := wallOf(t)
	begin, end := t.ZoneBounds()
	if !shown.Equal(wall) {
		change := begin
		if shown.Before(wall) {
			change = end
		}
		if wallOf(change).Day() != wall.Day() {
			return nil
		}
		return []time.Time{change}
	}
	if earlier, ok := sameWall(t, begin.Add(-time.Nanosecond)); ok && !begin.IsZero() && earlier.Before(begin) {
		return []time.Time{earlier, t}
	}
	if later, ok := sameWall(t, end); ok && !end.IsZero() && !later.Before(end) {
		return []time.Time{t, later}
	}
	return []time.Time{t}
}

// wallOf is what clocks show at an instant, as the same time in UTC.
func wallOf(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// sameWall returns the instant at which clocks show what they show at t, with the offset of the zone that is in force
// at another instant. It is false where that is the same offset.
func sameWall(t, other time.Time) (time.Time, bool) {
	_, offset := t.Zone()
	_, theirs := other.Zone()
	return t.Add(time.Duration(offset-theirs) * time.Second), offset != theirs
}

// zoneName is the form of the names of time zones: the Go library reads other names too, such as Local or a//b.
var zoneName = regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$`)

// zones keeps the time zones that were read: there are some 600.
var zones sync.Map

// Zone returns the time zone of a name of the IANA database, UTC for the empty one.
func Zone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	if found, ok := zones.Load(name); ok {
		return found.(*time.Location), nil
	}
	if !zoneName.MatchString(name) || name == "Local" {
		return nil, fmt.Errorf("no time zone is named %q", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("no time zone is named %q", name)
	}
	zones.Store(name, zone)
	return zone, nil
}
