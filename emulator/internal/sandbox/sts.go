package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"strings"
	"time"
)

// Temporary is a set of security credentials that a sandbox issued: they sign acs calls until they expire.
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

// NewTemporary issues security credentials to an app for this turn. The id names the app, and so the sandbox, and its
// own end, so nothing has to be remembered: its 22 bytes are app tag, turn, end in Unix seconds, checksum.
func (t *Turn) NewTemporary(appKey string, expires time.Time) Temporary {
	tag := tagFor(appKey)
	raw := append([]byte(nil), tag[:]...)
	raw = append(raw, binary.BigEndian.AppendUint64(nil, t.Number)[3:]...)
	raw = append(raw, binary.BigEndian.AppendUint64(nil, uint64(expires.Unix()))[3:]...)
	raw = append(raw, t.mac("sts id", raw)[:stsMACSize]...)
	id := stsPrefix + toBase62(raw, stsIDLength)
	sealed := t.Seal(Claims{
		Kind: stsKind, Number: t.Number, IssuedAt: t.Now.UnixMilli(), ExpiresAt: expires.Unix() * 1000, Subject: id,
	}, stsTokenSize)
	return Temporary{
		AccessKeyID: id, AccessKeySecret: t.temporarySecret(id),
		SecurityToken: stsTokenPrefix + base64.StdEncoding.EncodeToString(sealed),
		Expires:       time.Unix(expires.Unix(), 0).UTC(),
	}
}

// AppTag is the part of a temporary AccessKey ID that names the app it was issued to.
type AppTag [stsTagSize]byte

// TagOf returns the tag inside a temporary AccessKey ID.
func TagOf(accessKeyID string) (AppTag, bool) {
	raw, ok := stsBytes(accessKeyID)
	if !ok {
		return AppTag{}, false
	}
	return AppTag(raw[:stsTagSize]), true
}

const stsBytesLength = stsTagSize + 5 + 5 + stsMACSize

func stsBytes(accessKeyID string) ([]byte, bool) {
	text, ok := strings.CutPrefix(accessKeyID, stsPrefix)
	if !ok || len(text) != stsIDLength {
		return nil, false
	}
	return fromBase62(text, stsBytesLength)
}

func (b *Sandbox) temporaryKey(id string) (Key, bool) {
	raw, ok := stsBytes(id)
	if !ok {
		return Key{}, false
	}
	body, sum := raw[:stsBytesLength-stsMACSize], raw[stsBytesLength-stsMACSize:]
	if string(b.mac("sts id", body)[:stsMACSize]) != string(sum) {
		return Key{}, false
	}
	end := binary.BigEndian.Uint64(append(make([]byte, 3), body[stsTagSize+5:]...))
	return Key{
		ID: id, Secret: b.temporarySecret(id), Temporary: true, Expires: time.Unix(int64(end), 0).UTC(),
	}, true
}

// TemporaryClaims opens the security token of temporary credentials.
func (b *Sandbox) TemporaryClaims(securityToken string) (Claims, bool) {
	text, ok := strings.CutPrefix(securityToken, stsTokenPrefix)
	if !ok {
		return Claims{}, false
	}
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(sealed) != text {
		return Claims{}, false // the decoder passes over line ends and spare bits; a token is one text alone
	}
	return b.Unseal(sealed, stsKind)
}

const (
	stsSecretLength = 44
	stsSecretCheck  = 10
)

// temporarySecret derives the secret of a temporary key. Its last characters vouch for the others, so that the
// journal can tell such a secret anywhere without a list of them.
func (b *Sandbox) temporarySecret(id string) string {
	body := toBase62(b.mac("sts secret", []byte(id)), stsSecretLength)[1 : 1+stsSecretLength-stsSecretCheck]
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
	hash = mix(hash)
	var check [stsSecretCheck]byte
	for i := range check {
		check[i] = Base62[hash%62]
		hash /= 62
	}
	return check
}

func isTemporarySecret(text string) bool {
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
	if !ok || base62Prefix(text) < len(text) || n.BitLen() > size*8 { // big.Int would take a sign
		return nil, false
	}
	return n.FillBytes(make([]byte, size)), true
}

// tagFor returns the tag of the app with that key.
func tagFor(appKey string) AppTag {
	sum := sha256.Sum256([]byte("tokenstage app " + appKey))
	return AppTag(sum[:stsTagSize])
}
