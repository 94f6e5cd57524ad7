package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// sandboxHandler is a call about one sandbox.
type sandboxHandler func(p *plane, c echo.Context, box *sandbox.Sandbox) error

// withSandbox finds the sandbox of the path.
func (p *plane) withSandbox(handle sandboxHandler) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := sandboxID(c)
		if err != nil {
			return err
		}
		return p.world.Visit(c.Request().Context(), id, func(box *sandbox.Sandbox) error { return handle(p, c, box) })
	}
}

func sandboxID(c echo.Context) (string, error) {
	id := route.Param(c, "sandbox")
	if !sandbox.ValidID(id) {
		return "", problem(http.StatusBadRequest, "a sandbox id has 1 to 64 characters of a-z, 0-9 and -")
	}
	return id, nil
}

func sandboxSummary(c echo.Context, box *sandbox.Sandbox) (controlapi.SandboxSummary, error) {
	clock, err := box.Clock(c.Request().Context())
	return controlapi.SandboxSummary{
		ID: box.ID, Seed: box.Seed, Now: clock.Now, Frozen: clock.Frozen, TTL: box.TTL, ExpiresAt: box.ExpiresAt(),
	}, err
}

// sandboxDetails is a sandbox by itself: the only place besides its creation where secrets are shown.
func (p *plane) sandboxDetails(c echo.Context, box *sandbox.Sandbox) (controlapi.Sandbox, error) {
	short, err := sandboxSummary(c, box)
	if err != nil {
		return controlapi.Sandbox{}, err
	}
	credentials, err := credentialsView(box.Credentials, p.world.Gateways())
	if err != nil {
		return controlapi.Sandbox{}, fmt.Errorf("show the credentials of the sandbox %s: %w", box.ID, err)
	}
	endpoints, err := p.endpoints(c)
	if err != nil {
		return controlapi.Sandbox{}, fmt.Errorf("show the endpoints of the sandbox %s: %w", box.ID, err)
	}
	playing, err := p.playedNames(c.Request().Context(), box)
	quotas := box.Quotas
	if quotas == nil {
		quotas = controlapi.Quotas{}
	}
	return controlapi.Sandbox{
		ID: short.ID, Seed: short.Seed, Now: short.Now, Frozen: short.Frozen, TTL: short.TTL, ExpiresAt: short.ExpiresAt,
		SignatureTime: controlapi.SignatureTime(box.Signing()),
		Credentials:   credentials, Fixtures: fixturesView(box.Fixtures), Quotas: quotas,
		Scenarios: playing, Endpoints: endpoints,
	}, err
}

// endpoints are what clients are pointed at: the planes, and each gateway in the form that its clients take.
func (p *plane) endpoints(c echo.Context) (controlapi.Endpoints, error) {
	all := map[string]string{"data": "http://" + p.data, "control": "http://" + c.Request().Host}
	if p.tls != "" {
		all["tls"] = "https://" + p.tls
	}
	for _, gw := range p.world.Gateways() {
		all[gw.Name()] = gw.Endpoint(p.data)
	}
	maps.Copy(all, p.further)
	return endpointsView(all)
}

func (p *plane) listSandboxes(c echo.Context) error {
	boxes, err := p.world.AllSandboxes(c.Request().Context())
	if err != nil {
		return err
	}
	all := []controlapi.SandboxSummary{}
	for _, box := range boxes {
		short, err := sandboxSummary(c, box)
		if err != nil {
			continue // removed meanwhile
		}
		all = append(all, short)
	}
	return c.JSON(http.StatusOK, controlapi.SandboxList{Sandboxes: all})
}

// sandboxBody is the body of POST /v1/sandboxes. The instant is read as text first, so that a refusal can name the
// member.
type sandboxBody struct {
	controlapi.SandboxDefinition

	Now         *string           `json:"now"`
	Credentials placedCredentials `json:"credentials"`
	Snapshot    *world.Snapshot   `json:"snapshot"`
}

// placedCredentials are Credentials without the decoder of their own, whose errors tell no place in the document: what
// is wrong is found here. The lists of gateways that have no field are left for that decoder.
type placedCredentials controlapi.Credentials

func (p *plane) createSandbox(c echo.Context) error {
	var body sandboxBody
	text, err := decodeUpTo(c, &body, maxSnapshotBody)
	if err != nil {
		return err
	}
	if body.Snapshot == nil && len(text) > maxBody {
		return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", maxBody))
	}
	box, err := p.create(c.Request().Context(), text, body)
	if wrong, ok := errors.AsType[*world.ScriptError](err); ok {
		return p.scriptProblem(text, body.Scenarios, wrong)
	}
	if err != nil {
		return text.locate(err)
	}
	view, err := p.sandboxDetails(c, box)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/v1/sandboxes/"+box.ID)
	return c.JSON(http.StatusCreated, view)
}

func (p *plane) create(ctx context.Context, text document, body sandboxBody) (*sandbox.Sandbox, error) {
	if body.Snapshot != nil {
		return p.load(ctx, text, *body.Snapshot)
	}
	play, err := readScripts(body.Scenarios)
	if err != nil {
		return nil, err
	}
	now, err := readInstant(body.Now)
	if err != nil {
		return nil, err
	}
	credentials, err := readCredentials(text)
	if err != nil {
		return nil, err
	}
	return p.world.CreateSandbox(ctx, sandbox.Definition{
		ID: body.ID, Now: now, Frozen: body.Frozen, Credentials: credentials, Fixtures: sandboxFixtures(body.Fixtures),
		Quotas: body.Quotas, Scenarios: play, TTL: body.TTL, SignatureTime: sandbox.SignatureTime(body.SignatureTime),
	}, body.Seed)
}

// readCredentials reads the credentials of a body by gateway.
func readCredentials(text document) (sandbox.Credentials, error) {
	var body struct {
		Credentials sandbox.Credentials `json:"credentials"`
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, &sandbox.InvalidError{
			Field: "credentials", Reason: "must hold lists of objects by the names of gateways",
		}
	}
	return body.Credentials, nil
}

func showSandbox(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	view, err := p.sandboxDetails(c, box)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, view)
}

func (p *plane) removeSandbox(c echo.Context) error {
	id, err := sandboxID(c)
	if err != nil {
		return err
	}
	if err := p.world.RemoveSandbox(c.Request().Context(), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func resetSandbox(p *plane, c echo.Context, box *sandbox.Sandbox) error {
	if err := p.world.Reset(c.Request().Context(), box); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
