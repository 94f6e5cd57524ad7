package control_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

type clock struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
	// Warning is about clients that are refused.
	Warning string `json:"warning"`
}

func (w *world) clock(t *testing.T, b box) clock {
	t.Helper()
	var c clock
	w.get(t, b.path("/clock"), &c)
	return c
}

func (w *world) setClock(t *testing.T, b box, patch string) clock {
	t.Helper()
	var c clock
	decode(t, w.call(t, http.MethodPatch, b.path("/clock"), patch, http.StatusOK), &c)
	return c
}

func at(text string) time.Time {
	instant, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err) // a slip in a test's table
	}
	return instant
}

func TestClockChanges(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		patch      string
		now, later string // at once, and after an hour of real time
		frozen     bool
	}{
		"set":             {`{"now":"2030-01-01T00:00:00Z"}`, "2030-01-01T00:00:00Z", "2030-01-01T01:00:00Z", false},
		"set back":        {`{"now":"1999-12-31T23:59:59.25Z"}`, "1999-12-31T23:59:59.25Z", "2000-01-01T00:59:59.25Z", false},
		"another zone":    {`{"now":"2030-01-01T08:00:00+08:00"}`, "2030-01-01T00:00:00Z", "2030-01-01T01:00:00Z", false},
		"advance":         {`{"advance":"59m"}`, "2026-03-01T08:59:00Z", "2026-03-01T09:59:00Z", false},
		"advance nothing": {`{"advance":"0s"}`, "2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z", false},
		"advance exactly": {
			`{"advance":"1h0.000000001s"}`, "2026-03-01T09:00:00.000000001Z", "2026-03-01T10:00:00.000000001Z", false,
		},
		"freeze": {`{"frozen":true}`, "2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z", true},
		"run on": {`{"frozen":false}`, "2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z", false},
		"set and advance": {
			`{"now":"2030-01-01T00:00:00Z","advance":"24h"}`, "2030-01-02T00:00:00Z", "2030-01-02T01:00:00Z", false,
		},
		"all three": {
			`{"frozen":true,"advance":"1m","now":"2030-01-01T00:00:00Z"}`, "2030-01-01T00:01:00Z", "2030-01-01T00:01:00Z", true,
		},
		"days":          {`{"advance":"2d"}`, "2026-03-03T08:00:00Z", "2026-03-03T09:00:00Z", false},
		"days and more": {`{"advance":"1d12h30m"}`, "2026-03-02T20:30:00Z", "2026-03-02T21:30:00Z", false},
		"real":          {`{"real":true}`, "2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z", false},
		"real, then on": {`{"real":true,"advance":"59m"}`, "2026-03-01T08:59:00Z", "2026-03-01T09:59:00Z", false},
		"first instant": {`{"now":"1970-01-01T00:00:00Z"}`, "1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z", false},
		"last instant": {
			`{"now":"9999-12-31T23:59:59.999999999Z"}`,
			"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z", false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			b := w.create(t, "{}")
			for _, got := range []clock{w.setClock(t, b, test.patch), w.clock(t, b)} {
				if !got.Now.Equal(at(test.now)) || got.Frozen != test.frozen {
					t.Errorf("%+v, want %s frozen %t", got, test.now, test.frozen)
				}
			}
			w.real.Pass(time.Hour)
			if got := w.clock(t, b); !got.Now.Equal(at(test.later)) {
				t.Errorf("an hour later %s, want %s", got.Now, test.later)
			}
		})
	}
}

