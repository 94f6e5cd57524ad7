package control

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
	"github.com/tokenstage/tokenstage/scenarios"
)

func (p *plane) listScenarios(c echo.Context) error {
	library := p.world.Library()
	list := controlapi.ScenarioList{Scenarios: []controlapi.ScenarioSummary{}}
	for _, name := range library.Names() {
		if s, ok := library.Get(name); ok {
			list.Scenarios = append(list.Scenarios, scenarioView(s, p.world.IsDefault(name)))
		}
	}
	return c.JSON(http.StatusOK, list)
}

func (p *plane) showScenario(c echo.Context) error {
	name, err := scenarioName(c)
	if err != nil {
		return err
	}
	s, ok := p.world.Library().Get(name)
	if !ok {
		return p.unknownScenario(name)
	}
	return c.JSON(http.StatusOK, controlapi.ScenarioSource{Name: s.Name, Summary: s.Summary, Source: s.Source})
}

// scenarioName is the name in the path, one segment with its slashes escaped. Echo hands over more than one segment as
// the last part of a path: those are no name.
func scenarioName(c echo.Context) (string, error) {
	if strings.Contains(c.Param("scenario"), "/") {
		return "", echo.ErrNotFound
	}
	return route.Param(c, "scenario"), nil
}

// unknownScenario says what was probably meant.
func (p *plane) unknownScenario(name string) *controlapi.Problem {
	detail := fmt.Sprintf("%v: %q", play.ErrUnknown, name)
	return problem(http.StatusNotFound, nearest.Ask(detail, p.world.Library().Suggest(name)))
}

// checkScenario answers 200 whatever it finds: the check was carried out.
func (p *plane) checkScenario(c echo.Context) error {
	source, err := readBody(c)
	if err != nil {
		return err
	}
	problems, advice := language.Check(source, p.world.Catalogue(), p.world.RealNow())
	secrets := p.world.Sandboxes().Secrets()
	return c.JSON(http.StatusOK, controlapi.ScenarioCheck{
		Problems: maskProblems(convertAll(problems, problemView), secrets),
		Advice:   maskProblems(convertGiven(advice, problemView), secrets),
	})
}

// maskProblems takes out secrets that stand in a document where none belongs.
func maskProblems(problems []controlapi.ScenarioProblem, secrets *sandbox.Secrets) []controlapi.ScenarioProblem {
	return convertGiven(problems, func(p controlapi.ScenarioProblem) controlapi.ScenarioProblem {
		p.Message = gateway.Cut(secrets.Mask(p.Message), maxProblemText)
		p.Meant = gateway.Cut(secrets.Mask(p.Meant), maxProblemText)
		return p
	})
}

// scenarioProblem is a scenario that was refused: the first problem in full, all of them beside it.
func scenarioProblem(wrong scenario.Problems) *controlapi.Problem {
	first := wrong[0]
	p := problem(http.StatusUnprocessableEntity, nearest.Ask("the scenario is not good: "+first.Message, first.Meant))
	p.Line, p.Column, p.Problems = first.Line, first.Column, convertAll(wrong, problemView)
	return p
}

func (p *plane) scenarioSchema(c echo.Context) error {
	schema, err := scenarios.Files.ReadFile("schema.json")
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, schema)
}

// isBlank tells whether a body has nothing in it.
func isBlank(body []byte) bool { return len(bytes.TrimSpace(body)) == 0 }
