package sandbox_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// withApp defines a sandbox with one top app.
func withApp(id, appKey string, seed uint64) sandbox.Definition {
	return sandbox.Definition{ID: id, Seed: seed, Frozen: true, Credentials: gatewaytest.Credentials{
		Top: []gatewaytest.App{{AppKey: appKey, AppSecret: "app-secret-of-" + appKey}},
	}.Listed()}
}

func temporary(tb testing.TB, box *sandbox.Sandbox, appKey string, expires time.Time) token.Temporary {
	tb.Helper()
	return begin(tb, box).IssueTemporary("api", wire.Credential{Kind: wire.TopApp, ID: appKey}, expires, "")
}

func accessKey(id string) wire.Credential { return wire.Credential{Kind: wire.AccessKey, ID: id} }

func TestTemporaryCredentialsSignUntilTheirEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	box := w.create(t, withApp("box", "top-app", 5))
	end := epoch().Add(time.Hour)
	creds := temporary(t, box, "top-app", end)

	for text, pattern := range map[string]string{
		creds.AccessKeyID:     `^STS\.[0-9A-Za-z]{30}$`,
		creds.AccessKeySecret: `^[0-9A-Za-z]{44}$`,
		creds.SecurityToken:   `^CAIS[0-9A-Za-z+/]{600,}={0,2}$`,
	} {
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("%q does not look like %s", text, pattern)
		}
	}
	if found, err := w.Find(t.Context(), accessKey(creds.AccessKeyID)); err != nil || found != box {
		t.Errorf("Find = %v, %v, want the sandbox that issued it", found, err)
	}
	whole := end.Truncate(time.Second)
	key, ok := box.Key(accessKey(creds.AccessKeyID))
	if !ok || !key.Temporary || key.Secret != creds.AccessKeySecret || !key.Expires.Equal(whole) || key.Disabled {
		t.Errorf("Key = %+v, %v", key, ok)
	}
	if !creds.Expires.Equal(whole) {
		t.Errorf("the credentials end at %v, want %v", creds.Expires, whole)
	}
	claims, ok := box.OpenSecurityToken(creds.SecurityToken)
	if !ok || claims.Subject != creds.AccessKeyID || claims.ExpiresAt != whole.UnixMilli() || claims.Number != 1 || claims.Issuer != "api" {
		t.Errorf("OpenSecurityToken = %+v, %v", claims, ok)
	}
}

func TestTemporaryCredentialsDifferByTurnAndSeed(t *testing.T) {
	t.Parallel()
	end := epoch().Add(time.Hour)
	box := newWorld(t, 0).create(t, withApp("box", "top-app", 5))
	first, second := temporary(t, box, "top-app", end), temporary(t, box, "top-app", end)
	if first == second || first.AccessKeySecret == second.AccessKeySecret {
		t.Errorf("two turns issued the same: %+v", first)
	}
	again := temporary(t, newWorld(t, 0).create(t, withApp("box", "top-app", 5)), "top-app", end)
	if again != first {
		t.Errorf("the same id, seed and turn issued %+v, then %+v", first, again)
	}
	if other := temporary(t, newWorld(t, 0).create(t, withApp("other", "top-app", 5)), "top-app", end); other == first {
		t.Errorf("another id issued the same: %+v", other)
	}
	if other := temporary(t, newWorld(t, 0).create(t, withApp("box", "top-app", 6)), "top-app", end); other == first {
		t.Errorf("another seed issued the same: %+v", other)
	}
}

func TestTemporaryCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	box := w.create(t, withApp("box", "top-app", 5))
	w.create(t, withApp("stranger", "stranger-app", 6))
	creds := temporary(t, box, "top-app", epoch().Add(time.Hour))
	id := creds.AccessKeyID
	otherDigit := func(i int) string {
		digit := "0"
		if id[i] == '0' {
			digit = "1"
		}
		return id[:i] + digit + id[i+1:]
	}
	foreign := newWorld(t, 0).create(t, withApp("box", "top-app", 9))
	for name, id := range map[string]string{
		"no prefix":        strings.TrimPrefix(id, "STS."),
		"only the prefix":  "STS.",
		"cut":              id[:len(id)-1],
		"longer":           id + "0",
		"changed end":      otherDigit(len(id) - 1),
		"changed app":      otherDigit(8),
		"a sign":           "STS.+" + id[5:],
		"a minus":          "STS.-" + id[5:],
		"no digits":        "STS." + strings.Repeat("_", 30),
		"too large":        "STS." + strings.Repeat("z", 30),
		"of another world": temporary(t, foreign, "top-app", epoch()).AccessKeyID,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if key, ok := box.Key(accessKey(id)); ok {
				t.Errorf("Key(%s) = %+v, true", id, key)
			}
		})
	}
	stranger, err := w.Get(t.Context(), "stranger")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := stranger.Key(accessKey(id)); ok {
		t.Error("another sandbox took the key")
	}
	if _, ok := stranger.OpenSecurityToken(creds.SecurityToken); ok {
		t.Error("another sandbox took the security token")
	}
	good := creds.SecurityToken
	for _, text := range []string{"", "CAIS", "CAIS!", good[4:], good + "A", "CAIS" + good} {
		if _, ok := box.OpenSecurityToken(text); ok {
			t.Errorf("OpenSecurityToken took %.20q…", text)
		}
	}
}

// FuzzTagOf looks for ids that are read though no sandbox would write them so.
func FuzzTagOf(f *testing.F) {
	f.Add("STS." + strings.Repeat("0", 30))
	f.Add("STS.0")
	f.Add("STS.+" + strings.Repeat("0", 29))
	f.Add("STS._" + strings.Repeat("z", 29))
	f.Add(temporary(f, newWorld(f, 0).create(f, withApp("box", "top-app", 5)), "top-app", epoch()).AccessKeyID)
	f.Fuzz(func(t *testing.T, id string) {
		if _, ok := token.TagOf(id); ok && !regexp.MustCompile(`^STS\.[0-9A-Za-z]{30}$`).MatchString(id) {
			t.Errorf("TagOf took %q", id)
		}
	})
}
