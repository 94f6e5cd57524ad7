package console_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

func TestClockPage(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.advance(t, w.box(t, sandbox.Default), 61*time.Minute)
	w.real.Pass(time.Minute)
	page := w.page(t, "/console/clock")
	page.has(t, "Clock of default", "2026-03-01 09:02:00 UTC , running", "Real time 2026-03-01 08:01:00 UTC",
		"Distance 1h 1m 0s ahead of real time", "InvalidTimeStamp.Expired is fine now is fine now", "signatureTime either")
	if !strings.Contains(page.body, `datetime="2026-03-01T09:02:00Z" data-clock="main" data-frozen="false"`) {
		t.Errorf("no clock that a script can run: %s", page.body)
	}
}

func TestClockInTheWindow(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.page(t, "/console/clock").has(t, "Distance none", "acs 15m 0s InvalidTimeStamp.Expired is fine now")
	w.advance(t, w.box(t, sandbox.Default), 12*time.Minute)
	w.page(t, "/console/clock").has(t, "Invalid timestamp is fine now")
}

// What a client notices of a moved clock follows the rule of the sandbox.
func TestClockPageFollowsTheRule(t *testing.T) {
	t.Parallel()
	for rule, want := range map[sandbox.SignatureTime][]string{
		sandbox.ByEither: {"acs 15m 0s InvalidTimeStamp.Expired is fine now is fine now", "takes the sandbox's clock or real time"},
		sandbox.ByClock:  {"acs 15m 0s InvalidTimeStamp.Expired is refused now is fine now", "takes the sandbox's clock alone"},
		sandbox.ByReal:   {"acs 15m 0s InvalidTimeStamp.Expired is fine now is refused now", "takes real time alone"},
		sandbox.ByNone:   {"acs 15m 0s InvalidTimeStamp.Expired is fine now is fine now", "takes any time"},
	} {
		t.Run(string(rule), func(t *testing.T) {
			t.Parallel()
			w := open(t)
			box, err := w.CreateSandbox(t.Context(), sandbox.Definition{ID: "ruled", SignatureTime: rule}, nil)
			if err != nil {
				t.Fatal(err)
			}
			w.advance(t, box, 59*time.Minute)
			w.page(t, "/console/clock?sandbox=ruled").has(t, want...)
			w.page(t, "/console/sandboxes/ruled").has(t, "Signatures carry "+strings.TrimPrefix(want[1], "takes "))
		})
	}
}

func TestClockChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fields url.Values
		now    string
		frozen bool
		note   string
	}{
		"advance": {
			url.Values{"advance": {"59m"}},
			"2026-03-01T08:59:00Z", false, "The clock of other shows 2026-03-01 08:59:00 UTC and runs.",
		},
		"advance by days":      {url.Values{"advance": {"1d 12h"}}, "2026-03-02T20:00:00Z", false, ""},
		"advance with blanks":  {url.Values{"advance": {" 1h 30m "}}, "2026-03-01T09:30:00Z", false, ""},
		"freeze":               {url.Values{"frozen": {"true"}}, "2026-03-01T08:00:00Z", true, "and is frozen."},
		"set":                  {url.Values{"now": {"2030-01-01T00:00:00+01:00"}}, "2029-12-31T23:00:00Z", false, ""},
		"set back, in UTC":     {url.Values{"now": {"2020-01-01 10:20"}}, "2020-01-01T10:20:00Z", false, ""},
		"set by a date field":  {url.Values{"now": {"2031-02-03T04:05"}}, "2031-02-03T04:05:00Z", false, ""},
		"set to a day":         {url.Values{"now": {"2031-02-03"}}, "2031-02-03T00:00:00Z", false, ""},
		"back to now, running": {url.Values{"real": {"yes"}}, "2026-03-01T08:00:00Z", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			box := w.create(t, "other")
			test.fields.Set("sandbox", "other")
			w.submit(t, "/console/calls?sandbox=other", "/console/clock", test.fields).has(t, test.note)
			clock, err := box.Clock(t.Context())
			if err != nil || clock.Now.Format(time.RFC3339) != test.now || clock.Frozen != test.frozen {
				t.Errorf("the clock shows %+v, %v; want %s, frozen %t", clock, err, test.now, test.frozen)
			}
			if now := clockOf(t, w.box(t, sandbox.Default)); !now.Equal(start) {
				t.Errorf("the clock of the default sandbox moved to %s", now)
			}
		})
	}
}

func TestClockBackToNow(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.advance(t, box, time.Hour)
	w.submit(t, "/console/clock", "/console/clock", url.Values{"frozen": {"true"}})
	w.real.Pass(5 * time.Minute)
	w.submit(t, "/console/clock", "/console/clock", url.Values{"real": {"yes"}}).
		has(t, "2026-03-01 08:05:00 UTC and is frozen.")
	w.real.Pass(time.Minute)
	w.submit(t, "/console/clock", "/console/clock", url.Values{"frozen": {"false"}})
	w.real.Pass(time.Minute)
	if now := clockOf(t, box); !now.Equal(start.Add(6 * time.Minute)) {
		t.Errorf("the clock shows %s after it ran for a minute", now)
	}
}

