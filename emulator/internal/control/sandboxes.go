package control

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// boxHandler is a call about one sandbox.
type boxHandler func(p *plane, c *echo.Context, box *sandbox.Sandbox) error

// with finds the sandbox of the path.
func (p *plane) with(handle boxHandler) echo.HandlerFunc {
	return func(c *echo.Context) error {
		id, err := sandboxID(c)
		if err != nil {
			return err
		}
		box, err := p.emulator.Sandboxes().Get(id)
		if err != nil {
			return err
		}
		return handle(p, c, box)
	}
}

func sandboxID(c *echo.Context) (string, error) {
	id := c.Param("sandbox")
	if !sandbox.ValidID(id) {
		return "", problem(http.StatusBadRequest, "a sandbox id has 1 to 64 characters of a-z, 0-9 and -")
	}
	return id, nil
}

// summary is a sandbox in a list: no secrets.
type summary struct {
	ID     string    `json:"id"`
	Seed   uint64    `json:"seed"`
	Now    time.Time `json:"now"`
	Frozen bool      `json:"frozen"`
	// TTL and ExpiresAt are there for a sandbox that ends when nobody uses it; the latter is real time.
	TTL       string    `json:"ttl,omitempty"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
}

// details is a sandbox by itself, the only place besides its creation where secrets are shown.
type details struct {
	summary
	Credentials sandbox.Credentials `json:"credentials"`
	Fixtures    sandbox.Fixtures    `json:"fixtures"`
	Quotas      map[string]string   `json:"quotas"`
	Scenarios   []string            `json:"scenarios"`
	Endpoints   map[string]string   `json:"endpoints"`
}

func summarize(c *echo.Context, box *sandbox.Sandbox) (summary, error) {
	clock, err := box.Clock(c.Request().Context())
	return summary{box.ID, box.Seed, clock.Now, clock.Frozen, box.TTL, box.ExpiresAt()}, err
}

func (p *plane) details(c *echo.Context, box *sandbox.Sandbox) (details, error) {
	short, err := summarize(c, box)
	if err != nil {
		return details{}, err
	}
	playing, err := p.played(c.Request().Context(), box)
	quotas := box.Quotas
	if quotas == nil {
		quotas = map[string]string{}
	}
	return details{short, box.Credentials, box.Fixtures, quotas, playing, p.endpoints(c)}, err
}

// endpoints are what clients are pointed at: the planes, and each gateway in the form that its clients take. "tls" is
// the data plane over HTTPS, where that is on.
func (p *plane) endpoints(c *echo.Context) map[string]string {
	all := map[string]string{"data": "http://" + p.data, "control": "http://" + c.Request().Host}
	for _, gw := range p.emulator.Gateways() {
		all[gw.Name()] = gw.Endpoint(p.data)
	}
	if p.tls != "" {
		all["tls"] = "https://" + p.tls
	}
	return all
}

func (p *plane) listSandboxes(c *echo.Context) error {
	if _, err := p.emulator.Sandboxes().Sweep(c.Request().Context()); err != nil {
		return err
	}
	all := []summary{}
	for _, box := range p.emulator.Sandboxes().List() {
		short, err := summarize(c, box)
		if err != nil {
			continue // removed meanwhile
		}
		all = append(all, short)
	}
	return c.JSON(http.StatusOK, map[string]any{"sandboxes": all})
}

// creation is the body of POST /v1/sandboxes. Everything may be left out.
type creation struct {
	ID          string              `json:"id"`
	Seed        *uint64             `json:"seed"`
	Now         *string             `json:"now"`
	Frozen      bool                `json:"frozen"`
	Credentials sandbox.Credentials `json:"credentials"`
	Fixtures    sandbox.Fixtures    `json:"fixtures"`
	Quotas      map[string]string   `json:"quotas"`
	Scenarios   []json.RawMessage   `json:"scenarios"`
	TTL         string              `json:"ttl"`
}

func (p *plane) createSandbox(c *echo.Context) error {
	var body creation
	text, err := decode(c, &body)
	if err != nil {
		return err
	}
	box, err := p.create(c.Request().Context(), body)
	if wrong, ok := errors.AsType[*emulator.ScriptError](err); ok {
		return p.startProblem(text, body.Scenarios, wrong)
	}
	if err != nil {
		return text.locate(err)
	}
	view, err := p.details(c, box)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/v1/sandboxes/"+box.ID)
	return c.JSON(http.StatusCreated, view)
}

func (p *plane) create(ctx context.Context, body creation) (*sandbox.Sandbox, error) {
	play, err := scripts(body.Scenarios)
	if err != nil {
		return nil, err
	}
	if err := p.checkQuotas(body.Quotas); err != nil {
		return nil, err
	}
	now, err := instant(body.Now)
	if err != nil {
		return nil, err
	}
	return p.emulator.CreateSandbox(ctx, sandbox.Definition{
		ID: body.ID, Now: now, Frozen: body.Frozen, Credentials: body.Credentials, Fixtures: body.Fixtures,
		Quotas: body.Quotas, Scenarios: play, TTL: body.TTL,
	}, body.Seed)
}

// checkQuotas refuses the name of an operation that has no quota: a slip there would switch nothing off.
func (p *plane) checkQuotas(quotas map[string]string) error {
	known := map[string]bool{}
	for _, a := range p.emulator.Catalogue().APIs {
		for _, op := range a.Operations {
			known[op.Name] = op.Quota != nil
		}
	}
	for name := range quotas {
		if !known[name] {
			return &sandbox.InvalidError{Field: "quotas." + name, Reason: "no operation of that name has a quota"}
		}
	}
	return nil
}

func showSandbox(p *plane, c *echo.Context, box *sandbox.Sandbox) error {
	view, err := p.details(c, box)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, view)
}

func (p *plane) removeSandbox(c *echo.Context) error {
	id, err := sandboxID(c)
	if err != nil {
		return err
	}
	if err := p.emulator.RemoveSandbox(c.Request().Context(), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func reset(p *plane, c *echo.Context, box *sandbox.Sandbox) error {
	if err := p.emulator.Reset(c.Request().Context(), box); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
