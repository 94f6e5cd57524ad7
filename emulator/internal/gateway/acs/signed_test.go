package acs_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/acs"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

var _ gateway.Signing = acs.Profile{}

// TestSignedParts holds, for each style, that the text which is shown gives the signature that the request carries, and
// that its parts say what was sent.
func TestSignedParts(t *testing.T) {
	t.Parallel()
	key := sandbox.Key{ID: "id", Secret: "secret"}
	for name, c := range map[string]struct {
		req   wire.Request
		parts []gateway.Part
	}{
		"rpc": {
			wire.Request{Method: "POST", Path: "/", RawQuery: "Signature=x&Resources=a%20%2B%2F"},
			[]gateway.Part{part("method", "POST", "POST"), part("path", "%2F", "/"), part("parameter Resources", "a%20%2B%2F", "a +/")},
		},
		"roa": {
			wire.Request{Method: "GET", Path: "/x", RawQuery: "a=b%20c", Header: http.Header{
				"Authorization": {"acs id:x"}, "X-Acs-Version": {"1"},
			}},
			[]gateway.Part{
				part("method", "GET", "GET"), part("header x-acs-version", "1", "1"), part("path", "/x", "/x"),
				part("parameter a", "b c", "b c"),
			},
		},
		"v3": {
			wire.Request{Method: "POST", Path: "/", Host: "h", RawQuery: "a=b%2Bc", Header: http.Header{
				"Authorization": {"ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host,Signature=x"},
			}},
			[]gateway.Part{
				part("method", "POST", "POST"), part("parameter a", "b%2Bc", "b+c"), part("header host", "h", "h"),
				part("hash of the body", emptyHash, emptyHash),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := acs.Profile{}.Sign(&c.req, key, time.Unix(0, 0), "nonce")
			if err != nil {
				t.Fatal(err)
			}
			signed, ok := acs.Profile{}.Signed(req)
			if got := (acs.Profile{}).SignatureOf(req, key.Secret, signed.Text); !ok || got == "" || got != signed.Signature {
				t.Errorf("the text gives %q, the request carries %q", got, signed.Signature)
			}
			if got := (acs.Profile{}).SignatureOf(req, "other", signed.Text); got == signed.Signature {
				t.Error("another secret gives the same signature")
			}
			parts := acs.Profile{}.Parts(req, signed.Text)
			for _, want := range c.parts {
				if !slices.Contains(parts, want) {
					t.Errorf("no part %+v in %+v", want, parts)
				}
			}
		})
	}
	if _, ok := (acs.Profile{}).Signed(&wire.Request{Method: "GET", Path: "/", RawQuery: url.Values{}.Encode()}); ok {
		t.Error("a request without a signature has a string to sign")
	}
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func part(name, raw, value string) gateway.Part {
	return gateway.Part{Name: name, Raw: raw, Value: value}
}
