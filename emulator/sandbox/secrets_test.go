package sandbox_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/sandbox"
	"github.com/tokenstage/tokenstage/emulator/wire"
)

func TestMaskTakesEverySpellingOut(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{
		"plainSecret0123456789", "with/slash+plus=equals", "with blank", `quote"and\back`, "Mixed/Case%2Fescape",
		"amp&lt<gt>", "tilde~star*", "ümläut名", "....", "\xff\xfe\xfd\xfc",
	} {
		quoted, _ := json.Marshal(secret)
		spellings := map[string]string{
			"raw": secret, "query": url.QueryEscape(secret), "path": url.PathEscape(secret),
			"query with %20":      strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"),
			"query in lower hex":  lowerHex(url.QueryEscape(secret)),
			"escaped slash":       strings.ReplaceAll(secret, "/", `\/`),
			"XML":                 html.EscapeString(secret),
			"signed in two turns": url.QueryEscape(strings.ReplaceAll(url.QueryEscape(secret), "+", "%20")),
		}
		if !strings.ContainsAny(secret, "&<>\xff") { // these Go writes as \u0026 and the like
			spellings["JSON"] = strings.Trim(string(quoted), `"`)
		}
		for name, text := range spellings {
			t.Run(secret+"/"+name, func(t *testing.T) {
				t.Parallel()
				if name == "XML" && strings.Contains(text, "&#") {
					text = strings.ReplaceAll(text, "&#34;", "&quot;")
				}
				s := sandbox.NewSecrets("another one", secret)
				for _, around := range [][2]string{{"", ""}, {"a=", "&b=c"}, {`{"k":"`, `"}`}, {"x", "y"}, {text, text}} {
					want := around[0] + sandbox.Mask + around[1]
					if around[0] == text {
						want = strings.Repeat(sandbox.Mask, 3)
					}
					if got := s.Mask(around[0] + text + around[1]); got != want {
						t.Errorf("Mask(%q) = %q, want %q", around[0]+text+around[1], got, want)
					}
				}
			})
		}
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

func TestRegistryKnowsAllSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	box := w.create(t, sandbox.Definition{
		ID: "box", Frozen: true,
		Credentials: sandbox.Credentials{
			ACS: []sandbox.ACSCredential{
				{AccessKeyID: "keyID", AccessKeySecret: "keySecret", SecurityToken: "securityToken"}, {BearerToken: "bearerToken"},
			},
			Top:    []sandbox.App{{AppKey: "topKey", AppSecret: "topSecret"}},
			Fabric: []sandbox.App{{AppKey: "fabricKey", AppSecret: "fabricSecret"}},
		},
		Fixtures: sandbox.Fixtures{Warrants: []sandbox.WarrantApp{{AppID: "appID", AppSecret: "warrantSecret"}, {AppID: "b"}}},
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
		for _, public := range []string{creds.AccessKeyID, creds.SecurityToken, creds.AccessKeySecret[1:], creds.AccessKeySecret[:43]} {
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
	churn := func(i int) {
		id := fmt.Sprint("box-", i)
		w.create(t, sandbox.Definition{ID: id, Credentials: sandbox.Credentials{
			Top: []sandbox.App{{AppKey: id, AppSecret: "secret-of-" + id + "-"}, {AppKey: id + "b", AppSecret: "app-secret-of-kept"}},
		}})
		if err := w.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	churn(0)
	for i := range 12_000 {
		churn(i + 1)
	}
	mask := w.Secrets().Mask
	for secret, want := range map[string]string{
		"secret-of-box-0-":     "secret-of-box-0-", // the oldest had to go
		"secret-of-box-12000-": sandbox.Mask,
		"app-secret-of-kept":   sandbox.Mask, // a sandbox still has it
	} {
		if got := mask(secret); got != want {
			t.Errorf("%s is shown as %q, want %q", secret, got, want)
		}
	}
}

func TestBearerTokenIsNotNamedInErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	def := sandbox.Definition{ID: "one", Credentials: sandbox.Credentials{
		ACS: []sandbox.ACSCredential{{BearerToken: "bearer-token-canary"}},
	}}
	w.create(t, def)
	def.ID = "two"
	if _, err := w.Create(t.Context(), def); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("Create = %v, want an error without the token", err)
	}
	if _, ok := w.Find(wire.Credential{Kind: wire.Bearer, ID: "bearer-token-canary"}); !ok {
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
	text := strings.Repeat(`{"Token":"LzMT+XLFl5uYqg6CeJy8vGpZq/AUkMrLwBV8E3dTAxEXLFl5uYqg6CeJy8vGpZqAUkMrLwBV8E3dTAxE"}`, 10)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.Mask(text)
	}
}
