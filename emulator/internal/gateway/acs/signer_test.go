package acs_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// flip changes the last letter of a text.
func flip(text string) string {
	last := text[len(text)-1]
	return text[:len(text)-1] + string(map[bool]byte{true: 'b', false: 'a'}[last == 'a'])
}

// tampered changes the signature of a request by one byte.
func tampered(req *wire.Request) *wire.Request {
	changed := gateway.CopyRequest(req)
	if auth := req.Header.Get("Authorization"); auth != "" {
		changed.Header.Set("Authorization", strings.TrimRight(auth, "=")[:1]+flip(strings.TrimRight(auth, "=")[1:]))
		return changed
	}
	before, after, _ := strings.Cut(req.RawQuery, "Signature=")
	value, rest, _ := strings.Cut(after, "&")
	changed.RawQuery = before + "Signature=" + flip(value[:5]) + value[5:] + "&" + rest
	return changed
}

// What is signed anew is good with another key, an hour later and with a nonce of its own, whatever the style.
func TestSign(t *testing.T) {
	t.Parallel()
	later := noon.Add(time.Hour)
	for _, style := range styles() {
		t.Run(style.name, func(t *testing.T) {
			t.Parallel()
			w := newWorldBy(t, sandbox.ByClock)
			sent := style.sign(newClient(), style.call())
			w.send(t, sent).want(t, "ok")
			w.advance(t, time.Hour)
			w.send(t, sent).want(t, "InvalidTimeStamp.Expired")
			for id, key := range map[string]sandbox.Key{
				"other": {ID: otherID, Secret: otherSecret},
				"token": {ID: stsID, Secret: stsSecret, SecurityToken: stsToken},
				"plain": {ID: keyID, Secret: keySecret},
			} {
				signed, err := w.gateway.Sign(sent, key, later, "nonce-"+id)
				if err != nil {
					t.Fatal(err)
				}
				before, _, _ := strings.Cut(sent.Header.Get("Authorization"), " ")
				if after, _, _ := strings.Cut(signed.Header.Get("Authorization"), " "); after != before {
					t.Errorf("signed with %s in place of %s", after, before)
				}
				w.send(t, tampered(signed)).want(t, "SignatureDoesNotMatch")
				got := w.send(t, signed)
				got.want(t, "ok")
				if named := got.exchange.Call().Credential.ID; named != key.ID {
					t.Errorf("signed by %s, want %s", named, key.ID)
				}
				if id != "token" {
					continue
				}
				// The token goes when the next key has none.
				if signed, err = w.gateway.Sign(signed, sandbox.Key{ID: keyID, Secret: keySecret}, later, "again"); err != nil {
					t.Fatal(err)
				}
				w.send(t, signed).want(t, "ok")
				if text := signed.RawQuery + signed.Header.Get("x-acs-security-token"); strings.Contains(text, "sts") {
					t.Errorf("the token of another key is left in %s", text)
				}
			}
		})
	}
}

// The parameters of an RPC call stay where its client has them.
func TestSignKeepsTheForm(t *testing.T) {
	t.Parallel()
	w, c, d := newWorld(t), newClient(), mqtt()
	c.inForm, d.form, d.query = true, d.query, nil
	sent := c.rpc(d, applyToken, mqttRelease)
	signed, err := w.gateway.Sign(sent, sandbox.Key{ID: otherID, Secret: otherSecret}, noon, "fresh")
	if err != nil {
		t.Fatal(err)
	}
	w.send(t, signed).want(t, "ok")
	if signed.RawQuery != "" || strings.Count(string(signed.Body), "Signature=") != 1 {
		t.Errorf("got query %s and body %s", signed.RawQuery, signed.Body)
	}
}

func TestSignWhatIsNotSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := func(name, value string) *wire.Request {
		req := newClient().request(mqtt())
		setAll(req.Header, map[string]string{
			"X-Acs-Action": applyToken, "X-Acs-Version": mqttRelease, name: value,
			"X-Acs-Date": "2020-01-01T00:00:00Z",
		})
		return req
	}
	key := sandbox.Key{ID: keyID, Secret: keySecret}
	for nonce, req := range map[string]*wire.Request{
		"unsigned":          call("X-None", "-"),
		"bearer":            call("X-Acs-Bearer-Token", bearerToken),
		"unknown algorithm": call("Authorization", "ACS3-X Credential=a,SignedHeaders=host,Signature=b"),
	} {
		signed, err := w.gateway.Sign(req, key, noon, nonce)
		if err != nil {
			t.Fatal(err)
		}
		w.send(t, tampered(signed)).want(t, "SignatureDoesNotMatch")
		w.send(t, signed).want(t, "ok")
	}
	// A bearer token stands for itself.
	renewed, err := w.gateway.Sign(call("X-Acs-Bearer-Token", bearerToken), sandbox.Key{}, noon, "n")
	if err != nil {
		t.Fatal(err)
	}
	w.send(t, renewed).want(t, "ok")
	if _, err := w.gateway.Sign(call("X-None", "-"), sandbox.Key{ID: keyID}, noon, "n"); err == nil {
		t.Error("signed without a secret")
	}
}

func TestRepeat(t *testing.T) {
	t.Parallel()
	c := newClient()
	withoutNonce := newClient()
	withoutNonce.nonce = ""
	for name, test := range map[string]struct {
		req  *wire.Request
		want gateway.RepeatResult
		why  string
	}{
		"rpc":              {c.rpc(mqtt(), applyToken, mqttRelease), gateway.RepeatRefused, "SignatureNonceUsed"},
		"v3":               {c.v3(mqtt(), applyToken, mqttRelease), gateway.RepeatRefused, "SignatureNonceUsed"},
		"roa":              {c.roa(warrant(), "CreateAccessWarrant", "20240611"), gateway.RepeatRefused, "SignatureNonceUsed"},
		"roa, no nonce":    {withoutNonce.roa(warrant(), "CreateAccessWarrant", "20240611"), gateway.RepeatRefused, "timestamp"},
		"unsigned":         {c.request(mqtt()), gateway.RepeatSame, "no signature"},
		"unsigned, nonce":  {&wire.Request{RawQuery: "Action=GetStsToken&SignatureNonce=x"}, gateway.RepeatSame, "no signature"},
		"bearer":           {&wire.Request{Header: http.Header{"X-Acs-Bearer-Token": {"[secret]"}}}, gateway.RepeatWorks, "neither"},
		"bearer parameter": {&wire.Request{RawQuery: "BearerToken=x"}, gateway.RepeatWorks, "neither"},
	} {
		got := newWorld(t).gateway.Repeat(test.req)
		if got.Result != test.want || !strings.Contains(got.Why, test.why) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
