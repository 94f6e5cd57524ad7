package broker_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

func callRPC(t testing.TB, handler http.Handler, caller *gatewaytest.ACS, action string, params map[string]string) string {
	t.Helper()
	query := url.Values{}
	for name, value := range params {
		query.Set(name, value)
	}
	call := gatewaytest.Request{Method: http.MethodPost, Host: "onsmqtt.local", Path: "/", Query: query}
	req, err := caller.RPC(call, action, "2020-04-20").HTTP()
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, req.WithContext(t.Context()))
	if rec.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", action, rec.Code, rec.Body)
	}
	return rec.Body.String()
}

func millis(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }

func tokenIn(t testing.TB, body string) string {
	t.Helper()
	var reply struct{ Token string }
	if err := json.Unmarshal([]byte(body), &reply); err != nil || reply.Token == "" {
		t.Fatalf("%v: %s", err, body)
	}
	return reply.Token
}

const device = "GID_test@@@device-1"

// TestLogins: each way to log in, and each way to be refused, with the codes of both versions and a finding.
func TestLogins(t *testing.T) { //nolint:tparallel // the subtests have one client id
	t.Parallel()
	w := newWorld(t)
	_, other := w.newBox("limited", func(d *sandbox.Definition) { d.Fixtures.Instances = []string{"post-other-*"} })
	tokens := map[string]string{
		"R": w.apply("R", "TopicA/#"), "W": w.apply("W", "TopicA/#"), "RW": w.apply("R,W", "TopicA/#"),
		"expired": w.apply("R", "TopicA/#"), "revoked": w.apply("R", "TopicA/#"),
	}
	listed, err := w.World().Tokens(t.Context(), w.box)
	if err != nil {
		t.Fatal(err)
	}
	for i, to := range map[int]token.State{1: token.Expired, 0: token.Revoked} {
		if _, err := w.World().ChangeToken(t.Context(), w.box, listed[i].ID, to); err != nil {
			t.Fatal(err)
		}
	}
	user := "Token|" + w.key.AccessKeyID + "|" + instance
	signed := w.signed(device)
	foreign := signedBy(other, device)
	for name, c := range map[string]struct {
		login      login
		v311, v500 byte
		finding    string
	}{
		"signature":            {signed, 0, 0, ""},
		"a token":              {login{id: device, user: user, password: "R|" + tokens["R"]}, 0, 0, ""},
		"another type":         {login{id: device, user: user, password: "RW|" + tokens["RW"]}, 0, 0, ""},
		"two tokens":           {login{id: device, user: user, password: "W|" + tokens["W"] + "|R|" + tokens["R"]}, 0, 0, ""},
		"less than permitted":  {login{id: device, user: user, password: "R|" + tokens["RW"]}, 0, 0, ""},
		"wrong secret":         {login{id: device, user: signed.user, password: "wrong"}, 4, 134, "HMAC-SHA1"},
		"no password":          {login{id: device, user: user}, 4, 134, "empty"},
		"unknown key":          {login{id: device, user: "Signature|nobody|" + instance, password: "x"}, 4, 134, `"nobody"`},
		"misspelt key":         {login{id: device, user: "Signature|ak-on|" + instance, password: "x"}, 4, 134, `"ak-one"`},
		"unknown instance":     {foreign, 4, 134, `"post-other-*"`},
		"a mode of no service": {login{id: device, user: "Sign|a|b", password: "x"}, 4, 134, "not \"Sign\""},
		"two parts":            {login{id: device, user: "Token|a", password: "x"}, 4, 134, "three parts"},
		"device credential":    {login{id: device, user: "DeviceCredential|" + w.key.AccessKeyID + "|" + instance, password: "x"}, 4, 134, "not emulated"},
		"one type twice":       {login{id: device, user: user, password: "R|" + tokens["R"] + "|R|" + tokens["RW"]}, 4, 134, "two tokens"},
		"no such type":         {login{id: device, user: user, password: "X|" + tokens["R"]}, 4, 134, "R, W or RW"},
		"a half pair":          {login{id: device, user: user, password: "R"}, 4, 134, "pairs"},
		"forged":               {login{id: device, user: user, password: "R|bm90aGluZw=="}, 4, 134, "not issued"},
		"expired":              {login{id: device, user: user, password: "R|" + tokens["expired"]}, 4, 134, "ended over"},
		"revoked":              {login{id: device, user: user, password: "R|" + tokens["revoked"]}, 4, 134, "revoked"},
		"one of two is bad":    {login{id: device, user: user, password: "W|" + tokens["W"] + "|R|" + tokens["revoked"]}, 4, 134, "revoked"},
		"more than permitted":  {login{id: device, user: user, password: "RW|" + tokens["R"]}, 4, 134, "issued for R"},
		"of another instance":  {login{id: device, user: user + "2", password: "R|" + tokens["R"]}, 4, 134, "for the instance"},
		"no client id":         {login{user: signed.user, password: "x"}, 2, 133, "empty"},
		"no group":             {login{id: "device", user: signed.user, password: "x"}, 2, 133, "@@@"},
		"group of no service":  {login{id: "XID_test@@@a", user: signed.user, password: "x"}, 2, 133, "GID_"},
		"a sign":               {login{id: "GID_test@@@a/b", user: signed.user, password: "x"}, 2, 133, "characters beside"},
		"too long":             {login{id: "GID_test@@@" + strings.Repeat("a", 54), user: signed.user, password: "x"}, 2, 133, "65 characters"},
	} {
		for version, want := range map[byte]byte{4: c.v311, 5: c.v500} {
			t.Run(name+" "+strconv.Itoa(int(version)), func(t *testing.T) {
				c.login.version = version
				got, ack := dial(t, w.MQTTAddr(), c.login)
				if ack.ReasonCode != want {
					t.Fatalf("CONNACK %d, want %d", ack.ReasonCode, want)
				}
				defer got.Close()
				if want == 0 {
					got.wantQuiet()
					return
				}
				began := time.Now()
				got.wantCut("")
				if took := time.Since(began); took > 500*time.Millisecond {
					t.Errorf("closed after %v", took)
				}
				checkFinding(t, w, c.finding)
			})
		}
	}
}

