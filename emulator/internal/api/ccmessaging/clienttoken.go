package ccmessaging

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const (
	clientKind = "ccmessaging"
	// clientLife is documented: page applyToken, Response Description, token.
	clientLife = time.Hour
	digestSize = 16
)

// clientToken is the content of a ccmessaging-token. Masked samples of the pages queryHistoryChatMessage and
// doLeaveMessage show createTime first and channelId last; the members between are our choice.
type clientToken struct {
	CreateTime int64  `json:"createTime"` // Unix milliseconds
	UserID     string `json:"userId"`
	UserName   string `json:"userName"`
	Locale     string `json:"locale"`
	// Nonce is the sealed claims of the token, with a digest of the other members: nothing has to be remembered.
	Nonce     string `json:"nonce"`
	ChannelID string `json:"channelId"`
}

func (t clientToken) subject() string { return t.UserID + "@" + t.ChannelID }

// text is the token as it travels: base64 with "+", "/" and "=" percent-encoded, as in the masked samples.
func (t clientToken) text() (string, error) {
	raw, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("write the client token: %w", err)
	}
	return url.QueryEscape(base64.StdEncoding.EncodeToString(raw)), nil
}

// digest binds the nonce to the other members.
func (t clientToken) digest() (string, error) {
	t.Nonce = ""
	text, err := t.text()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:digestSize]), nil
}

// sealed is the token with this turn's time and a nonce that vouches for it.
func (t clientToken) sealed(turn *sandbox.Turn) (clientToken, error) {
	t.CreateTime = turn.Now.UnixMilli()
	digest, err := t.digest()
	if err != nil {
		return t, err
	}
	claims := turn.SealClaims(token.Claims{
		Kind: clientKind, Issuer: Name, ExpiresAt: t.CreateTime + clientLife.Milliseconds(), Subject: t.subject(),
		Detail: digest,
	}, 0)
	t.Nonce = base64.RawURLEncoding.EncodeToString(claims)
	return t, nil
}

// list shows the token to people.
func (t clientToken) list(turn *sandbox.Turn, call *wire.Call, note string) error {
	err := turn.Grant(token.Grant{
		Issuer: Name, Operation: call.Operation, Subject: t.subject(), Note: note,
		ExpiresAt: time.UnixMilli(t.CreateTime).Add(clientLife).UTC(),
	})
	if err != nil {
		return fmt.Errorf("list the client token: %w", err)
	}
	return nil
}

// opens returns the claims of a client token.
func opens(box *sandbox.Sandbox, text string) (token.Claims, bool) {
	_, claims, ok := openToken(box, text)
	return claims, ok
}

// openToken reads a token that this sandbox issued. It must be the very text: one that was decoded on the way is
// another.
func openToken(box *sandbox.Sandbox, text string) (clientToken, token.Claims, bool) {
	var opened clientToken
	encoded, err := url.QueryUnescape(text)
	if err != nil {
		return opened, token.Claims{}, false
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || json.Unmarshal(raw, &opened) != nil {
		return opened, token.Claims{}, false
	}
	if same, err := opened.text(); err != nil || same != text {
		return opened, token.Claims{}, false
	}
	nonce, err := base64.RawURLEncoding.DecodeString(opened.Nonce)
	if err != nil {
		return opened, token.Claims{}, false
	}
	claims, ok := box.Unseal(nonce, clientKind)
	if !ok {
		return opened, token.Claims{}, false
	}
	digest, err := opened.digest()
	return opened, claims, err == nil && digest == claims.Detail
}
