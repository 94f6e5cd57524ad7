package tokenapp

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"strings"
)

// signed returns the query with its signature, version 1.0 (vendor page Signature Method V1). Apps that use an SDK
// leave this to it: see clients/ for those that work unchanged.
func signed(method, secret string, query url.Values) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(method + "&%2F&" + escaped(canonical(query))))
	query.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return canonical(query)
}

// canonical is the query sorted by name and encoded by RFC 3986.
func canonical(query url.Values) string { return rfc3986(query.Encode()) }

func escaped(text string) string { return rfc3986(url.QueryEscape(text)) }

// rfc3986 mends what the encoding of forms does otherwise.
func rfc3986(encoded string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(encoded)
}
