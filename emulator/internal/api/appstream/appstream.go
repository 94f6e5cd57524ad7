// Package appstream is Alibaba Cloud's app streaming: GetAuthCode.
package appstream

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
const Name = "appstream"

const (
	kind = "authcode"
	// codePrefix and codeSize make codes as long as the page's sample: 304 characters beginning with "acv2".
	codePrefix = "acv2"
	codeSize   = 225
	// life: GetAuthCode, Response elements, AuthCode.
	life = 3 * time.Minute
)

// New returns the API.
func New() api.API {
	return api.API{Name: Name, Handlers: map[string]api.Handler{"GetAuthCode": getAuthCode}}
}

func getAuthCode(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	user, err := user(turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	expires := turn.Now.Add(life)
	if err := supersede(ctx, turn, user, expires); err != nil {
		return wire.Result{}, err
	}
	sealed := turn.SealClaims(token.Claims{
		Kind: kind, Issuer: Name, ExpiresAt: expires.UnixMilli(), Subject: user,
	}, codeSize)
	err = turn.Grant(token.Grant{
		Issuer: Name, Operation: "GetAuthCode", Subject: user, ExpiresAt: expires, SingleUse: true, Note: "issued",
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("list the code: %w", err)
	}
	return wire.Result{Body: wire.Object{
		{Name: "RequestId", Value: call.ID},
		{Name: "AuthModel", Value: wire.Object{
			{Name: "AuthCode", Value: codePrefix + base64.StdEncoding.EncodeToString(sealed)},
			{Name: "EndUserId", Value: user},
			{Name: "ExpireTime", Value: expires.Format(time.RFC3339)},
		}},
	}}, nil
}

// user is whom the code is for: EndUserId, else the user behind ExternalUserId, who is created when AutoCreateUser
// says so and who has the same name here.
func user(turn *sandbox.Turn, call *wire.Call) (string, error) {
	name, external := api.Text(call, "EndUserId"), api.Text(call, "ExternalUserId")
	create := name == "" && api.Flag(call, "AutoCreateUser")
	if name == "" {
		name = external
	}
	switch {
	case name == "":
		return "", api.Refuse("InvalidUser.Missing", "user", "EndUserId or ExternalUserId must name a user.")
	case !create && !sandbox.Allows(turn.Fixtures.Users, name):
		return "", api.Refuse("InvalidUser.NotFound", "user", fmt.Sprintf(
			"This sandbox has no user %q; it has %q. AutoCreateUser with an ExternalUserId creates one.",
			name, turn.Fixtures.Users))
	}
	return name, nil
}

// supersede ends the newest code of the user: only the one about to be issued counts from now on. The key remembers
// the turn and end of that code for as long as it could be used.
func supersede(ctx context.Context, turn *sandbox.Turn, user string, expires time.Time) error {
	var earlier string
	err := turn.Space().Update(ctx, "authcode/"+user, func(old []byte) ([]byte, time.Time, error) {
		earlier = string(old)
		return fmt.Appendf(nil, "%d %d", turn.Number, expires.UnixMilli()), expires, nil
	})
	if err != nil || earlier == "" {
		return err
	}
	var number uint64
	var end int64
	if _, err := fmt.Sscanf(earlier, "%d %d", &number, &end); err != nil {
		return fmt.Errorf("read the newest code of the user: %w", err)
	}
	err = turn.EndToken(ctx, token.ID(Name, number), time.UnixMilli(end), token.Superseded,
		"by the code of call "+strconv.FormatUint(turn.Number, 10))
	if _, ended := errors.AsType[*token.TransitionError](err); ended {
		return nil // it was used or has expired: nothing to end
	}
	return err
}
