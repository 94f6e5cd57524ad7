// Package appstream is Alibaba Cloud's app streaming: GetAuthCode.
package appstream

import (
	"context"
	"encoding/base64"
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

// newestCode is what is kept of the newest code of a user, for as long as it could be used.
type newestCode struct {
	// Number is that of the call that issued it.
	Number uint64 `cbor:"1,keyasint"`
	// Ends is when it expires, in Unix milliseconds.
	Ends int64 `cbor:"2,keyasint"`
}

func newestCodeKey(user string) string { return "authcode/" + user }

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
