package console

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// listedTokens is how many tokens a page shows.
const listedTokens = 100

// tokenFilter selects tokens; it is what the address of the list says.
type tokenFilter struct {
	API   string
	State token.State
	From  int // how many of the selected ones are newer than those of the page
}

func readTokenFilter(r *http.Request) tokenFilter {
	query := r.URL.Query()
	from, _ := strconv.Atoi(query.Get("from"))
	return tokenFilter{API: query.Get("api"), State: token.State(query.Get("state")), From: max(from, 0)}
}

func (f tokenFilter) selects(t token.Token) bool {
	return (f.API == "" || f.API == t.API) && (f.State == "" || f.State == t.State)
}

// tokenList is the page of tokens.
type tokenList struct {
	Filter tokenFilter
	APIs   []*contract.API
	States []token.State
	Tokens []tokenRow
	// Listed is how many tokens the sandbox lists, Selected how many of them the filter selects.
	Listed, Selected int
	// First and Last number the tokens of the page among the selected ones, from 1.
	First, Last int
	// Newer and Older are where the pages beside this one begin; empty where there is none.
	Newer, Older string
}

// tokenRow is a token in the list.
type tokenRow struct {
	token.Token

	// Left is how many seconds are left on the sandbox's clock.
	Left int64
	// Clients are the ids of the MQTT clients that hold it.
	Clients []string
}

// IsActive tells whether the token is good, and so can be changed.
func (t tokenRow) IsActive() bool { return t.State == token.Active }

func (c *console) tokens(r *http.Request, l *layout) (body, error) {
	all, err := c.World.Tokens(r.Context(), l.Sandbox)
	if err != nil {
		return body{}, err
	}
	page := tokenList{
		Filter: readTokenFilter(r), APIs: c.World.Catalogue().APIs, Listed: len(all), States: tokenStates,
	}
	if err := c.checkTokenFilter(r.Context(), page.Filter); err != nil {
		return body{}, err
	}
	all = slices.DeleteFunc(all, func(t token.Token) bool { return !page.Filter.selects(t) })
	page.number(len(all))
	holders, err := c.holders(r.Context(), l.Sandbox)
	if err != nil {
		return body{}, err
	}
	for _, token := range all[page.First-1 : page.Last] {
		left := int64(token.ExpiresAt.Sub(l.Clock.Now).Seconds())
		page.Tokens = append(page.Tokens, tokenRow{token, left, holders[token.ID]})
	}
	return body{"tokens", "Tokens", page}, nil
}

// tokenStates are the states in which a token can be.
var tokenStates = []token.State{token.Active, token.Expired, token.Revoked, token.Redeemed, token.Superseded}

// checkTokenFilter refuses a filter with a name that does not exist: no token would ever be in its list.
func (c *console) checkTokenFilter(ctx context.Context, f tokenFilter) error {
	if f.State != "" && !slices.Contains(tokenStates, f.State) {
		known := make([]string, len(tokenStates))
		for i, state := range tokenStates {
			known[i] = string(state)
		}
		return &world.UnknownNameError{
			Field: "state", Said: fmt.Sprintf("no token is %q", f.State), Meant: nearest.Name(string(f.State), known),
		}
	}
	return c.World.CheckNames(ctx, nil, world.Names{API: f.API})
}

// number finds the page among the selected tokens.
func (l *tokenList) number(selected int) {
	from := min(l.Filter.From, selected)
	l.Selected, l.First, l.Last = selected, from+1, min(from+listedTokens, selected)
	if from > 0 {
		l.Newer = strconv.Itoa(max(from-listedTokens, 0))
	}
	if l.Last < selected {
		l.Older = strconv.Itoa(l.Last)
	}
}

// changeToken does to a token what the pressed button says: its name is the change, its value the token.
func (c *console) changeToken(r *http.Request, box *sandbox.Sandbox) (string, error) {
	for _, change := range []struct {
		name string
		to   token.State
	}{{"expire", token.Expired}, {"revoke", token.Revoked}, {"redeem", token.Redeemed}} {
		if id := r.PostFormValue(change.name); id != "" {
			token, err := c.World.ChangeToken(r.Context(), box, id, change.to)
			return fmt.Sprintf("Token %s is %s.", token.ID, token.State), err
		}
	}
	return "", &problem{http.StatusUnprocessableEntity, "A token can be told to expire, revoke or redeem."}
}
