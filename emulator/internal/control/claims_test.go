package control_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

func (w *world) judge(t *testing.T, b box, claim string) controlapi.Judgement {
	t.Helper()
	var judged controlapi.Judgement
	decode(t, w.call(t, http.MethodPost, b.path("/claims"), claim, http.StatusOK), &judged)
	return judged
}

// TestClaims holds what the testkits rely on; what they say of calls is tested with them.
func TestClaims(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"id":"claims","seed":7}`)
	for name, test := range map[string]struct {
		claim   string
		verdict controlapi.Verdict
		decided bool
		says    string
	}{
		"never, at once":    {`{"operation":"*","want":"never"}`, controlapi.VerdictHolds, false, ""},
		"never, for a time": {`{"operation":"*","want":"never","withinMillis":20}`, controlapi.VerdictHolds, false, ""},
		"no outcomes":       {`{"operation":"onsmqtt.ApplyToken","want":"outcomes"}`, controlapi.VerdictHolds, true, ""},
		"one is missing":    {`{"operation":"onsmqtt.ApplyToken","want":"once","withinMillis":1}`, controlapi.VerdictBroken, false, "want 1 call, got 0 calls"},
		"unknown name":      {`{"operation":"onsmqtt.AplyToken","want":"never"}`, controlapi.VerdictUnknown, false, `did you mean "onsmqtt.ApplyToken"?`},
		"no operation":      {`{"operation":"","want":"never"}`, controlapi.VerdictHolds, false, ""},
		"a topic": {
			`{"operation":"mqtt.PUBLISH","want":"times","calls":0,"where":[{"of":"topic","value":"a/#"}]}`,
			controlapi.VerdictHolds, true, "",
		},
	} {
		got := w.judge(t, b, test.claim)
		if got.Verdict != test.verdict || got.Decided != test.decided || !strings.Contains(got.Report, test.says) ||
			(got.Report == "") != (test.says == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestClaimsShowNoSecret holds that a secret which a claim names does not stand in its report.
func TestClaimsShowNoSecret(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"id":"claims"}`)
	secret := b.Credentials.Fabric[0].Secret
	got := w.judge(t, b, `{"operation":"*","want":"once","where":[{"of":"header","name":"X-A","value":"`+secret+`"}]}`)
	if got.Report == "" || strings.Contains(got.Report, secret) {
		t.Errorf("got %q", got.Report)
	}
}

func TestBadClaims(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"id":"claims"}`)
	long := strings.Repeat("*", 5000)
	where := func(condition string) string { return `{"operation":"*","want":"once","where":[` + condition + `]}` }
	for name, test := range map[string]struct {
		claim  string
		status int
		field  string
	}{
		"nothing":              {``, 422, "want"},
		"another end":          {`{"operation":"*","want":"twice"}`, 422, "want"},
		"a member too many":    {`{"operation":"*","want":"once","wheer":[]}`, 400, "wheer"},
		"fewer than none":      {`{"operation":"*","want":"times","calls":-1}`, 422, "calls"},
		"too long a time":      {`{"operation":"*","want":"once","withinMillis":10001}`, 422, "withinMillis"},
		"too long a text":      {`{"operation":"` + long + `","want":"once"}`, 422, ""},
		"too long a value":     {where(`{"of":"outcome","value":"` + long + `"}`), 422, ""},
		"too many conditions":  {where(strings.Repeat(`{"of":"outcome","value":"ok"},`, 50) + `{"of":"outcome","value":"ok"}`), 422, "where"},
		"of what":              {where(`{"of":"operation","value":"ok"}`), 422, "where[0].of"},
		"no name":              {where(`{"of":"outcome","value":"ok"},{"of":"header","value":"ok"}`), 422, "where[1].name"},
		"a name too many":      {where(`{"of":"outcome","name":"X","value":"ok"}`), 422, "where[0].name"},
		"no state of delivery": {where(`{"of":"delivery","value":"resett"}`), 422, "where[0].value"},
	} {
		if got := w.refused(t, http.MethodPost, b.path("/claims"), test.claim, test.status); got.Field != test.field {
			t.Errorf("%s: %+v", name, got)
		}
	}
	w.refused(t, http.MethodPost, "/v1/sandboxes/missing/claims", `{"operation":"*","want":"once"}`, 404)
}
