package acs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api/deepvision"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The codes that answer a security token.
const (
	tokenMissing    = "MissingSecurityToken"
	tokenMalformed  = "InvalidSecurityToken.Malformed"
	tokenMismatched = "InvalidSecurityToken.MismatchWithAccessKey"
	tokenExpired    = "InvalidSecurityToken.Expired"
)

func TestSecurityTokenOfTheDefinition(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ id, secret, token, want string }{
		"good":               {stsID, stsSecret, stsToken, "ok"},
		"missing":            {stsID, stsSecret, "", tokenMissing},
		"changed":            {stsID, stsSecret, stsToken + "=", tokenMalformed},
		"with a plain key":   {keyID, keySecret, stsToken, tokenMismatched},
		"nonsense":           {keyID, keySecret, "nonsense", tokenMalformed},
		"nonsense of ours":   {stsID, stsSecret, "CAISAAAA", tokenMalformed},
		"no base64":          {stsID, stsSecret, "CAIS%%%", tokenMalformed},
		"prefix alone":       {stsID, stsSecret, "CAIS", tokenMalformed},
		"wrong secret first": {stsID, keySecret, stsToken, "SignatureDoesNotMatch"},
	} {
		for _, s := range styles() {
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				signer := newClient()
				signer.id, signer.secret, signer.securityToken = c.id, c.secret, c.token
				newWorld(t).send(t, s.sign(signer, s.call())).want(t, c.want)
			})
		}
	}
}

// The token is part of what is signed.
func TestSecurityTokenIsSigned(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			c := newClient()
			c.id, c.secret = stsID, stsSecret
			req := s.sign(c, s.call())
			want := "SignatureDoesNotMatch"
			if s.name == "rpc v1" {
				req.RawQuery += "&SecurityToken=" + rfc3986(stsToken)
			} else {
				req.Header.Set("X-Acs-Security-Token", stsToken)
			}
			if strings.HasPrefix(s.name, "v3") {
				want = "IncompleteSignature"
			}
			newWorld(t).send(t, req).want(t, want)
		})
	}
}

// temporary has the sandbox issue security credentials through the operation that does so.
func (w world) temporary(tb testing.TB) (id, secret, token string) {
	tb.Helper()
	turn, err := w.box.Begin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	result, err := deepvision.New(noStorage).Handlers["SecurityTokenGet"](tb.Context(), turn, &wire.Call{
		Request: &wire.Request{}, Credential: wire.Credential{Kind: wire.TopApp, ID: topApp},
		Params: map[string]any{"param": map[string]any{"product_code": "oss"}},
	})
	if err == nil {
		err = turn.Commit(tb.Context())
	}
	if err != nil {
		tb.Fatal(err)
	}
	issued := contract.Plain(result.Body).(map[string]any)["result"].(map[string]any)
	return issued["access_key_id"].(string), issued["access_key_secret"].(string), issued["token"].(string)
}

// noStorage: these tests store nothing.
func noStorage(string, string) (public, internal string) { return "", "" }

func TestIssuedCredentials(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w, c := newWorld(t), newClient()
			c.id, c.secret, c.securityToken = w.temporary(t)
			w.send(t, s.sign(c, s.call())).want(t, "ok")
		})
	}
	for name, c := range map[string]struct {
		change func(w world, c *client)
		want   string
	}{
		"without their token":    {func(_ world, c *client) { c.securityToken = "" }, tokenMissing},
		"with a changed token":   {func(_ world, c *client) { c.securityToken = "CAIS" + c.securityToken }, tokenMalformed},
		"with the fixed token":   {func(_ world, c *client) { c.securityToken = stsToken }, tokenMismatched},
		"with another's token":   {func(w world, c *client) { _, _, c.securityToken = w.temporary(t) }, tokenMismatched},
		"with another's secret":  {func(w world, c *client) { _, c.secret, _ = w.temporary(t) }, "SignatureDoesNotMatch"},
		"token with a plain key": {func(_ world, c *client) { c.id, c.secret = keyID, keySecret }, tokenMismatched},
		"token with another key": {func(_ world, c *client) { c.id, c.secret = stsID, stsSecret }, tokenMismatched},
		"an id made up":          {func(_ world, c *client) { c.id = "STS." + strings.Repeat("a", 30) }, "InvalidAccessKeyId.NotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, signer := newWorld(t), newClient()
			signer.id, signer.secret, signer.securityToken = w.temporary(t)
			c.change(w, signer)
			w.send(t, signer.v3(mqtt(), applyToken, mqttRelease)).want(t, c.want)
		})
	}
}

