package fabric

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Headers that authenticate (page applyToken, Request Description). The pages write both x-app-key and X-APP-Key.
const (
	appHeader  = "x-app-key"
	authHeader = "Authorization"
	scheme     = "Bearer "
)

// noApp is our own text: the documented one speaks of tokens.
const noApp = "auth fail! the header x-app-key is missing or names no known app!"

// Authenticate checks x-app-key, then the AccessToken, then the tokens of the operation's own. An open operation
// judges its credentials itself, since they are its parameters.
func (x *exchange) Authenticate(ctx context.Context, turn *sandbox.Turn) ([]wire.Finding, error) {
	if x.open() {
		return x.advice(), nil
	}
	if err := x.checkApp(turn); err != nil {
		return nil, err
	}
	if err := x.checkAccessToken(ctx, turn); err != nil {
		return nil, err
	}
	for _, c := range x.tokenChecks() {
		if err := c.Check(ctx, turn, x.call); err != nil {
			return nil, err
		}
	}
	return x.advice(), nil
}

func (x *exchange) checkApp(turn *sandbox.Turn) error {
	id := x.req.Header.Get(appHeader)
	if id == "" {
		return refuseApp(wire.MissingKey, "The header x-app-key is absent or empty.")
	}
	if _, known := turn.Key(wire.Credential{Kind: wire.FabricApp, ID: id}); !known {
		return refuseApp(wire.UnknownKey, fmt.Sprintf("No sandbox has an app with the key %q. %s", id, gateway.WhereKeysAre))
	}
	return nil
}

func refuseApp(kind wire.Kind, why string) error {
	fault := gateway.Refuse(kind, appHeader, why)
	fault.Message = noApp
	return fault
}

func (x *exchange) checkAccessToken(ctx context.Context, turn *sandbox.Turn) error {
	appKey, value := x.req.Header.Get(appHeader), x.req.Header.Get(authHeader)
	if strings.TrimSpace(value) == "" {
		return gateway.Refuse(wire.MissingSession, authHeader, "The header Authorization is absent or empty.")
	}
	text, ok := strings.CutPrefix(value, scheme)
	if !ok || text == "" || strings.ContainsAny(text, " \t") {
		return gateway.Differ(wire.MissingSession, authHeader, x.badForm(turn, value, appKey),
			"Bearer, one blank and the AccessToken", value)
	}
	claims, ok := x.gateway.open(turn, text, appKey)
	if !ok {
		return gateway.Refuse(wire.WrongSession, "access token", x.unknownToken(turn, text, appKey))
	}
	state, err := turn.TokenState(ctx, claims, x.furtherClaims(turn)...)
	if err != nil {
		return fmt.Errorf("look up the access token: %w", err)
	}
	if state != token.Active {
		return gateway.Refuse(wire.WrongSession, "access token", ended(turn, claims, state))
	}
	return nil
}

// tokenChecks are those that the operation's spec asks for beside the AccessToken.
func (x *exchange) tokenChecks() []TokenCheck {
	return slices.DeleteFunc(slices.Clone(x.gateway.checks), func(c TokenCheck) bool { return !x.names(c.Header) })
}

// furtherClaims are those of the tokens that tokenChecks will judge.
func (x *exchange) furtherClaims(turn *sandbox.Turn) []token.Claims {
	var all []token.Claims
	for _, c := range x.tokenChecks() {
		if claims, ok := c.Claims(turn, x.call); ok {
			all = append(all, claims)
		}
	}
	return all
}

// badForm explains a value that is not of the form "Bearer <AccessToken>".
func (x *exchange) badForm(turn *sandbox.Turn, value, appKey string) string {
	fields := strings.Fields(value)
	last := fields[len(fields)-1]
	_, good := x.gateway.open(turn, last, appKey)
	switch {
	case good && len(fields) == 1:
		return `Authorization holds a good AccessToken without the word Bearer and a blank before it.`
	case good:
		return `Authorization ends in a good AccessToken; before it must stand the word Bearer, in this case, and one blank.`
	}
	return "Authorization is not of the documented form."
}

// unknownToken explains a token that this sandbox did not issue to the app.
func (x *exchange) unknownToken(turn *sandbox.Turn, text, appKey string) string {
	for _, app := range turn.Keys(Name) {
		if _, ok := x.gateway.open(turn, text, app.ID); ok {
			return fmt.Sprintf("The AccessToken was issued to app %s; x-app-key names %s.", app.ID, appKey)
		}
	}
	if bare := strings.ToLower(strings.Trim(text, `"'<>{}`)); bare != text {
		if _, ok := x.gateway.open(turn, bare, appKey); ok {
			return "The AccessToken would be good in lower case and without anything around it: send it as it was issued."
		}
	}
	return fmt.Sprintf("This sandbox issued no such AccessToken to app %s.", appKey)
}

// ended explains a token that was good once.
func ended(turn *sandbox.Turn, claims token.Claims, state token.State) string {
	end, id := claims.Ends(), claims.ID()
	switch {
	case state == token.Expired && claims.Expired(turn.Now):
		return fmt.Sprintf("The AccessToken %s of app %s expired at %s; the sandbox clock reads %s. Call tokenByAkSk again.",
			id, claims.Subject, end.Format(wire.InstantLayout), turn.Now.UTC().Format(wire.InstantLayout))
	case state == token.Expired:
		return fmt.Sprintf("The AccessToken %s of app %s was expired by the control plane, before its time.",
			id, claims.Subject)
	}
	return fmt.Sprintf("The AccessToken %s of app %s is %s: by the control plane, or by a reset of the sandbox.",
		id, claims.Subject, state)
}

// advice is about a request that passed: its body is read as JSON whatever it says of itself, while pages and clients
// send application/json.
func (x *exchange) advice() []wire.Finding {
	given := x.req.Header.Get("Content-Type")
	if !x.op.HasBody || gateway.MediaType(x.req.Header) == "application/json" {
		return nil
	}
	return []wire.Finding{{
		Check: "content type", Level: wire.LevelAdvice, Message: x.whatBodyIs(),
		Expected: "application/json; charset=UTF-8", Got: given,
	}}
}

// whatBodyIs tells what a body is whose Content-Type does not say JSON.
func (x *exchange) whatBodyIs() string {
	_, err := contract.DecodeJSON(x.req.Body)
	switch {
	case len(bytes.TrimSpace(x.req.Body)) == 0:
		return "The body is empty, and its Content-Type does not say JSON; the vendor's pages require a JSON object."
	case err == nil:
		return "The body is JSON and its Content-Type does not say so; the vendor's pages require it."
	case gateway.IsForm(x.req.Header):
		return "The body is a form (name=value&…) and not JSON; the vendor's pages require a JSON object with the same " +
			"members."
	}
	return "Neither is the body JSON, nor does its Content-Type say so; the vendor's pages require both."
}
