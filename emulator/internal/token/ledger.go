// Package token is everything that a sandbox issues, for every issuer: how it is sealed and opened, listed and found,
// in which state it is, and how it ends.
package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// Ledger issues the tokens of one sandbox and knows them again. Tokens carry their own sealed claims, so it keeps only
// what cannot be derived: what was done to a token, and a bounded list for people.
type Ledger struct {
	key    [32]byte     // from the seed; seals tokens and derives secrets
	aead   cipher.AEAD  // over key
	macs   sync.Pool    // of HMACs with key, which take longer to make than to use
	access cipher.Block // hides the claims of access tokens
}

// NewLedger returns the ledger of the sandbox with that id and seed, which give the same tokens everywhere.
func NewLedger(id string, seed uint64) (*Ledger, error) {
	l := &Ledger{key: sha256.Sum256(append(binary.BigEndian.AppendUint64([]byte("tokenstage "), seed), id...))}
	block, err := aes.NewCipher(l.key[:])
	if err != nil {
		return nil, err
	}
	if l.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	l.access, err = aes.NewCipher(l.mac("access token", nil))
	return l, err
}

// mac is what only this sandbox's key makes of the data, for the purpose of that label.
func (l *Ledger) mac(label string, data []byte) []byte {
	h, ok := l.macs.Get().(hash.Hash)
	if !ok {
		h = hmac.New(sha256.New, l.key[:])
	}
	defer l.macs.Put(h)
	h.Reset()
	h.Write([]byte(label + "\x00"))
	h.Write(data)
	return h.Sum(nil)
}
