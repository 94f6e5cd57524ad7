package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// Problem is an error of the control plane: RFC 9457 problem details.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Field names the member of the body that is not good.
	Field string `json:"field,omitempty"`
	// Line and Column point into a document that is not good, counted from 1.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Problems are all that is wrong in a scenario; Line and Column are those of the first.
	Problems []scenario.Problem `json:"problems,omitempty"`
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

func problem(status int, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// asProblem is the problem that an error is shown as. What is not known stays inside.
func asProblem(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if invalid, ok := errors.AsType[*sandbox.InvalidError](err); ok {
		p := problem(http.StatusUnprocessableEntity, invalid.Error())
		p.Field = invalid.Field
		return p
	}
	if wrong, ok := errors.AsType[scenario.Problems](err); ok && len(wrong) > 0 {
		return scenarioProblem(wrong)
	}
	if status := world.StatusOf(err); status != http.StatusInternalServerError {
		return problem(status, err.Error())
	}
	if status := echo.StatusCode(err); status != 0 && status != http.StatusInternalServerError {
		return problem(status, fmt.Sprintf("%s; see GET /openapi.yaml for what there is", http.StatusText(status)))
	}
	return problem(http.StatusInternalServerError, "the control plane failed; its log says more")
}

// writeProblem is Echo's error handler: every error leaves as problem details. They can quote what was sent, and that
// can hold a secret in a place where none belongs.
func (p *plane) writeProblem(c *echo.Context, err error) {
	shown, secrets := *asProblem(err), p.world.Sandboxes().Secrets()
	shown.Detail, shown.Field = secrets.Mask(shown.Detail), secrets.Mask(shown.Field)
	shown.Problems = maskProblems(shown.Problems, secrets)
	if shown.Status == http.StatusInternalServerError {
		c.Logger().Error("control plane", "path", secrets.Mask(c.Request().URL.Path), "error", secrets.Mask(err.Error()))
	}
	body, err := json.Marshal(shown)
	if err != nil {
		return // a Problem holds nothing that cannot be marshalled
	}
	w := c.Response()
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(shown.Status)
	_, _ = w.Write(body)
}
