package console

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// callFilter selects calls; it is what the address of the list says.
type callFilter struct {
	Scope   string // a sandbox's id, or every
	API     string
	Op      string
	Outcome string
	Kind    journal.Kind
	Text    string
	// From and Until bound the arrival in real time; zero means no bound.
	From, Until time.Time
	// Before leaves out all calls that are not behind it.
	Before place
	// Paused is the newest call of a list that was told to stand still; Reach the last one that a list goes down to at
	// least.
	Paused, Reach place
}

// readCallFilter reads what the address of a list says. A secret in it is not repeated by the page, and finds nothing.
func (c *console) readCallFilter(query url.Values) (callFilter, error) {
	said := func(name string) string { return c.World.Secrets().Mask(query.Get(name)) }
	f := callFilter{
		Scope: cmp.Or(said("sandbox"), every), API: said("api"), Op: said("operation"), Outcome: said("outcome"),
		Kind: journal.Kind(said("kind")), Text: strings.TrimSpace(said("q")), Before: readPlace(said("before")),
		Paused: readPlace(said("paused")), Reach: readPlace(said("reach")),
	}
	if len(f.Text) > journal.MaxText {
		return f, &problem{http.StatusBadRequest, fmt.Sprintf(
			"What to find has %d bytes; at most %d can be looked for.", len(f.Text), journal.MaxText)}
	}
	for _, bound := range []struct {
		name string
		into *time.Time
	}{{"from", &f.From}, {"until", &f.Until}} {
		text := said(bound.name)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return f, &problem{http.StatusBadRequest, fmt.Sprintf(
				"%s must be an instant such as 2026-03-01T12:00:00Z, got %q.", bound.name, text)}
		}
		*bound.into = at
	}
	return f, nil
}

// journal is the filter of a journal; places are those of the list, which the journal does not know.
func (f callFilter) journal() journal.Filter {
	return journal.Filter{
		API: f.API, Operation: f.Op, Outcome: f.Outcome, Kind: f.Kind, Text: f.Text, From: f.From, Until: f.Until,
	}
}

// shows tells whether a list has calls of that place.
func (f callFilter) shows(p place) bool {
	return (f.Before == place{} || f.Before.compare(p) < 0) && (f.Paused == place{} || f.Paused.compare(p) <= 0)
}

// Narrow tells whether the filter can leave calls of its scope out.
func (f callFilter) Narrow() bool {
	return f.API != "" || f.Op != "" || f.Outcome != "" || f.Kind != "" || f.Text != "" || f.Bounded()
}

// Stands tells whether the list was told to stand still.
func (f callFilter) Stands() bool { return f.Paused != place{} }

// Bounded tells whether the filter leaves times out.
func (f callFilter) Bounded() bool { return !f.From.IsZero() || !f.Until.IsZero() }

// link is the address of a page that keeps the filter, with further pairs.
func (f callFilter) link(page string, pairs ...string) string {
	return link(page, append(pairs,
		"sandbox", f.Scope, "api", f.API, "operation", f.Op, "outcome", f.Outcome, "kind", string(f.Kind), "q", f.Text,
		"from", bound(f.From), "until", bound(f.Until),
	)...)
}

// bound is an instant as addresses have it; empty for none.
func bound(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// List is the address of the list.
func (f callFilter) List() string { return f.link("calls") }

// All is the address of the list of all calls of the scope.
func (f callFilter) All() string { return link("calls", "sandbox", f.Scope) }

// Flow is the address of the same calls as a sequence.
func (f callFilter) Flow() string { return f.link("calls/flow") }

// OfKind is the address of the list of another kind.
func (f callFilter) OfKind(kind journal.Kind) string { f.Kind = kind; return f.List() }

// Always is the address of the list without bounds of time.
func (f callFilter) Always() string { f.From, f.Until = time.Time{}, time.Time{}; return f.List() }

// Within is the address of the list within a time.
func (f callFilter) Within(from, until time.Time) string {
	f.From, f.Until = from, until
	return f.List()
}

// Finding is the address of the list of all calls of the scope that hold a text.
func (f callFilter) Finding(text string) string {
	return callFilter{Scope: f.Scope, Text: text}.List()
}

// Open is the address of a call, from which this list goes on.
func (f callFilter) Open(s journal.Summary) string {
	return f.link("calls/"+s.Sandbox+"/"+s.ID, "seq", strconv.FormatUint(s.Seq, 10))
}

// Beside is the address of the list with a call opened in it.
func (f callFilter) Beside(s journal.Summary) string {
	return f.link("calls", "call", s.Sandbox+"/"+s.ID, "seq", strconv.FormatUint(s.Seq, 10))
}
