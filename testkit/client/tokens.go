package client

import (
	"context"
	"net/http"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// State is the state of a token.
type State = controlapi.TokenState

// The states of a token: it is good, its time is over, its owner ended it, its one use is spent, or a newer token took
// its place.
const (
	Active     = controlapi.TokenStateActive
	Expired    = controlapi.TokenStateExpired
	Revoked    = controlapi.TokenStateRevoked
	Redeemed   = controlapi.TokenStateRedeemed
	Superseded = controlapi.TokenStateSuperseded
)

// Token is an issued token: what is known of it, never its text.
type Token = controlapi.Token

// TokenEvent is one thing that happened to a token. Its State is empty for a use that left the token as it was.
type TokenEvent = controlapi.TokenEvent

// Tokens lists the tokens that a sandbox issued, the newest first: the last 1000 of them.
func (c *Client) Tokens(ctx context.Context, id string) ([]Token, error) {
	reply, err := call[controlapi.TokenList](ctx, c, http.MethodGet, sandboxPath(id, "tokens"), nil)
	return reply.Tokens, err
}

// ExpireToken ends a token as if its time were over.
func (c *Client) ExpireToken(ctx context.Context, id, tokenID string) (Token, error) {
	return call[Token](ctx, c, http.MethodPost, sandboxPath(id, "tokens", tokenID, "expire"), nil)
}

// RevokeToken ends a token as if its owner had revoked it.
func (c *Client) RevokeToken(ctx context.Context, id, tokenID string) (Token, error) {
	return call[Token](ctx, c, http.MethodPost, sandboxPath(id, "tokens", tokenID, "revoke"), nil)
}

// RedeemToken uses up a token that can be used once. For any other the error is a *Problem of status 409.
func (c *Client) RedeemToken(ctx context.Context, id, tokenID string) (Token, error) {
	return call[Token](ctx, c, http.MethodPost, sandboxPath(id, "tokens", tokenID, "redeem"), nil)
}
