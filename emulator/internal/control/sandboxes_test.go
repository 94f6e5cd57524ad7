package control_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
)

func TestCreateFillsEverythingIn(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"no body": "", "empty object": "{}", "spaces": " \n{ }\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			b := w.create(t, body)
			if !regexp.MustCompile(`^[a-z0-9-]{1,64}$`).MatchString(b.ID) {
				t.Errorf("id %q", b.ID)
			}
			if seed, err := b.Seed.Int64(); err != nil || seed < 0 || seed >= 1<<53 {
				t.Errorf("seed %s: must survive every JSON reader", b.Seed)
			}
			if !b.Now.Equal(start) || b.Frozen {
				t.Errorf("clock %s frozen %t, want real time, running", b.Now, b.Frozen)
			}
			checkCredentials(t, b.Credentials)
			want := map[string]string{
				"data": "http://" + w.data, "control": "http://" + w.control, "acs": w.data,
				"top": "http://" + w.data + "/router/rest", "fabric": "http://" + w.data, "oss": "http://" + w.data,
			}
			if diff := cmp.Diff(want, b.Endpoints); diff != "" {
				t.Error(diff)
			}
			if string(b.Fixtures) != "{}" || b.Quotas == nil || len(b.Quotas) > 0 || b.Scenarios == nil {
				t.Errorf("fixtures %s, quotas %v, scenarios %v", b.Fixtures, b.Quotas, b.Scenarios)
			}
		})
	}
}

func checkCredentials(t *testing.T, c credentials) {
	t.Helper()
	if len(c.ACS) != 1 || len(c.Top) != 1 || len(c.Fabric) != 1 {
		t.Fatalf("credentials %+v, want one a gateway", c)
	}
	for name, text := range map[string]string{
		"accessKeyId": c.ACS[0].ID, "accessKeySecret": c.ACS[0].Secret, "top appKey": c.Top[0].Key,
		"top appSecret": c.Top[0].Secret, "fabric appKey": c.Fabric[0].Key, "fabric appSecret": c.Fabric[0].Secret,
	} {
		if len(text) < 8 {
			t.Errorf("%s is %q", name, text)
		}
	}
}

const given = `{
	"id": "given-1", "seed": 18446744073709551615, "now": "2030-06-01T12:00:00.5+02:00", "frozen": true,
	"credentials": {
		"acs": [
			{"accessKeyId": "given-id", "accessKeySecret": "given-secret"},
			{"accessKeyId": "given-sts", "accessKeySecret": "given-sts-secret", "securityToken": "given-token"},
			{"bearerToken": "given-bearer"},
			{"accessKeyId": "given-off", "accessKeySecret": "given-off-secret", "disabled": true},
			{"accessKeyId": "given-two", "accessKeySecret": "given-two-secret", "bearerToken": "given-two-bearer"}
		],
		"top": [{"appKey": "1", "appSecret": "given-top-secret"}, {"appKey": "2", "appSecret": "given-top-secret"}],
		"fabric": [{"appKey": "given-app", "appSecret": "given-fabric-secret"}]
	},
	"fixtures": {
		"instances": ["post-*"], "channels": ["c1"], "users": ["alice"],
		"warrants": [{"appId": "a1", "appSecret": "given-warrant-secret"}]
	},
	"quotas": {"onsmqtt.ApplyToken": "5/s"}, "scenarios": []
}`

func TestCreateKeepsWhatIsGiven(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, given)
	if b.ID != "given-1" || b.Seed != "18446744073709551615" || !b.Frozen {
		t.Errorf("created %+v", b)
	}
	if want := time.Date(2030, 6, 1, 10, 0, 0, 5e8, time.UTC); !b.Now.Equal(want) {
		t.Errorf("now %s, want %s", b.Now, want)
	}
	want := credentials{
		ACS: []acsKey{
			{ID: "given-id", Secret: "given-secret"},
			{ID: "given-sts", Secret: "given-sts-secret", Token: "given-token"},
			{Bearer: "given-bearer"},
			{ID: "given-off", Secret: "given-off-secret", Disabled: true},
			{ID: "given-two", Secret: "given-two-secret", Bearer: "given-two-bearer"},
		},
		Top:    []app{{"1", "given-top-secret"}, {"2", "given-top-secret"}},
		Fabric: []app{{"given-app", "given-fabric-secret"}},
	}
	if diff := cmp.Diff(want, b.Credentials); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"onsmqtt.ApplyToken": "5/s"}, b.Quotas); diff != "" {
		t.Error(diff)
	}
	var again box
	w.get(t, b.path(""), &again)
	if diff := cmp.Diff(b, again); diff != "" {
		t.Errorf("read otherwise than created: %s", diff)
	}
}

func TestEmptyListsStayEmpty(t *testing.T) {
	t.Parallel()
	b := open(t).create(t, `{"credentials":{"acs":[],"fabric":[]}}`)
	if diff := cmp.Diff(credentials{ACS: []acsKey{}, Top: b.Credentials.Top, Fabric: []app{}}, b.Credentials); diff != "" {
		t.Error(diff)
	}
	if len(b.Credentials.Top) != 1 {
		t.Errorf("top credentials %+v, want one", b.Credentials.Top)
	}
}

func TestCreateSaysWhere(t *testing.T) {
	t.Parallel()
	got := open(t).call(t, http.MethodPost, "/v1/sandboxes", `{"id":"here"}`, http.StatusCreated)
	if at := got.header.Get("Location"); at != "/v1/sandboxes/here" {
		t.Errorf("Location %q", at)
	}
}

