package acs_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// spoilt replaces the signature of a request.
func spoilt(t *testing.T, req *wire.Request, change func(signature string) string) {
	t.Helper()
	if auth := req.Header.Get("Authorization"); auth != "" {
		at := max(strings.LastIndex(auth, "Signature=")+len("Signature="), strings.LastIndex(auth, ":")+1)
		if strings.HasPrefix(auth, "ACS3") {
			at = strings.LastIndex(auth, "Signature=") + len("Signature=")
		}
		req.Header.Set("Authorization", auth[:at]+change(auth[at:]))
		return
	}
	query, raw, ok := strings.Cut(req.RawQuery, "&Signature=")
	signature, err := url.QueryUnescape(raw)
	if !ok || err != nil {
		t.Fatalf("no signature in %s", req.RawQuery)
	}
	req.RawQuery = query + "&Signature=" + change(signature)
}

// bytesOf are the bytes of a signature in base64; none where it is no base64.
func bytesOf(signature string) []byte {
	raw, _ := base64.StdEncoding.DecodeString(signature)
	return raw
}

// The right signature, spoilt after it was made, is told as what it is in each style.
func TestSpoiltSignatures(t *testing.T) {
	t.Parallel()
	query := url.QueryEscape
	for name, tt := range map[string]struct {
		change func(signature string) string
		says   []string
		styles string
	}{
		"raw plus": {func(s string) string { return s }, []string{`A raw "+" in it was sent unencoded`}, "rpc v1"},
		"line end": {func(s string) string { return query(s + "\n") }, []string{"A line end"}, "rpc v1"},
		"padding":  {func(s string) string { return query(strings.TrimRight(s, "=")) }, []string{"padding"}, "rpc v1"},
		"ROA's":    {func(s string) string { return strings.TrimRight(s, "=") }, []string{"padding"}, "roa v1"},
		"twice":    {func(s string) string { return query(query(s)) }, []string{"URL-encoded twice"}, "rpc v1"},
		"escaped":  {func(s string) string { return query(s) }, []string{"URL-encoded twice"}, "roa v1"},
		"URL-safe": {func(s string) string { return base64.URLEncoding.EncodeToString(bytesOf(s)) }, []string{"URL-safe"}, "rpc v1 roa v1"},
		"both":     {func(s string) string { return base64.RawURLEncoding.EncodeToString(bytesOf(s)) }, []string{"URL-safe", "padding"}, "rpc v1 roa v1"},
		"hex":      {func(s string) string { return hex.EncodeToString(bytesOf(s)) }, []string{"hex of the bytes; their base64 is expected"}, "rpc v1 roa v1"},
		"base64 hex": {func(s string) string {
			return query(base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(bytesOf(s)))))
		}, []string{"base64 of the hex digits"}, "rpc v1"},
		"upper hex": {func(s string) string { return strings.ToUpper(s) }, []string{"hex in upper case; lower case is expected"}, "v3 rpc sm3 v3 roa"},
		"V3 base64": {func(s string) string {
			raw, _ := hex.DecodeString(s)
			return base64.StdEncoding.EncodeToString(raw)
		}, []string{"base64 of the bytes; their lower-case hex is expected"}, "v3 rpc v3 roa"},
	} {
		for _, s := range styles() {
			if !strings.Contains(tt.styles, s.name) {
				continue
			}
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				for nonce := range 60 { // of many, some have both "+" and "/" in them
					c := newClient()
					c.nonce = strings.Repeat("n", nonce+1)
					c.at = iso(noon)
					d := s.call().withHeader("X-Acs-Signature-Nonce", c.nonce)
					req := s.sign(c, d)
					signature := ""
					spoilt(t, req, func(s string) string { signature = s; return tt.change(s) })
					special := strings.Contains(signature, "+") && strings.Contains(signature, "/")
					if !strings.HasPrefix(s.name, "v3") && !special {
						continue
					}
					got := newWorld(t).send(t, req)
					got.want(t, "SignatureDoesNotMatch")
					f := got.finding(t, "signature")
					for _, says := range tt.says {
						if !strings.HasPrefix(f.Message, "The string is right. ") || !strings.Contains(f.Message, says) {
							t.Errorf("the finding says %q, want %q", f.Message, says)
						}
					}
					if n := strings.Count(f.Message, "The signature itself was changed"); n != len(tt.says) {
						t.Errorf("%d things are said, want %d: %q", n, len(tt.says), f.Message)
					}
					return
				}
				t.Fatal("no signature had both signs")
			})
		}
	}
}

