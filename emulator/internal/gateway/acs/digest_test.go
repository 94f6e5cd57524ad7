package acs_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// otherDigests are what clients send in the place of the digest of a JSON body, by what the finding must say of each.
// The body is sent as it stands, and the digest is that of the text.
func otherDigests() []struct{ body, hashed, says string } {
	return []struct{ body, hashed, says string }{
		{`{"appId":"a1","userId":"u1"}`, `{"appId": "a1", "userId": "u1"}`, "same JSON serialised in another way, with a blank behind each colon and comma."},
		{`{"appId": "a1", "userId": "u1"}`, `{"appId":"a1","userId":"u1"}`, "same JSON serialised in another way, without blanks between its parts."},
		{`{"userId":"u1","appId":"a1"}`, `{"appId":"a1","userId":"u1"}`, "with its members sorted."},
		{`{"userId":"é"}`, `{"userId":"\u00e9"}`, `with \u escapes for what is not ASCII.`},
		{`{"userId":"\u00e9"}`, `{"userId":"é"}`, `same JSON serialised in another way`},
		{`{"userId":"😀"}`, `{"userId": "\ud83d\ude00"}`, `with a blank behind each colon and comma, with \u escapes for what is not ASCII.`},
		{`{"userId":"a&b"}`, `{"userId":"a\u0026b"}`, `with \u escapes for <, > and &.`},
		{`{"userId":"a/b"}`, `{"userId":"a\/b"}`, `with \/ for /.`},
		{`{"a":[1,2.0]}`, "{\n  \"a\": [\n    1,\n    2.0\n  ]\n}", "in lines indented by two blanks."},
		{`{"a":1}`, "{\"a\":1}\n", "the body with a line end behind it."},
		{"{\"a\":1}\n", `{"a":1}`, "without the blanks and line ends around it."},
		{`{"a":1}`, "", "an empty body"},
		{`{"a":1}`, `{"a":2}`, "is not the SHA-256 of the body that came."},
	}
}

// A digest of other bytes is told as what it is. The signature over it is right, and nothing else is blamed: there is no
// blank in the query, the secret is in lower case, the host has no port.
func TestDigestOfOtherBytes(t *testing.T) {
	t.Parallel()
	for _, tt := range otherDigests() {
		t.Run(tt.body+" as "+tt.hashed, func(t *testing.T) {
			t.Parallel()
			c := newClient()
			d := warrant().withHeader("X-Acs-Content-Sha256", sum(c.hash(), tt.hashed))
			d.body, d.host = tt.body, "aicontent.example.com"
			got := newWorld(t).send(t, c.v3(d, "CreateAccessWarrant", "20240611"))
			checkDigestAlone(t, got, tt.says)
			if f := got.finding(t, "payload hash"); f.Expected != sum(c.hash(), tt.body) || f.Got != sum(c.hash(), tt.hashed) {
				t.Errorf("finding %+v", f)
			}
		})
	}
}

// checkDigestAlone holds a refusal to its one reason, the digest.
func checkDigestAlone(t *testing.T, got outcome, says string) {
	t.Helper()
	got.want(t, "SignatureDoesNotMatch")
	if f := got.fault.Findings[0]; f.Check != "payload hash" || f.Level != wire.LevelError || !strings.Contains(f.Message, says) {
		t.Errorf("the first finding is %+v, want %q", f, says)
	}
	f := got.finding(t, "signature")
	if f.Level != wire.LevelAdvice || !strings.HasPrefix(f.Message, "The signature itself is right") {
		t.Errorf("the signature's finding is %+v", f)
	}
}

