package top_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/top"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

var _ gateway.Signing = top.Profile{}

// TestSignedParts holds that the base string gives the signature, and that its parts are found without any separator,
// also in one that differs.
func TestSignedParts(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"md5", "hmac", "hmac-sha256"} {
		key := sandbox.Key{ID: "k", Secret: "secret"}
		req, err := top.Profile{}.Sign(&wire.Request{
			Method: "POST", Path: "/router/rest", RawQuery: "a=timestamp&z=1%2B2&sign_method=" + method,
		}, key, time.Unix(0, 0), "")
		if err != nil {
			t.Fatal(err)
		}
		signed, ok := top.Profile{}.Signed(req)
		if got := (top.Profile{}).SignatureOf(req, key.Secret, signed.Text); !ok || got == "" || got != signed.Signature {
			t.Errorf("%s: the text gives %q, the request carries %q", method, got, signed.Signature)
		}
		want := []gateway.Part{
			signedPart("parameter a", "timestamp", "timestamp"), signedPart("parameter app_key", "k", "k"),
			signedPart("parameter sign_method", method, method),
			signedPart("parameter timestamp", "1970-01-01 08:00:00", "1970-01-01 08:00:00"), signedPart("parameter z", "1+2", "1+2"),
		}
		if got := (top.Profile{}).Parts(req, signed.Text); !slices.Equal(got, want) {
			t.Errorf("%s: parts %+v", method, got)
		}
		differing := "atimestampapp_keykzone"
		want = []gateway.Part{
			signedPart("parameter a", "timestamp", "timestamp"), signedPart("parameter app_key", "k", "k"), signedPart("parameter z", "one", "one"),
		}
		if got := (top.Profile{}).Parts(req, differing); !slices.Equal(got, want) {
			t.Errorf("%s: parts %+v of a text that differs", method, got)
		}
	}
	if _, ok := (top.Profile{}).Signed(&wire.Request{Method: "GET"}); ok {
		t.Error("a request without a signature has a string to sign")
	}
	if got := (top.Profile{}).Parts(&wire.Request{}, "text"); len(got) != 1 || got[0].Value != "text" {
		t.Errorf("a text without any name has the parts %+v", got)
	}
}

func signedPart(name, raw, value string) gateway.Part {
	return gateway.Part{Name: name, Raw: raw, Value: value}
}
