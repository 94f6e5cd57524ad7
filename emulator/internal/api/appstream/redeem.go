package appstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// loginLife is that of a LoginToken (RefreshLoginToken 2021-02-20, operation description); that a StsToken lives as
// long where nobody asked for less is our choice.
const loginLife = 8 * time.Hour

// redeemCode is GetStsToken of version 2021-02-20: a client without a key trades its code in for a login.
func redeemCode(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	code, err := useUp(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	held := holder{Session: turn.UUID(), Type: code.holder.Type, ID: code.holder.ID}
	text, err := login(turn, call, code.claims.Subject, turn.Now.Add(loginLife), held,
		"issued for the code "+code.claims.ID())
	if err != nil {
		return wire.Result{}, err
	}
	return wire.Result{Body: wire.Object{
		{Name: "RequestId", Value: call.ID},
		{Name: "StsTokenModel", Value: wire.Object{
			{Name: "SessionId", Value: held.Session},
			{Name: "StsToken", Value: text},
			{Name: "TenantId", Value: tenant(turn)},
		}},
	}}, nil
}

// useUp takes the code of a call: of many callers one gets it.
func useUp(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (presented, error) {
	code, err := authCode.find(turn, call)
	if err != nil {
		return code, err
	}
	err = code.end(ctx, turn, token.Redeemed, byCall(turn, call))
	if refused, ok := errors.AsType[*token.TransitionError](err); ok {
		return code, code.ended(turn, refused)
	}
	return code, err
}

// spendCode uses up the code of a call that failed before it could be redeemed: it is good once, whatever comes of the
// check (GetStsToken 2021-02-20, AuthCode).
func spendCode(ctx context.Context, turn *sandbox.Turn, call *wire.Call) ([]wire.Finding, error) {
	code, err := useUp(ctx, turn, call)
	if _, refused := errors.AsType[*wire.Fault](err); refused {
		return nil, nil // nothing to use up
	}
	if err != nil {
		return nil, err
	}
	return []wire.Finding{{
		Check: "parameter " + authCode.parameter, Level: wire.LevelAdvice, Message: fmt.Sprintf(
			"The code %s of %s is used up by this call, whatever came of it. Ask for a new one.",
			code.claims.ID(), code.claims.Subject),
	}}, nil
}

// login issues and lists the token of a login session.
func login(
	turn *sandbox.Turn, call *wire.Call, user string, expires time.Time, held holder, note string,
) (string, error) {
	text, err := stsToken.issue(turn, call, user, expires, held)
	if err != nil {
		return "", err
	}
	err = turn.Grant(token.Grant{
		Issuer: Name, Operation: call.Operation, Subject: user, ExpiresAt: expires, Note: note,
	})
	if err != nil {
		return "", fmt.Errorf("list the login token: %w", err)
	}
	return text, nil
}

// tenant is the id of the account, a number of 16 digits as in the pages' samples; that of a sandbox follows its seed.
func tenant(turn *sandbox.Turn) int64 {
	const first = 1e15
	return first + int64(random.Mix(turn.Seed)%first)
}

// stsTokenOfUser is GetStsToken of version 2021-02-18: a server asks for a login of one of its users.
func stsTokenOfUser(_ context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	user, err := knownUser(turn, api.Text(call, "EndUserId"), api.Text(call, "ExternalId"), "ExternalId")
	if err != nil {
		return wire.Result{}, err
	}
	life := loginLife
	if seconds, ok := api.Integer(call, "Expiration"); ok {
		life = time.Duration(seconds) * time.Second
	}
	session := turn.UUID()
	text, err := login(turn, call, user, turn.Now.Add(life), holder{Session: session}, "issued")
	if err != nil {
		return wire.Result{}, err
	}
	return wire.Result{Body: wire.Object{
		{Name: "RequestId", Value: call.ID},
		{Name: "StsTokenModel", Value: wire.Object{
			{Name: "SessionId", Value: session},
			{Name: "StsToken", Value: text},
			{Name: "AliUid", Value: tenant(turn)},
			{Name: "TenantId", Value: tenant(turn)},
		}},
	}}, nil
}
