package control

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// tokenChanges are the last part of the path and what the token becomes.
var tokenChanges = map[string]token.State{
	"expire": token.Expired,
	"revoke": token.Revoked,
	"redeem": token.Redeemed,
}

func listTokens(p *plane, c *echo.Context, box *sandbox.Sandbox) error {
	tokens, err := p.world.Tokens(c.Request().Context(), box)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"tokens": tokens})
}

func changeToken(p *plane, c *echo.Context, box *sandbox.Sandbox) error {
	id := c.Param("token")
	if !sandbox.ValidID(id) {
		return problem(http.StatusBadRequest, "a token id has 1 to 64 characters of a-z, 0-9 and -")
	}
	to, ok := tokenChanges[c.Param("change")]
	if !ok {
		return problem(http.StatusNotFound,
			fmt.Sprintf("a token can be told to expire, revoke or redeem, not %q", c.Param("change")))
	}
	token, err := p.world.ChangeToken(c.Request().Context(), box, id, to)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, token)
}
