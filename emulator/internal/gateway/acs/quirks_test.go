package acs_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Clients write parameters on the wire in many ways and sign the form of RFC 3986 all the same.
func TestWireSpellings(t *testing.T) {
	t.Parallel()
	escapes := regexp.MustCompile(`%[0-9A-F]{2}`)
	for name, spell := range map[string]func(string) string{
		"RFC 3986":         rfc3986,
		"+ for blank (Go)": url.QueryEscape,
		"raw !*'() (Node)": func(text string) string {
			return strings.NewReplacer("%21", "!", "%2A", "*", "%27", "'", "%28", "(", "%29", ")").Replace(rfc3986(text))
		},
		"lower-case hex": func(text string) string {
			return escapes.ReplaceAllStringFunc(rfc3986(text), strings.ToLower)
		},
		"~ as %7E": func(text string) string { return strings.ReplaceAll(rfc3986(text), "~", "%7E") },
		"raw / , : # =": func(text string) string {
			return strings.NewReplacer("%2F", "/", "%2C", ",", "%3A", ":").Replace(rfc3986(text))
		},
		"everything":     func(text string) string { return everyByteEscaped(text) },
		"raw UTF-8 of é": func(text string) string { return strings.ReplaceAll(rfc3986(text), "%C3%A9", "é") },
	} {
		for _, s := range styles() {
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				c, d := newClient(), s.call()
				c.spell = spell
				if s.name == "roa v1" {
					d.query = pairs{{"note", "a b~*é!'()/,:"}}
				}
				newWorld(t).send(t, s.sign(c, d)).want(t, "ok")
			})
		}
	}
}

func everyByteEscaped(text string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		b.WriteString("%" + digits[text[i]>>4:text[i]>>4+1] + digits[text[i]&15:text[i]&15+1])
	}
	return b.String()
}

// Parameters with an empty value are signed: alibaba-cloud-sdk-go v1.63.107 sends "SignatureType=" with every call.
func TestEmptyValues(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			d := s.call()
			d.query = append(d.query, [2]string{"SignatureType", ""}, [2]string{"Empty", ""})
			w, c := newWorld(t), newClient()
			w.send(t, s.sign(c, d)).want(t, "ok")
			c.nonce = "nonce-2"
			req := s.sign(c, d)
			req.RawQuery = strings.Replace(req.RawQuery, "Empty=", "Empty", 1) // on the wire that is the same
			w.send(t, req).want(t, "ok")
			c.nonce = "nonce-3"
			req = s.sign(c, d)
			req.RawQuery = strings.Replace(req.RawQuery, "&Empty=", "", 1)
			w.send(t, req).want(t, "SignatureDoesNotMatch")
		})
	}
}

// ROA v1: alibaba-cloud-sdk-go v1.63.107 signs an empty value as "k", @alicloud/pop-core 1.8.0 as "k=".
func TestROAEmptyValueSpellings(t *testing.T) {
	t.Parallel()
	for name, bare := range map[string]bool{"k": true, "k=": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, d := newClient(), warrant()
			c.bareEmpty = bare
			d.query = pairs{{"b", "x y"}, {"a", ""}, {"c", ""}}
			newWorld(t).send(t, c.roa(d, "CreateAccessWarrant", "20240611")).want(t, "ok")
		})
	}
}

// Headers that some clients leave out of ROA v1, or send besides.
func TestROAHeaders(t *testing.T) {
	t.Parallel()
	good := warrant()
	for name, c := range map[string]struct {
		d      draft
		action string
		want   string
	}{
		"all":                   {good, "CreateAccessWarrant", "ok"},
		"no action":             {good, "", "ok"},
		"another action":        {good, "Whatever", "ok"},
		"no nonce":              {good.withHeader("X-Acs-Signature-Nonce", "-"), "", "ok"},
		"no signature method":   {good.withHeader("X-Acs-Signature-Method", "-"), "", "ok"},
		"other method":          {good.withHeader("X-Acs-Signature-Method", "HMAC-SHA256"), "", "InvalidSignatureMethod"},
		"no signature version":  {good.withHeader("X-Acs-Signature-Version", "-"), "", "ok"},
		"other version":         {good.withHeader("X-Acs-Signature-Version", "2.0"), "", "InvalidSignatureVersion"},
		"right digest":          {good.withHeader("Content-MD5", contentMD5(good.body)), "", "ok"},
		"wrong digest":          {good.withHeader("Content-MD5", contentMD5("another")), "", "ContentMD5NotMatched"},
		"hex digest":            {good.withHeader("Content-MD5", "9e107d9d372bb6826bd81d3542a419d6"), "", "ContentMD5NotMatched"},
		"empty digest":          {good.withHeader("Content-MD5", ""), "", "ok"},
		"no Accept":             {good.withHeader("Accept"), "", "ok"},
		"further x-acs headers": {good.withHeader("X-Acs-Credentials-Provider", "static_ak"), "", "ok"},
		"host without its port": {func() draft { d := good; d.host = "127.0.0.1"; return d }(), "", "ok"},
		"query":                 {func() draft { d := good; d.query = pairs{{"z", "1"}, {"a", "b=c&d"}}; return d }(), "", "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t).send(t, newClient().roa(c.d, c.action, "20240611")).want(t, c.want)
		})
	}
}

