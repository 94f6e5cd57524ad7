package console

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/identify"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// whichPage is what a text is that somebody pasted.
type whichPage struct {
	identify.Found

	// Known says that it is something.
	Known bool
	// Left is how many seconds the token has on the clock of its sandbox.
	Left int64
	// Clients are the MQTT clients that hold the token.
	Clients []string
}

// IsActive tells whether the token is good.
func (p whichPage) IsActive() bool {
	return p.Known && p.Key == "" && !p.Earlier && p.Token.State == token.Active
}

// which tells what a text is. The text comes in a form, so that it stands in no address, and goes into no page.
func (c *console) which(ec echo.Context) error {
	if err := c.validForm(ec); err != nil {
		return c.errorPage(ec, err)
	}
	return c.page(func(r *http.Request, l *layout) (body, error) {
		l.Path, l.Refused = link("tokens", "sandbox", l.Sandbox.ID), false
		page := whichPage{}
		var err error
		if page.Found, page.Known, err = c.Identify.Find(r.Context(), r.PostFormValue("text")); err != nil {
			return body{}, err
		}
		if page.Known {
			if err := c.about(r.Context(), l, page.Sandbox); err != nil {
				return body{}, err
			}
			page.Left = int64(page.Token.ExpiresAt.Sub(l.Clock.Now).Seconds())
			holders, err := c.holders(r.Context(), l.Sandbox)
			if err != nil {
				return body{}, err
			}
			page.Clients = holders[page.Token.ID]
		}
		return body{"which", "Which token", page}, nil
	})(ec)
}

// holders are the MQTT clients that are connected, by the ids of the tokens that they hold.
func (c *console) holders(ctx context.Context, box *sandbox.Sandbox) (map[string][]string, error) {
	connected, err := c.Broker.Clients(ctx, box)
	if err != nil {
		return nil, err
	}
	holders := map[string][]string{}
	for _, client := range connected {
		for _, t := range client.Tokens {
			holders[t.ID] = append(holders[t.ID], client.ID)
		}
	}
	return holders, nil
}

// callOfToken leads to the call that issued a token, or to those of its operation where it cannot be told.
func (c *console) callOfToken(ec echo.Context) error {
	r := ec.Request()
	l, err := c.layout(r)
	if err != nil {
		return c.errorPage(ec, err)
	}
	issued, err := l.Sandbox.Token(r.Context(), r.URL.Query().Get("token"))
	if err != nil {
		return c.errorPage(ec, err)
	}
	operation := issued.API + "." + issued.Operation
	address := link("calls", "sandbox", l.Sandbox.ID, "operation", operation)
	calls, err := c.issuing(r.Context(), l.Sandbox, operation, issued)
	if err != nil {
		return c.errorPage(ec, err)
	}
	if len(calls) == 1 {
		address = callFilter{Scope: l.Sandbox.ID}.Open(calls[0])
	}
	http.Redirect(ec.Response(), r, address, http.StatusSeeOther)
	return nil
}

// issuing are the calls that can have issued a token: those of its operation at the instant when it was.
func (c *console) issuing(
	ctx context.Context, box *sandbox.Sandbox, operation string, issued token.Token,
) (found []journal.Summary, err error) {
	filter := journal.Filter{Operation: operation, Outcome: wire.OutcomeOK, Limit: journal.MaxLimit}
	calls, _, err := c.World.Journal(box).Recent(ctx, filter, 0)
	for _, call := range calls {
		if call.Time.Equal(issued.IssuedAt) {
			found = append(found, call)
		}
	}
	return found, err
}

// issuedBy are the tokens that a call can have issued.
func (c *console) issuedBy(
	ctx context.Context, box *sandbox.Sandbox, e *journal.Entry,
) (found []token.Token, err error) {
	if e.Outcome != wire.OutcomeOK || e.Operation == "" {
		return nil, nil
	}
	all, err := c.World.Tokens(ctx, box)
	for _, t := range all {
		if t.API+"."+t.Operation == e.Operation && t.IssuedAt.Equal(e.Time) {
			found = append(found, t)
		}
	}
	return found, err
}

// errorScenario is the scenario of the documented error that a call ended in; empty where there is none.
func (c *console) errorScenario(e *journal.Entry) string {
	op := c.World.Catalogue().Operation(e.Operation)
	if op == nil || e.Outcome == wire.OutcomeOK {
		return ""
	}
	found, ok := op.ErrorOf(e.Outcome)
	if !ok || strings.Contains(found.Code, "%") {
		return ""
	}
	if _, known := c.World.Library().Get(errorName(op.Name, found.Code)); !known {
		return ""
	}
	return errorName(op.Name, found.Code)
}
