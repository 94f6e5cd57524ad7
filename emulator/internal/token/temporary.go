package token

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Temporary is a set of security credentials that a sandbox issued: they sign calls until they expire.
type Temporary struct {
	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string
	Expires         time.Time
}

const (
	stsPrefix      = "STS."
	stsIDLength    = 30 // characters after the prefix
	stsKind        = "sts"
	stsTokenPrefix = "CAIS"
	stsTokenSize   = 480 // sealed bytes; the real token's text has some 600 characters
	stsTagSize     = 6
	stsMACSize     = 6
)

// Issue says by which turn something is issued, and for whom.
type Issue struct {
	// Issuer is the API whose operation issues.
	Issuer     string
	Number     uint64
	Generation uint64
	Now        time.Time
	// Caller is the credential of the caller.
	Caller wire.Credential
	// Policy says what may be done with what is issued, as JSON; empty means all that the caller may do.
	Policy string
}

// Temporary issues security credentials to the caller. Their id names the caller, and so the sandbox, and its own end,
// so nothing has to be remembered: its 22 bytes are the caller's tag, turn, end in Unix seconds, checksum. Credentials
// that temporary credentials ask for name the same owner.
func (l *Ledger) Temporary(i Issue, expires time.Time) Temporary {
	tag := OwnerOf(i.Caller)
	raw := append([]byte(nil), tag[:]...)
	raw = append(raw, binary.BigEndian.AppendUint64(nil, i.Number)[3:]...)
	raw = append(raw, binary.BigEndian.AppendUint64(nil, uint64(expires.Unix()))[3:]...)
	raw = append(raw, l.mac("sts id", raw)[:stsMACSize]...)
	id := stsPrefix + toBase62(raw, stsIDLength)
	sealed := l.Seal(Claims{
		Kind: stsKind, Issuer: i.Issuer, Number: i.Number, Generation: i.Generation, IssuedAt: i.Now.UnixMilli(),
		ExpiresAt: expires.Unix() * 1000, Subject: id, Detail: i.Policy,
	}, stsTokenSize)
	return Temporary{
		AccessKeyID: id, AccessKeySecret: l.temporarySecret(id),
		SecurityToken: stsTokenPrefix + base64.StdEncoding.EncodeToString(sealed),
		Expires:       time.Unix(expires.Unix(), 0).UTC(),
	}
}

// Tag is the part of a temporary AccessKey ID that names the credential to which it was issued.
type Tag [stsTagSize]byte

// TagOf returns the tag inside a temporary AccessKey ID.
func TagOf(accessKeyID string) (Tag, bool) {
	raw, ok := stsBytes(accessKeyID)
	if !ok {
		return Tag{}, false
	}
	return Tag(raw[:stsTagSize]), true
}

const stsBytesLength = stsTagSize + 5 + 5 + stsMACSize

func stsBytes(accessKeyID string) ([]byte, bool) {
	text, ok := strings.CutPrefix(accessKeyID, stsPrefix)
	if !ok || len(text) != stsIDLength {
		return nil, false
	}
	return fromBase62(text, stsBytesLength)
}

// TemporaryKey returns secret and end of the temporary AccessKey of that id, if this sandbox issued it.
func (l *Ledger) TemporaryKey(id string) (secret string, expires time.Time, ok bool) {
	raw, ok := stsBytes(id)
	if !ok {
		return "", time.Time{}, false
	}
	body, sum := raw[:stsBytesLength-stsMACSize], raw[stsBytesLength-stsMACSize:]
	if string(l.mac("sts id", body)[:stsMACSize]) != string(sum) {
		return "", time.Time{}, false
	}
	end := binary.BigEndian.Uint64(append(make([]byte, 3), body[stsTagSize+5:]...))
	return l.temporarySecret(id), time.Unix(int64(end), 0).UTC(), true
}

// OpenSecurityToken returns the claims of the security token of temporary credentials, whose detail is their policy.
func (l *Ledger) OpenSecurityToken(securityToken string) (Claims, bool) {
	text, ok := strings.CutPrefix(securityToken, stsTokenPrefix)
	if !ok {
		return Claims{}, false
	}
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(sealed) != text {
		return Claims{}, false // the decoder passes over line ends and spare bits; a token is one text alone
	}
	return l.Unseal(sealed, stsKind)
}

const (
	stsSecretLength = 44
	stsSecretCheck  = 10
)

// temporarySecret derives the secret of a temporary key. Its last characters vouch for the others, so that the
// journal can tell such a secret anywhere without a list of them.
func (l *Ledger) temporarySecret(id string) string {
	body := toBase62(l.mac("sts secret", []byte(id)), stsSecretLength)[1 : 1+stsSecretLength-stsSecretCheck]
	check := secretCheck(body)
	return body + string(check[:])
}

// secretCheck needs no key: it tells secrets from other text and guards nothing. It is a quick hash (FNV-1a), since
// the journal tries it at every place of every long word.
func secretCheck(body string) [stsSecretCheck]byte {
	hash := uint64(0xcbf29ce484222325)
	for i := range len(body) {
		hash = (hash ^ uint64(body[i])) * 0x100000001b3
	}
	hash = random.Mix(hash)
	var check [stsSecretCheck]byte
	for i := range check {
		check[i] = random.Base62[hash%62]
		hash /= 62
	}
	return check
}

// TemporarySecretLength is that of every secret of a temporary AccessKey.
const TemporarySecretLength = stsSecretLength

// IsTemporarySecret tells the secret of a temporary AccessKey, of any sandbox, from other text of that length.
func IsTemporarySecret(text string) bool {
	check := secretCheck(text[:stsSecretLength-stsSecretCheck])
	return string(check[:]) == text[stsSecretLength-stsSecretCheck:]
}

// toBase62 writes raw as a number of at least n digits.
func toBase62(raw []byte, n int) string {
	text := new(big.Int).SetBytes(raw).Text(62)
	if len(text) < n {
		text = strings.Repeat("0", n-len(text)) + text
	}
	return text
}

func fromBase62(text string, size int) ([]byte, bool) {
	n, ok := new(big.Int).SetString(text, 62)
	if !ok || strings.Trim(text, random.Base62) != "" || n.BitLen() > size*8 { // big.Int would take a sign
		return nil, false
	}
	return n.FillBytes(make([]byte, size)), true
}

// TagFor is the tag of a credential that can ask for temporary ones.
func TagFor(c wire.Credential) Tag {
	sum := sha256.Sum256([]byte("tokenstage app " + c.ID))
	return Tag(sum[:stsTagSize])
}
