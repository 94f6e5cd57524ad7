package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// knownName is a name that must exist: what it is the name of, as the control API asks for it, and the name, in which
// "*" stands for any text.
type knownName struct{ kind, name string }

// unknownNames says which names of a claim do not exist, with the nearest that do. The server is asked only about those
// that no call had. Claims about such a name would hold or fail whatever the app does.
func (x Expectation) unknownNames(c claim, seen journalState) []string {
	x.t.Helper()
	ask := x.openQuestions(c, seen)
	var unknown []string
	for _, name := range ask {
		err := x.box.control.checkName(x.t.Context(), x.box.ID, x.conditions[0].expected, name)
		if p, ok := errors.AsType[*Problem](err); ok && p.Status == http.StatusBadRequest {
			unknown = append(unknown, p.Detail)
			if name.kind == "operation" {
				break // the other names are those of an operation
			}
			continue
		}
		if err != nil {
			x.t.Fatalf("ask for names (%s): %v", describe(x.box.ID, x.box.Seed), err)
		}
	}
	return unknown
}

// openQuestions are the names of a claim that no call had.
func (x Expectation) openQuestions(c claim, seen journalState) []knownName {
	var ask []knownName
	for _, w := range x.conditions {
		if w.known.kind == "parameter" && seen.dropped > 0 {
			continue // a call that is gone may have had it
		}
		if w.known.name != "" && !slices.ContainsFunc(seen.all, w.hasName) {
			ask = append(ask, w.known)
		}
	}
	for _, outcome := range c.outcomes {
		one := knownName{"outcome", outcome}
		came := func(e Entry) bool { return e.Outcome == outcome }
		if !slices.Contains(ask, one) && !slices.ContainsFunc(seen.all, came) {
			ask = append(ask, one)
		}
	}
	return ask
}

// hasName reports whether a call has the name that the condition is about: a parameter of any value counts.
func (c condition) hasName(e Entry) bool {
	if c.known.kind == "parameter" {
		return len(c.actual(e)) > 0
	}
	return c.holds(e)
}

// checkName asks whether a name exists among those of an operation's calls. Where it does not the error is a *Problem
// of status 400.
func (c *Client) checkName(ctx context.Context, id, operation string, name knownName) error {
	query := url.Values{"operation": {operation}, name.kind: {name.name}}
	return c.run(ctx, http.MethodGet, sandboxPath(id, "names")+"?"+query.Encode())
}
