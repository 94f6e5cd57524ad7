package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// newSandbox is the form of a new sandbox, as it was filled in.
type newSandbox struct {
	ID, Seed, Now, TTL string
	SignatureTime      string
	Frozen             bool
	Scenarios          []string
}

func readNewSandbox(form url.Values) newSandbox {
	text := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	return newSandbox{
		ID: text("id"), Seed: text("seed"), Now: text("now"), TTL: text("ttl"), Frozen: form.Has("frozen"),
		SignatureTime: text("signatureTime"),
		Scenarios:     form["scenario"],
	}
}

// definition is what the sandbox is made from, and its seed; nil means that one is drawn.
func (n newSandbox) definition() (def sandbox.Definition, seed *uint64, err error) {
	def = sandbox.Definition{ID: n.ID, Frozen: n.Frozen, TTL: n.TTL, SignatureTime: sandbox.SignatureTime(n.SignatureTime)}
	for _, name := range n.Scenarios {
		if name = strings.TrimSpace(name); name != "" {
			def.Scenarios = append(def.Scenarios, sandbox.Script{Name: name})
		}
	}
	if n.Now != "" {
		if def.Now, err = parseInstant(n.Now); err != nil {
			return def, nil, err
		}
	}
	if n.Seed != "" {
		number, wrong := strconv.ParseUint(n.Seed, 10, 64)
		if wrong != nil {
			return def, nil, &sandbox.InvalidError{Field: "seed", Reason: "must be a whole number, not negative"}
		}
		seed = &number
	}
	return def, seed, nil
}

// createSandbox makes a sandbox and leads to its page, which then shows its secrets once. A refused form comes back as
// it was, with the reason.
func (c *console) createSandbox(ec echo.Context) error {
	if err := c.validForm(ec); err != nil {
		return c.errorPage(ec, err)
	}
	r := ec.Request()
	form := readNewSandbox(r.PostForm)
	def, seed, err := form.definition()
	var box *sandbox.Sandbox
	if err == nil {
		box, err = c.World.CreateSandbox(r.Context(), def, seed)
	}
	if err != nil {
		return c.page(c.refusedSandbox(form, c.startRefusal(def, err)))(ec)
	}
	leaveCookie(ec, createdCookie, box.ID)
	http.Redirect(ec.Response(), r, link("sandboxes/"+box.ID), http.StatusSeeOther)
	return nil
}

// startRefusal words the refusal of a scenario that a sandbox should start with.
func (c *console) startRefusal(def sandbox.Definition, err error) error {
	wrong, ok := errors.AsType[*world.ScriptError](err)
	if !ok || !errors.Is(err, play.ErrUnknown) {
		return err
	}
	name := def.Scenarios[wrong.Index].Name
	detail := "There is no scenario " + strconv.Quote(name)
	if meant := c.World.Library().Suggest(name); meant != "" {
		detail += "; did you mean " + meant + "?"
	}
	return &problem{http.StatusUnprocessableEntity, detail}
}

// refusedSandbox is the page of sandboxes with a form that was refused.
func (c *console) refusedSandbox(form newSandbox, refusal error) view {
	return func(r *http.Request, _ *layout) (body, error) {
		page, err := c.listSandboxes(r.Context(), "", "", "")
		if err != nil {
			return body{}, err
		}
		said, _ := c.errorBody(r, refusal)
		page.New, page.Refusal = form, fmt.Sprint(said.data)
		return body{"sandboxes", "Sandboxes", page}, refusal
	}
}

// createdCookie names the sandbox that was just created, for its page to show its secrets this once. It holds no secret
// and gives no right: the control API shows the same to whoever may open the console.
const createdCookie = "tokenstage_created"