// checkFinding wants the newest CONNECT of any sandbox to be explained so.
func checkFinding(t *testing.T, w *world, want string) {
	t.Helper()
	boxes, err := w.World().AllSandboxes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, box := range boxes {
		for _, e := range w.journalOf(box) {
			for _, f := range e.Findings {
				if strings.Contains(f.Message, want) {
					return
				}
			}
		}
	}
	t.Errorf("no finding says %q", want)
}

// TestVersions: other versions than 3.1.1 and 5.0 are refused with a code.
func TestVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := w.signed(device)
	l.change = func(pk *packets.Packet) { pk.Connect.ProtocolName = []byte("MQIsdp") }
	if _, ack := dial(t, w.MQTTAddr(), l); ack.ReasonCode != 1 {
		t.Errorf("CONNACK %d", ack.ReasonCode)
	}
}

// TestBadTokenSwitch: what answers a bad token can be chosen.
func TestBadTokenSwitch(t *testing.T) {
	t.Parallel()
	for choice, want := range map[string]byte{"": 4, "4": 4, "5": 5, "later": 0} {
		w := newWorld(t, func(o *emulator.Options) { o.MQTTBadToken = choice })
		c, ack := dial(t, w.MQTTAddr(), w.bearing(device, "R|bm9uZQ=="))
		if ack.ReasonCode != want {
			t.Errorf("%q: CONNACK %d", choice, ack.ReasonCode)
		}
		if choice == "later" {
			c.wantQuiet()
			c.ask(0, "TopicA/1")
			c.wantCut(`{"code":1,"type":"R"}`)
		}
	}
}

// TestLoginByUpload: a client without a name is who its token says, and must publish it first.
func TestLoginByUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for qos := range byte(3) {
		c := enter(t, w.MQTTAddr(), login{id: device})
		c.wantQuiet()
		c.deliver("$SYS/uploadToken", upload("RW", w.apply("R,W", "TopicA/#")), qos)
		if got := c.subscribe(1, "TopicA/+"); got[0] != 1 {
			t.Errorf("SUBACK %v", got)
		}
		c.deliver("TopicA/1", "hello", 0)
		c.wantMessage("TopicA/1", "hello")
		if e := w.wantEntry("CONNECT", "ok"); !strings.Contains(e.Request.URL, "InstanceId="+instance) {
			t.Errorf("entry %s", e.Request.URL)
		}
	}
	c := enter(t, w.MQTTAddr(), login{id: device})
	c.publish("TopicA/1", "too early", 1)
	c.wantCut("")
	c = enter(t, w.MQTTAddr(), login{id: device, version: 5})
	c.publish("$SYS/uploadToken", upload("RW", "bm9uZQ=="), 1)
	c.wantCut(`{"code":1,"type":"RW"}`)
}

func upload(kind, token string) string {
	raw, _ := json.Marshal(map[string]string{"type": kind, "token": token})
	return string(raw)
}
