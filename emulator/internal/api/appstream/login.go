package appstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// findLogin opens the login token of a call, and holds session and user of the call to it.
func findLogin(turn *sandbox.Turn, call *wire.Call) (presented, error) {
	p, err := stsToken.find(turn, call)
	if err != nil {
		return p, err
	}
	if err := p.standsFor(call, "SessionId", p.holder.Session); err != nil {
		return p, err
	}
	return p, p.standsFor(call, "EndUserId", p.claims.Subject)
}

// standsFor refuses a call that names another session or user than the token's.
func (p presented) standsFor(call *wire.Call, parameter, want string) error {
	got := api.Text(call, parameter)
	if got == "" || got == want {
		return nil
	}
	return &wire.Fault{Kind: wire.Documented, Code: p.form.errors + ".Mismatch", Findings: []wire.Finding{{
		Check: "parameter " + parameter, Level: wire.LevelError, Expected: want, Got: got,
		Message: fmt.Sprintf("The %s %s stands for another %s.", p.form.name, p.claims.ID(), parameter),
	}}}
}

// goodLogin is findLogin for a token that must be good. Further steps travel with its judgement.
func goodLogin(
	ctx context.Context, turn *sandbox.Turn, call *wire.Call, further ...store.Step,
) (presented, error) {
	p, err := findLogin(turn, call)
	if err != nil {
		return p, err
	}
	looked, issued := turn.Judge(p.claims), p.issued()
	issued.Needed = false
	steps := append([]store.Step{issued}, looked.Steps()...)
	if err := turn.Do(ctx, append(steps, further...)...); err != nil {
		return p, err
	}
	if p.isForgotten(turn, issued) {
		return p, p.forgotten()
	}
	err = looked.Active()
	if refused, ended := errors.AsType[*token.TransitionError](err); ended {
		return p, p.ended(turn, refused)
	}
	return p, err
}

// refreshLogin is RefreshLoginToken: a client renews its login while that is good.
func refreshLogin(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	p, err := goodLogin(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	held := holder{Session: p.holder.Session, Type: p.holder.Type, ID: p.holder.ID}
	text, err := login(turn, call, p.claims.Subject, turn.Now.Add(loginLife), held, "refreshes "+p.claims.ID())
	if err != nil {
		return wire.Result{}, err
	}
	return wire.Result{Body: wire.Object{
		{Name: "RequestId", Value: call.ID}, {Name: "LoginToken", Value: text},
	}}, nil
}

// endLogin is ExpireLoginToken and ClientUserLogout. A login that has ended stays as it is, and the call succeeds.
func endLogin(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	p, err := findLogin(turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	result := wire.Result{Body: wire.Object{{Name: "RequestId", Value: call.ID}}}
	err = p.end(ctx, turn, token.Revoked, byCall(turn, call))
	if ended, ok := errors.AsType[*token.TransitionError](err); ok {
		result.Findings = []wire.Finding{{
			Check: "parameter " + stsToken.parameter, Level: wire.LevelAdvice,
			Message: fmt.Sprintf("The login token %s had ended before: it is %s.", ended.ID, ended.From),
		}}
		return result, nil
	}
	return result, err
}