// The digest of the right body in another writing is named exactly.
func TestDigestInAnotherWriting(t *testing.T) {
	t.Parallel()
	c, body := newClient(), warrant().body
	right := sum(c.hash(), body)
	raw, err := hex.DecodeString(right)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ sent, says string }{
		"upper case":  {strings.ToUpper(right), "hex in upper case; lower case is expected."},
		"mixed case":  {strings.ToUpper(right[:32]) + right[32:], "hex in upper case; lower case is expected."},
		"base64":      {base64.StdEncoding.EncodeToString(raw), "base64 of the bytes; their lower-case hex is expected."},
		"twice coded": {base64.StdEncoding.EncodeToString([]byte(right)), "base64 of the hex digits"},
		"no digest":   {"UNSIGNED-PAYLOAD", "x-acs-content-sha256 is not the SHA-256 of the body that came."},
		"MD5":         {md5Hex(t, body), "is the MD5 of the body; its SHA-256 is expected."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := warrant().withHeader("X-Acs-Content-Sha256", tt.sent)
			checkDigestAlone(t, newWorld(t).send(t, newClient().v3(d, "CreateAccessWarrant", "20240611")), tt.says)
		})
	}
}

func md5Hex(t *testing.T, body string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(contentMD5(body))
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(raw)
}

// A client can sign the right digest and send another one.
func TestDigestSignedAndAnotherSent(t *testing.T) {
	t.Parallel()
	c := newClient()
	right := sum(c.hash(), warrant().body)
	c.change = func(text string) string { return strings.TrimSuffix(text, strings.ToUpper(right)) + right }
	d := warrant().withHeader("X-Acs-Content-Sha256", strings.ToUpper(right))
	got := newWorld(t).send(t, c.v3(d, "CreateAccessWarrant", "20240611"))
	got.want(t, "SignatureDoesNotMatch")
	if f := got.finding(t, "signature"); !strings.Contains(f.Message, "signed the digest of the body that came and sent another") {
		t.Errorf("finding %+v", f)
	}
}

// Content-MD5 is explained as the other digest is.
func TestContentMD5IsExplained(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ sent, says string }{
		"hex":           {md5Hex(t, warrant().body), "It is the hex of the bytes; their base64 is expected."},
		"another body":  {contentMD5(`{"appId": "a123", "userId": "sn123 é"}`), "with a blank behind each colon and comma"},
		"made up":       {contentMD5("x"), "Content-MD5 is not the MD5 of the body that came."},
		"no padding":    {strings.TrimRight(contentMD5(warrant().body), "="), "Its padding is not there"},
		"base64 of hex": {base64.StdEncoding.EncodeToString([]byte(md5Hex(t, warrant().body))), "base64 of the hex digits"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := warrant().withHeader("Content-Md5", tt.sent)
			got := newWorld(t).send(t, newClient().roa(d, "CreateAccessWarrant", "20240611"))
			got.want(t, "ContentMD5NotMatched")
			if f := got.finding(t, "content MD5"); !strings.Contains(f.Message, tt.says) {
				t.Errorf("finding %+v, want %q", f, tt.says)
			}
		})
	}
}

// What the advice names is in the request: whatever is wrong with the signature, no blank is blamed where there is
// none, and no character that does not occur.
func TestAdviceNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ value, says, not string }{
		"only !":       {"a!b", "a bare ! (the server expects %21)", "()'*"},
		"only *":       {"a*b", "a bare * (the server expects %2A)", "!()'"},
		"only bracket": {"a(b", "a bare ( (the server expects %28)", "*!'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient()
			c.escape = func(text string) string {
				return strings.NewReplacer("%21", "!", "%2A", "*", "%27", "'", "%28", "(", "%29", ")").Replace(rfc3986(text))
			}
			d := draft{method: http.MethodPost, path: "/", host: host, query: mqttParams().with("Resources", tt.value)}
			got := newWorld(t).send(t, c.rpc(d, applyToken, mqttRelease))
			f := got.finding(t, "signature")
			message, _, _ := strings.Cut(f.Message, " (the server")
			if !strings.Contains(f.Message, tt.says) || strings.ContainsAny(message, tt.not) {
				t.Errorf("the finding says %q", f.Message)
			}
		})
	}
}
