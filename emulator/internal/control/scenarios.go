package control

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/scenarios"
)

// scenarioView is a scenario in a list.
type scenarioView struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// API and Operation say what the scenario is about: empty where it is about several.
	API       string `json:"api"`
	Operation string `json:"operation"`
	// Code is the documented error that a generated scenario gives.
	Code      string `json:"code,omitempty"`
	Generated bool   `json:"generated"`
	Default   bool   `json:"default"`
}

func (p *plane) listScenarios(c *echo.Context) error {
	library := p.world.Library()
	all := []scenarioView{}
	for _, name := range library.Names() {
		if s, ok := library.Get(name); ok {
			all = append(all, p.viewScenario(s))
		}
	}
	return c.JSON(http.StatusOK, map[string]any{"scenarios": all})
}

func (p *plane) viewScenario(s *scenario.Scenario) scenarioView {
	view := scenarioView{
		Name: s.Name, Summary: s.Summary, Generated: s.Rules[0].Line == 0, Default: p.world.IsDefault(s.Name),
	}
	view.API, view.Operation = about(s)
	if view.Generated {
		view.Code = s.Rules[0].Script[0].Fail.Code
	}
	return view
}

// about names the API and the operation that all rules are about.
func about(s *scenario.Scenario) (api, operation string) {
	for i, r := range s.Rules {
		name, _, _ := strings.Cut(r.On, ".")
		if i == 0 {
			api, operation = name, r.On
		}
		if name != api {
			api = ""
		}
		if r.On != operation {
			operation = ""
		}
	}
	if api == "*" {
		api = ""
	}
	if strings.HasSuffix(operation, "*") {
		operation = ""
	}
	return api, operation
}

type scenarioSource struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Source  string `json:"source"`
}

func (p *plane) showScenario(c *echo.Context) error {
	name := scenarioName(c)
	s, ok := p.world.Library().Get(name)
	if !ok {
		return p.unknownScenario(name)
	}
	return c.JSON(http.StatusOK, scenarioSource{s.Name, s.Summary, s.Source})
}

// scenarioName is the last segment of the path. Names hold slashes and signs of percent, and of paths that are written
// in their plainest form Echo sees the decoded one only: the escaped path alone tells what was meant.
func scenarioName(c *echo.Context) string {
	path := c.Request().URL.EscapedPath()
	name, _ := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:]) // net/http lets no bad escape through
	return name
}

// unknownScenario says what was probably meant.
func (p *plane) unknownScenario(name string) *Problem {
	detail := fmt.Sprintf("%v: %q", play.ErrUnknown, name)
	if near := p.world.Library().Suggest(name); near != "" {
		detail += fmt.Sprintf("; did you mean %q?", near)
	}
	return problem(http.StatusNotFound, detail)
}

// checkScenario answers 200 whatever it finds: the check was carried out.
func (p *plane) checkScenario(c *echo.Context) error {
	source, err := readBody(c)
	if err != nil {
		return err
	}
	_, problems := language.Decode(source, p.world.Catalogue())
	problems = maskProblems(problems, p.world.Sandboxes().Secrets())
	if problems == nil {
		problems = []scenario.Problem{}
	}
	return c.JSON(http.StatusOK, map[string]any{"problems": problems})
}

// maskProblems takes out secrets that stand in a document where none belongs.
func maskProblems(problems []scenario.Problem, secrets *sandbox.Secrets) []scenario.Problem {
	var masked []scenario.Problem
	for _, p := range problems {
		p.Message, p.Meant = secrets.Mask(p.Message), secrets.Mask(p.Meant)
		masked = append(masked, p)
	}
	return masked
}

// scenarioProblem is a scenario that was refused: the first problem in full, all of them beside it.
func scenarioProblem(wrong scenario.Problems) *Problem {
	first := wrong[0]
	detail := "the scenario is not good: " + first.Message
	if first.Meant != "" {
		detail += fmt.Sprintf("; did you mean %q?", first.Meant)
	}
	p := problem(http.StatusUnprocessableEntity, detail)
	p.Line, p.Column, p.Problems = first.Line, first.Column, wrong
	return p
}

func (p *plane) scenarioSchema(c *echo.Context) error {
	schema, err := scenarios.Files.ReadFile("schema.json")
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, schema)
}

// blank tells whether a body has nothing in it.
func blank(body []byte) bool { return len(bytes.TrimSpace(body)) == 0 }
