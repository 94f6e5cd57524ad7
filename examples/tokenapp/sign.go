package tokenapp

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// signed returns the query with its signature, version 1.0 (vendor page Signature Method V1). Apps that use an SDK
// leave this to it: see clients/ for those that work unchanged.
func signed(method, secret string, query url.Values) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(method + "&%2F&" + escaped(canonical(query))))
	query.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return canonical(query)
}

// v3Call is what a request says of itself when it is signed with V3.
type v3Call struct {
	action, version, id, secret, nonce string
	now                                time.Time
}

// signV3 signs a request without a query (vendor page Signature Method V3).
func signV3(r *http.Request, body []byte, c v3Call) {
	digest := sha256.Sum256(body)
	signed := map[string]string{
		"content-type": "application/json", "host": r.URL.Host, "x-acs-action": c.action, "x-acs-version": c.version,
		"x-acs-content-sha256": hex.EncodeToString(digest[:]), "x-acs-date": c.now.UTC().Format("2006-01-02T15:04:05Z"),
		"x-acs-signature-nonce": c.nonce,
	}
	names := make([]string, 0, len(signed))
	for name, value := range signed {
		names = append(names, name)
		r.Header.Set(name, value)
	}
	slices.Sort(names)
	text := r.Method + "\n" + r.URL.Path + "\n\n"
	for _, name := range names {
		text += name + ":" + signed[name] + "\n"
	}
	list := strings.Join(names, ";")
	whole := sha256.Sum256([]byte(text + "\n" + list + "\n" + signed["x-acs-content-sha256"]))
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + hex.EncodeToString(whole[:])))
	r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+c.id+",SignedHeaders="+list+",Signature="+
		hex.EncodeToString(mac.Sum(nil)))
}

// canonical is the query sorted by name and encoded by RFC 3986.
func canonical(query url.Values) string { return rfc3986(query.Encode()) }

func escaped(text string) string { return rfc3986(url.QueryEscape(text)) }

// rfc3986 mends what the encoding of forms does otherwise.
func rfc3986(encoded string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(encoded)
}
