package client

import (
	"context"
	"net/http"
	"time"
)

// State is the state of a token.
type State string

// The states of a token.
const (
	Active     State = "active"
	Expired    State = "expired"
	Revoked    State = "revoked"
	Redeemed   State = "redeemed"
	Superseded State = "superseded"
)

// Token is an issued token: what is known of it, never its text.
type Token struct {
	ID        string    `json:"id"`
	API       string    `json:"api"`
	Operation string    `json:"operation"`
	State     State     `json:"state"`
	Subject   string    `json:"subject"`
	IssuedAt  time.Time `json:"issuedAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	// SingleUse tokens can be redeemed, once.
	SingleUse bool         `json:"singleUse"`
	History   []TokenEvent `json:"history"`
}

// TokenEvent is one thing that happened to a token.
type TokenEvent struct {
	Time time.Time `json:"time"`
	// State is what the token became; empty for a use that left it as it was.
	State State  `json:"state,omitempty"`
	Note  string `json:"note"`
}

// Tokens lists the tokens that a sandbox issued.
func (c *Client) Tokens(ctx context.Context, id string) ([]Token, error) {
	reply, err := call[struct {
		Tokens []Token `json:"tokens"`
	}](ctx, c, http.MethodGet, boxPath(id, "tokens"), nil)
	return reply.Tokens, err
}

// ExpireToken ends a token as if its time were over.
func (c *Client) ExpireToken(ctx context.Context, id, tokenID string) (Token, error) {
	return call[Token](ctx, c, http.MethodPost, boxPath(id, "tokens", tokenID, "expire"), nil)
}

// RevokeToken ends a token as if its owner had revoked it.
func (c *Client) RevokeToken(ctx context.Context, id, tokenID string) (Token, error) {
	return call[Token](ctx, c, http.MethodPost, boxPath(id, "tokens", tokenID, "revoke"), nil)
}

// RedeemToken uses up a token that can be used once.
func (c *Client) RedeemToken(ctx context.Context, id, tokenID string) (Token, error) {
	return call[Token](ctx, c, http.MethodPost, boxPath(id, "tokens", tokenID, "redeem"), nil)
}