func TestClockRefusals(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, test := range map[string]struct {
		fields url.Values
		status int
		says   string
	}{
		"no duration":     {url.Values{"advance": {"soon"}}, http.StatusUnprocessableEntity, `such as 59m or 1h30m`},
		"negative":        {url.Values{"advance": {"-1m"}}, http.StatusUnprocessableEntity, "set the clock to go back"},
		"no instant":      {url.Values{"now": {"<b>then</b>"}}, http.StatusUnprocessableEntity, `got "<b>then</b>"`},
		"neither":         {url.Values{"frozen": {"maybe"}}, http.StatusUnprocessableEntity, "must be true or false"},
		"nothing":         {nil, http.StatusUnprocessableEntity, "give advance, now, frozen or real"},
		"no proof":        {url.Values{"real": {"yes"}, "csrf": {"x"}}, http.StatusForbidden, "not of this run of the console"},
		"unknown sandbox": {url.Values{"real": {"yes"}, "sandbox": {"nobody"}}, http.StatusNotFound, "no such sandbox"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.tries(t, "/console/clock?sandbox=default", "/console/clock", test.fields)
			if got.status != test.status {
				t.Fatalf("status %d, want %d: %s", got.status, test.status, got.text())
			}
			got.has(t, test.says)
			if test.status == http.StatusUnprocessableEntity {
				got.has(t, "Clock of default", "Move it")
				for _, typed := range append(test.fields["advance"], test.fields["now"]...) {
					if !strings.Contains(got.body, `value="`+html.EscapeString(typed)+`"`) {
						t.Errorf("what was typed is gone: %s", got.body)
					}
				}
			}
			got.lacks(t, "<b>then")
		})
	}
}

func TestClockFarAway(t *testing.T) {
	t.Parallel()
	w := open(t)
	got := w.submit(t, "/console/clock", "/console/clock", url.Values{"now": {"9998-01-01"}})
	got.has(t, "9998-01-01 00:00:00 UTC , running", "ahead of real time")
	if refused := w.tries(t, "/console/clock", "/console/clock", url.Values{"advance": {"20000h"}}); refused.status != http.StatusUnprocessableEntity {
		t.Errorf("beyond the year 9999: status %d", refused.status)
	}
}

// The clock stands in the header of every page and can be changed there.
func TestClockEverywhere(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.create(t, "other")
	other := w.box(t, "other")
	w.applyToken(t, other)
	call := regexp.MustCompile(`/console/calls/other/[^"]+`).FindString(w.page(t, "/console/calls?sandbox=other").body)
	for i, path := range []string{
		"/console/calls?sandbox=other", call, "/console/scenarios?sandbox=other&q=a%26b", "/console/coverage?sandbox=other",
		"/console/scenarios/show?name=clock-skew&sandbox=other", "/console/scenarios/edit?sandbox=other",
		"/console/tokens?sandbox=other", "/console/clock?sandbox=other", "/console/sandboxes?sandbox=other",
		"/console/sandboxes/other",
	} {
		panel := w.page(t, path).part(t, "clock-panel-steps", "</form>").body
		for _, part := range []string{
			`name="sandbox" value="other"`, `name="back" value="` + html.EscapeString(path) + `"`, `name="advance" value="1m"`,
			`name="advance" value="5m"`, `name="advance" value="1h"`, `name="advance" value="24h"`, `name="frozen" value="true"`,
			`name="real" value="yes"`,
		} {
			if !strings.Contains(panel, part) {
				t.Errorf("%s: the clock's panel has no %s: %s", path, part, panel)
			}
		}
		after := w.submit(t, path, "/console/clock", url.Values{"sandbox": {"other"}, "advance": {"1h"}})
		after.has(t, "The clock of other shows "+start.Add(time.Duration(i+1)*time.Hour).Format(time.DateTime)+" UTC and runs.")
	}
	w.advance(t, other, -10*time.Hour)
	w.page(t, "/console/sandboxes/other").has(t, "other 2026-03-01 08:00:00 UTC running Change the clock")
}

func (w *world) advance(t *testing.T, box *sandbox.Sandbox, by time.Duration) {
	t.Helper()
	if _, err := w.ChangeClock(t.Context(), box, sandbox.ClockChange{Advance: by}); err != nil {
		t.Fatal(err)
	}
}

// A refusal of a form on another page leads back there; zones may be written behind a time.
func TestClockFromElsewhere(t *testing.T) {
	t.Parallel()
	w := open(t)
	got := w.tries(t, tokensPage, "/console/clock", url.Values{"advance": {"soon"}})
	got.has(t, "Nothing was changed.", "Back to the page before")
	w.submit(t, tokensPage, "/console/clock", url.Values{"now": {"2030-01-01 08:00 +08:00"}}).
		has(t, "The clock of default shows 2030-01-01 00:00:00 UTC and runs.")
}
