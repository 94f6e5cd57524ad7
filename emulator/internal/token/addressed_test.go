package token_test

import (
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// An addressed token leads to the credential to which it was issued, and so does what was issued to one that presents it.
func TestAddress(t *testing.T) {
	t.Parallel()
	owner := wire.Credential{Kind: wire.AccessKey, ID: "ak"}
	text := token.Address("acv2text", token.OwnerOf(owner))
	rest, tag, ok := token.ReadAddress(text)
	if !ok || rest != "acv2text" || tag != token.TagFor(owner) {
		t.Fatalf("read %q, %x, %v from %q", rest, tag, ok, text)
	}
	presented := wire.Credential{Kind: wire.IssuedToken, ID: text, Secret: true}
	if token.OwnerOf(presented) != tag {
		t.Error("who presents the token stands for another owner")
	}
	temporary := newLedger(t, 7).Temporary(token.Issue{Issuer: issuer, Caller: presented}, accessEpoch)
	if got, ok := token.TagIn(wire.Credential{Kind: wire.AccessKey, ID: temporary.AccessKeyID}); !ok || got != tag {
		t.Errorf("temporary credentials name %x, %v", got, ok)
	}
	for name, bad := range map[string]string{
		"capitals": text[:len(text)-12] + "ABCDEF012345", "no hex": text[:len(text)-1] + "g", "short": "abc", "empty": "",
		"too short by one": "0123456789a", "no ASCII": "ü" + strings.Repeat("0", 10),
	} {
		if rest, tag, ok := token.ReadAddress(bad); ok {
			t.Errorf("%s: read %q, %x", name, rest, tag)
		}
	}
	if rest, _, ok := token.ReadAddress("0123456789ab"); !ok || rest != "" {
		t.Errorf("a tag alone: %q, %v", rest, ok)
	}
	if _, ok := token.TagIn(wire.Credential{Kind: wire.AccessKey, ID: text}); ok {
		t.Error("a key of that name leads to a sandbox")
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("acv2text0123456789ab")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		rest, owner, ok := token.ReadAddress(text)
		if ok && token.Address(rest, owner) != text {
			t.Errorf("%q is read as another token", text)
		}
	})
}