// Issued credentials end by the sandbox's clock: at the instant of their expiration they are over.
func TestIssuedCredentialsExpire(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after time.Duration
		want  string
	}{
		"before": {time.Hour - time.Second, "ok"}, "at": {time.Hour, tokenExpired}, "after": {2 * time.Hour, tokenExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, signer := newWorld(t), newClient()
			signer.id, signer.secret, signer.securityToken = w.temporary(t)
			w.advance(t, c.after)
			signer.at = iso(noon.Add(c.after))
			w.send(t, signer.rpc(mqtt(), applyToken, mqttRelease)).want(t, c.want)
		})
	}
}

// A person can end issued credentials before their time.
func TestIssuedCredentialsCanBeEnded(t *testing.T) {
	t.Parallel()
	for _, state := range []token.State{token.Revoked, token.Expired} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			w, c := newWorld(t), newClient()
			c.id, c.secret, c.securityToken = w.temporary(t)
			tokens, err := w.box.Tokens(t.Context())
			if err != nil || len(tokens) != 1 {
				t.Fatalf("%d tokens, %v", len(tokens), err)
			}
			w.send(t, c.v3(mqtt(), applyToken, mqttRelease)).want(t, "ok")
			if _, err := w.box.ChangeToken(t.Context(), tokens[0].ID, state); err != nil {
				t.Fatal(err)
			}
			c.nonce = "nonce-2"
			got := w.send(t, c.v3(mqtt(), applyToken, mqttRelease))
			got.want(t, tokenExpired)
			if f := got.finding(t, "security token"); !strings.Contains(f.Message, string(state)) {
				t.Errorf("finding %+v", f)
			}
		})
	}
}

// After a reset the credentials of before are over, though their bytes still fit.
func TestIssuedCredentialsEndWithAReset(t *testing.T) {
	t.Parallel()
	w, c := newWorld(t), newClient()
	for range 3 {
		c.id, c.secret, c.securityToken = w.temporary(t)
	}
	if err := w.box.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.send(t, c.v3(mqtt(), applyToken, mqttRelease)).want(t, tokenExpired)
}

func TestDisabledKey(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			c := newClient()
			c.id = disabledID
			newWorld(t).send(t, s.sign(c, s.call())).want(t, "InvalidAccessKeyId.Inactive")
		})
	}
}

// An unknown key says how to find the known ones, and an unknown bearer token, a secret, is not repeated.
func TestUnknownKeyIsExplained(t *testing.T) {
	t.Parallel()
	c := newClient()
	c.id = "nobody"
	got := newWorld(t).send(t, c.rpc(mqtt(), applyToken, mqttRelease))
	if f := got.finding(t, "access key"); !strings.Contains(f.Message, `"nobody"`) {
		t.Errorf("finding %+v", f)
	}
	req := newClient().request(mqtt())
	setAll(req.Header, map[string]string{
		"X-Acs-Action": applyToken, "X-Acs-Version": mqttRelease, "X-Acs-Bearer-Token": "some-other-bearer",
	})
	got = newWorld(t).send(t, req)
	if f := got.finding(t, "bearer token"); strings.Contains(f.Message+f.Got, "some-other-bearer") {
		t.Errorf("finding %+v", f)
	}
}
