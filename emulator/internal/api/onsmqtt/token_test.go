package onsmqtt_test

import (
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api/deepvision"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// status is what QueryToken says.
func status(tb testing.TB, box *sandbox.Sandbox, instanceID, token string) bool {
	tb.Helper()
	result, err := do(tb, box, "QueryToken", map[string]any{"InstanceId": instanceID, "Token": token})
	if err != nil {
		tb.Fatal(err)
	}
	valid, isBool := plain(result)["TokenStatus"].(bool)
	if !isBool || plain(result)["RequestId"] != "the-id" {
		tb.Errorf("body %v", result.Body)
	}
	if valid == (len(result.Findings) > 0) {
		tb.Errorf("status %v with findings %+v", valid, result.Findings)
	}
	return valid
}

func revoke(tb testing.TB, box *sandbox.Sandbox, instanceID, token string) (wire.Result, error) {
	tb.Helper()
	return do(tb, box, "RevokeToken", map[string]any{"InstanceId": instanceID, "Token": token})
}

// states are tokens in every state, with what QueryToken and RevokeToken make of them.
func states() map[string]struct {
	make    func(tb testing.TB, box *sandbox.Sandbox) (instanceID, token string)
	valid   bool
	revoked string // code of RevokeToken; empty for success
} {
	type makeToken = func(tb testing.TB, box *sandbox.Sandbox) (string, string)
	changed := func(change func(string) string) makeToken {
		return func(tb testing.TB, box *sandbox.Sandbox) (string, string) {
			tb.Helper()
			return instance, change(issue(tb, box))
		}
	}
	ended := func(state token.State) makeToken {
		return func(tb testing.TB, box *sandbox.Sandbox) (string, string) {
			tb.Helper()
			token := issue(tb, box)
			if _, err := box.ChangeToken(tb.Context(), listed(tb, box).ID, state); err != nil {
				tb.Fatal(err)
			}
			return instance, token
		}
	}
	foreign := func(seed uint64) makeToken {
		return func(tb testing.TB, _ *sandbox.Sandbox) (string, string) {
			tb.Helper()
			return instance, issue(tb, newSandbox(tb, func(d *sandbox.Definition) { d.Seed = seed }))
		}
	}
	return map[string]struct {
		make    func(tb testing.TB, box *sandbox.Sandbox) (instanceID, token string)
		valid   bool
		revoked string
	}{
		"issued": {changed(func(s string) string { return s }), true, ""},
		"at its end": {func(tb testing.TB, box *sandbox.Sandbox) (string, string) {
			tb.Helper()
			token := issue(tb, box)
			advance(tb, box, time.Hour)
			return instance, token
		}, false, ""},
		"just before its end": {func(tb testing.TB, box *sandbox.Sandbox) (string, string) {
			tb.Helper()
			token := issue(tb, box)
			advance(tb, box, time.Hour-time.Millisecond)
			return instance, token
		}, true, ""},
		"revoked": {func(tb testing.TB, box *sandbox.Sandbox) (string, string) {
			tb.Helper()
			token := issue(tb, box)
			if _, err := revoke(tb, box, instance, token); err != nil {
				tb.Fatal(err)
			}
			return instance, token
		}, false, ""},
		"revoked by a person": {ended(token.Revoked), false, ""},
		"expired by a person": {ended(token.Expired), false, ""},
		"of another instance": {func(tb testing.TB, box *sandbox.Sandbox) (string, string) {
			tb.Helper()
			return "other", issue(tb, box)
		}, false, parameterCheckFailed},
		"of another seed":         {foreign(8), false, parameterCheckFailed},
		"no base64":               {changed(func(string) string { return "no token" }), false, parameterCheckFailed},
		"empty bytes":             {changed(func(string) string { return "====" }), false, parameterCheckFailed},
		"short":                   {changed(func(s string) string { return s[:16] }), false, parameterCheckFailed},
		"cut":                     {changed(func(s string) string { return s[:340] }), false, parameterCheckFailed},
		"first character changed": {changed(func(s string) string { return other(s[:1]) + s[1:] }), false, parameterCheckFailed},
		"middle changed":          {changed(func(s string) string { return s[:170] + other(s[170:171]) + s[171:] }), false, parameterCheckFailed},
		"last character changed":  {changed(func(s string) string { return s[:341] + neighbour(s[341]) + "==" }), false, parameterCheckFailed},
		"with a line end":         {changed(func(s string) string { return s[:76] + "\n" + s[76:] }), false, parameterCheckFailed},
		"with a blank for a plus": {changed(func(s string) string { return " " + s[1:] }), false, parameterCheckFailed},
		"made up": {changed(func(string) string {
			return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 256)))
		}), false, parameterCheckFailed},
		"of another operation": {func(tb testing.TB, box *sandbox.Sandbox) (string, string) {
			tb.Helper()
			return instance, securityToken(tb, box)
		}, false, parameterCheckFailed},
	}
}

