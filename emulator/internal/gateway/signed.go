package gateway

import "github.com/tokenstage/tokenstage/emulator/internal/wire"

// Signing is a Profile whose clients sign: it takes a signed request apart, for people who look for what differs.
type Signing interface {
	Profile
	// Signed is a request as its signature sees it; false for one that carries none which could be computed.
	Signed(req *wire.Request) (Signed, bool)
	// SignatureOf is the signature that a secret gives over a text, in the style of the request.
	SignatureOf(req *wire.Request, secret, text string) string
	// Parts are what a text is made of that is signed in the style of the request. A text that is not made so has parts
	// all the same, as far as they can be told apart.
	Parts(req *wire.Request, text string) []Part
}

// Signed is a request as its signature sees it.
type Signed struct {
	// Style says how the request is signed, such as "signature version 1.0 of RPC calls, HMAC-SHA1".
	Style string
	// Text is the string to sign of the request, and Signature what it carries.
	Text, Signature string
}

// Part is one part of a string to sign.
type Part struct {
	// Name is what the part is called, such as "parameter Actions".
	Name string
	// Raw is the part as it is signed, Value what that means.
	Raw, Value string
}
