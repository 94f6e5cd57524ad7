package acs_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/acs"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestSchemeReadsKeys(t *testing.T) {
	t.Parallel()
	pair := sandbox.ListedKey{
		Key:   sandbox.Key{ID: "ak", Secret: "abcd"},
		Names: wire.Credential{Kind: wire.AccessKey, ID: "ak"}, Secrets: []string{"abcd"},
	}
	token := sandbox.ListedKey{
		Names: wire.Credential{Kind: wire.Bearer, ID: "efgh", Secret: true}, Secrets: []string{"efgh"},
	}
	withToken, ofPair, disabled := pair, token, pair
	withToken.SecurityToken, ofPair.ID, disabled.Disabled = "s", "ak", true
	for raw, want := range map[string][]sandbox.ListedKey{
		`{"accessKeyId":"ak","accessKeySecret":"abcd"}`:                      {pair},
		`{"accessKeyId":"ak","accessKeySecret":"abcd","securityToken":"s"}`:  {withToken},
		`{"bearerToken":"efgh"}`:                                             {token},
		`{"accessKeyId":"ak","accessKeySecret":"abcd","bearerToken":"efgh"}`: {pair, ofPair},
		`{"accessKeyId":"ak","accessKeySecret":"abcd","disabled":true}`:      {disabled},
	} {
		got, err := acs.Scheme{}.Parse(json.RawMessage(raw))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", raw, diff)
		}
	}
}

func TestSchemeRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 8<<10+1)
	const together, something = "needs accessKeyId and accessKeySecret together", "needs a key pair"
	for raw, want := range map[string]string{
		`{}`:                         something,
		`null`:                       something,
		`{"disabled":true}`:          something,
		`{"accessKeyId":"ak"}`:       together,
		`{"accessKeySecret":"abcd"}`: together,
		`{"accessKeyId":"ak","accessKeySecret":"abc"}`:            "at least 4 characters",
		`{"bearerToken":"abc"}`:                                   "at least 4 characters",
		`{"bearerToken":"abcd","securityToken":"s"}`:              "securityToken belongs to a key pair",
		`{"bearerToken":"` + long + `"}`:                          "more than 8192 bytes",
		`{"accessKeyId":"` + long + `","accessKeySecret":"abcd"}`: "more than 8192 bytes",
		`{"accessKeyId":1}`:                                       "cannot unmarshal number",
		`{"appKey":"ak"}`:                                         `unknown field "appKey"`,
		`{"bearerToken":"abcd"} {}`:                               "one JSON object",
		``:                                                        "EOF",
	} {
		if _, err := (acs.Scheme{}).Parse(json.RawMessage(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: got %v, want %s", raw, err, want)
		}
	}
}

func TestSchemeDraws(t *testing.T) {
	t.Parallel()
	var order []int
	draw := func(n int, _ string) string {
		order = append(order, n)
		return strings.Repeat("z", n)
	}
	got := string(acs.Scheme{}.Draw(draw, nil))
	want := `{"accessKeyId":"LTAIfake` + strings.Repeat("z", 16) + `","accessKeySecret":"` + strings.Repeat("z", 30) + `"}`
	if got != want || order[0] != 16 {
		t.Errorf("got %s in the order %v", got, order)
	}
	if (acs.Scheme{}).Name() != "acs" {
		t.Error("the name is another one")
	}
}
