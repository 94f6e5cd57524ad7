// Package identify tells what a text is that somebody found in a log or a debugger: which token of which sandbox, or
// which key.
package identify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/habits"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// Identifier knows the tokens of some APIs.
type Identifier struct {
	world *world.World
	opens []api.Opens
}

// New returns an identifier over the tokens of these APIs and those that the gateways know.
func New(w *world.World, apis ...api.API) *Identifier {
	i := &Identifier{world: w, opens: []api.Opens{securityToken}}
	for _, a := range apis {
		if a.Opens != nil {
			i.opens = append(i.opens, a.Opens)
		}
	}
	return i
}

// Found is what a text is.
type Found struct {
	Sandbox string
	// Key is the id of a key, and Gateway whose it is; empty for a token.
	Key, Gateway string
	// Token is the token as people see it. Listed is false for one that the list of its sandbox does not reach back to.
	Token  token.Token
	Listed bool
	// Earlier says that the token was issued before the sandbox was reset, or by an earlier one of the same id and seed.
	Earlier bool
	// Repaired says what happened to the text on its way, as far as it had to be undone to read it.
	Repaired []string
}

// Find looks for a text in all sandboxes. The error is that of the store.
func (i *Identifier) Find(ctx context.Context, text string) (Found, bool, error) {
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "Bearer "))
	boxes, err := i.world.Sandboxes().List(ctx)
	if err != nil || text == "" {
		return Found{}, false, err
	}
	for _, box := range boxes {
		if found, ok := key(box, text); ok {
			return found, true, nil
		}
	}
	for n, repair := range habits.TokenRepairs(text) {
		found, ok, err := i.anyToken(ctx, boxes, repair.Text)
		if n > 0 {
			found.Repaired = repair.Says
		}
		if ok || err != nil {
			return found, ok, err
		}
	}
	return Found{}, false, nil
}

// anyToken finds a token that one of some sandboxes issued.
func (i *Identifier) anyToken(ctx context.Context, boxes []*sandbox.Sandbox, text string) (Found, bool, error) {
	for _, box := range boxes {
		if err := ctx.Err(); err != nil {
			return Found{}, false, err
		}
		found, ok, err := i.token(ctx, box, text)
		if errors.Is(err, sandbox.ErrGone) {
			continue // removed meanwhile
		}
		if ok || err != nil {
			return found, ok, err
		}
	}
	return Found{}, false, nil
}

// key finds a key by its id. One that is itself a secret is none to look for.
func key(box *sandbox.Sandbox, text string) (Found, bool) {
	for _, profile := range gateways.Profiles() {
		for _, listed := range box.Keys(profile.Name()) {
			if !listed.Names.Secret && listed.Names.ID == text {
				return Found{Sandbox: box.ID, Key: text, Gateway: profile.Name()}, true
			}
		}
	}
	return Found{}, false
}

// token finds a token that a sandbox issued.
func (i *Identifier) token(ctx context.Context, box *sandbox.Sandbox, text string) (Found, bool, error) {
	claims, ok := i.claims(box, text)
	access := len(text) == accessDigits
	if !ok && !access {
		return Found{}, false, nil
	}
	at, _, err := box.Moment(ctx)
	if err != nil {
		return Found{}, false, err
	}
	if !ok {
		if claims, ok = i.access(box, text, at.Generation); !ok {
			return Found{}, false, nil
		}
	}
	found := Found{Sandbox: box.ID, Token: token.Token{
		ID: claims.ID(), API: claims.Issuer, Subject: claims.Subject, ExpiresAt: claims.Ends(), State: token.Active,
	}}
	found.Earlier = claims.Generation != at.Generation || claims.Number > at.Calls
	if claims.Expired(at.Now) {
		found.Token.State = token.Expired
	}
	if found.Earlier {
		return found, true, nil
	}
	all, err := i.world.Tokens(ctx, box)
	if err != nil {
		return found, true, fmt.Errorf("look up the token: %w", err)
	}
	for _, t := range all {
		if t.ID == found.Token.ID {
			found.Token, found.Listed = t, true
		}
	}
	return found, true, nil
}

func (i *Identifier) claims(box *sandbox.Sandbox, text string) (token.Claims, bool) {
	for _, opens := range i.opens {
		if claims, ok := opens(box, text); ok {
			return claims, true
		}
	}
	return token.Claims{}, false
}

// securityToken is that of temporary credentials, whatever API issued them.
func securityToken(box *sandbox.Sandbox, text string) (token.Claims, bool) {
	return box.OpenSecurityToken(text)
}

// accessDigits is how long an access token is.
const accessDigits = 32

// access opens an access token, which says for itself neither whose it is nor who issued it.
func (i *Identifier) access(box *sandbox.Sandbox, text string, generation uint64) (token.Claims, bool) {
	issuers := map[string][]string{}
	for _, a := range i.world.Catalogue().APIs {
		issuers[a.Gateway.Name] = append(issuers[a.Gateway.Name], a.Name)
	}
	for _, profile := range gateways.Profiles() {
		for _, listed := range box.Keys(profile.Name()) {
			if claims, ok := box.OpenAccess(text, listed.ID, issuers[profile.Name()], generation); ok {
				return claims, true
			}
		}
	}
	return token.Claims{}, false
}