func TestFrozenClockMovesWhenTold(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"now":"2030-01-01T00:00:00Z","frozen":true}`)
	w.real.Pass(time.Hour)
	if got := w.setClock(t, b, `{"advance":"90s"}`); !got.Frozen || !got.Now.Equal(at("2030-01-01T00:01:30Z")) {
		t.Errorf("advanced to %+v", got)
	}
	if got := w.setClock(t, b, `{"frozen":false}`); got.Frozen || !got.Now.Equal(at("2030-01-01T00:01:30Z")) {
		t.Errorf("freed at %+v", got)
	}
	w.real.Pass(time.Second)
	if got := w.clock(t, b); !got.Now.Equal(at("2030-01-01T00:01:31Z")) {
		t.Errorf("a second later %s", got.Now)
	}
}

func TestClockRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		patch  string
		status int
		field  string
	}{
		"nothing":             {"", http.StatusUnprocessableEntity, "body"},
		"empty":               {"{}", http.StatusUnprocessableEntity, "body"},
		"only null":           {`{"now":null}`, http.StatusUnprocessableEntity, "body"},
		"no instant":          {`{"now":"tomorrow","frozen":true}`, http.StatusUnprocessableEntity, "now"},
		"no zone":             {`{"now":"2030-01-01T00:00:00"}`, http.StatusUnprocessableEntity, "now"},
		"local form":          {`{"now":"2030-01-01 00:00:00"}`, http.StatusUnprocessableEntity, "now"},
		"no such day":         {`{"now":"2030-02-30T00:00:00Z"}`, http.StatusUnprocessableEntity, "now"},
		"before 1970":         {`{"now":"1969-12-31T23:59:59Z","frozen":true}`, http.StatusUnprocessableEntity, "now"},
		"before 1970 in UTC":  {`{"now":"1970-01-01T00:00:00+01:00"}`, http.StatusUnprocessableEntity, "now"},
		"year 0":              {`{"now":"0000-01-01T00:00:00Z"}`, http.StatusUnprocessableEntity, "now"},
		"year 10000":          {`{"now":"10000-01-01T00:00:00Z"}`, http.StatusUnprocessableEntity, "now"},
		"year 10000 in UTC":   {`{"now":"9999-12-31T23:59:59-01:00"}`, http.StatusUnprocessableEntity, "now"},
		"advance beyond":      {`{"now":"9999-12-31T23:59:59Z","advance":"1s"}`, http.StatusUnprocessableEntity, "now"},
		"no duration":         {`{"advance":"soon","frozen":true}`, http.StatusUnprocessableEntity, "advance"},
		"empty duration":      {`{"advance":""}`, http.StatusUnprocessableEntity, "advance"},
		"back":                {`{"advance":"-1h"}`, http.StatusUnprocessableEntity, "advance"},
		"too long a duration": {`{"advance":"9999999999h"}`, http.StatusUnprocessableEntity, "advance"},
		"days, then nothing":  {`{"advance":"1d2"}`, http.StatusUnprocessableEntity, "advance"},
		"too many days":       {`{"advance":"106752d"}`, http.StatusUnprocessableEntity, "advance"},
		"days back":           {`{"advance":"-2d"}`, http.StatusUnprocessableEntity, "advance"},
		"zero time":           {`{"now":"0001-01-01T00:00:00Z"}`, http.StatusUnprocessableEntity, "now"},
		"number as duration":  {`{"advance":60,"frozen":true}`, http.StatusBadRequest, "advance"},
		"number as instant":   {`{"now":1893456000,"frozen":true}`, http.StatusBadRequest, "now"},
		"text as flag":        {`{"advance":"1h","frozen":"yes"}`, http.StatusBadRequest, "frozen"},
		"unknown":             {`{"advance":"1h","speed":2}`, http.StatusBadRequest, "speed"},
		"no object":           {`"1h"`, http.StatusBadRequest, ""},
		"null":                {`null`, http.StatusBadRequest, ""},
		"broken":              {`{"advance":"1h"`, http.StatusBadRequest, ""},
	}
	w := open(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := w.create(t, "{}")
			p := w.refused(t, http.MethodPatch, b.path("/clock"), test.patch, test.status)
			if p.Field != test.field {
				t.Errorf("field %q, want %q", p.Field, test.field)
			}
			if got := w.clock(t, b); got.Frozen || !got.Now.Equal(start) {
				t.Errorf("a refused change left the clock at %+v", got)
			}
		})
	}
	w.refused(t, http.MethodPatch, "/v1/sandboxes/none/clock", `{"frozen":true}`, http.StatusNotFound)
}

// TestClockJudgesTokens lets a token expire by the clock alone.
func TestClockJudgesTokens(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"frozen":true}`)
	token := w.applyToken(t, b)
	w.setClock(t, b, `{"advance":"59m59s"}`)
	if !w.queryToken(t, b, token) {
		t.Error("expired a second early")
	}
	w.setClock(t, b, `{"advance":"1s"}`)
	if w.queryToken(t, b, token) {
		t.Error("good after its end")
	}
	if tokens := w.tokens(t, b); len(tokens) != 1 || tokens[0].State != "expired" {
		t.Errorf("tokens %+v, want one, expired", tokens)
	}
}

// A clock warns of the clients that it gets refused, by the rule of the sandbox.
func TestClockWarnsOfRefusedClients(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule, patch string
		want        []string // in the warning; none means no warning
	}{
		"either":                 {"either", `{"advance":"59m"}`, nil},
		"off":                    {"off", `{"advance":"59m"}`, nil},
		"clock":                  {"clock", `{"advance":"59m"}`, []string{"real time", "acs (more than 15m)", "top (more than 10m)", "either"}},
		"clock, in the window":   {"clock", `{"advance":"9m"}`, nil},
		"clock, in one window":   {"clock", `{"advance":"11m"}`, []string{"real time", "top (more than 10m)"}},
		"clock, at real time":    {"clock", `{"frozen":true}`, nil},
		"real":                   {"real", `{"now":"2030-01-01T00:00:00Z"}`, []string{"this clock", "acs (more than 15m)"}},
		"real, in the window":    {"real", `{"advance":"10m"}`, nil},
		"clock, before the real": {"clock", `{"now":"2020-01-01T00:00:00Z"}`, []string{"real time"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			b := w.create(t, `{"signatureTime":"`+test.rule+`"}`)
			changed, read := w.setClock(t, b, test.patch), w.clock(t, b)
			if changed.Warning != read.Warning || (changed.Warning == "") != (test.want == nil) || strings.Contains(read.Warning, "fabric") {
				t.Errorf("changed %+v, read %+v", changed, read)
			}
			for _, part := range test.want {
				if !strings.Contains(read.Warning, part) {
					t.Errorf("does not say %q: %s", part, read.Warning)
				}
			}
		})
	}
}

