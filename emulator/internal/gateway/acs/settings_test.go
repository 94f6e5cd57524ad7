package acs_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/acs"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	all := []json.RawMessage{
		json.RawMessage(`{"accessKeyId":"off","accessKeySecret":"disabled","disabled":true}`),
		json.RawMessage(`{"bearerToken":"to'ken"}`),
		json.RawMessage(`{"accessKeyId":"ak","accessKeySecret":"se\"cret","securityToken":"sts"}`),
		json.RawMessage(`{"accessKeyId":"second","accessKeySecret":"secret"}`),
	}
	got, err := acs.Profile{}.Settings(host, all)
	if err != nil {
		t.Fatal(err)
	}
	want := []settings.Variable{
		{Name: "ALIBABA_CLOUD_ACCESS_KEY_ID", Value: "ak"},
		{Name: "ALIBABA_CLOUD_ACCESS_KEY_SECRET", Value: `se"cret`},
		{Name: "ALIBABA_CLOUD_SECURITY_TOKEN", Value: "sts"},
	}
	if diff := cmp.Diff(want, got.Credential); diff != "" || got.Address != nil || got.FirstCall.Text != "" {
		t.Errorf("%+v: %s", got, diff)
	}
	if len(got.Groups) != 2 {
		t.Fatalf("got %d groups", len(got.Groups))
	}
	for _, text := range got.Groups[0].Texts {
		quoted := strings.Contains(text.Text, `"se\"cret"`) || strings.Contains(text.Text, `'se"cret'`)
		if !quoted || !strings.Contains(text.Text, "sts") || !strings.Contains(text.Text, host) {
			t.Errorf("%s: %s", text.Title, text.Text)
		}
	}
	if text := got.Groups[1].Texts[1].Text; !strings.Contains(text, `-H 'x-acs-bearer-token: to'"'"'ken'`) {
		t.Errorf("got %s", text)
	}
	if none, err := (acs.Profile{}).Settings(host, all[:1]); err != nil || none.Groups != nil || none.Credential != nil {
		t.Errorf("without a good key: %+v, %v", none, err)
	}
}

func TestHidden(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"accessKeyId":"a","accessKeySecret":"abcd","securityToken":"s"}`: `{"accessKeyId":"a","accessKeySecret":"<access key secret>","securityToken":"s"}`,
		`{"bearerToken":"abcd","disabled":true}`:                           `{"bearerToken":"<bearer token>","disabled":true}`,
	} {
		if got, err := (acs.Profile{}).Hidden(json.RawMessage(raw)); err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

func TestEndpointAndSelector(t *testing.T) {
	t.Parallel()
	p := acs.Profile{}
	if got := p.Endpoint(host); got != host {
		t.Errorf("endpoint %s", got)
	}
	if got := p.Selector("/", "A", "1"); got != "Action=A Version=1" {
		t.Errorf("RPC: %s", got)
	}
	if got := p.Selector("/x", "A", "1"); got != "x-acs-action=A x-acs-version=1" {
		t.Errorf("ROA: %s", got)
	}
	if p.Hosts()[0].Names[0] != "onsmqtt.cn-hangzhou.aliyuncs.com" || len(p.Hosts()[0].Names) != 44 {
		t.Errorf("hosts %v", p.Hosts()[0])
	}
}
