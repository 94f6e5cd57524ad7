package acs_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The window is closed at both ends: 15 minutes are allowed, a second more is not.
func TestTimestampWindow(t *testing.T) {
	t.Parallel()
	const window = 15 * time.Minute
	for name, c := range map[string]struct {
		off  time.Duration
		want string
	}{
		"same":             {0, "ok"},
		"behind, at edge":  {-window, "ok"},
		"behind, past":     {-window - time.Second, "InvalidTimeStamp.Expired"},
		"ahead, at edge":   {window, "ok"},
		"ahead, past edge": {window + time.Second, "InvalidTimeStamp.Expired"},
		"years ahead":      {24 * 365 * 100 * time.Hour, "InvalidTimeStamp.Expired"},
	} {
		for _, s := range styles() {
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				signer := newClient()
				signer.at = iso(noon.Add(c.off))
				newWorld(t).send(t, s.sign(signer, s.call())).want(t, c.want)
			})
		}
	}
}

// The sandbox's clock judges, whatever its fraction of a second.
func TestTimestampAgainstTheMovedClock(t *testing.T) {
	t.Parallel()
	w, c := newWorldBy(t, sandbox.ByClock), newClient()
	w.advance(t, 15*time.Minute+time.Nanosecond)
	w.send(t, c.rpc(mqtt(), applyToken, mqttRelease)).want(t, "InvalidTimeStamp.Expired")
	w.advance(t, -time.Nanosecond)
	w.send(t, c.rpc(mqtt(), applyToken, mqttRelease)).want(t, "ok")
}

func TestTimestampForms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ style, text, want string }{
		"iso":                  {"rpc v1", "2026-03-01T12:00:00Z", "ok"},
		"iso absent":           {"rpc v1", "-", "MissingTimestamp"},
		"iso empty":            {"rpc v1", "", "MissingTimestamp"},
		"iso with an offset":   {"rpc v1", "2026-03-01T12:00:00+00:00", "InvalidTimeStamp.Format"},
		"iso local":            {"rpc v1", "2026-03-01T12:00:00", "InvalidTimeStamp.Format"},
		"iso with a blank":     {"rpc v1", "2026-03-01 12:00:00Z", "InvalidTimeStamp.Format"},
		"iso with a fraction":  {"rpc v1", "2026-03-01T12:00:00.000Z", "ok"},
		"iso, nanoseconds":     {"rpc v1", "2026-03-01T12:00:00.123456789Z", "ok"},
		"iso, old, a fraction": {"rpc v1", "2026-03-01T11:44:59.999Z", "InvalidTimeStamp.Expired"},
		"iso, empty fraction":  {"rpc v1", "2026-03-01T12:00:00.Z", "InvalidTimeStamp.Format"},
		"iso, comma":           {"rpc v1", "2026-03-01T12:00:00,5Z", "InvalidTimeStamp.Format"},
		"iso, fraction, local": {"rpc v1", "2026-03-01T12:00:00.000", "InvalidTimeStamp.Format"},
		"iso in small":         {"rpc v1", "2026-03-01t12:00:00z", "InvalidTimeStamp.Format"},
		"iso without seconds":  {"rpc v1", "2026-03-01T12:00Z", "InvalidTimeStamp.Format"},
		"iso without marks":    {"rpc v1", "20260301T120000Z", "InvalidTimeStamp.Format"},
		"iso with AM":          {"rpc v1", "2026-03-01T12:00:00 AMZ", "InvalidTimeStamp.Format"},
		"iso with a short day": {"rpc v1", "2026-3-1T12:00:00Z", "InvalidTimeStamp.Format"},
		"iso, no such day":     {"rpc v1", "2026-02-30T12:00:00Z", "InvalidTimeStamp.Format"},
		"iso, short hour":      {"rpc v1", "2026-03-01T9:00:00Z", "InvalidTimeStamp.Format"},
		"seconds":              {"rpc v1", "1772366400", "InvalidTimeStamp.Format"},
		"a date where iso is":  {"rpc v1", noon.Format(http.TimeFormat), "InvalidTimeStamp.Format"},
		"v3 iso":               {"v3 rpc", "2026-03-01T12:00:00Z", "ok"},
		"v3 absent":            {"v3 rpc", "-", "MissingHeader"},
		"v3 empty":             {"v3 rpc", "", "MissingHeader"},
		"v3 fraction":          {"v3 rpc", "2026-03-01T12:00:00.5Z", "ok"},
		"v3 with an offset":    {"v3 rpc", "2026-03-01T12:00:00+00:00", "InvalidTimeStamp.Format"},
		"v3 comma":             {"v3 rpc", "2026-03-01T12:00:00,5Z", "InvalidTimeStamp.Format"},
		"v3, a date":           {"v3 rpc", noon.Format(http.TimeFormat), "InvalidTimeStamp.Format"},
		"roa date":             {"roa v1", "Sun, 01 Mar 2026 12:00:00 GMT", "ok"},
		"roa AM":               {"roa v1", "Sun, 01 Mar 2026 12:00:00 AM GMT", "ok"},
		"roa PM":               {"roa v1", "Sun, 01 Mar 2026 12:00:00 PM GMT", "ok"},
		"roa am":               {"roa v1", "Sun, 01 Mar 2026 12:00:00 am GMT", "ok"},
		"roa p.m.":             {"roa v1", "Sun, 01 Mar 2026 12:00:00 p.m. GMT", "ok"},
		"roa AM, its hour":     {"roa v1", "Sun, 01 Mar 2026 11:00:00 AM GMT", "InvalidTimeStamp.Expired"},
		"roa fraction":         {"roa v1", "Sun, 01 Mar 2026 12:00:00.5 GMT", "ok"},
		"roa AM without zone":  {"roa v1", "Sun, 01 Mar 2026 12:00:00 AM", "InvalidTimeStamp.Format"},
		"roa another word":     {"roa v1", "Sun, 01 Mar 2026 12:00:00 NOON GMT", "InvalidTimeStamp.Format"},
		"roa AM, weekday":      {"roa v1", "Mon, 01 Mar 2026 12:00:00 AM GMT", "InvalidTimeStamp.Format"},
		"roa short day":        {"roa v1", "Sun, 1 Mar 2026 12:00:00 GMT", "InvalidTimeStamp.Format"},
		"roa absent":           {"roa v1", "-", "MissingDate"},
		"roa UTC":              {"roa v1", "Sun, 01 Mar 2026 12:00:00 UTC", "InvalidTimeStamp.Format"},
		"roa offset":           {"roa v1", "Sun, 01 Mar 2026 12:00:00 +0000", "InvalidTimeStamp.Format"},
		"roa RFC 850":          {"roa v1", "Sunday, 01-Mar-26 12:00:00 GMT", "InvalidTimeStamp.Format"},
		"roa asctime":          {"roa v1", "Sun Mar  1 12:00:00 2026", "InvalidTimeStamp.Format"},
		"roa other weekday":    {"roa v1", "Mon, 01 Mar 2026 12:00:00 GMT", "InvalidTimeStamp.Format"},
		"roa iso":              {"roa v1", "2026-03-01T12:00:00Z", "InvalidTimeStamp.Format"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := styleOf(t, c.style)
			d := s.call()
			if c.style == "rpc v1" {
				d.query = append(d.query, [2]string{"Timestamp", c.text})
			} else {
				d = d.withHeader(map[string]string{"roa v1": "Date", "v3 rpc": "X-Acs-Date"}[c.style], c.text)
			}
			newWorld(t).send(t, s.sign(newClient(), d)).want(t, c.want)
		})
	}
}

func TestExpiredTimestampIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		off  time.Duration
		want string // in the advice; empty for none
	}{
		"local time of China":                         {8 * time.Hour, "8h0m0s"},
		"local time of Newfoundland, clock a bit off": {-150*time.Minute - 4*time.Minute, "-2h30m0s"},
		"a clock that is wrong":                       {20 * time.Minute, ""},
		"wrong by half an hour":                       {30 * time.Minute, ""},
		"wrong by hours":                              {3*time.Hour + 10*time.Minute, ""},
		"beyond every zone":                           {15 * time.Hour, ""},
		"days":                                        {-48 * time.Hour, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := newClient()
			signer.at = iso(noon.Add(c.off))
			got := newWorld(t).send(t, signer.rpc(mqtt(), applyToken, mqttRelease))
			got.want(t, "InvalidTimeStamp.Expired")
			first := got.finding(t, "timestamp")
			if first.Got != signer.at || !strings.Contains(first.Expected, iso(noon)) {
				t.Errorf("finding %+v", first)
			}
			advice := ""
			for _, f := range got.fault.Findings[1:] {
				advice += f.Message
			}
			if (c.want == "") != (advice == "") || !strings.Contains(advice, c.want) {
				t.Errorf("advice %q", advice)
			}
		})
	}
}

// A Date with AM or PM is read by its hour, whether that comes out right or not, and the journal says so: never that
// it looks like a time zone, from which it differs by twelve hours.
func TestHalfDayIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ date, want string }{
		"midnight": {"Sun, 01 Mar 2026 12:00:00 AM GMT", "ok"},
		"noon":     {"Sun, 01 Mar 2026 12:00:00 PM GMT", "InvalidTimeStamp.Expired"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldBy(t, sandbox.ByClock)
			if name == "noon" {
				w.advance(t, 12*time.Hour)
			}
			got := w.send(t, newClient().roa(warrant().withHeader("Date", c.date), "", "20240611"))
			got.want(t, c.want)
			findings := got.findings
			if got.fault != nil {
				findings = got.fault.Findings[1:]
			}
			if len(findings) != 1 || findings[0].Level != wire.LevelAdvice || !strings.Contains(findings[0].Message, "12-hour clock") {
				t.Errorf("findings %+v", findings)
			}
		})
	}
}