// rpcWith is a call of RPC v1 whose signature is that of a string and a key which the client makes of the right ones.
func rpcWith(newHash func() hash.Hash, d draft, make func(key, text string) (string, string)) *wire.Request {
	c := newClient()
	all := append(slices.Concat(d.query, d.form), c.rpcCommon(applyToken, mqttRelease)...)
	key, text := make(keySecret+"&", "POST&%2F&"+rfc3986(all.sorted().join(rfc3986)))
	mac := hmac.New(newHash, []byte(key))
	mac.Write([]byte(text))
	d.query = append(append(slices.Clone(d.query), c.rpcCommon(applyToken, mqttRelease)...),
		[2]string{"Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil))})
	return c.request(d)
}

// Habits about algorithm and key of RPC v1.
func TestHabitsOfRPCKeys(t *testing.T) {
	t.Parallel()
	same := func(key, text string) (string, string) { return key, text }
	for name, tt := range map[string]struct {
		hash func() hash.Hash
		make func(key, text string) (string, string)
		says string
	}{
		"SHA-256":           {sha256.New, same, "made with HMAC-SHA256; the request says HMAC-SHA1"},
		"MD5":               {md5.New, same, "made with HMAC-MD5; the request says HMAC-SHA1"},
		"swapped":           {sha1.New, func(key, text string) (string, string) { return text, key }, "swapped key and text"},
		"no &":              {sha1.New, func(key, text string) (string, string) { return strings.TrimSuffix(key, "&"), text }, "must be the secret followed by &"},
		"another key's":     {sha1.New, func(_, text string) (string, string) { return otherSecret + "&", text }, "that of the AccessKey ID " + otherID},
		"the id as secret":  {sha1.New, func(_, text string) (string, string) { return keyID + "&", text }, "AccessKey ID for the secret"},
		"cut off":           {sha1.New, func(key, text string) (string, string) { return key[:len(key)-2] + "&", text }, "lost its last character"},
		"SHA-256 without &": {sha256.New, func(key, text string) (string, string) { return strings.TrimSuffix(key, "&"), text }, "made with HMAC-SHA256"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t).send(t, rpcWith(tt.hash, mqtt(), tt.make))
			got.want(t, "SignatureDoesNotMatch")
			f := got.finding(t, "signature")
			if !strings.HasPrefix(f.Message, "The string is right. ") || !strings.Contains(f.Message, tt.says) {
				t.Errorf("the finding says %q, want %q", f.Message, tt.says)
			}
		})
	}
}

