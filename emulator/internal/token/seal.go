package token

import (
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
)

// Claims are what a token says of itself. They travel inside the token, sealed, so that issued tokens need no memory.
type Claims struct {
	_ struct{} `cbor:",toarray"`
	// Kind tells tokens of different operations apart, such as "mqtt".
	Kind string
	// Issuer is the API whose operation issued the token.
	Issuer string
	// Number is the turn that issued the token, and Generation the life of the sandbox in which it did: a reset begins a
	// new one, whose turns count from 1 again.
	Number     uint64
	Generation uint64
	// IssuedAt and ExpiresAt are in Unix milliseconds of the sandbox's clock.
	IssuedAt  int64
	ExpiresAt int64
	// Subject is who or what the token is for.
	Subject string
	// Detail is for the operation's own use.
	Detail string
}

// ID is the id of the token in the list of issued ones.
func (c Claims) ID() string { return ID(c.Issuer, c.Number) }

// Ends is when the token's time is over.
func (c Claims) Ends() time.Time { return time.UnixMilli(c.ExpiresAt).UTC() }

// Expired reports whether the token's time is over at now.
func (c Claims) Expired(now time.Time) bool { return now.UnixMilli() >= c.ExpiresAt }

const nonceSize = 12

// Seal returns the claims as at least size opaque bytes; the same claims always give the same bytes.
func (l *Ledger) Seal(claims Claims, size int) []byte {
	plain, err := record.Write(claims)
	if err != nil {
		panic(err) // texts and numbers are always written
	}
	sealed := make([]byte, max(size, nonceSize+len(plain)+l.aead.Overhead()))
	nonce, content := sealed[:nonceSize], sealed[nonceSize:len(sealed)-l.aead.Overhead()]
	copy(content, plain)
	copy(nonce, l.mac("nonce", content)) // taken from the content: it never repeats for others and needs no chance
	return l.aead.Seal(nonce, nonce, content, nil)
}

// Unseal returns the claims of a token that this sandbox sealed.
func (l *Ledger) Unseal(sealed []byte, kind string) (Claims, bool) {
	var claims Claims
	if len(sealed) < nonceSize {
		return claims, false
	}
	plain, err := l.aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], nil)
	if err != nil {
		return claims, false
	}
	if err := record.ReadFirst(plain, &claims); err != nil {
		return claims, false
	}
	return claims, claims.Kind == kind
}
