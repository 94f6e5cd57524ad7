package ccmessaging

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const (
	lifeHeader = "X-Token-Expire"
	// maxLife is the documented maximum of X-Token-Expire in seconds (page "System configuration interface,
	// authentication"), and our choice for a request without it: public clients count on about an hour.
	maxLife    = 3600
	scopeChars = 32
)

// tokenByAkSk trades an app's key and secret for an AccessToken. Members and their order are those of the page's
// sample; times are texts, as a public client decodes them.
func tokenByAkSk(_ context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	appKey := api.Text(call, "app_key")
	if err := checkSecret(turn, appKey, api.Text(call, "app_secret")); err != nil {
		return wire.Result{}, err
	}
	life, findings := lifetime(call.Request.Header.Get(lifeHeader))
	// CreateTime has whole seconds, so the end has too.
	end := time.Unix(turn.Now.Unix()+life, 0)
	text, err := turn.IssueAccess(Name, appKey, end)
	if err != nil {
		return wire.Result{}, err
	}
	err = turn.Grant(token.Grant{
		Issuer: Name, Operation: call.Operation, Subject: appKey, ExpiresAt: end,
		Note: "AccessToken issued",
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("list the AccessToken: %w", err)
	}
	return wire.Result{Findings: findings, Body: wire.Object{
		{Name: "AccessToken", Value: text},
		{Name: "ApplyType", Value: "Bearer"},
		{Name: "CreateTime", Value: strconv.FormatInt(turn.Now.Unix(), 10)},
		{Name: "Expires", Value: strconv.FormatInt(life, 10)},
		{Name: "Scope", Value: turn.Draw(scopeChars, random.LowerHex)},
		{Name: "AppKey", Value: appKey},
		{Name: "UserID", Value: "Anonymous"},
	}}, nil
}

// checkSecret answers an unknown key and a wrong secret alike, so that keys cannot be probed; the journal tells them
// apart. One client's log shows status 403 for a wrong key.
func checkSecret(turn *sandbox.Turn, appKey, secret string) error {
	key, known := turn.Key(wire.Credential{Kind: wire.FabricApp, ID: appKey})
	switch {
	case !known:
		return api.Refuse("403", "app_key", fmt.Sprintf("No app of this sandbox has the key %q.", appKey))
	case subtle.ConstantTimeCompare([]byte(key.Secret), []byte(secret)) != 1:
		return api.Refuse("403", "app_secret", fmt.Sprintf("The app_secret is not that of app %s.", appKey))
	}
	return nil
}

// lifetime reads the header, which the spec holds to a positive whole number. One beyond 64 bits is beyond the maximum
// too.
func lifetime(text string) (int64, []wire.Finding) {
	if text == "" {
		return maxLife, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n <= maxLife {
		return n, nil
	}
	return maxLife, []wire.Finding{{
		Check: "header " + lifeHeader, Level: wire.LevelAdvice, Expected: "at most 3600", Got: text,
		Message: "The AccessToken lives 3600 seconds, the documented maximum; Expires says so.",
	}}
}
