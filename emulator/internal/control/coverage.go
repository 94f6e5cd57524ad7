package control

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

func showCoverage(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	coverage, err := p.world.Coverage(c.Request().Context(), box)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, coverageView(coverage))
}
