package token_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

func claims() token.Claims {
	return token.Claims{
		Kind: "mqtt", Issuer: "api", Number: 7, IssuedAt: 1772366400000, ExpiresAt: 1772370000000, Subject: "ak", Detail: "R:a/b",
	}
}

func seal(tb testing.TB, box *token.Ledger, c token.Claims, size int) []byte {
	tb.Helper()
	return box.Seal(c, size)
}

func TestSealedClaimsComeBack(t *testing.T) {
	t.Parallel()
	odd := claims()
	odd.Subject, odd.Detail = "\xff\x00名", "\xc3\x28"
	for name, c := range map[string]token.Claims{"plain": claims(), "empty": {}, "not UTF-8": odd} {
		for _, size := range []int{0, 100, 480, 4096} {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				t.Parallel()
				box := newLedger(t, 1)
				sealed := seal(t, box, c, size)
				if len(sealed) < size {
					t.Errorf("%d bytes, want at least %d", len(sealed), size)
				}
				got, ok := box.Unseal(sealed, c.Kind)
				if diff := cmp.Diff(c, got, cmpopts.IgnoreUnexported(token.Claims{})); !ok || diff != "" {
					t.Errorf("Unseal = %v (-want +got):\n%s", ok, diff)
				}
			})
		}
	}
}

func TestSealDependsOnSeedAndClaimsAlone(t *testing.T) {
	t.Parallel()
	first := seal(t, newLedger(t, 1), claims(), 200)
	other := newLedger(t, 1)
	if !bytes.Equal(first, seal(t, other, claims(), 200)) {
		t.Error("the same seed and claims sealed differently")
	}
	if bytes.Equal(first, seal(t, newLedger(t, 2), claims(), 200)) {
		t.Error("another seed sealed the same")
	}
	changed := claims()
	changed.Number++
	if next := seal(t, other, changed, 200); bytes.Equal(first[:12], next[:12]) {
		t.Error("different claims share a nonce")
	}
}

func TestUnsealRefuses(t *testing.T) {
	t.Parallel()
	box := newLedger(t, 1)
	sealed := seal(t, box, claims(), 100)
	flipped := func(i int) []byte {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		return changed
	}
	for name, c := range map[string]struct {
		sealed []byte
		kind   string
	}{
		"another kind":       {sealed, "auth"},
		"no kind":            {sealed, ""},
		"nothing":            {nil, "mqtt"},
		"less than a nonce":  {sealed[:11], "mqtt"},
		"only a nonce":       {sealed[:12], "mqtt"},
		"cut":                {sealed[:len(sealed)-1], "mqtt"},
		"longer":             {append(bytes.Clone(sealed), 0), "mqtt"},
		"changed nonce":      {flipped(0), "mqtt"},
		"changed claims":     {flipped(20), "mqtt"},
		"changed tag":        {flipped(len(sealed) - 1), "mqtt"},
		"of another sandbox": {seal(t, newLedger(t, 2), claims(), 100), "mqtt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, ok := box.Unseal(c.sealed, c.kind); ok {
				t.Errorf("Unseal = %+v, true", got)
			}
		})
	}
}

func TestClaimsExpire(t *testing.T) {
	t.Parallel()
	end := time.UnixMilli(claims().ExpiresAt)
	for after, want := range map[time.Duration]bool{
		-time.Millisecond: false, -time.Nanosecond: false, 0: true, time.Hour: true,
	} {
		if got := claims().Expired(end.Add(after)); got != want {
			t.Errorf("%v after the end: expired %v, want %v", after, got, want)
		}
	}
}

func FuzzUnseal(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(seal(f, newLedger(f, 1), claims(), 100))
	f.Add(seal(f, newLedger(f, 2), claims(), 100))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		box := newLedger(t, 1)
		got, ok := box.Unseal(sealed, "mqtt")
		if ok && !bytes.Equal(sealed, seal(t, box, got, len(sealed))) {
			t.Errorf("Unseal took what Seal did not give: %x, %+v", sealed, got)
		}
	})
}
