package fabric_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/fabric"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestSign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bare := w.request(header("x-app-key", ""), header("Authorization", ""))
	for name, req := range map[string]*wire.Request{
		"without headers": bare, "of another app": w.request(header("x-app-key", otherApp), header("Authorization", "x")),
	} {
		signed, err := w.gateway.Sign(req, sandbox.Key{ID: appKey, SecurityToken: w.token}, epoch, "")
		if err != nil {
			t.Fatal(err)
		}
		if reply, fault, _ := w.answer(t, signed); reply.Outcome != "ok" {
			t.Errorf("%s: got %s: %v", name, reply.Outcome, fault)
		}
		changed := gateway.CopyRequest(signed)
		value := signed.Header.Get("Authorization")
		last := map[bool]string{true: "1", false: "0"}[strings.HasSuffix(value, "0")]
		changed.Header.Set("Authorization", value[:len(value)-1]+last)
		if reply, _, _ := w.answer(t, changed); reply.Status != 401 {
			t.Errorf("%s, one digit changed: got %s", name, reply.Outcome)
		}
	}
	// A key without a token leaves the one that is there.
	kept, err := w.gateway.Sign(w.request(), sandbox.Key{ID: appKey, Secret: "secret-1"}, epoch, "")
	if err != nil {
		t.Fatal(err)
	}
	if reply, _, _ := w.answer(t, kept); reply.Outcome != "ok" {
		t.Errorf("with its own token: got %s", reply.Outcome)
	}
	asked, err := w.gateway.Sign(oauth(w, `{"app_secret":"x","app_key":"y"}`), sandbox.Key{ID: "k", Secret: "s"}, epoch, "")
	if err != nil || string(asked.Body) != `{"app_key":"k","app_secret":"s"}` || asked.Header.Get("x-app-key") != "" {
		t.Errorf("asks for a token with %s, %v", asked.Body, err)
	}
	if _, err := w.gateway.Sign(bare, sandbox.Key{}, epoch, ""); err == nil {
		t.Error("signed without an app key")
	}
	if got := w.gateway.Repeat(bare); got.Result != gateway.RepeatWorks {
		t.Errorf("repeated: %+v", got)
	}
}

func TestScheme(t *testing.T) {
	t.Parallel()
	scheme := fabric.Profile{}.Scheme()
	got, err := scheme.Parse(json.RawMessage(`{"appKey":"k","appSecret":"abcd"}`))
	want := []sandbox.ListedKey{{
		Key:   sandbox.Key{ID: "k", Secret: "abcd"},
		Names: wire.Credential{Kind: wire.FabricApp, ID: "k"}, Secrets: []string{"abcd"},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || scheme.Name() != "fabric" {
		t.Errorf("%v: %s", err, diff)
	}
	if _, err := scheme.Parse(json.RawMessage(`{"appSecret":"abcd"}`)); err == nil {
		t.Error("an app without a key is read")
	}
	draw := func(n int, alphabet string) string { return strings.Repeat(alphabet[:1], n) }
	drawn := `{"appKey":"a-uuid","appSecret":"` + strings.Repeat("0", 32) + `"}`
	if got := string(scheme.Draw(draw, func() string { return "a-uuid" })); got != drawn {
		t.Errorf("drew %s", got)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	profile := fabric.Profile{}
	address := []settings.Variable{{Name: "AICC_URL", Value: "http://127.0.0.1:4010"}}
	none, err := profile.Settings("127.0.0.1:4010", nil)
	if diff := cmp.Diff(settings.Settings{Address: address}, none); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
	app := json.RawMessage(`{"appKey":"k","appSecret":"it's"}`)
	got, err := profile.Settings("127.0.0.1:4010", []json.RawMessage{app})
	if err != nil {
		t.Fatal(err)
	}
	want := []settings.Variable{{Name: "AICC_APP_KEY", Value: "k"}, {Name: "AICC_APP_SECRET", Value: "it's"}}
	if diff := cmp.Diff(want, got.Credential); diff != "" {
		t.Error(diff)
	}
	const firstCall = `curl -sS http://127.0.0.1:4010/apigovernance/api/oauth/tokenByAkSk \
  -H 'Content-Type: application/json' \
  -d '{"app_key":"k","app_secret":"it'"'"'s"}'`
	if got.FirstCall.Text != firstCall {
		t.Errorf("the first call is %s", got.FirstCall.Text)
	}
	if text := got.Groups[0].Texts[0].Text; !strings.Contains(text, "-H 'x-app-key: k'") {
		t.Errorf("got %s", text)
	}
	if hidden, err := profile.Hidden(app); err != nil || string(hidden) != `{"appKey":"k","appSecret":"<app secret>"}` {
		t.Errorf("hidden: %s, %v", hidden, err)
	}
}