func other(character string) string {
	if character == "A" {
		return "B"
	}
	return "A"
}

// neighbour is a character of base64 that differs in its last bit alone, which carries nothing at the end of a token.
func neighbour(character byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := strings.IndexByte(alphabet, character) ^ 1
	return alphabet[i : i+1]
}

// securityToken is a token that the sandbox sealed for something else, as the bytes of this API's.
func securityToken(tb testing.TB, box *sandbox.Sandbox) string {
	tb.Helper()
	turn, err := box.Begin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	noStorage := func(string, string) (public, internal string) { return "", "" }
	result, err := deepvision.New(noStorage).Handlers["SecurityTokenGet"](tb.Context(), turn, &wire.Call{
		Request: &wire.Request{}, Params: map[string]any{"param": map[string]any{}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	issued := contract.Plain(result.Body).(map[string]any)["result"].(map[string]any)
	return strings.TrimPrefix(issued["token"].(string), "CAIS")
}

func TestQueryToken(t *testing.T) {
	t.Parallel()
	for name, c := range states() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			instanceID, token := c.make(t, box)
			if got := status(t, box, instanceID, token); got != c.valid {
				t.Errorf("TokenStatus is %v", got)
			}
		})
	}
}

func TestRevokeToken(t *testing.T) {
	t.Parallel()
	for name, c := range states() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			instanceID, token := c.make(t, box)
			result, err := revoke(t, box, instanceID, token)
			wantCode(t, err, c.revoked)
			if err != nil {
				return
			}
			if len(result.Body) != 1 || plain(result)["RequestId"] != "the-id" {
				t.Errorf("body %v", result.Body)
			}
			if c.valid != (len(result.Findings) == 0) {
				t.Errorf("findings %+v", result.Findings)
			}
			if status(t, box, instanceID, token) {
				t.Error("the token is still valid")
			}
		})
	}
}

// A revoked token stays revoked for ever, and the others stay as they are.
func TestRevokingIsForGood(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	first, second := issue(t, box), issue(t, box)
	if _, err := revoke(t, box, instance, second); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, box); got.State != token.Revoked || got.History[1].Note != "by RevokeToken" {
		t.Errorf("listed as %+v", got)
	}
	if !status(t, box, instance, first) {
		t.Error("the other token is not valid any more")
	}
	for _, by := range []time.Duration{30 * time.Minute, time.Hour, 1000 * time.Hour} {
		advance(t, box, by)
		if status(t, box, instance, second) {
			t.Errorf("valid again after %s", by)
		}
	}
}

// Of many concurrent calls one revokes; all succeed.
func TestConcurrentRevocations(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	token := issue(t, box)
	var done sync.WaitGroup
	findings := make([]int, 32)
	for i := range findings {
		done.Go(func() {
			result, err := revoke(t, box, instance, token)
			if err != nil {
				t.Error(err)
			}
			findings[i] = len(result.Findings)
		})
	}
	done.Wait()
	first := 0
	for _, n := range findings {
		if n == 0 {
			first++
		}
	}
	if first != 1 {
		t.Errorf("%d calls revoked the token", first)
	}
	if got := listed(t, box); len(got.History) != 2 {
		t.Errorf("history %+v", got.History)
	}
}

// After a reset the tokens of before are over.
func TestTokensEndWithAReset(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	issue(t, box)
	issue(t, box)
	token := issue(t, box)
	if err := box.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status(t, box, instance, token) {
		t.Error("a token of before the reset is valid")
	}
}
