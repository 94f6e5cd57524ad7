package top

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// signMethods are the values of sign_method, vendor page "public parameters".
var signMethods = [...]string{"md5", "hmac", "hmac-sha256"}

// digest signs a base string; vendor page "signature algorithm". The method must be one of signMethods.
func digest(method, secret, base string) string {
	var sum hash.Hash
	switch method {
	case "md5":
		sum, base = md5.New(), secret+base+secret
	case "hmac":
		sum = hmac.New(md5.New, []byte(secret))
	case "hmac-sha256":
		sum = hmac.New(sha256.New, []byte(secret))
	}
	sum.Write([]byte(base))
	return strings.ToUpper(hex.EncodeToString(sum.Sum(nil)))
}

// signedAs says how the value of a parameter stands in a base string, and whether the parameter does at all.
type signedAs func(name, value string) (string, bool)

func asSent(_, value string) (string, bool) { return value, true }

// base joins names and values, in the order of the names and without separators. Only sign is never part of it.
func (p *parameters) base(names []string, as signedAs) string {
	var b strings.Builder
	for _, name := range names {
		if name == "sign" {
			continue
		}
		if value, signed := as(name, p.values[name]); signed {
			b.WriteString(name)
			b.WriteString(value)
		}
	}
	return b.String()
}

// sorted are the names in byte order, as the signature wants them.
func (p *parameters) sorted() []string { return slices.Sorted(slices.Values(p.order)) }

// acceptedBases are the base strings that are accepted beside the documented one. SDKs differ over values that are sent
// empty, and no public rule decides: top-sdk-java leaves them out, Node, PHP and Go SDKs sign the bare name.
// top-sdk-php-20180326 leaves values out that begin with "@", once its mark of a file.
var acceptedBases = [...]signedAs{
	func(_, value string) (string, bool) { return value, value != "" },
	func(_, value string) (string, bool) { return value, !strings.HasPrefix(value, "@") },
	func(_, value string) (string, bool) { return value, value != "" && !strings.HasPrefix(value, "@") },
}

func (e *exchange) checkSignature(turn *sandbox.Turn, secret string) error {
	sent, method := e.params.values["sign"], e.params.values["sign_method"]
	if sent == "" {
		return gateway.Refuse(wire.MissingSignature, "sign", "The parameter sign is absent.")
	}
	if !slices.Contains(signMethods[:], method) {
		return gateway.Differ(wire.WrongSignatureMethod, "sign_method", "The signature method is absent or not served.",
			strings.Join(signMethods[:], ", "), validUTF8(method))
	}
	names := e.params.sorted()
	base := e.params.base(names, asSent)
	// Upper case is documented and every SDK sends it, so lower case is a mistake that tests should find.
	if expected := digest(method, secret, base); !hmac.Equal([]byte(expected), []byte(sent)) {
		for _, as := range acceptedBases {
			lenient := e.params.base(names, as)
			if lenient != base && hmac.Equal([]byte(digest(method, secret, lenient)), []byte(sent)) {
				return nil
			}
		}
		return e.wrongSignature(turn, secret, base, expected)
	}
	return nil
}

// wrongSignature explains a mismatch. The base strings are shown without the secret that md5 puts around them.
func (e *exchange) wrongSignature(turn *sandbox.Turn, secret, base, expected string) error {
	finding := wire.Finding{
		Check: "signature", Level: wire.LevelError,
		Message:  "The signature is not the one that the app's secret gives over the parameters that came.",
		Expected: expected, Got: validUTF8(e.params.values["sign"]), Server: validUTF8(base),
	}
	switch known := e.guess(turn, secret); {
	case known.Explained:
		finding.Message += " " + strings.Join(known.Says, " ")
		finding.Client = validUTF8(known.Way.base())
		finding.Marker = gateway.FirstDifference(finding.Server, finding.Client)
	case known.Cut:
		finding.Message += " The request is too long to try all that is known of clients."
	default:
		finding.Message += " Either the secret is another one, or the client signed a text that differs in a way that is " +
			"not known here."
	}
	return &wire.Fault{
		Kind: wire.WrongSignature, Findings: append([]wire.Finding{finding}, e.params.advice()...),
	}
}