// stringHabits are strings that clients sign in the place of the right one, made of the parameters.
func stringHabits() map[string]struct {
	text func(all pairs) string
	says []string
} {
	enc := rfc3986
	right := func(all pairs) string { return all.sorted().join(enc) }
	lower := func(text string) string { return upperEscape.ReplaceAllStringFunc(text, strings.ToLower) }
	plus := func(text string) string { return strings.ReplaceAll(enc(text), "%20", "+") }
	csharp := func(text string) string {
		return lower(strings.NewReplacer("%20", "+", "%21", "!", "%2A", "*", "%28", "(", "%29", ")", "~", "%7E").Replace(enc(text)))
	}
	web := func(text string) string {
		return strings.NewReplacer("%20", "+", "%21", "!", "%2A", "*", "%28", "(", "%29", ")", "~", "%7E").Replace(enc(text))
	}
	none := func(text string) string { return text }
	twice := func(text string) string { return enc(enc(text)) }
	without := func(name string) func(all pairs) string {
		return func(all pairs) string { return "POST&%2F&" + enc(right(all.with(name, "-"))) }
	}
	folded := func(all pairs) pairs {
		all = slices.Clone(all)
		slices.SortFunc(all, func(a, b [2]string) int { return strings.Compare(strings.ToLower(a[0]), strings.ToLower(b[0])) })
		return all
	}
	return map[string]struct {
		text func(all pairs) string
		says []string
	}{
		"unsorted": {func(all pairs) string { return "POST&%2F&" + enc(all.join(enc)) }, []string{"did not sort the parameters"}},
		"sorted, no case": {func(all pairs) string {
			return "POST&%2F&" + enc(folded(all.with("zeta", "1")).with("zeta", "-").join(enc))
		}, []string{"without regard to case"}},
		"leading &":         {func(all pairs) string { return "POST&%2F&" + enc("&"+right(all)) }, []string{"began the parameters with &"}},
		"trailing &":        {func(all pairs) string { return "POST&%2F&" + enc(right(all)+"&") }, []string{"ended the parameters with &"}},
		"leading ?":         {func(all pairs) string { return "POST&%2F&" + enc("?"+right(all)) }, []string{"began the parameters with ?"}},
		"lower-case method": {func(all pairs) string { return "post&%2F&" + enc(right(all)) }, []string{"signed the method in lower case"}},
		"another method":    {func(all pairs) string { return "GET&%2F&" + enc(right(all)) }, []string{"signed the method GET and sent POST"}},
		"bare slash":        {func(all pairs) string { return "POST&/&" + enc(right(all)) }, []string{"did not encode the slash"}},
		"no slash":          {func(all pairs) string { return "POST&" + enc(right(all)) }, []string{"left out the encoded slash"}},
		"once":              {func(all pairs) string { return "POST&%2F&" + right(all) }, []string{"did not encode the joined parameters a second time"}},
		"values raw":        {func(all pairs) string { return "POST&%2F&" + enc(all.sorted().join(none)) }, []string{"did not encode names and values"}},
		"values twice":      {func(all pairs) string { return "POST&%2F&" + enc(all.sorted().join(twice)) }, []string{"encoded names and values twice"}},
		"whole twice":       {func(all pairs) string { return "POST&%2F&" + enc(enc(right(all))) }, []string{"once too often"}},
		"nothing encoded":   {func(all pairs) string { return "POST&%2F&" + all.sorted().join(none) }, []string{"did not encode the parameters at all"}},
		"HttpUtility":       {func(all pairs) string { return "POST&%2F&" + csharp(all.sorted().join(csharp)) }, []string{"blanks as +", "lower-case escapes", "HttpUtility.UrlEncode of C#"}},
		"WebUtility":        {func(all pairs) string { return "POST&%2F&" + web(all.sorted().join(web)) }, []string{"blanks as +", "WebUtility.UrlEncode of C#"}},
		"+ and lower": {func(all pairs) string {
			return "POST&%2F&" + lower(plus(all.sorted().join(func(s string) string { return lower(plus(s)) })))
		}, []string{"blanks as +", "lower-case escapes"}},
		"one left out":    {without("Format"), []string{"did not sign the parameter Format"}},
		"+ and leading &": {func(all pairs) string { return "POST&%2F&" + plus("&"+all.sorted().join(plus)) }, []string{"blanks as +", "began the parameters with &"}},
		"lower and method": {func(all pairs) string {
			return "post&%2f&" + lower(enc(all.sorted().join(func(s string) string { return lower(enc(s)) })))
		}, nil},
		"unsorted, method": {func(all pairs) string { return "GET&%2F&" + enc(all.join(enc)) }, []string{"did not sort", "signed the method GET"}},
	}
}

func TestHabitsOfRPCStrings(t *testing.T) {
	t.Parallel()
	for name, tt := range stringHabits() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := mqtt()
			d.query = append(d.query, [2]string{"alpha", "1"}) // sorted last by its bytes, first without regard to case
			all := append(slices.Clone(d.query), newClient().rpcCommon(applyToken, mqttRelease)...)
			signed := ""
			req := rpcWith(sha1.New, d, func(key, _ string) (string, string) { signed = tt.text(all); return key, signed })
			got := newWorld(t).send(t, req)
			got.want(t, "SignatureDoesNotMatch")
			f := got.finding(t, "signature")
			for _, says := range tt.says {
				if !strings.Contains(f.Message, says) {
					t.Errorf("the finding says %q, want %q", f.Message, says)
				}
			}
			if tt.says != nil && (f.Client != signed || f.Marker == "") {
				t.Errorf("client string\n%s\nwant\n%s\nmarker %s", f.Client, signed, f.Marker)
			}
		})
	}
}

