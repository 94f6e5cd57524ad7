// Package appstream is Alibaba Cloud's app streaming: the code that a server issues, the login that a client trades it
// in for, and the ticket with which an application opens.
package appstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the API's name.
const Name = "appstream"

// life: GetAuthCode, Response elements, AuthCode.
const life = 3 * time.Minute

// New returns the API.
func New() api.API {
	return api.API{
		Name: Name,
		Handlers: map[string]api.Handler{
			"GetAuthCode":                 getAuthCode,
			"GetStsToken":                 redeemCode,
			"GetStsToken20210218":         stsTokenOfUser,
			"ExpireLoginToken":            endLogin,
			"ClientUserLogout":            endLogin,
			"RefreshLoginToken":           refreshLogin,
			"GetConnectionTicket":         ticketOfLogin,
			"GetConnectionTicket20210901": ticketOfUser,
		},
		Spent: map[string]api.Spent{"GetStsToken": spendCode},
		Opens: opens,
	}
}

func getAuthCode(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	user, err := userOfCode(turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	expires := turn.Now.Add(life)
	if err := supersede(ctx, turn, user, expires); err != nil {
		return wire.Result{}, err
	}
	code, err := authCode.issue(turn, call, user, expires, limits(call))
	if err != nil {
		return wire.Result{}, err
	}
	err = turn.Grant(token.Grant{
		Issuer: Name, Operation: "GetAuthCode", Subject: user, ExpiresAt: expires, SingleUse: true, Note: "issued",
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("list the code: %w", err)
	}
	return wire.Result{Body: wire.Object{
		{Name: "RequestId", Value: call.ID},
		{Name: "AuthModel", Value: wire.Object{
			{Name: "AuthCode", Value: code},
			{Name: "EndUserId", Value: user},
			{Name: "ExpireTime", Value: api.Date(expires)},
		}},
	}}, nil
}

// limits are what the policy of a call lets the code open.
func limits(call *wire.Call) holder {
	policy, _ := call.Params["Policy"].(map[string]any)
	resource, _ := policy["Resource"].(map[string]any)
	kind, _ := resource["Type"].(string)
	id, _ := resource["Id"].(string)
	return holder{Type: kind, ID: id}
}

// userOfCode is whom the code is for: EndUserId, else the user behind ExternalUserId, who is created when
// AutoCreateUser says so and who has the same name here.
func userOfCode(turn *sandbox.Turn, call *wire.Call) (string, error) {
	name, external := api.Text(call, "EndUserId"), api.Text(call, "ExternalUserId")
	if name == "" && external != "" && api.Flag(call, "AutoCreateUser") {
		return external, nil
	}
	user, err := knownUser(turn, name, external, "ExternalUserId")
	if fault, ok := errors.AsType[*wire.Fault](err); ok && fault.Code == notFound {
		fault.Findings[0].Message += " AutoCreateUser with an ExternalUserId creates one."
	}
	return user, err
}

const notFound = "InvalidUser.NotFound"

// knownUser is the user of a call, by name or else by the caller's own id of the user, which is sent in the parameter
// of that name.
func knownUser(turn *sandbox.Turn, name, external, parameter string) (string, error) {
	if name == "" {
		name = external
	}
	switch {
	case name == "":
		return "", api.Refuse("InvalidUser.Missing", "user", "EndUserId or "+parameter+" must name a user.")
	case !sandbox.Allows(turn.Fixtures.Users, name):
		return "", api.Refuse(notFound, "user", fmt.Sprintf(
			"This sandbox has no user %q; it has %q.", name, turn.Fixtures.Users))
	}
	return name, nil
}

// newestCode is what is kept of the newest code of a user, for as long as it could be used.
type newestCode struct {
	// Number is that of the call that issued it.
	Number uint64 `cbor:"1,keyasint"`
	// Ends is when it expires, in Unix milliseconds.
	Ends int64 `cbor:"2,keyasint"`
}

func newestCodeKey(user string) string { return "appstream/newest/" + user }

// supersede ends the newest code of the user: only the one about to be issued counts from now on.
func supersede(ctx context.Context, turn *sandbox.Turn, user string, expires time.Time) error {
	next, err := record.Write(newestCode{Number: turn.Number, Ends: expires.UnixMilli()})
	if err != nil {
		return fmt.Errorf("write the newest code of the user: %w", err)
	}
	kept := store.Exchange{Key: newestCodeKey(user), Value: next, Expires: expires}
	if err := turn.Do(ctx, &kept); err != nil || !kept.Found {
		return err
	}
	var earlier newestCode
	if err := record.Read(kept.Old, &earlier); err != nil {
		return fmt.Errorf("read the newest code of the user: %w", err)
	}
	return turn.Supersede(token.ID(Name, earlier.Number), time.UnixMilli(earlier.Ends),
		"by the code of call "+strconv.FormatUint(turn.Number, 10))
}
