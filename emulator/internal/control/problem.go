package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// maxProblemText is how many bytes are shown of a text of a problem, which can quote what was sent.
const maxProblemText = 4 << 10

// problem is an error as the control API tells it: problem details of RFC 9457.
func problem(status int, detail string) *controlapi.Problem {
	return &controlapi.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// asProblem is the problem that an error is shown as. What is not known stays inside.
func asProblem(err error) *controlapi.Problem {
	if p, ok := errors.AsType[*controlapi.Problem](err); ok {
		return p
	}
	if invalid, ok := errors.AsType[*sandbox.InvalidError](err); ok {
		p := problem(http.StatusUnprocessableEntity, invalid.Error())
		p.Field = invalid.Field
		return p
	}
	if unknown, ok := errors.AsType[*world.UnknownNameError](err); ok {
		p := problem(world.StatusOf(err), unknown.Error())
		p.Field = unknown.Field
		return p
	}
	if wrong, ok := errors.AsType[scenario.Problems](err); ok && len(wrong) > 0 {
		return scenarioProblem(wrong)
	}
	if world.StatusOf(err) == http.StatusServiceUnavailable {
		return problem(http.StatusServiceUnavailable, "the store does not answer; GET "+readyPath+" says more")
	}
	if status := world.StatusOf(err); status != http.StatusInternalServerError {
		return problem(status, err.Error())
	}
	if routing, ok := errors.AsType[*echo.HTTPError](err); ok && routing.Code != http.StatusInternalServerError {
		return problem(routing.Code,
			fmt.Sprintf("%s; see GET /openapi.yaml for what there is", http.StatusText(routing.Code)))
	}
	return problem(http.StatusInternalServerError, "the control plane failed; its log says more")
}

// writeProblem is Echo's error handler: every error leaves as problem details. They can quote what was sent, and that
// can hold a secret in a place where none belongs.
func (p *plane) writeProblem(err error, c echo.Context) {
	if c.Request().Context().Err() != nil {
		return // the client left: it reads no answer, and its leaving is nobody's failure
	}
	shown, secrets := *asProblem(err), p.world.Sandboxes().Secrets()
	shown.Detail = gateway.Cut(secrets.Mask(shown.Detail), maxProblemText)
	shown.Field = gateway.Cut(secrets.Mask(shown.Field), maxProblemText)
	shown.Problems = maskProblems(shown.Problems, secrets)
	if shown.Status == http.StatusInternalServerError {
		p.log.Error("control plane", "path", secrets.Mask(c.Request().URL.Path), "error", secrets.Mask(err.Error()))
	}
	body, err := json.Marshal(&shown)
	if err != nil {
		return // a Problem holds nothing that cannot be marshalled
	}
	w := c.Response()
	if w.Committed {
		return // what was sent already cannot be taken back
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(shown.Status)
	_, _ = w.Write(body)
}