// Values that came to harm on their way, or were signed as something else.
func TestHabitsOfValues(t *testing.T) {
	t.Parallel()
	token := "CAIS/abc+def+ghijklmnopqrstuv=="
	for name, tt := range map[string]struct {
		sent, signed string // the raw text of the parameter Note, and the value that was signed
		says         string
	}{
		"raw plus in a token":    {strings.ReplaceAll(url.QueryEscape(token), "%2B", "+"), token, `"+" in Note and sent it raw`},
		"encoded twice":          {url.QueryEscape(url.QueryEscape(token)), token, "sent it URL-encoded twice"},
		"line end sent":          {url.QueryEscape(token + "\n"), token, "without the blanks and line ends around it"},
		"line end signed":        {url.QueryEscape(token), token + "\n", "with a line end behind it and sent it without"},
		"another JSON":           {url.QueryEscape(`{"a":1,"b":[1,2]}`), `{"a": 1, "b": [1, 2]}`, "JSON of Note serialised in another way"},
		"GBK":                    {url.QueryEscape("上传"), "\xc9\xcf\xb4\xab", "in GBK and sent it in UTF-8"},
		"latin1":                 {url.QueryEscape("é"), "\xe9", "latin1"},
		"UTF-8 twice over":       {url.QueryEscape("é"), "Ã©", "UTF-8 twice over"},
		"question marks":         {url.QueryEscape("上传"), "??", "with ? for what that cannot say"},
		"raw plus between words": {"a+b%2Bc", "a+b+c", `"+" in Note and sent it raw`},
	} {
		for _, s := range styles() {
			if s.name == "v3 rpc sm3" {
				continue
			}
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				d := s.call()
				d.query = append(slices.Clone(d.query), [2]string{"Note", tt.signed})
				req := s.sign(newClient(), d)
				req.RawQuery = strings.Replace(req.RawQuery, "Note="+url.QueryEscape(tt.signed), "Note="+tt.sent, 1)
				got := newWorld(t).send(t, req)
				got.want(t, "SignatureDoesNotMatch")
				if f := got.finding(t, "signature"); !strings.Contains(f.Message, tt.says) || f.Marker == "" {
					t.Errorf("the finding says %q, want %q", f.Message, tt.says)
				}
			})
		}
	}
}

// Habits of V3 and ROA v1.
func TestHabitsOfHeaderStyles(t *testing.T) {
	t.Parallel()
	replacing := func(old, replacement string) func(string) string {
		return func(text string) string { return strings.Replace(text, old, replacement, 1) }
	}
	for name, tt := range map[string]struct {
		style  string
		change func(text string) string
		says   string
	}{
		"v3: another media type":   {"v3 roa", replacing("content-type:"+jsonContent, "content-type:application/json"), `signed the header content-type as "application/json" and sent "application/json; charset=utf-8"`},
		"v3: the real host":        {"v3 roa", replacing("host:"+host, "host:aicontent.aliyuncs.com"), "signed the host aicontent.aliyuncs.com and sent the host " + host},
		"v3: lower-case method":    {"v3 roa", replacing("POST\n", "post\n"), "method in lower case"},
		"v3: no empty line":        {"v3 roa", replacing("\n\n", "\n"), ""},
		"v3: another path":         {"v3 roa", replacing("createAccessWarrant\n", "createAccessWarrant/\n"), "with a slash at its end"},
		"v3: blanks and the host":  {"v3 rpc", func(s string) string { return replacing("%20", "+")(replacing("host:"+host, "host:127.0.0.1")(s)) }, "signed blanks as + (the server expects %20). The client signed the host without its port"},
		"roa: Accept not signed":   {"roa v1", replacing("POST\napplication/json\n", "POST\n\n"), "did not sign the value of the header Accept"},
		"roa: media type":          {"roa v1", replacing("\n"+jsonContent+"\n", "\napplication/json\n"), `signed the header Content-Type as "application/json"`},
		"roa: header left out":     {"roa v1", replacing("x-acs-signature-version:1.0\n", ""), "did not sign the header x-acs-signature-version"},
		"roa: lower-case method":   {"roa v1", replacing("POST\n", "post\n"), "method in lower case"},
		"roa: method and the date": {"roa v1", replacing("POST\n", "GET\n"), "signed the method GET and sent POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := styleOf(t, tt.style), newClient()
			c.change = tt.change
			signed := recorded(c)
			got := newWorld(t).send(t, s.sign(c, s.call()))
			got.want(t, "SignatureDoesNotMatch")
			if f := got.finding(t, "signature"); !strings.Contains(f.Message, tt.says) || tt.says != "" && f.Client != *signed {
				t.Errorf("the finding says %q, want %q", f.Message, tt.says)
			}
		})
	}
}

