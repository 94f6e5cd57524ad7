package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// tokensCommand is the group of commands about the tokens that a sandbox issued.
type tokensCommand struct {
	List   tokensListCommand   `cmd:"" default:"withargs" help:"List the tokens that were issued (default)."`
	Expire tokensExpireCommand `cmd:"" help:"End a token as if its time were over."`
	Revoke tokensRevokeCommand `cmd:"" help:"End a token as if its owner had revoked it."`
	Redeem tokensRedeemCommand `cmd:"" help:"Use up a token that can be used once."`
}

type tokensListCommand struct {
	sandboxFlags
	jsonFlag
}

// Help gives the examples.
func (tokensListCommand) Help() string {
	return examples(
		"tokenstage tokens", "the newest first, without their text",
		"tokenstage tokens --sandbox checkout-7", "those of another sandbox",
	)
}

// Run prints the list.
func (l *tokensListCommand) Run(ctx context.Context, env Env) error {
	tokens, err := l.client().Tokens(ctx, l.Sandbox)
	if err != nil {
		return l.failure(err, "sandbox list")
	}
	if l.JSON {
		return writeJSON(env.Stdout, controlapi.TokenList{Tokens: tokens})
	}
	if len(tokens) == 0 {
		printf(env.Stdout, "no tokens were issued in the sandbox %s\n", l.Sandbox)
		return nil
	}
	rows := [][]string{{"ID", "OPERATION", "STATE", "ISSUED", "EXPIRES", "SUBJECT"}}
	for _, t := range tokens {
		rows = append(rows, []string{
			t.ID, t.API + "." + t.Operation, string(t.State), formatTime(t.IssuedAt), formatTime(t.ExpiresAt), t.Subject,
		})
	}
	table{}.write(env.Stdout, rows...)
	return nil
}

// tokenFlags are what the commands that change one token have in common.
type tokenFlags struct {
	sandboxFlags
	jsonFlag
	ID string `arg:"" help:"Id of the token, as tokens lists it."`
}

// report prints what became of the token, or explains why nothing did.
func (f *tokenFlags) report(env Env, changed client.Token, err error) error {
	if err != nil {
		return f.failure(err, strings.TrimSpace("tokens "+f.chosen()))
	}
	return f.done(env, fmt.Sprintf("%s is %s", printable(changed.ID), changed.State), changed)
}

type tokensExpireCommand struct{ tokenFlags }

// Help gives the examples.
func (tokensExpireCommand) Help() string {
	return examples("tokenstage tokens expire onsmqtt-7", "and see whether the app applies for another")
}

// Run expires the token.
func (c *tokensExpireCommand) Run(ctx context.Context, env Env) error {
	changed, err := c.client().ExpireToken(ctx, c.Sandbox, c.ID)
	return c.report(env, changed, err)
}

type tokensRevokeCommand struct{ tokenFlags }

// Help gives the examples.
func (tokensRevokeCommand) Help() string {
	return examples("tokenstage tokens revoke onsmqtt-7", "behind the app's back")
}

// Run revokes the token.
func (c *tokensRevokeCommand) Run(ctx context.Context, env Env) error {
	changed, err := c.client().RevokeToken(ctx, c.Sandbox, c.ID)
	return c.report(env, changed, err)
}

type tokensRedeemCommand struct{ tokenFlags }

// Help gives the examples.
func (tokensRedeemCommand) Help() string {
	return examples("tokenstage tokens redeem appstream-3", "as if somebody else had used the code")
}

// Run redeems the token.
func (c *tokensRedeemCommand) Run(ctx context.Context, env Env) error {
	changed, err := c.client().RedeemToken(ctx, c.Sandbox, c.ID)
	return c.report(env, changed, err)
}
