package sandbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
)

// Claims are what a token says of itself. They travel inside the token, sealed, so that issued tokens need no memory.
type Claims struct {
	_ struct{} `cbor:",toarray"`
	// Kind tells tokens of different operations apart, such as "mqtt".
	Kind string
	// Number is the turn that issued the token.
	Number uint64
	// IssuedAt and ExpiresAt are in Unix milliseconds of the sandbox's clock.
	IssuedAt  int64
	ExpiresAt int64
	// Subject is who or what the token is for.
	Subject string
	// Detail is for the operation's own use.
	Detail string
}

// Expired reports whether the token's time is over at now.
func (c Claims) Expired(now time.Time) bool { return now.UnixMilli() >= c.ExpiresAt }

// sealingKey derives the key of a sandbox from its seed alone: the same seed gives the same tokens, whatever the
// sandbox is called.
func sealingKey(seed uint64) [32]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte("tokenstage "), seed))
}

func newAEAD(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

const nonceSize = 12

// Seal returns the claims as at least size opaque bytes; the same claims always give the same bytes.
func (b *Sandbox) Seal(claims Claims, size int) []byte {
	plain, err := record.Write(claims)
	if err != nil {
		panic(err) // texts and numbers are always written
	}
	if missing := size - nonceSize - len(plain) - b.aead.Overhead(); missing > 0 {
		plain = append(plain, make([]byte, missing)...)
	}
	// The nonce is taken from the content: it never repeats for different claims and needs no chance.
	nonce := b.mac("nonce", plain)[:nonceSize:nonceSize]
	return b.aead.Seal(nonce, nonce, plain, nil)
}

// Unseal returns the claims of a token that this sandbox sealed.
func (b *Sandbox) Unseal(sealed []byte, kind string) (Claims, bool) {
	var claims Claims
	if len(sealed) < nonceSize {
		return claims, false
	}
	plain, err := b.aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], nil)
	if err != nil {
		return claims, false
	}
	if err := record.ReadFirst(plain, &claims); err != nil {
		return claims, false
	}
	return claims, claims.Kind == kind
}

// mac is what only this sandbox's key makes of the data, for the purpose of that label.
func (b *Sandbox) mac(label string, data []byte) []byte {
	h, ok := b.macs.Get().(hash.Hash)
	if !ok {
		h = hmac.New(sha256.New, b.key[:])
	}
	defer b.macs.Put(h)
	h.Reset()
	h.Write([]byte(label + "\x00"))
	h.Write(data)
	return h.Sum(nil)
}