// The steps of V3 between the canonical request and the signature.
func TestHabitsOfV3Steps(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text func(c *client, canonical string) string
		says string
	}{
		"not hashed":   {func(_ *client, canonical string) string { return canonical }, "signed the canonical request itself"},
		"no algorithm": {func(c *client, canonical string) string { return sum(c.hash(), canonical) }, "the name of the algorithm stands before it"},
		"upper case": {func(c *client, canonical string) string {
			return c.algorithm + "\n" + strings.ToUpper(sum(c.hash(), canonical))
		}, "in upper case"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient()
			canonical := recorded(c)
			req := c.v3(mqtt(), applyToken, mqttRelease)
			spoilt(t, req, func(string) string {
				mac := hmac.New(c.hash(), []byte(c.secret))
				mac.Write([]byte(tt.text(c, *canonical)))
				return hex.EncodeToString(mac.Sum(nil))
			})
			got := newWorld(t).send(t, req)
			got.want(t, "SignatureDoesNotMatch")
			if f := got.finding(t, "signature"); !strings.Contains(f.Message, tt.says) {
				t.Errorf("the finding says %q, want %q", f.Message, tt.says)
			}
		})
	}
}

// A right request has no finding, whatever is in it: no habit fires on one.
func TestNoHabitOfRightRequests(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		for _, value := range []string{"", "a b+c", "%2B%20", "~!*'()/:,@", "上传", "{\"a\":1}", strings.Repeat("x+", 40)} {
			t.Run(s.name+"/"+value, func(t *testing.T) {
				t.Parallel()
				d := s.call()
				d.query = append(slices.Clone(d.query), [2]string{"Note", value})
				got := newWorld(t).send(t, s.sign(newClient(), d))
				if got.want(t, "ok"); got.fault != nil {
					t.Errorf("findings %+v", got.fault.Findings)
				}
			})
		}
	}
}

// A signature of something quite different is explained by nothing: no habit is named.
func TestNoHabitWhereNoneFits(t *testing.T) {
	t.Parallel()
	d := draft{method: http.MethodPost, path: "/", host: host, query: mqttParams()}
	req := rpcWith(sha1.New, d, func(key, _ string) (string, string) { return key, "quite different" })
	got := newWorld(t).send(t, req)
	got.want(t, "SignatureDoesNotMatch")
	if f := got.finding(t, "signature"); !strings.Contains(f.Message, "Either the secret is another one") || f.Client != "" {
		t.Errorf("the finding is %+v", f)
	}
}

// A token that is known but for what happened to it on its way is told as that. The client signed the damaged text.
func TestSpoiltTokens(t *testing.T) {
	t.Parallel()
	const text = stsToken // it has "/", "+" and padding
	for name, tt := range map[string]struct{ sent, says string }{
		"plus as blank":  {strings.ReplaceAll(text, "+", " "), `A raw "+" in it was sent unencoded`},
		"line end":       {text + "\n", "A line end or tab was sent with it"},
		"no padding":     {strings.TrimRight(text, "="), "Its padding is not there"},
		"URL-safe":       {strings.NewReplacer("+", "-", "/", "_").Replace(text), "URL-safe alphabet"},
		"encoded":        {url.QueryEscape(text), "URL-encoded twice"},
		"quoted":         {`"` + text + `"`, "Quotation marks"},
		"something else": {"sts/other", "No sandbox issued this security token."},
	} {
		for _, s := range styles() {
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				c := newClient()
				c.id, c.secret, c.securityToken = stsID, stsSecret, tt.sent
				got := newWorld(t).send(t, s.sign(c, s.call()))
				got.want(t, "InvalidSecurityToken.Malformed")
				if f := got.finding(t, "security token"); !strings.Contains(f.Message, tt.says) {
					t.Errorf("the finding says %q, want %q", f.Message, tt.says)
				}
			})
		}
	}
	t.Run("bearer", func(t *testing.T) {
		t.Parallel()
		d := mqtt()
		d.query = append(d.query, [2]string{"BearerToken", bearerToken + "\n"}, [2]string{"Action", applyToken}, [2]string{"Version", mqttRelease})
		got := newWorld(t).send(t, newClient().request(d))
		got.want(t, "InvalidAccessKeyId.NotFound")
		if f := got.finding(t, "bearer token"); !strings.Contains(f.Message, "A line end or tab was sent with it") {
			t.Errorf("the finding says %q", f.Message)
		}
	})
}
