package cli_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// issueCode issues a code that can be used once.
func (s *server) issueCode(t *testing.T, signer *gatewaytest.ACS, user string) {
	t.Helper()
	r := gatewaytest.Request{
		Method: http.MethodGet, Path: "/", Host: s.host(), Query: map[string][]string{"EndUserId": {user}},
	}
	if got, body := s.signed(t, signer.V3(r, "GetAuthCode", "2021-02-18")); got != http.StatusOK {
		t.Fatalf("status %d: %s", got, body)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t, "--id", "tokens")
	in := func(args string) result { return s.run(t, append(strings.Split(args, " "), "--sandbox", "tokens")...) }
	if got := in("tokens"); got != (result{0, "no tokens were issued in the sandbox tokens\n", ""}) {
		t.Errorf("of none: %+v", got)
	}
	key := box.Credentials.ACS[0]
	signer := &gatewaytest.ACS{AccessKeyID: key.AccessKeyID, AccessKeySecret: key.AccessKeySecret, Now: time.Now}
	for _, user := range []string{"alice", "bob"} {
		s.issueCode(t, signer, user)
	}
	s.issue(t, box.Credentials.Fabric[0], box.Credentials.Fabric[0].AppSecret)
	var listed struct{ Tokens []client.Token }
	s.decode(t, &listed, "tokens", "list", "--json", "--sandbox", "tokens")
	rows := columns(in("tokens").out)
	if want := []string{"ID", "OPERATION", "STATE", "ISSUED", "EXPIRES", "SUBJECT"}; !slices.Equal(rows[0], want) {
		t.Errorf("heading %q", rows[0])
	}
	if len(rows) != 4 || len(listed.Tokens) != 3 || !slices.Equal(rows[1][:3], []string{
		"ccmessaging-3", "ccmessaging.tokenByAkSk", "active",
	}) || rows[1][0] != listed.Tokens[0].ID || rows[3][5] != listed.Tokens[2].Subject {
		t.Errorf("listed %q and %+v", rows, listed)
	}
	if in("tokens list") != in("tokens") {
		t.Errorf("tokens and tokens list differ: %+v", in("tokens list"))
	}
	for _, c := range []struct {
		args, out, err string
		code           int
	}{
		{"tokens expire ccmessaging-3", "ccmessaging-3 is expired\n", "", 0},
		{"tokens revoke appstream-1", "appstream-1 is revoked\n", "", 0},
		{"tokens redeem appstream-2", "appstream-2 is redeemed\n", "", 0},
		{"tokens redeem appstream-2", "", "is redeemed and cannot become redeemed", 1},
		{"tokens redeem ccmessaging-3", "", "ccmessaging-3", 1},
		{"tokens revoke nothing-9", "", "; see: tokenstage tokens --sandbox tokens\n", 1},
		{"tokens expire", "", `expected "<id>"`, 2},
		{"tokens rewoke x", "", "unexpected argument", 2},
	} {
		got := in(c.args)
		if got.code != c.code || got.out != c.out || !strings.Contains(got.err, c.err) || (c.code == 0) != (got.err == "") {
			t.Errorf("%s: got %+v, want %+v", c.args, got, c)
		}
	}
	var changed client.Token
	s.issueCode(t, signer, "carol")
	s.decode(t, &changed, "tokens", "expire", "appstream-4", "--json", "--sandbox", "tokens")
	if changed.ID != "appstream-4" || changed.State != client.Expired {
		t.Errorf("changed %+v", changed)
	}
}

