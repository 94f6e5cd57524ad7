package sandbox_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
)

var accessEpoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func accessBox(tb testing.TB, seed uint64) *sandbox.Sandbox {
	tb.Helper()
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{
		Store: memory.New(), RealNow: func() time.Time { return accessEpoch },
	})
	box, err := registry.Create(tb.Context(), sandbox.Definition{ID: "box", Seed: seed, Frozen: true})
	if err != nil {
		tb.Fatalf("create the sandbox: %v", err)
	}
	return box
}

func accessToken(tb testing.TB, box *sandbox.Sandbox, appKey string, expires time.Time) (string, uint64) {
	tb.Helper()
	turn, err := box.Begin(tb.Context())
	if err != nil {
		tb.Fatalf("begin a turn: %v", err)
	}
	text, err := turn.NewAccessToken(appKey, expires)
	if err != nil {
		tb.Fatalf("issue an access token: %v", err)
	}
	return text, turn.Number
}

func TestAccessTokenCarriesItsClaims(t *testing.T) {
	t.Parallel()
	box := accessBox(t, 7)
	end := accessEpoch.Add(10 * time.Minute)
	text, number := accessToken(t, box, "app-1", end)
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(text) {
		t.Fatalf("the token is %q, want 32 lower-case hex digits", text)
	}
	claims, ok := box.AccessToken(text, "app-1")
	if !ok || claims.Number != number || claims.ExpiresAt != end.UnixMilli() || claims.Subject != "app-1" {
		t.Fatalf("the claims are %+v, %v", claims, ok)
	}
	second, _ := accessToken(t, box, "app-1", end)
	if second == text {
		t.Fatal("two turns issued the same token")
	}
	if again, _ := accessToken(t, accessBox(t, 7), "app-1", end); again != text {
		t.Fatalf("the same seed and turn issued %s, then %s", text, again)
	}
}

func TestAccessTokenKeepsLargeNumbers(t *testing.T) {
	t.Parallel()
	box := accessBox(t, 7)
	end := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for name, number := range map[string]uint64{"one": 1, "last": 1<<40 - 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			turn := &sandbox.Turn{Sandbox: box, Number: number, Now: accessEpoch}
			text, err := turn.NewAccessToken("app-1", end)
			if err != nil {
				t.Fatal(err)
			}
			claims, ok := box.AccessToken(text, "app-1")
			if !ok || claims.Number != number || claims.ExpiresAt != end.UnixMilli() {
				t.Fatalf("the claims are %+v, %v", claims, ok)
			}
		})
	}
}

func TestAccessTokenRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	box := accessBox(t, 7)
	cases := map[string]struct {
		number uint64
		end    time.Time
	}{
		"number": {1 << 40, accessEpoch},
		"past":   {1, time.Unix(-1, 0)},
		"future": {1, time.Unix(1<<40, 0)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			turn := &sandbox.Turn{Sandbox: box, Number: c.number, Now: accessEpoch}
			if text, err := turn.NewAccessToken("app-1", c.end); err == nil {
				t.Fatalf("issued %s", text)
			}
		})
	}
}

func TestAccessTokenOfAnotherIsUnknown(t *testing.T) {
	t.Parallel()
	box := accessBox(t, 7)
	text, _ := accessToken(t, box, "app-1", accessEpoch.Add(time.Hour))
	last := "0"
	if strings.HasSuffix(text, last) {
		last = "1"
	}
	cases := map[string]struct {
		box          *sandbox.Sandbox
		text, appKey string
	}{
		"other app":     {box, text, "app-2"},
		"other sandbox": {accessBox(t, 8), text, "app-1"},
		"changed":       {box, text[:31] + last, "app-1"},
		"upper case":    {box, strings.ToUpper(text), "app-1"},
		"too short":     {box, text[:30], "app-1"},
		"too long":      {box, text + "00", "app-1"},
		"no hex":        {box, strings.Repeat("g", 32), "app-1"},
		"empty":         {box, "", "app-1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if claims, ok := c.box.AccessToken(c.text, c.appKey); ok {
				t.Fatalf("accepted with claims %+v", claims)
			}
		})
	}
}

func FuzzAccessToken(f *testing.F) {
	box := accessBox(f, 7)
	text, _ := accessToken(f, box, "app-1", accessEpoch.Add(time.Hour))
	f.Add(text, "app-1")
	f.Add(strings.Repeat("0", 32), "app-1")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, given, appKey string) {
		if _, ok := box.AccessToken(given, appKey); ok && (given != text || appKey != "app-1") {
			t.Fatalf("accepted a token that was never issued: %q of %q", given, appKey)
		}
	})
}
