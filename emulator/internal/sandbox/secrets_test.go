package sandbox_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestMaskTakesEverySpellingOut(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{
		"plainSecret0123456789", "with/slash+plus=equals", "with blank", "with blank/and slash",
		`quote"and\back`, "Mixed/Case%2Fescape",
		"amp&lt<gt>", "tilde~star*", "ümläut名", "....", "\xff\xfe\xfd\xfc",
	} {
		s := sandbox.NewSecrets("another one", secret)
		for name, text := range spellings(secret) {
			t.Run(secret+"/"+name, func(t *testing.T) {
				t.Parallel()
				for _, around := range [][2]string{{"", ""}, {"a=", "&b=c"}, {`{"k":"`, `"}`}, {"x", "y"}} {
					whole, want := around[0]+text+around[1], around[0]+sandbox.Mask+around[1]
					if got := s.Mask(whole); got != want {
						t.Errorf("Mask(%q) = %q, want %q", whole, got, want)
					}
				}
				if got := s.Mask(text + text); got != sandbox.Mask+sandbox.Mask {
					t.Errorf("Mask(%q) = %q, want %s twice", text+text, got, sandbox.Mask)
				}
			})
		}
	}
}

func spellings(secret string) map[string]string {
	signed := strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"), "*", "%2A")
	return map[string]string{
		"raw": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret), "signed": signed,
		"Java":          strings.ReplaceAll(signed, "~", "%7E"),
		"lower case":    lowerHex(url.QueryEscape(secret)),
		"signed twice":  url.QueryEscape(signed),
		"escaped slash": strings.ReplaceAll(secret, "/", `\/`),
		"JSON":          strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret),
		"XML":           strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(secret),
		"hex":           hex.EncodeToString([]byte(secret)),
		"upper hex":     strings.ToUpper(hex.EncodeToString([]byte(secret))),
	}
}

// lowerHex writes URL escapes in lower case and leaves everything else.
func lowerHex(text string) string {
	out := []byte(text)
	for i := 0; i+2 < len(out); i++ {
		if out[i] == '%' {
			copy(out[i+1:i+3], strings.ToLower(text[i+1:i+3]))
		}
	}
	return string(out)
}

func TestMaskLeavesTheRest(t *testing.T) {
	t.Parallel()
	s := sandbox.NewSecrets("secretOne", "secretOneAndMore", "abc", "", "öäüß")
	for text, want := range map[string]string{
		"":                           "",
		"abc":                        "abc", // too short to be a secret
		"sec":                        "sec",
		"secretOn":                   "secretOn",
		"secretOne":                  "[secret]",
		"secretOneAndMor":            "[secret]AndMor",
		"secretOneAndMore":           "[secret]",
		"secretsecretOne":            "secret[secret]",
		"SECRETONE":                  "SECRETONE",
		"öäüß öäü":                   "[secret] öäü",
		strings.Repeat("a", 100_000): strings.Repeat("a", 100_000),
		sandbox.Mask:                 sandbox.Mask,
	} {
		if got := s.Mask(text); got != want {
			t.Errorf("Mask(%.40q) = %.40q, want %.40q", text, got, want)
		}
	}
}

// TestMaskTakesSecretsOutOfBase64 puts a secret into longer texts and encodes these, as `Basic` and Kubernetes do.
func TestMaskTakesSecretsOutOfBase64(t *testing.T) {
	t.Parallel()
	const secret = "with/slash+plus=equals~0123?"
	s := sandbox.NewSecrets(secret)
	for _, alphabet := range []*base64.Encoding{
		base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
	} {
		for _, before := range []string{"", "a", "ab", "abc", "user:"} {
			for _, after := range []string{"", "z", "yz", "xyz"} {
				whole := alphabet.EncodeToString([]byte(before + secret + after))
				got := s.Mask(whole)
				if left := len(got) - len(sandbox.Mask); !strings.Contains(got, sandbox.Mask) || left > 6+2*len(before+after) {
					t.Errorf("Mask(%q) = %q", whole, got)
				}
			}
		}
	}
}

// TestMaskTakesSecretsOutOfHeaderNames: the server knows names of headers only as net/http writes them.
func TestMaskTakesSecretsOutOfHeaderNames(t *testing.T) {
	t.Parallel()
	const secret = "CanaryKEY-of-the-App0123"
	plain := strings.ReplaceAll(secret, "-", "")
	s := sandbox.NewSecrets(secret, plain)
	for _, name := range []string{secret, "x-" + secret, plain, "x" + plain} {
		name = textproto.CanonicalMIMEHeaderKey(name)
		if got := s.Mask(name); len(got) > len("X-")+len(sandbox.Mask) {
			t.Errorf("Mask(%q) = %q", name, got)
		}
	}
}

// TestMaskTakesNoLongerThanItMust: secrets of many lengths that begin alike, in a text that begins like them everywhere.
func TestMaskTakesNoLongerThanItMust(t *testing.T) {
	t.Parallel()
	var alike []string
	for n := range 1000 {
		alike = append(alike, strings.Repeat("a", 8*n+7)+"B")
	}
	s := sandbox.NewSecrets(alike...)
	text := strings.Repeat("a", 1<<20)
	if got := s.Mask("public " + text); !strings.HasPrefix(got, "public ") || len(got) > len(text)/2 {
		t.Errorf("%d bytes are shown of a text that would take minutes to compare", len(got))
	}
	if got := s.Mask("public " + alike[999]); got != "public "+sandbox.Mask {
		t.Errorf("a secret is shown as %.100q", got)
	}
}

func TestRegistryKnowsAllSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	box := w.create(t, sandbox.Definition{
		ID: "box", Frozen: true,
		Credentials: gatewaytest.Credentials{
			ACS:    []gatewaytest.ACSCredential{{AccessKeyID: "keyID", AccessKeySecret: "keySecret"}, {BearerToken: "bearerToken"}},
			Top:    []gatewaytest.App{{AppKey: "topKey", AppSecret: "topSecret"}},
			Fabric: []gatewaytest.App{{AppKey: "fabricKey", AppSecret: "fabricSecret"}},
		}.Listed(),
		Fixtures: sandbox.Fixtures{
			Warrants: []sandbox.WarrantApp{{AppID: "appID", AppSecret: "warrantSecret"}, {AppID: "b"}},
		},
	})
	mask := w.Secrets().Mask
	for _, secret := range []string{"keySecret", "bearerToken", "topSecret", "fabricSecret", "warrantSecret"} {
		if got := mask(secret); got != sandbox.Mask {
			t.Errorf("%s is shown as %q", secret, got)
		}
	}
	for _, public := range []string{"keyID", "topKey", "fabricKey", "appID"} {
		if got := mask(public); got != public {
			t.Errorf("%s is shown as %q", public, got)
		}
	}
	if err := w.Remove(t.Context(), box.ID); err != nil {
		t.Fatal(err)
	}
	if got := mask("keySecret"); got != sandbox.Mask {
		t.Errorf("a secret of a removed sandbox is shown as %q: journals can still hold it", got)
	}
}

// Secrets that a sandbox issued are on no list: they vouch for themselves.
func TestMaskKnowsIssuedSecrets(t *testing.T) {
	t.Parallel()
	box := newWorld(t, 0).create(t, withApp("box", "top-app", 5))
	stranger := sandbox.NewSecrets()
	for range 100 {
		creds := temporary(t, box, "top-app", epoch().Add(time.Hour))
		for _, around := range [][2]string{{"", ""}, {`"`, `"`}, {"access_key_secret", "product_code"}, {"é", "é"}} {
			text := around[0] + creds.AccessKeySecret + around[1]
			if got, want := stranger.Mask(text), around[0]+sandbox.Mask+around[1]; got != want {
				t.Fatalf("Mask(%q) = %q, want %q", text, got, want)
			}
		}
		cut := creds.AccessKeySecret
		for _, public := range []string{creds.AccessKeyID, creds.SecurityToken, cut[1:], cut[:43]} {
			if got := stranger.Mask(public); got != public {
				t.Fatalf("Mask(%q) = %q, want no change", public, got)
			}
		}
	}
}

func TestSecretsOfRemovedSandboxesAreForgottenInTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.create(t, withApp("shared", "kept", 1))
	// Such a secret has many long spellings, so few sandboxes fill the list.
	secretOf := func(i int) string { return fmt.Sprintf(`%04d "blank"/slash*star~`, i) + strings.Repeat("x", 200) }
	churn := func(i int) {
		id := fmt.Sprint("box-", i)
		w.create(t, sandbox.Definition{ID: id, Credentials: gatewaytest.Credentials{
			Top:    []gatewaytest.App{{AppKey: id, AppSecret: secretOf(i)}},
			Fabric: []gatewaytest.App{{AppKey: id, AppSecret: "app-secret-of-kept"}},
		}.Listed()})
		if err := w.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	churn(0)
	for i := range 3000 {
		churn(i + 1)
	}
	mask := w.Secrets().Mask
	for secret, want := range map[string]string{
		secretOf(0):          secretOf(0), // the oldest had to go
		secretOf(3000):       sandbox.Mask,
		"app-secret-of-kept": sandbox.Mask, // a sandbox still has it
	} {
		if got := mask(secret); got != want {
			t.Errorf("%s is shown as %q, want %q", secret, got, want)
		}
	}
}

func TestBearerTokenIsNotNamedInErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	def := sandbox.Definition{ID: "one", Credentials: gatewaytest.Credentials{
		ACS: []gatewaytest.ACSCredential{{BearerToken: "bearer-token-canary"}},
	}.Listed()}
	w.create(t, def)
	def.ID = "two"
	if _, err := w.Create(t.Context(), def); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("Create = %v, want an error without the token", err)
	}
	if found, err := w.Find(t.Context(), wire.Credential{Kind: wire.Bearer, ID: "bearer-token-canary", Secret: true}); err != nil || found == nil {
		t.Error("the first sandbox lost its token")
	}
}

func FuzzMask(f *testing.F) {
	for _, text := range []string{"", "x", "&", "%2", `\`, "canar", "[secret]", strings.Repeat("A", 60), "\xff"} {
		f.Add(text, text, "canary/secret")
	}
	f.Fuzz(func(t *testing.T, before, after, secret string) {
		if len(secret) < 4 {
			t.Skip("too short to be a secret")
		}
		s := sandbox.NewSecrets(secret)
		text := before + secret + after
		masked := s.Mask(text)
		if masked == text && !strings.Contains(sandbox.Mask, secret) {
			t.Errorf("Mask(%q) changed nothing", text)
		}
		rest := strings.ReplaceAll(masked, sandbox.Mask, "\x00")
		if strings.Contains(rest, secret) && !strings.Contains(secret, "\x00") {
			t.Errorf("Mask(%q) = %q still holds %q", text, masked, secret)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	s := sandbox.NewSecrets("canarySecret0123456789", "another/secret+with=signs")
	word := "XLFl5uYqg6CeJy8vGpZq"
	text := strings.Repeat(`{"Token":"LzMT+`+word+"/"+word+word+word+`="}`, 10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.Mask(text)
	}
}