func TestSeedZeroIsASeed(t *testing.T) {
	t.Parallel()
	if b := open(t).create(t, `{"seed":0}`); b.Seed != "0" {
		t.Errorf("seed %s, want 0", b.Seed)
	}
}

type summary struct {
	ID     string    `json:"id"`
	Seed   uint64    `json:"seed"`
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
}

func (w *world) list(t *testing.T) []summary {
	t.Helper()
	var list struct{ Sandboxes []summary }
	w.get(t, "/v1/sandboxes", &list)
	return list.Sandboxes
}

func TestList(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.create(t, `{"id":"zeta","seed":3}`)
	w.create(t, `{"id":"alpha","seed":2,"now":"2030-01-01T00:00:00Z","frozen":true}`)
	want := []summary{
		{"alpha", 2, time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{"default", 1, start, false},
		{"zeta", 3, start, false},
	}
	if diff := cmp.Diff(want, w.list(t)); diff != "" {
		t.Error(diff)
	}
}

func TestDeleteFreesIDAndCredentials(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, given)
	w.applyToken(t, b)
	w.call(t, http.MethodDelete, b.path(""), "", http.StatusNoContent)
	for _, path := range []string{"", "/clock", "/requests", "/tokens"} {
		w.refused(t, http.MethodGet, b.path(path), "", http.StatusNotFound)
	}
	w.refused(t, http.MethodDelete, b.path(""), "", http.StatusNotFound)
	again := w.create(t, given)
	if tokens := w.tokens(t, again); len(tokens) > 0 {
		t.Errorf("a new sandbox has tokens: %+v", tokens)
	}
}

func TestDefaultIsKept(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.refused(t, http.MethodDelete, "/v1/sandboxes/default", "", http.StatusConflict)
	var b box
	w.get(t, "/v1/sandboxes/default", &b)
	if len(b.Credentials.ACS) == 0 || b.Credentials.ACS[0].ID != "LTAIfakeDefault" {
		t.Errorf("default sandbox %+v", b)
	}
}

func TestTooManySandboxes(t *testing.T) {
	t.Parallel()
	w := open(t, func(o *emulator.Options, _ *control.Options) { o.Sandboxes = 2 })
	b := w.create(t, "{}")
	w.refused(t, http.MethodPost, "/v1/sandboxes", "{}", http.StatusTooManyRequests)
	w.call(t, http.MethodDelete, b.path(""), "", http.StatusNoContent)
	w.create(t, "{}")
}

func TestReset(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"now":"2030-01-01T00:00:00Z","frozen":true,"quotas":{"onsmqtt.ApplyToken":"1/d"}}`)
	token := w.applyToken(t, b)
	if got := w.signed(t, b, "ApplyToken", mqttVersion, applyParams(b)); codeOf(t, got) != "ApplyTokenOverFlow" {
		t.Fatalf("the quota is not spent: %s", got.body)
	}
	w.call(t, http.MethodPatch, b.path("/clock"), `{"advance":"1h","frozen":false}`, http.StatusOK)
	w.call(t, http.MethodPost, b.path("/reset"), "", http.StatusNoContent)

	if got := w.clock(t, b); !got.Frozen || !got.Now.Equal(b.Now) {
		t.Errorf("clock %+v after reset, want that of creation", got)
	}
	if page := w.requests(t, b, ""); len(page.Requests) > 0 || page.Dropped > 0 {
		t.Errorf("journal %+v after reset", page)
	}
	if tokens := w.tokens(t, b); len(tokens) > 0 {
		t.Errorf("tokens %+v after reset", tokens)
	}
	w.nonce.Store(0) // nonces can be used again, and the credentials are good
	for call := range 3 {
		if w.queryToken(t, b, token) {
			t.Errorf("at call %d a token from before the reset is good", call+1)
		}
	}
	if !w.queryToken(t, b, w.applyToken(t, b)) {
		t.Error("a token from after the reset is not good")
	}
	var again box
	w.get(t, b.path(""), &again)
	if diff := cmp.Diff(b, again); diff != "" {
		t.Error(diff)
	}
}

func TestResetGoesBackToRealTime(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, "{}")
	w.call(t, http.MethodPatch, b.path("/clock"), `{"now":"2040-01-01T00:00:00Z","frozen":true}`, http.StatusOK)
	w.real.Pass(time.Hour)
	w.call(t, http.MethodPost, b.path("/reset"), "", http.StatusNoContent)
	if got := w.clock(t, b); got.Frozen || !got.Now.Equal(start.Add(time.Hour)) {
		t.Errorf("clock %+v, want real time", got)
	}
	w.call(t, http.MethodPost, "/v1/sandboxes/default/reset", "", http.StatusNoContent)
	w.refused(t, http.MethodPost, "/v1/sandboxes/none/reset", "", http.StatusNotFound)
}

// TestSandboxesAreApart makes the same calls in two sandboxes.
func TestSandboxesAreApart(t *testing.T) {
	t.Parallel()
	w := open(t)
	one, two := w.create(t, "{}"), w.create(t, "{}")
	token := w.applyToken(t, one)
	if w.queryToken(t, two, token) {
		t.Error("a token of another sandbox is good")
	}
	w.call(t, http.MethodPatch, one.path("/clock"), `{"advance":"2h"}`, http.StatusOK)
	if got := w.clock(t, two); !got.Now.Equal(start) {
		t.Errorf("the clock of the other sandbox moved to %s", got.Now)
	}
	if n := len(w.tokens(t, two)); n > 0 {
		t.Errorf("%d tokens in the other sandbox", n)
	}
	if n := len(w.requests(t, one, "").Requests); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}
