package sandbox

import (
	"crypto/aes"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// AccessTokenIssuer is the API under whose name access tokens are listed.
const AccessTokenIssuer = "ccmessaging"

const (
	accessKind = "access"
	// accessField is the size of turn number and end: big enough for 10^12 calls and 30,000 years.
	accessField = 5
	accessLimit = 1<<(8*accessField) - 1
)

// NewAccessToken returns this turn's access token for an app of the gateway fabric: 32 lower-case hex digits, as in
// the vendor's samples (page "System configuration interface, authentication"). They are one block of a cipher over
// turn number, end in Unix seconds and the app's tag, so nothing has to be remembered. The tag vouches for the rest:
// any other block opens to chance.
func (t *Turn) NewAccessToken(appKey string, expires time.Time) (string, error) {
	end := expires.Unix()
	if t.Number > accessLimit || end < 0 || end > accessLimit {
		return "", fmt.Errorf("access token: turn %d or end %d is out of range", t.Number, end)
	}
	block := make([]byte, 0, aes.BlockSize)
	block = append(block, binary.BigEndian.AppendUint64(nil, t.Number)[8-accessField:]...)
	block = append(block, binary.BigEndian.AppendUint64(nil, uint64(end))[8-accessField:]...)
	tag := tagFor(appKey)
	block = append(block, tag[:]...)
	t.access.Encrypt(block, block)
	return hex.EncodeToString(block), nil
}

// AccessToken returns the claims of an access token that this sandbox issued to that app. Whether the token is still
// good is for TokenState.
func (b *Sandbox) AccessToken(text, appKey string) (Claims, bool) {
	block, err := hex.DecodeString(text)
	if err != nil || len(block) != aes.BlockSize || hex.EncodeToString(block) != text {
		return Claims{}, false
	}
	b.access.Decrypt(block, block)
	tag := tagFor(appKey)
	if subtle.ConstantTimeCompare(block[2*accessField:], tag[:]) != 1 {
		return Claims{}, false
	}
	return Claims{
		Kind: accessKind, Number: accessNumber(block), Subject: appKey,
		ExpiresAt: int64(accessNumber(block[accessField:])) * 1000,
	}, true
}

// accessNumber reads the field at the start of block.
func accessNumber(block []byte) uint64 {
	return binary.BigEndian.Uint64(append(make([]byte, 8-accessField), block[:accessField]...))
}