// The digest of an empty body counts too: alibaba-cloud-sdk-go v1.63.107 sends it.
func TestDigestOfNoBody(t *testing.T) {
	t.Parallel()
	d := warrant().withHeader("Content-MD5", contentMD5(""))
	d.body = ""
	newWorld(t).send(t, newClient().roa(d, "", "20240611")).want(t, "ok")
	d = d.withHeader("Content-MD5", contentMD5(" "))
	newWorld(t).send(t, newClient().roa(d, "", "20240611")).want(t, "ContentMD5NotMatched")
}

// A digest that is wrong says what it would have to be.
func TestDigestIsExplained(t *testing.T) {
	t.Parallel()
	d := warrant().withHeader("Content-MD5", "AAAA")
	got := newWorld(t).send(t, newClient().roa(d, "", "20240611"))
	if f := got.finding(t, "content MD5"); f.Expected != contentMD5(d.body) || f.Got != "AAAA" {
		t.Errorf("finding %+v", f)
	}
}

// V3 signs the values of a repeated header sorted and joined by commas, without the blanks around them.
func TestV3Headers(t *testing.T) {
	t.Parallel()
	good := warrant()
	for name, c := range map[string]struct {
		d        draft
		leaveOut []string
		want     string
	}{
		"repeated":                {good.withHeader("X-Acs-Tag", "b", " a ", "c"), nil, "ok"},
		"blanks around":           {good.withHeader("X-Acs-Tag", "  a\t"), nil, "ok"},
		"empty":                   {good.withHeader("X-Acs-Tag", ""), nil, "ok"},
		"content type not signed": {good, []string{"content-type"}, "ok"},
		"host not signed":         {good, []string{"host"}, "ok"},
		"date not signed":         {good, []string{"x-acs-date"}, "IncompleteSignature"},
		"digest not signed":       {good, []string{"x-acs-content-sha256"}, "IncompleteSignature"},
		"no nonce":                {good.withHeader("X-Acs-Signature-Nonce", "-"), nil, "ok"},
		"no digest":               {good.withHeader("X-Acs-Content-Sha256", "-"), nil, "MissingHeader"},
		"empty digest":            {good.withHeader("X-Acs-Content-Sha256", ""), nil, "MissingHeader"},
		"no action":               {good.withHeader("X-Acs-Action", "-"), nil, "MissingHeader"},
		"empty action":            {good.withHeader("X-Acs-Action", ""), nil, "MissingHeader"},
		"no version":              {good.withHeader("X-Acs-Version", "-"), nil, "MissingHeader"},
		"digest in upper case":    {good.withHeader("X-Acs-Content-Sha256", strings.ToUpper(sum(newClient().hash(), good.body))), nil, "SignatureDoesNotMatch"},
		"wrong Content-MD5":       {good.withHeader("Content-MD5", "AAAA"), nil, "ContentMD5NotMatched"},
		"no host at all":          {func() draft { d := good; d.host = ""; return d }(), nil, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := newClient()
			signer.leaveOut = c.leaveOut
			newWorld(t).send(t, signer.v3(c.d, "CreateAccessWarrant", "20240611")).want(t, c.want)
		})
	}
}

// The header with the hash of the body must be right, also where the client signed the right hash.
func TestV3DigestHeader(t *testing.T) {
	t.Parallel()
	c, d := newClient(), warrant().withHeader("X-Acs-Content-Sha256", "abc")
	c.change = func(text string) string { return strings.TrimSuffix(text, "abc") + sum(c.hash(), d.body) }
	newWorld(t).send(t, c.v3(d, "CreateAccessWarrant", "20240611")).want(t, "SignatureDoesNotMatch")
}

// Empty parts of a query are none: what is signed leaves them out.
func TestStrayAmpersands(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			d := s.call()
			d.query = append(d.query, [2]string{"Note", "x"})
			req := s.sign(newClient(), d)
			req.RawQuery = "&" + strings.ReplaceAll(req.RawQuery, "&", "&&") + "&"
			newWorld(t).send(t, req).want(t, "ok")
		})
	}
}