func TestSignatureTimeOfSandboxes(t *testing.T) {
	t.Parallel()
	w := open(t)
	for given, want := range map[string]string{
		"{}": "either", `{"signatureTime":"either"}`: "either", `{"signatureTime":"clock"}`: "clock",
		`{"signatureTime":"real"}`: "real", `{"signatureTime":"off"}`: "off",
	} {
		b := w.create(t, given)
		var shown box
		if w.get(t, b.path(""), &shown); shown.Signing != want || b.Signing != want {
			t.Errorf("%s: shows %q, then %q", given, b.Signing, shown.Signing)
		}
	}
	for _, wrong := range []string{`"both"`, `"Clock"`, `" "`} {
		p := w.refused(t, http.MethodPost, "/v1/sandboxes", `{"signatureTime":`+wrong+`}`, http.StatusUnprocessableEntity)
		if p.Field != "signatureTime" || !strings.Contains(p.Detail, "either, clock, real or off") {
			t.Errorf("%s: %+v", wrong, p)
		}
	}
}

// A clock goes back to real time by itself, without a reset: what was issued stays.
func TestClockBackToRealTime(t *testing.T) {
	t.Parallel()
	for name, made := range map[string]string{
		"moved": "{}", "frozen": `{"frozen":true}`, "elsewhere": `{"now":"2030-01-01T00:00:00Z","frozen":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			b := w.create(t, made)
			w.setClock(t, b, `{"advance":"59m"}`)
			w.real.Pass(time.Hour)
			if got := w.setClock(t, b, `{"real":true,"frozen":false}`); !got.Now.Equal(w.real.Now()) || got.Frozen {
				t.Errorf("%+v, want %s", got, w.real.Now())
			}
			w.real.Pass(time.Minute)
			if got := w.clock(t, b); !got.Now.Equal(w.real.Now()) {
				t.Errorf("a minute later %s, want %s", got.Now, w.real.Now())
			}
		})
	}
}

// What is out of range says the range.
func TestRangeOfTheClock(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, "{}")
	for _, patch := range []string{
		`{"now":"0001-01-01T00:00:00Z"}`, `{"now":"1969-12-31T23:59:59Z"}`, `{"now":"10000-01-01T00:00:00Z"}`,
		`{"now":"9999-12-31T23:59:59Z","advance":"1s"}`, `{"advance":"2912000d"}`,
		`{"now":"+12026-01-01T00:00:00Z"}`, `{"advance":"99999999h"}`,
	} {
		p := w.refused(t, http.MethodPatch, b.path("/clock"), patch, http.StatusUnprocessableEntity)
		if !strings.Contains(p.Detail, "1970 to 9999") && !strings.Contains(p.Detail, "from 0s to 106751d") {
			t.Errorf("%s: %s", patch, p.Detail)
		}
	}
	for _, made := range []string{`{"now":"0001-01-01T00:00:00Z"}`, `{"now":"10000-01-01T00:00:00Z"}`} {
		p := w.refused(t, http.MethodPost, "/v1/sandboxes", made, http.StatusUnprocessableEntity)
		if p.Field != "now" || !strings.Contains(p.Detail, "1970 to 9999") {
			t.Errorf("%s: %+v", made, p)
		}
	}
}

// At the last second of the clock everything about tokens can still be read and done.
func TestTokensAtTheEndOfTheClock(t *testing.T) {
	t.Parallel()
	for _, now := range []string{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z"} {
		w := open(t)
		b := w.create(t, `{"now":"`+now+`","frozen":true}`)
		w.served(t, b, "GetAuthCode", "2021-02-18", url.Values{"EndUserId": {"alice"}}, &struct{}{})
		w.served(t, b, "GetAuthCode", "2021-02-18", url.Values{"EndUserId": {"bob"}}, &struct{}{})
		var list controlapi.TokenList
		w.get(t, b.path("/tokens"), &list)
		for i, what := range []string{"redeem", "expire"} {
			token := list.Tokens[i]
			if token.ExpiresAt.Year() != 9999 || token.State != "active" {
				t.Errorf("%s: %+v", now, token)
			}
			w.call(t, http.MethodPost, b.path("/tokens/"+token.ID+"/"+what), "", http.StatusOK)
		}
		w.get(t, b.path("/tokens"), &list)
		w.call(t, http.MethodGet, b.path("/requests"), "", http.StatusOK)
		w.refused(t, http.MethodPatch, b.path("/clock"), `{"advance":"1s"}`, http.StatusUnprocessableEntity)
	}
}
