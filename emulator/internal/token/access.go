package token

import (
	"crypto/aes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

const (
	accessKind = "access"
	// accessField is the size of turn number and end: big enough for 10^12 calls and 30,000 years.
	accessField = 5
	accessLimit = 1<<(8*accessField) - 1
	accessTag   = aes.BlockSize - 2*accessField
)

// Access returns an access token for an app: 32 lower-case hex digits, as in the vendor's samples (page "System
// configuration interface, authentication"). They are one block of a cipher over turn number, end in Unix seconds and a
// tag of issuer, generation and app, so nothing has to be remembered. The tag vouches for the rest: any other block
// opens to chance.
func (l *Ledger) Access(i Issue, appKey string, expires time.Time) (string, error) {
	end := expires.Unix()
	if i.Number > accessLimit || end < 0 || end > accessLimit {
		return "", fmt.Errorf("access token: turn %d or end %d is out of range", i.Number, end)
	}
	block := make([]byte, 0, aes.BlockSize)
	block = append(block, binary.BigEndian.AppendUint64(nil, i.Number)[8-accessField:]...)
	block = append(block, binary.BigEndian.AppendUint64(nil, uint64(end))[8-accessField:]...)
	tag := accessTagOf(i.Issuer, i.Generation, appKey)
	block = append(block, tag[:]...)
	l.access.Encrypt(block, block)
	return hex.EncodeToString(block), nil
}

// OpenAccess returns the claims of an access token that one of the issuers gave to that app in that generation. Whether
// the token is still good is for State.
func (l *Ledger) OpenAccess(text, appKey string, issuers []string, generation uint64) (Claims, bool) {
	block, err := hex.DecodeString(text)
	if err != nil || len(block) != aes.BlockSize || hex.EncodeToString(block) != text {
		return Claims{}, false
	}
	l.access.Decrypt(block, block)
	for _, issuer := range issuers {
		tag := accessTagOf(issuer, generation, appKey)
		if subtle.ConstantTimeCompare(block[2*accessField:], tag[:]) == 1 {
			return Claims{
				Kind: accessKind, Issuer: issuer, Number: accessNumber(block), Generation: generation, Subject: appKey,
				ExpiresAt: int64(accessNumber(block[accessField:])) * 1000,
			}, true
		}
	}
	return Claims{}, false
}

// accessNumber reads the field at the start of block.
func accessNumber(block []byte) uint64 {
	return binary.BigEndian.Uint64(append(make([]byte, 8-accessField), block[:accessField]...))
}

func accessTagOf(issuer string, generation uint64, appKey string) [accessTag]byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "tokenstage access %s\x00%d\x00%s", issuer, generation, appKey))
	return [accessTag]byte(sum[:])
}
