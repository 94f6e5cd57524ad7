package ccmessaging_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func secretOf(app, secret string) string {
	return `{"app_key":"` + app + `","app_secret":"` + secret + `"}`
}

func TestTokenByAkSk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	result, err := w.call("tokenByAkSk", arguments{
		header: map[string]string{"X-Token-Expire": "600"}, body: secretOf(appKey, appSecret),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^\{"AccessToken":"[0-9a-f]{32}","ApplyType":"Bearer","CreateTime":"1772366400",` +
		`"Expires":"600","Scope":"[0-9a-f]{32}","AppKey":"` + appKey + `","UserID":"Anonymous"\}$`)
	if body := gateway.AppendJSON(nil, result.Body); !want.Match(body) {
		t.Fatalf("got %s", body)
	}
	turn, err := w.box.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	claims, ok := turn.OpenAccess(result.Body[0].Value.(string), appKey, []string{"ccmessaging"})
	// The end is counted from the whole second of CreateTime.
	if end := time.Unix(1772366400+600, 0); !ok || claims.ExpiresAt != end.UnixMilli() {
		t.Fatalf("the claims are %+v, %v", claims, ok)
	}
	if listed := w.newest(); listed.ID != claims.ID() || listed.Subject != appKey ||
		listed.Operation != "tokenByAkSk" || listed.ExpiresAt.UnixMilli() != claims.ExpiresAt {
		t.Fatalf("listed is %+v", listed)
	}
}

func TestLifeOfAnAccessToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := map[string]struct {
		header   string
		expires  string
		findings int
	}{
		"absent":         {"", "3600", 0},
		"one second":     {"1", "1", 0},
		"leading zero":   {"060", "60", 0},
		"maximum":        {"3600", "3600", 0},
		"beyond":         {"3601", "3600", 1},
		"ten hours":      {"36000", "3600", 1},
		"beyond 64 bits": {strings.Repeat("9", 30), "3600", 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := w.in(t).call("tokenByAkSk", arguments{
				header: map[string]string{"X-Token-Expire": c.header}, body: secretOf(appKey, appSecret),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := result.Body[3].Value; got != c.expires || len(result.Findings) != c.findings {
				t.Fatalf("Expires is %v with findings %+v, want %s with %d", got, result.Findings, c.expires, c.findings)
			}
		})
	}
}

func TestEachAccessTokenIsNewAndTheEarlierStayGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	args := arguments{body: secretOf(appKey, appSecret)}
	first := w.must("tokenByAkSk", args)["AccessToken"].(string)
	if second := w.must("tokenByAkSk", args)["AccessToken"]; second == first {
		t.Fatal("two calls gave the same AccessToken")
	}
	turn, err := w.box.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	claims, _ := turn.OpenAccess(first, appKey, []string{"ccmessaging"})
	if state, err := turn.TokenState(t.Context(), claims); err != nil || state != token.Active {
		t.Fatalf("the first is %s, %v", state, err)
	}
}

func TestWrongAppIsForbidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := map[string]struct{ body, finding string }{
		"unknown key":  {secretOf("nobody", appSecret), `No app of this sandbox has the key "nobody"`},
		"wrong secret": {secretOf(appKey, "wrong"), "is not that of app " + appKey},
		"swapped":      {secretOf(appSecret, appKey), "No app"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.in(t).call("tokenByAkSk", arguments{body: c.body})
			fault, finding := refusal(t, err)
			if fault.Kind != wire.Documented || fault.Code != "403" || !strings.Contains(finding, c.finding) {
				t.Fatalf("got %v: %s", fault, finding)
			}
		})
	}
}
