package play

import (
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// day is what is left of a quota of the calendar.
type day struct {
	// Begins and Ends are the midnights around the day.
	Begins time.Time `cbor:"1,keyasint"`
	Ends   time.Time `cbor:"2,keyasint"`
	// Used counts the calls within the quota of the day, Over all calls that were over it, on whatever day.
	Used uint64 `cbor:"3,keyasint"`
	Over uint64 `cbor:"4,keyasint"`
}

// moveDay counts a call against a quota of the calendar. A call that another overtook at midnight counts for the day
// that has begun; one before that is of a clock that was set back, and of another day.
func (r *compiledRule) moveDay(cursor *ruleCursor, now time.Time) takenStep {
	if cursor.Day == nil {
		cursor.Day = &day{}
	}
	d := cursor.Day
	if now.Before(d.Begins.Add(-clockSlack)) || !now.Before(d.Ends) {
		d.Begins, d.Ends = scenario.Day(now, r.day)
		d.Used = 0
	}
	if d.Used < uint64(r.Quota.Calls) {
		d.Used++
		left := strconv.FormatUint(uint64(r.Quota.Calls)-d.Used, 10)
		return takenStep{condition: "quota", expected: r.overQuota, got: "a call within, " + left + " left"}
	}
	d.Over++
	cursor.Taken = int64(d.Over)
	return takenStep{step: &r.over, number: int64(d.Over), left: d.Ends.Sub(now), refused: d.Ends.Sub(now)}
}
