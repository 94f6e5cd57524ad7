package emulator_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// Clocks end with the year 9999 and begin with 1970: no operation fails for what it issues there, and what it issued is
// good.
func TestEndsOfTheClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now    time.Time
		frozen bool
	}{
		"last second":            {duration.Last.Truncate(time.Second), true},
		"last second, running":   {duration.Last.Truncate(time.Second), false},
		"last instant":           {duration.Last, true},
		"last instant, running":  {duration.Last, false},
		"a minute before":        {duration.Last.Add(-time.Minute), true},
		"an hour before":         {duration.Last.Add(-time.Hour), true},
		"a month before":         {duration.Last.Add(-30 * 24 * time.Hour), true},
		"first second":           {time.Unix(0, 0), true},
		"first instant, running": {time.Unix(0, 0), false},
	} {
		for _, api := range newWorld(t).HTTPAPIs() {
			for _, op := range api.Operations {
				t.Run(name+"/"+op.Name, func(t *testing.T) {
					t.Parallel()
					real := emulator.Options{RealNow: func() time.Time { return instant }}
					w := newWorldWith(t, real, func(def *sandbox.Definition) { def.Now, def.Frozen = &c.now, c.frozen })
					w.enter(w.box)
					w.top.Now = real.RealNow // its zone is ahead: it cannot write the last hours of the clock
					checkAtTheEnd(t, w, op, c.now)
				})
			}
		}
	}
}

func checkAtTheEnd(t *testing.T, w *world, op *contract.Operation, now time.Time) {
	t.Helper()
	text, body := w.example(t, op)
	if _, ok := text["ExpireTime"]; ok {
		text["ExpireTime"] = strconv.FormatInt(now.Add(time.Hour).UnixMilli(), 10)
	}
	got := w.do(t, driverOf(op).valid(t, w, op, text, body))
	needsToken := slices.Contains([]string{"onsmqtt.QueryToken", "onsmqtt.RevokeToken"}, op.Name)
	if got.status >= http.StatusInternalServerError || got.code != "" && !needsToken {
		t.Errorf("%d %s", got.status, got.body)
	}
	for _, e := range w.entries(t, w.box, 0) {
		if e.Status >= http.StatusInternalServerError {
			t.Errorf("%s: %s", e.Operation, e.Response.Body)
		}
	}
}
