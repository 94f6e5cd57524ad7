package control_test

import (
	"net/http"
	"testing"
	"time"
)

type clock struct {
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
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
		"days":                {`{"advance":"1d"}`, http.StatusUnprocessableEntity, "advance"},
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
