package top

import (
	"net/url"
	"slices"
	"strings"
)

// guess is a mistake that would explain a signature: what the client must have signed, and how.
type guess struct {
	says                 string
	base, method, secret string
}

// guess finds the known mistake that reproduces the signature that was sent.
func (e *exchange) guess(secret, base string) (guess, bool) {
	method := e.params.values["sign_method"]
	lowerCase := guess{says: "It is in lower case; the documentation asks for upper case.", base: base}
	guesses := slices.Concat(
		[]guess{lowerCase}, e.wrongBases(), wrongMethods(base), wrongSecrets(base, secret),
	)
	for _, g := range guesses {
		if g.method == "" {
			g.method = method
		}
		if g.secret == "" {
			g.secret = secret
		}
		if strings.EqualFold(digest(g.method, g.secret, g.base), e.params.values["sign"]) {
			return g, true
		}
	}
	return guess{}, false
}

// wrongBases are the base strings of clients that sign something else than they send.
func (e *exchange) wrongBases() []guess {
	names := e.params.sorted()
	return []guess{
		{
			says: "The client signed an object as [object Object] and sent its JSON (SDK topsdk 1.0.13 does so): " +
				"pass the object as a JSON string.",
			base: e.params.base(names, objectAsText),
		},
		{
			says: `The client signed a "+" and sent it unencoded, which is read as a blank.`,
			base: e.baseWithPlus(),
		},
		{
			says: "The client signed the values after URL encoding; they are signed before it.",
			base: e.params.base(names, encoded(url.QueryEscape)),
		},
		{
			says: "The client signed the values after URL encoding; they are signed before it.",
			base: e.params.base(names, encoded(encodeURIComponent)),
		},
		{
			says: "The client did not sort the parameters by name.",
			base: e.params.base(e.params.order, asSent),
		},
		{
			says: "The client signed the public parameters alone; the method's own are signed too.",
			base: e.params.base(names, publicOnly),
		},
	}
}

// objectAsText is what JavaScript makes of an object that is joined to a string.
func objectAsText(_, value string) (string, bool) {
	if strings.HasPrefix(value, "{") {
		return "[object Object]", true
	}
	return value, true
}

func encoded(escape func(string) string) signedAs {
	return func(_, value string) (string, bool) { return escape(value), true }
}

// encodeURIComponent is JavaScript's: blanks become %20, and !'()* stay.
func encodeURIComponent(text string) string {
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").
		Replace(url.QueryEscape(text))
}

// baseWithPlus reads the request once more and leaves each "+" as it stands.
func (e *exchange) baseWithPlus() string {
	params, _ := readParameters(e.call.Request, url.PathUnescape) // it was readable with QueryUnescape, so it is here
	return params.base(params.sorted(), asSent)
}

func publicOnly(name, value string) (string, bool) {
	switch name {
	case "method", "app_key", "timestamp", "v", "sign_method", "format", "session", "partner_id", "target_app_key",
		"simplify":
		return value, true
	}
	return "", false
}

// wrongMethods are the right base under a method that sign_method does not name.
func wrongMethods(base string) []guess {
	var guesses []guess
	for _, method := range signMethods {
		guesses = append(guesses, guess{
			says: "It was made with " + method + ", which sign_method does not say.", base: base, method: method,
		})
	}
	return guesses
}

// wrongSecrets are the right base under a secret with a blank that came along when it was copied.
func wrongSecrets(base, secret string) []guess {
	var guesses []guess
	for _, wrong := range []string{secret + " ", " " + secret, secret + "\n", secret + "\r\n"} {
		guesses = append(guesses, guess{
			says: "The client's secret has a blank or a line end before or after it.", base: base, secret: wrong,
		})
	}
	return guesses
}
