package ccmessaging

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// TokenHeader carries the client token, and in a reply its replacement.
const TokenHeader = "ccmessaging-token"

// Texts of the 401 about the client token: ours, since the pages print none.
const (
	missingToken = "auth fail! the header ccmessaging-token is missing. please apply a token from the server!"
	illegalToken = "auth fail! illegal ccmessaging-token. please apply a token from the server!"
	expiredToken = "auth fail! expired ccmessaging-token. please apply a token from the server!"
)

// client is who a request's client token stands for.
type client struct {
	clientToken
	claims token.Claims
	// lapsed says that the token is over and lives on by its open session.
	lapsed bool
}

// TokenClaims are those of the client token in a request, and whether the sandbox issued it.
func TokenClaims(turn *sandbox.Turn, call *wire.Call) (token.Claims, bool) {
	_, claims, ok := openToken(turn.Sandbox, call.Request.Header.Get(TokenHeader))
	return claims, ok
}

// CheckToken refuses a call whose client token is missing or no good. The gateway runs it before the parameters are
// judged.
func CheckToken(ctx context.Context, turn *sandbox.Turn, call *wire.Call) error {
	_, err := admit(ctx, turn, call)
	return err
}

// admit finds who calls. An expired token is good while its session is open (page applyToken, Response Description,
// token); a revoked one never is.
func admit(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (client, error) {
	text := call.Request.Header.Get(TokenHeader)
	if text == "" {
		return client{}, refuseToken(wire.MissingSecurityToken, missingToken,
			"The header ccmessaging-token is absent or empty.")
	}
	opened, claims, ok := openToken(turn.Sandbox, text)
	if !ok {
		return client{}, refuseToken(wire.WrongSecurityToken, illegalToken, unknownToken(turn, call, text))
	}
	state, err := turn.TokenState(ctx, claims)
	if err != nil {
		return client{}, fmt.Errorf("look up the client token: %w", err)
	}
	c := client{clientToken: opened, claims: claims, lapsed: state == token.Expired}
	switch state {
	case token.Active:
		return c, nil
	case token.Expired:
		kept, err := chatOf(ctx, turn, opened)
		if err != nil || kept.Open {
			return c, err
		}
		return client{}, refuseToken(wire.ExpiredSecurityToken, expiredToken,
			c.ended(turn)+" No session is open, so there is no replacement: call applyToken again.")
	default:
		return client{}, refuseToken(wire.WrongSecurityToken, illegalToken, fmt.Sprintf(
			"The client token %s of %s is %s: by the control plane, or by a reset of the sandbox.",
			c.id(), c.subject(), state))
	}
}

func refuseToken(kind wire.Kind, text, why string) error {
	return &wire.Fault{Kind: kind, Message: text, Findings: []wire.Finding{
		{Check: TokenHeader, Level: wire.LevelError, Message: why},
	}}
}

func (c client) id() string { return c.claims.ID() }

// ended says when an expired token ended.
func (c client) ended(turn *sandbox.Turn) string {
	if !c.claims.Expired(turn.Now) {
		return fmt.Sprintf("The client token %s of %s was expired by the control plane, before its time.",
			c.id(), c.subject())
	}
	return fmt.Sprintf("The client token %s of %s expired at %s; the sandbox clock reads %s.", c.id(), c.subject(),
		c.claims.Ends().Format(wire.InstantLayout), turn.Now.UTC().Format(wire.InstantLayout))
}

// unknownToken explains a token that is not the text of an issued one, by trying what clients are known to do to it.
func unknownToken(turn *sandbox.Turn, call *wire.Call, text string) string {
	issued := func(text string) bool {
		_, _, ok := openToken(turn.Sandbox, text)
		return ok
	}
	decoded, err := url.QueryUnescape(text)
	switch {
	case issued(url.QueryEscape(text)):
		return `The client token was percent-decoded on the way, "=" in place of "%3D": it matches once it is encoded ` +
			`again. Send the value of applyToken unchanged.`
	case err == nil && issued(decoded):
		return `The client token was percent-encoded once more on the way, "%253D" in place of "%3D". Send the value of ` +
			`applyToken unchanged.`
	case issued(strings.Trim(text, `"' `)):
		return "The client token would be good without the quotes around it."
	}
	for _, app := range turn.Keys(call.Gateway) {
		if _, ok := turn.OpenAccess(strings.TrimPrefix(text, "Bearer "), app.ID, []string{Name}); ok {
			return "The header holds an AccessToken of tokenByAkSk; it needs the token of applyToken."
		}
	}
	return "This sandbox issued no such client token."
}

// enter finds who calls, as admit does, holds the parameters that name a user or a channel to the token, and renews it
// where it lapsed. A parameter that the call does not have is empty.
func enter(
	ctx context.Context, turn *sandbox.Turn, call *wire.Call, user, channel string,
) (c client, header http.Header, findings []wire.Finding, err error) {
	if c, err = admit(ctx, turn, call); err != nil {
		return c, nil, nil, err
	}
	for _, same := range []struct{ name, want string }{{user, c.UserID}, {channel, c.ChannelID}} {
		if same.name == "" {
			continue
		}
		if err := c.mustBe(same.name, same.want, api.Text(call, same.name)); err != nil {
			return c, nil, nil, err
		}
	}
	header, findings, err = c.renew(ctx, turn, call)
	return c, header, findings, err
}

// mustBe refuses a request about another user or channel than the token's. The pages do not say whether the two are
// compared; an app that mixes its users up should hear of it.
func (c client) mustBe(field, want, got string) error {
	if want == got {
		return nil
	}
	return &wire.Fault{Kind: wire.WrongSecurityToken, Message: illegalToken, Findings: []wire.Finding{{
		Check: TokenHeader, Level: wire.LevelError, Expected: want, Got: got,
		Message: fmt.Sprintf("The client token stands for %s; %s names another.", c.subject(), field),
	}}}
}

// renew returns what a reply adds for a lapsed token: a replacement in the header of the same name (pages poll and
// uploadFileStream). Every request with the same lapsed token gets the same replacement while that is good, however
// many come at once. The old token stays what it is.
func (c client) renew(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (http.Header, []wire.Finding, error) {
	if !c.lapsed {
		return nil, nil, nil
	}
	fresh, err := c.sealed(turn)
	if err != nil {
		return nil, nil, err
	}
	mine, err := fresh.text()
	if err != nil {
		return nil, nil, err
	}
	text, err := c.settle(ctx, turn, mine)
	if err != nil {
		return nil, nil, err
	}
	if text == mine {
		if err := fresh.list(turn, call, "replaces "+c.id()+", which ended in an open session"); err != nil {
			return nil, nil, err
		}
	}
	header := http.Header{}
	header.Set(TokenHeader, text)
	return header, []wire.Finding{{
		Check: TokenHeader, Level: wire.LevelAdvice,
		Message: c.ended(turn) + " Its session is open: the response header ccmessaging-token holds the next one.",
	}}, nil
}

// renewalKey is that of the replacement of the token that a call issued.
func renewalKey(number uint64) string { return "ccmessaging/renewal/" + strconv.FormatUint(number, 10) }

// settle makes mine the replacement, or returns the one that another request settled on and that has not ended.
func (c client) settle(ctx context.Context, turn *sandbox.Turn, mine string) (string, error) {
	settled := ""
	err := turn.Space().Update(ctx, renewalKey(c.claims.Number), func(old []byte) ([]byte, time.Time, error) {
		settled = string(old)
		_, claims, ok := openToken(turn.Sandbox, settled)
		if !ok || claims.Expired(turn.Now) {
			settled = mine
			return []byte(mine), turn.Now.Add(clientLife), nil
		}
		return old, claims.Ends(), nil
	})
	if err != nil {
		return "", fmt.Errorf("renew the client token: %w", err)
	}
	return settled, nil
}