// The path is signed as it was sent, with the three mappings that clients make.
func TestPathsAreSignedAsSent(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/shops/a", "/shops/a%20b", "/shops/a+b", "/shops/a*b", "/shops/~a", "/shops/%7Ea", "/shops/%E6%88%90"} {
		for name, sign := range map[string]func(*client, draft) *wire.Request{
			"v3":  func(c *client, d draft) *wire.Request { return c.v3(d, "ShopGet", "2026-01-01") },
			"roa": func(c *client, d draft) *wire.Request { return c.roa(d, "", "2026-01-01") },
		} {
			t.Run(name+path, func(t *testing.T) {
				t.Parallel()
				d := draft{method: http.MethodGet, path: path, host: host, query: pairs{{"color", "a/b c"}}}
				newWorld(t).send(t, sign(newClient(), d)).want(t, "ok")
			})
		}
	}
}

// The Authorization of V3 has commas without blanks; blanks after them are harmless.
func TestV3AuthorizationForms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(string) string
		want   string
	}{
		"as sent":       {func(a string) string { return a }, "ok"},
		"blanks":        {func(a string) string { return strings.ReplaceAll(a, ",", ", ") }, "ok"},
		"unknown part":  {func(a string) string { return a + ",Extra=1" }, "ok"},
		"no Credential": {func(a string) string { return strings.Replace(a, "Credential", "Other", 1) }, "MissingAccessKeyId"},
		"no SignedHeaders": {
			func(a string) string { return strings.Replace(a, "SignedHeaders", "Other", 1) }, "IncompleteSignature",
		},
		"empty SignedHeaders": {
			func(a string) string {
				return regexp.MustCompile(`SignedHeaders=[^,]*`).ReplaceAllString(a, "SignedHeaders=")
			},
			"IncompleteSignature",
		},
		"no Signature": {func(a string) string { return a[:strings.LastIndex(a, ",")] }, "IncompleteSignature"},
		"empty Signature": {
			func(a string) string { return a[:strings.LastIndex(a, "=")+1] }, "SignatureDoesNotMatch",
		},
		"algorithm only": {func(string) string { return "ACS3-HMAC-SHA256" }, "MissingAccessKeyId"},
		"RSA":            {func(a string) string { return strings.Replace(a, "HMAC", "RSA", 1) }, "InvalidSignatureMethod"},
		"unknown":        {func(a string) string { return strings.Replace(a, "SHA256", "MD5", 1) }, "InvalidSignatureMethod"},
		"the other hash": {func(a string) string { return strings.Replace(a, "SHA256", "SM3", 1) }, "SignatureDoesNotMatch"},
		"upper-case signature": {func(a string) string {
			i := strings.LastIndex(a, "=")
			return a[:i] + strings.ToUpper(a[i:])
		}, "SignatureDoesNotMatch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := newClient().v3(mqtt(), applyToken, mqttRelease)
			req.Header.Set("Authorization", c.change(req.Header.Get("Authorization")))
			newWorld(t).send(t, req).want(t, c.want)
		})
	}
}

func TestROAAuthorizationForms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ auth, want string }{
		"key without signature": {"acs " + keyID, "IncompleteSignature"},
		"empty signature":       {"acs " + keyID + ":", "SignatureDoesNotMatch"},
		"nothing":               {"acs ", "MissingAccessKeyId"},
		"signature alone":       {"acs :AAAA", "MissingAccessKeyId"},
		"another scheme":        {"Basic dGVzdGFrOng=", "MissingAccessKeyId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := newClient().roa(warrant(), "", "20240611")
			req.Header.Set("Authorization", c.auth)
			newWorld(t).send(t, req).want(t, c.want)
		})
	}
}

// An empty signature is no riddle about strings and secrets.
func TestEmptySignatureIsExplained(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]*wire.Request{
		"v3":  newClient().v3(mqtt(), applyToken, mqttRelease),
		"roa": newClient().roa(warrant(), "", "20240611"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			auth := req.Header.Get("Authorization")
			req.Header.Set("Authorization", auth[:max(strings.LastIndex(auth, "Signature=")+len("Signature="), strings.Index(auth, ":")+1)])
			got := newWorld(t).send(t, req)
			got.want(t, "SignatureDoesNotMatch")
			if f := got.finding(t, "signature"); !strings.Contains(f.Message, "empty signature") || f.Client != "" {
				t.Errorf("finding %+v", f)
			}
		})
	}
}
