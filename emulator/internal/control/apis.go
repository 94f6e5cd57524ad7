package control

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

func (p *plane) listAPIs(c echo.Context) error {
	return c.JSON(http.StatusOK, controlapi.APIList{APIs: convertAll(p.world.Catalogue().APIs, apiView)})
}

func (p *plane) showSpec(c echo.Context) error {
	name := route.Param(c, "api")
	api := p.world.Catalogue().API(name)
	if api == nil {
		err := p.world.CheckNames(c.Request().Context(), nil, world.Names{API: name})
		return problem(http.StatusNotFound, fmt.Sprintf("%v; GET /v1/apis lists them", err))
	}
	return c.Blob(http.StatusOK, yamlContent, api.Source)
}
