package control

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

type apiView struct {
	Name       string          `json:"name"`
	Title      string          `json:"title"`
	Gateway    string          `json:"gateway"`
	Version    string          `json:"version"`
	Product    string          `json:"product"`
	Operations []operationView `json:"operations"`
}

type operationView struct {
	ID      string      `json:"id"`
	Summary string      `json:"summary"`
	Action  string      `json:"action"`
	Methods []string    `json:"methods"`
	Path    string      `json:"path"`
	Errors  []errorView `json:"errors"`
}

type errorView struct {
	Code    string `json:"code"`
	Status  int    `json:"status"`
	Message string `json:"message"`
	// Number and Detail are gateway top's numeric code and sub_msg.
	Number   int    `json:"number,omitempty"`
	Detail   string `json:"detail,omitempty"`
	Meaning  string `json:"meaning"`
	Evidence string `json:"evidence"`
	Source   string `json:"source"`
	Origin   string `json:"origin"`
}

func (p *plane) listAPIs(c *echo.Context) error {
	all := make([]apiView, 0, len(p.world.Catalogue().APIs))
	for _, a := range p.world.Catalogue().APIs {
		view := apiView{a.Name, a.Title, a.Gateway.Name, a.Version, a.Product, nil}
		for _, op := range a.Operations {
			view.Operations = append(view.Operations, operationView{
				op.Name, op.Summary, op.Action, op.Methods, op.Path, viewErrors(op.Errors),
			})
		}
		all = append(all, view)
	}
	return c.JSON(http.StatusOK, map[string]any{"apis": all})
}

func viewErrors(errors []contract.Error) []errorView {
	views := make([]errorView, 0, len(errors))
	for _, e := range errors {
		views = append(views, errorView{
			e.Code, e.Status, e.Message, e.Number, e.Detail, e.Meaning, string(e.Evidence.Mark), e.Evidence.Source, e.Origin,
		})
	}
	return views
}

func (p *plane) spec(c *echo.Context) error {
	api := p.world.Catalogue().API(c.Param("api"))
	if api == nil {
		return problem(http.StatusNotFound, fmt.Sprintf("no API %q; GET /v1/apis lists them", c.Param("api")))
	}
	return c.Blob(http.StatusOK, yamlContent, api.Source)
}
