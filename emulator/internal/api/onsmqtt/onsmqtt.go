// Package onsmqtt is what Alibaba Cloud's MQTT service offers to servers: ApplyToken, QueryToken and RevokeToken for
// the tokens of clients; QuerySessionByClientId, SendMessage and CloseConnection for the clients themselves.
package onsmqtt

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the API's name.
const Name = "onsmqtt"

const (
	// kind marks the claims of this API's tokens.
	kind = "mqtt"
	// tokenSize makes tokens as long as the page's sample: 256 bytes, 344 characters of base64.
	tokenSize = 256

	// minLife and maxLife: ApplyToken, Request parameters, ExpireTime.
	minLife = 60 * time.Second
	maxLife = 30 * 24 * time.Hour
	// callGrace is what a call may take on its way: the page tells who wants 60 seconds to ask for the current time plus
	// 60,000 milliseconds, and that is less by the time it arrives. How much the service grants is our choice.
	callGrace = 5 * time.Second
)

// The documented errors that the operations answer with: ApplyToken, Error codes.
const (
	parameterCheckFailed          = "ParameterCheckFailed"
	instancePermissionCheckFailed = "InstancePermissionCheckFailed"
)

// New returns the API over the clients that its operations reach.
func New(clients Clients) api.API {
	return api.API{Name: Name, Opens: unseal, Handlers: map[string]api.Handler{
		"ApplyToken":             applyToken,
		"QueryToken":             queryToken,
		"RevokeToken":            revokeToken,
		"QuerySessionByClientId": clients.querySession,
		"SendMessage":            clients.sendMessage,
		"CloseConnection":        clients.closeConnection,
	}}
}

func applyToken(_ context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	instance := api.Text(call, "InstanceId")
	if err := checkInstance(turn, instance); err != nil {
		return wire.Result{}, err
	}
	advice, err := checkResources(api.Text(call, "Resources"))
	if err != nil {
		return wire.Result{}, err
	}
	expires, err := expiry(turn.Now, call)
	if err != nil {
		return wire.Result{}, err
	}
	actions := api.Text(call, "Actions")
	claims := token.Claims{Kind: kind, Issuer: Name, ExpiresAt: expires.UnixMilli(), Subject: instance}
	claims.Detail = keepResources(turn, actions, api.Text(call, "Resources"), expires)
	sealed := turn.SealClaims(claims, tokenSize)
	err = turn.Grant(token.Grant{
		Issuer: Name, Operation: "ApplyToken", Subject: instance, ExpiresAt: expires,
		Note: "issued for " + actions + " on topics: " + strconv.Itoa(countResources(api.Text(call, "Resources"))),
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("list the token: %w", err)
	}
	var room [tokenSize * 2]byte
	return wire.Result{Findings: advice, Body: wire.Object{
		{Name: "RequestId", Value: call.ID},
		{Name: "Token", Value: string(base64.StdEncoding.AppendEncode(room[:0], sealed))},
	}}, nil
}

func checkInstance(turn *sandbox.Turn, instance string) error {
	if sandbox.Allows(turn.Fixtures.Instances, instance) {
		return nil
	}
	return api.Refuse(instancePermissionCheckFailed, "instance", fmt.Sprintf(
		"This sandbox has no instance %q; it has %q.", instance, turn.Fixtures.Instances))
}

// expiry is when the token ends: as asked for, at most 30 days ahead. It is judged in milliseconds, as it is sent.
func expiry(now time.Time, call *wire.Call) (time.Time, error) {
	millis, _ := api.Integer(call, "ExpireTime")
	expires, whole := time.UnixMilli(millis).UTC(), now.Truncate(time.Millisecond)
	if earliest := whole.Add(minLife - callGrace); expires.Before(earliest) {
		asSeconds := time.Unix(millis, 0)
		return time.Time{}, tooEarly(expires, whole, !asSeconds.Before(earliest) && !asSeconds.After(now.Add(maxLife)))
	}
	if latest := now.Add(maxLife); expires.After(latest) {
		return latest, nil
	}
	return expires, nil
}

// tooEarly refuses an ExpireTime. inSeconds says that it would be good if it were one.
func tooEarly(expires, now time.Time, inSeconds bool) error {
	distance := fmt.Sprintf("%s after", expires.Sub(now))
	if expires.Before(now) {
		distance = fmt.Sprintf("%s before", now.Sub(expires))
	}
	fault := api.Refuse(parameterCheckFailed, "parameter ExpireTime", fmt.Sprintf(
		"ExpireTime is %s, %s the sandbox's clock, which shows %s. It must lie at least %s ahead; up to %s are "+
			"granted for the way of the call.",
		expires.Format(wire.InstantLayout), distance, now.UTC().Format(wire.InstantLayout), minLife, callGrace))
	if inSeconds {
		fault.Findings = append(fault.Findings, wire.Finding{
			Check: "parameter ExpireTime", Level: wire.LevelAdvice,
			Message: "ExpireTime is in milliseconds; read as seconds it would be good.",
		})
	}
	return fault
}

// open returns the claims of a token that this sandbox issued for the instance. Only the very text that was issued
// counts: base64 alone would let line ends and the unused bits of its last character pass.
func open(turn *sandbox.Turn, call *wire.Call) (token.Claims, bool) {
	claims, ok := unseal(turn.Sandbox, api.Text(call, "Token"))
	return claims, ok && claims.Subject == api.Text(call, "InstanceId")
}

func unseal(box *sandbox.Sandbox, text string) (token.Claims, bool) {
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(sealed) != text {
		return token.Claims{}, false
	}
	return box.Unseal(sealed, kind)
}

func queryToken(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	if err := checkInstance(turn, api.Text(call, "InstanceId")); err != nil {
		return wire.Result{}, err
	}
	var finding wire.Finding
	state := token.State("not issued for this instance in this sandbox")
	if claims, ok := open(turn, call); ok {
		var err error
		if state, err = turn.TokenState(ctx, claims); err != nil {
			return wire.Result{}, fmt.Errorf("look up the token: %w", err)
		}
	}
	if state != token.Active {
		finding = wire.Finding{Check: "token", Level: wire.LevelAdvice, Message: fmt.Sprintf("The token is %s.", state)}
	}
	result := wire.Result{Body: wire.Object{
		{Name: "RequestId", Value: call.ID},
		{Name: "TokenStatus", Value: state == token.Active},
	}}
	if finding.Message != "" {
		result.Findings = []wire.Finding{finding}
	}
	return result, nil
}

// revokeToken ends a token. One that has ended already stays as it is, and the call succeeds.
func revokeToken(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	if err := checkInstance(turn, api.Text(call, "InstanceId")); err != nil {
		return wire.Result{}, err
	}
	claims, ok := open(turn, call)
	if !ok {
		return wire.Result{}, api.Refuse(parameterCheckFailed, "parameter Token",
			"This token was not issued for this instance in this sandbox.")
	}
	result := wire.Result{Body: wire.Object{{Name: "RequestId", Value: call.ID}}}
	err := turn.EndToken(ctx, claims.ID(), claims.Ends(), token.Revoked, "by RevokeToken")
	if ended, ok := errors.AsType[*token.TransitionError](err); ok {
		result.Findings = []wire.Finding{{Check: "token", Level: wire.LevelAdvice, Message: ended.Error()}}
		return result, nil
	}
	return result, err
}