// TestSandboxShow shows all that an app needs, as the control API does.
func TestSandboxShow(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box, err := client.New(s.control).CreateSandbox(t.Context(), client.Definition{
		ID: "shown", Quotas: map[string]string{"onsmqtt.ApplyToken": "5/s"},
		Fixtures: client.Fixtures{
			Instances: []string{"post-*", "mqtt-*"}, Warrants: []client.WarrantApp{{AppID: "w", AppSecret: "warrant-secret"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.run(t, "play", "mqtt-throttled-then-fine", "--sandbox", "shown")
	got := s.run(t, "sandbox", "show", "shown")
	for _, want := range []string{
		"id         shown\n", box.Credentials.ACS[0].AccessKeyID + " " + box.Credentials.ACS[0].AccessKeySecret + "\n",
		box.Credentials.Top[0].AppSecret + "\n", box.Credentials.Fabric[0].AppSecret + "\n", "fabric at  " + s.data + "\n",
		"quota      onsmqtt.ApplyToken 5/s\n", "plays      mqtt-throttled-then-fine\n", "instances  post-* mqtt-*\n",
		"warrants   w warrant-secret\n",
	} {
		if got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("does not say %q in %+v", want, got)
		}
	}
	var shown client.Sandbox
	s.decode(t, &shown, "sandbox", "show", "shown", "--json")
	if shown.Credentials.ACS[0] != box.Credentials.ACS[0] || shown.Quotas["onsmqtt.ApplyToken"] != "5/s" {
		t.Errorf("shown %+v", shown)
	}
	if got := s.run(t, "sandbox", "show", "default"); !strings.Contains(got.out, "fake-default-access-key-secret") {
		t.Errorf("the default one: %+v", got)
	}
	if got := s.run(t, "sandbox", "show", "none"); got.code != 1 || !strings.HasSuffix(got.err, "see: tokenstage sandbox list\n") {
		t.Errorf("none: %+v", got)
	}
}

// TestSandboxNewWithAPlan starts where its flags say.
func TestSandboxNewWithAPlan(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t, "--play", "error/onsmqtt.ApplyToken/ApplyTokenOverFlow", "--play", file(t, "mine.yaml", fails),
		"--quota", "onsmqtt.ApplyToken=5/s", "--quota", "onsmqtt.QueryToken=off", "--clock", "2030-01-01T00:00:00Z", "--frozen")
	if want := []string{"error/onsmqtt.ApplyToken/ApplyTokenOverFlow", "no-sign-in"}; !slices.Equal(box.Scenarios, want) {
		t.Errorf("plays %q", box.Scenarios)
	}
	if box.Quotas["onsmqtt.ApplyToken"] != "5/s" || box.Quotas["onsmqtt.QueryToken"] != "off" || box.Now.Year() != 2030 {
		t.Errorf("made %+v", box)
	}
	if got := s.issue(t, box.Credentials.Fabric[0], box.Credentials.Fabric[0].AppSecret); got != http.StatusInternalServerError {
		t.Errorf("status %d", got)
	}
	bad := file(t, "bad.yaml", slip)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--play", "mqtt-throttled-than-fine"}, 1, `did you mean "mqtt-throttled-then-fine"?`},
		{[]string{"--play", bad}, 1, bad + ":3:9: "},
		{[]string{"--play", "none.yaml"}, 1, "no such file: none.yaml"},
		{[]string{"--quota", "onsmqtt.AplyToken=5/s"}, 1, "onsmqtt.AplyToken"},
		{[]string{"--quota", "onsmqtt.ApplyToken=often"}, 1, "onsmqtt.ApplyToken"},
		{[]string{"--quota", "onsmqtt.ApplyToken"}, 2, "--quota: "},
		{[]string{"--clock", "noon"}, 2, "--clock: "},
	} {
		got := s.run(t, append([]string{"sandbox", "new"}, c.args...)...)
		if got.code != c.code || !strings.Contains(got.err, c.want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%q: got %+v, want %s", c.args, got, c.want)
		}
	}
	for name, at := range map[string]string{
		"TOKENSTAGE_SANDBOX_NEW_CLOCK": "clock", "TOKENSTAGE_SANDBOX_NEW_NOW": "now",
	} {
		env := map[string]string{"TOKENSTAGE_CONTROL": s.control, name: "2031-01-01T00:00:00Z"}
		if got := run(t, env, "sandbox", "new"); !strings.Contains(got.out, "2031-01-01T00:00") {
			t.Errorf("%s: %+v", at, got)
		}
		if got := run(t, map[string]string{name: "noon"}, "sandbox", "new"); !strings.Contains(got.err, "(from "+name+")") {
			t.Errorf("%s: %+v", at, got)
		}
	}
}

func TestStopAll(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t, "--play", "error/ccmessaging.tokenByAkSk/500", "--play", "mqtt-throttled-then-fine")
	got := s.run(t, "stop", "--all", "--sandbox", box.ID)
	for _, name := range box.Scenarios {
		if line := name + " stopped playing in the sandbox " + box.ID + "\n"; got.code != 0 || !strings.Contains(got.out, line) {
			t.Errorf("no %q in %+v", line, got)
		}
	}
	if code := s.issue(t, box.Credentials.Fabric[0], box.Credentials.Fabric[0].AppSecret); code != http.StatusOK {
		t.Errorf("status %d", code)
	}
	playing, err := client.New(s.control).Playing(t.Context(), box.ID)
	if err != nil || len(playing) != 1 || !playing[0].Default {
		t.Errorf("playing %+v, %v", playing, err)
	}
	want := "nothing was playing in the sandbox " + box.ID + " but what plays by default\n"
	if got := s.run(t, "stop", "--all", "--sandbox", box.ID); got != (result{0, want, ""}) {
		t.Errorf("again: %+v", got)
	}
	for args, want := range map[string]string{
		"stop":         "name a scenario that is playing, or give --all",
		"stop x --all": "--all cannot be used with the name of a scenario",
	} {
		if got := s.run(t, strings.Split(args, " ")...); got != (result{2, "", "tokenstage: " + want + "\n"}) {
			t.Errorf("%s: %+v", args, got)
		}
	}
}
