package top_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func md5Of(text string) string {
	sum := md5.Sum([]byte(text))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// gbkParam is the text of goodParam, 上传 written in GBK.
func inGBK(text string) string { return strings.ReplaceAll(text, "上传", "\xc9\xcf\xb4\xab") }

// lowBytes keeps the low byte of each character, as Node's encoding "binary" does.
func lowBytes(text string) string {
	var out []byte
	for _, r := range text {
		out = append(out, byte(r))
	}
	return string(out)
}

func otherThanASCII(text, by string) string {
	var out strings.Builder
	for _, r := range text {
		if r < 0x80 {
			out.WriteRune(r)
		} else {
			out.WriteString(by)
		}
	}
	return out.String()
}

// Signatures that people make, with what the finding says of each.
func TestHabits(t *testing.T) {
	t.Parallel()
	params := public()
	right := baseOf(params)
	good := md5Of(appSecret + right + appSecret)
	raw, err := hex.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	hmacSHA1 := hmac.New(sha1.New, []byte(appSecret))
	hmacSHA1.Write([]byte(right))
	swapped := hmac.New(md5.New, []byte(right))
	swapped.Write([]byte(appSecret))
	joined := func(between, behind string) string {
		var parts []string
		names := []string{"app_key", "format", "method", "param", "sign_method", "timestamp", "v"}
		for _, name := range names {
			parts = append(parts, name+between+params[name])
		}
		return strings.Join(parts, behind)
	}
	spaced := strings.NewReplacer(`":"`, `": "`, `","`, `", "`).Replace(params["param"])
	for name, tt := range map[string]struct {
		sign string
		says []string
	}{
		"latin1, low bytes":       {md5Of(lowBytes(appSecret + right + appSecret)), []string{"latin1"}},
		"latin1, question marks":  {md5Of(otherThanASCII(appSecret+right+appSecret, "?")), []string{"with ? for what that cannot say"}},
		"GBK":                     {md5Of(inGBK(appSecret + right + appSecret)), []string{"GBK"}},
		"GBK, lower case":         {strings.ToLower(md5Of(inGBK(appSecret + right + appSecret))), []string{"GBK", "lower case"}},
		"lower case":              {strings.ToLower(good), []string{"hex in lower case; upper case is expected"}},
		"mixed case":              {strings.ToLower(good[:16]) + good[16:], nil},
		"base64":                  {base64.StdEncoding.EncodeToString(raw), []string{"base64 of the bytes; their upper-case hex is expected"}},
		"base64 of hex":           {base64.StdEncoding.EncodeToString([]byte(good)), []string{"base64 of the hex digits"}},
		"line end":                {good + "\n", []string{"line end"}},
		"secret before alone":     {md5Of(appSecret + right), []string{"before the base string alone"}},
		"secret after alone":      {md5Of(right + appSecret), []string{"after the base string alone"}},
		"no secret":               {md5Of(right), []string{"left out the secret"}},
		"HMAC-SHA1":               {strings.ToUpper(hex.EncodeToString(hmacSHA1.Sum(nil))), []string{"made with hmac-sha1"}},
		"HMAC-MD5":                {sign("hmac", appSecret, right), []string{"made with hmac, which"}},
		"HMAC-SHA256":             {sign("hmac-sha256", appSecret, right), []string{"made with hmac-sha256, which"}},
		"swapped":                 {strings.ToUpper(hex.EncodeToString(swapped.Sum(nil))), []string{"swapped key and text"}},
		"as a query":              {md5Of(appSecret + joined("=", "&") + appSecret), []string{"with = and &"}},
		"with =":                  {md5Of(appSecret + joined("=", "") + appSecret), []string{"with = ;"}},
		"one left out":            {md5Of(appSecret + baseOf(with(params, "format", "-")) + appSecret), []string{"did not sign the parameter format"}},
		"own alone":               {md5Of(appSecret + "param" + params["param"] + appSecret), []string{"method's own parameters alone"}},
		"JSON in another way":     {md5Of(appSecret + baseOf(with(params, "param", spaced)) + appSecret), []string{"JSON of param serialised in another way"}},
		"secret in another case":  {md5Of(strings.ToUpper(appSecret) + right + strings.ToUpper(appSecret)), []string{"another case of letters"}},
		"secret with &":           {md5Of(appSecret + "&" + right + appSecret + "&"), []string{"has an & behind it"}},
		"a wrong secret":          {md5Of("quite another" + right + "quite another"), []string{"Either the secret is another one"}},
		"GBK and line end":        {md5Of(inGBK(appSecret+"\n"+right+appSecret) + "\n"), []string{"GBK", "line end at its end"}},
		"latin1 and wrong method": {sign("hmac", appSecret, lowBytes(right)), []string{"latin1", "made with hmac"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t, appSecret, noon).send(t, post(with(params, "sign", tt.sign)), wire.Result{})
			if got.reply.Outcome != "25" {
				t.Fatalf("got outcome %s", got.reply.Outcome)
			}
			f := got.fault.Findings[0]
			for _, says := range tt.says {
				if !strings.Contains(f.Message, says) {
					t.Errorf("the finding says %q, want %q", f.Message, says)
				}
			}
			if !slices.Contains(tt.says, "Either the secret is another one") && strings.Contains(f.Message, "Either") {
				t.Errorf("nothing was found: %q", f.Message)
			}
			for _, text := range []string{f.Message, f.Expected, f.Got, f.Server, f.Client, f.Marker} {
				if strings.Contains(text, appSecret) {
					t.Errorf("the secret is in %q", text)
				}
			}
		})
	}
}

// What came to harm on its way: the signed text is known from what was sent.
func TestHabitsOfValues(t *testing.T) {
	t.Parallel()
	const token = "6100e23+06fb2b8140ba/73c4bf=="
	for name, tt := range map[string]struct{ sent, signed, says string }{
		"raw plus":      {strings.ReplaceAll(url.QueryEscape(token), "%2B", "+"), token, `"+" in session and sent it raw`},
		"encoded twice": {url.QueryEscape(url.QueryEscape(token)), token, "session as it is and sent it URL-encoded twice"},
		"line end":      {url.QueryEscape(token + "\r\n"), token, "session without the blanks and line ends"},
		"sent in GBK":   {"%C9%CF%B4%AB", "上传", "in UTF-8 and sent it in GBK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params := signed(with(public(), "session", tt.signed), appSecret)
			req := post(with(params, "session", "-"))
			req.Body = append(req.Body, "&session="+tt.sent...)
			got := newWorld(t, appSecret, noon).send(t, req, wire.Result{})
			if got.reply.Outcome != "25" {
				t.Fatalf("got outcome %s", got.reply.Outcome)
			}
			if f := got.fault.Findings[0]; !strings.Contains(f.Message, tt.says) {
				t.Errorf("the finding says %q, want %q", f.Message, tt.says)
			}
		})
	}
}

// A right request has no finding, whatever is in it.
func TestNoHabitOfRightRequests(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"md5", "hmac", "hmac-sha256"} {
		for _, value := range []string{"a b+c", "%2B%20", "上传", `{"a":1}`, "[object Object]"} {
			t.Run(method+"/"+value, func(t *testing.T) {
				t.Parallel()
				params := signed(with(public(), "sign_method", method, "session", value), appSecret)
				got := newWorld(t, appSecret, noon).send(t, post(params), wire.Result{})
				if got.reply.Outcome != "ok" || len(got.advice) != 0 {
					t.Errorf("got %s, %+v, %v", got.reply.Outcome, got.advice, got.fault)
				}
			})
		}
	}
}
