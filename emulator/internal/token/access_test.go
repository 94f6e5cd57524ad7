package token_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

var accessEpoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newLedger(tb testing.TB, seed uint64) *token.Ledger {
	tb.Helper()
	ledger, err := token.NewLedger("box", seed)
	if err != nil {
		tb.Fatalf("make the ledger: %v", err)
	}
	return ledger
}

// issuer is the API that issues the access tokens of these tests.
const issuer = "api"

// generation is that of the sandbox in which they are issued.
const generation = 3

func access(tb testing.TB, ledger *token.Ledger, number uint64, appKey string, expires time.Time) string {
	tb.Helper()
	text, err := ledger.Access(token.Issue{Issuer: issuer, Number: number, Generation: generation}, appKey, expires)
	if err != nil {
		tb.Fatalf("issue an access token: %v", err)
	}
	return text
}

func openAccess(ledger *token.Ledger, text, appKey string) (token.Claims, bool) {
	return ledger.OpenAccess(text, appKey, []string{"another", issuer}, generation)
}

func TestAccessTokenCarriesItsClaims(t *testing.T) {
	t.Parallel()
	ledger := newLedger(t, 7)
	end := accessEpoch.Add(10 * time.Minute)
	const number = 5
	text := access(t, ledger, number, "app-1", end)
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(text) {
		t.Fatalf("the token is %q, want 32 lower-case hex digits", text)
	}
	claims, ok := openAccess(ledger, text, "app-1")
	if !ok || claims.Issuer != issuer || claims.Number != number || claims.ExpiresAt != end.UnixMilli() || claims.Subject != "app-1" {
		t.Fatalf("the claims are %+v, %v", claims, ok)
	}
	second := access(t, ledger, number+1, "app-1", end)
	if second == text {
		t.Fatal("two turns issued the same token")
	}
	if again := access(t, newLedger(t, 7), number, "app-1", end); again != text {
		t.Fatalf("the same seed and turn issued %s, then %s", text, again)
	}
}

func TestAccessTokenKeepsLargeNumbers(t *testing.T) {
	t.Parallel()
	ledger := newLedger(t, 7)
	end := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for name, number := range map[string]uint64{"one": 1, "last": 1<<40 - 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := access(t, ledger, number, "app-1", end)
			claims, ok := openAccess(ledger, text, "app-1")
			if !ok || claims.Number != number || claims.ExpiresAt != end.UnixMilli() {
				t.Fatalf("the claims are %+v, %v", claims, ok)
			}
		})
	}
}

func TestAccessTokenRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	ledger := newLedger(t, 7)
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
			if text, err := ledger.Access(token.Issue{Issuer: issuer, Number: c.number}, "app-1", c.end); err == nil {
				t.Fatalf("issued %s", text)
			}
		})
	}
}

func TestAccessTokenOfAnotherIsUnknown(t *testing.T) {
	t.Parallel()
	ledger := newLedger(t, 7)
	text := access(t, ledger, 1, "app-1", accessEpoch.Add(time.Hour))
	last := "0"
	if strings.HasSuffix(text, last) {
		last = "1"
	}
	cases := map[string]struct {
		ledger       *token.Ledger
		text, appKey string
	}{
		"other app":     {ledger, text, "app-2"},
		"other sandbox": {newLedger(t, 8), text, "app-1"},
		"changed":       {ledger, text[:31] + last, "app-1"},
		"upper case":    {ledger, strings.ToUpper(text), "app-1"},
		"too short":     {ledger, text[:30], "app-1"},
		"too long":      {ledger, text + "00", "app-1"},
		"no hex":        {ledger, strings.Repeat("g", 32), "app-1"},
		"empty":         {ledger, "", "app-1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if claims, ok := openAccess(c.ledger, c.text, c.appKey); ok {
				t.Fatalf("accepted with claims %+v", claims)
			}
		})
	}
}

// An access token opens for the API that issued it alone: its state is kept under that name.
func TestAccessTokenOfAnotherIssuerIsUnknown(t *testing.T) {
	t.Parallel()
	ledger := newLedger(t, 7)
	text := access(t, ledger, 1, "app-1", accessEpoch.Add(time.Hour))
	if claims, ok := ledger.OpenAccess(text, "app-1", []string{"another"}, generation); ok {
		t.Errorf("opened with claims %+v", claims)
	}
}

func TestAccessTokenOfAnotherGenerationIsUnknown(t *testing.T) {
	t.Parallel()
	ledger := newLedger(t, 7)
	text := access(t, ledger, 1, "app-1", accessEpoch.Add(time.Hour))
	if claims, ok := ledger.OpenAccess(text, "app-1", []string{issuer}, generation+1); ok {
		t.Errorf("opened with claims %+v", claims)
	}
}

// Sandboxes of one seed do not know each other's tokens.
func TestLedgersOfOneSeedAreApart(t *testing.T) {
	t.Parallel()
	other, err := token.NewLedger("other", 7)
	if err != nil {
		t.Fatal(err)
	}
	text := access(t, newLedger(t, 7), 1, "app-1", accessEpoch.Add(time.Hour))
	if claims, ok := openAccess(other, text, "app-1"); ok {
		t.Errorf("an access token opened with claims %+v", claims)
	}
	if claims, ok := other.Unseal(seal(t, newLedger(t, 7), token.Claims{Kind: "mqtt"}, 0), "mqtt"); ok {
		t.Errorf("a sealed token opened with claims %+v", claims)
	}
	if _, _, ok := other.TemporaryKey(newLedger(t, 7).Temporary(token.Issue{Issuer: issuer}, accessEpoch).AccessKeyID); ok {
		t.Error("a temporary key is known")
	}
}

func FuzzAccessToken(f *testing.F) {
	ledger := newLedger(f, 7)
	text := access(f, ledger, 1, "app-1", accessEpoch.Add(time.Hour))
	f.Add(text, "app-1")
	f.Add(strings.Repeat("0", 32), "app-1")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, given, appKey string) {
		if _, ok := openAccess(ledger, given, appKey); ok && (given != text || appKey != "app-1") {
			t.Fatalf("accepted a token that was never issued: %q of %q", given, appKey)
		}
	})
}
