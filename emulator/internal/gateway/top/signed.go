package top

import (
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Signed is a request as its signature sees it. The secret that md5 puts around the base string is not part of it.
func (Profile) Signed(req *wire.Request) (gateway.Signed, bool) {
	params, err := readParameters(req, gateway.Unescape)
	if err != nil || params.values["sign"] == "" || !slices.Contains(signMethods[:], params.values["sign_method"]) {
		return gateway.Signed{}, false
	}
	return gateway.Signed{
		Style: "sign_method " + params.values["sign_method"],
		Text:  params.base(params.sorted(), asSent), Signature: params.values["sign"],
	}, true
}

// SignatureOf is the signature over a base string.
func (Profile) SignatureOf(req *wire.Request, secret, text string) string {
	params, err := readParameters(req, gateway.Unescape)
	if err != nil || !slices.Contains(signMethods[:], params.values["sign_method"]) {
		return ""
	}
	return digest(params.values["sign_method"], secret, text)
}

// Parts finds the names of the request's parameters in a base string, which has nothing between them: each in its turn,
// where its own value follows it or, in a text that differs, where it comes first.
func (Profile) Parts(req *wire.Request, text string) []gateway.Part {
	params, err := readParameters(req, gateway.Unescape)
	if err != nil {
		return nil
	}
	var parts []gateway.Part
	begin := func(name string, at int) (rest string) {
		if at > 0 {
			parts = endPart(parts, text[:at])
		}
		parts = append(parts, gateway.Part{Name: "parameter " + name})
		return text[at+len(name):]
	}
	for _, name := range params.sorted() {
		if name == "sign" {
			continue
		}
		at := strings.Index(text, name+params.values[name])
		if at < 0 {
			at = strings.Index(text, name)
		}
		if at >= 0 {
			text = begin(name, at)
		}
	}
	return endPart(parts, text)
}

// endPart says what the last part is, or begins with one that has no name.
func endPart(parts []gateway.Part, value string) []gateway.Part {
	if len(parts) == 0 {
		if value == "" {
			return nil
		}
		parts = append(parts, gateway.Part{Name: "before the first parameter"})
	}
	last := &parts[len(parts)-1]
	last.Raw, last.Value = value, value
	return parts
}
