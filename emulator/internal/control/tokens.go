package control

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// tokenChanges are the last part of the path and what the token becomes.
var tokenChanges = map[string]token.State{
	"expire": token.Expired,
	"revoke": token.Revoked,
	"redeem": token.Redeemed,
}

func listTokens(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	tokens, err := p.world.Tokens(c.Request().Context(), box)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, controlapi.TokenList{Tokens: convertAll(tokens, tokenView)})
}

func changeToken(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	id, change := route.Param(c, "token"), route.Param(c, "change")
	if !sandbox.ValidID(id) {
		return problem(http.StatusBadRequest, "a token id has 1 to 64 characters of a-z, 0-9 and -")
	}
	to, ok := tokenChanges[change]
	if !ok {
		return problem(http.StatusNotFound,
			fmt.Sprintf("a token can be told to expire, revoke or redeem, not %q", change))
	}
	token, err := p.world.ChangeToken(c.Request().Context(), box, id, to)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, tokenView(token))
}
