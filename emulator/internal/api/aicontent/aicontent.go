// Package aicontent is Alibaba Cloud's AI content service: CreateAccessWarrant.
package aicontent

import (
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the provider's requestSign is MD5
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the API's name.
const Name = "aicontent"

const (
	// defaultLife is that of the same service's direct endpoint; the page names none.
	defaultLife = 7200 * time.Second
	// signWindow is our choice: the page gives the timestamp no window.
	signWindow = 15 * time.Minute
	// tokenLength is that of the page's sample token, idPrefix begins its warrant id, of which idDrawn more are drawn.
	tokenLength = 57
	idPrefix    = "ex2"
	idDrawn     = 9
)

// New returns the API.
func New() api.API {
	return api.API{Name: Name, Handlers: map[string]api.Handler{"CreateAccessWarrant": createAccessWarrant}}
}

func createAccessWarrant(_ context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	if err := checkApp(turn, call); err != nil {
		return wire.Result{}, err
	}
	life := defaultLife
	if seconds, ok := api.Integer(call, "warrantAvailable"); ok {
		life = time.Duration(seconds) * time.Second
	}
	expires := turn.Now.Add(life)
	appID, user := api.Text(call, "appId"), api.Text(call, "userId")
	err := turn.Grant(token.Grant{
		Issuer: Name, Operation: "CreateAccessWarrant", Subject: strings.Trim(appID+"/"+user, "/"), ExpiresAt: expires,
		Note: "issued",
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("list the warrant: %w", err)
	}
	access := turn.Draw(tokenLength, random.Base36)
	// The tag of the caller stands at the end: whoever uses the warrant has no key, and is led to the sandbox by it.
	id := token.Address(idPrefix+turn.Draw(idDrawn, random.Base36), token.OwnerOf(call.Credential))
	if err := keepWarrant(turn, id, appID, user, expires); err != nil {
		return wire.Result{}, err
	}
	return wire.Result{Body: wire.Object{
		{Name: "requestId", Value: call.ID},
		{Name: "success", Value: true},
		{Name: "httpStatusCode", Value: 200},
		{Name: "data", Value: wire.Object{
			{Name: "ApplicationAccessId", Value: appID},
			{Name: "UserId", Value: user},
			{Name: "AccessToken", Value: access},
			{Name: "AccessWarrantId", Value: id},
			{Name: "ExpireTime", Value: strconv.FormatInt(expires.Unix(), 10)},
			{Name: "CreateTime", Value: strconv.FormatInt(turn.Now.Unix(), 10)},
		}},
	}}, nil
}

// checkApp holds the call to the applications that the sandbox lists, and to their secrets where it knows them.
func checkApp(turn *sandbox.Turn, call *wire.Call) error {
	apps := turn.Fixtures.Warrants
	if len(apps) == 0 {
		return nil
	}
	appID := api.Text(call, "appId")
	i := slices.IndexFunc(apps, func(a sandbox.WarrantApp) bool { return a.AppID == appID })
	if i < 0 {
		return api.Refuse("INVALID_APP_ID", "parameter appId", fmt.Sprintf("This sandbox has no application %q.", appID))
	}
	if apps[i].AppSecret == "" {
		return nil
	}
	if err := checkTimestamp(turn, api.Text(call, "timestamp")); err != nil {
		return err
	}
	return checkSign(call, apps[i].AppSecret)
}

// checkTimestamp holds the time of requestSign to the rule that the sandbox has for signatures.
func checkTimestamp(turn *sandbox.Turn, text string) error {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err == nil && turn.JudgeTime(time.Unix(seconds, 0), signWindow).By != "" {
		return nil
	}
	return api.Refuse("INVALID_TIMESTAMP", "parameter timestamp", fmt.Sprintf(
		"timestamp is %q; the sandbox's clock reads %d and real time is %d. It must lie within %s by signatureTime %s.",
		text, turn.Now.Unix(), turn.Real.Unix(), signWindow, turn.Signing()))
}

// checkSign compares requestSign with the MD5 of the members in this order, as the same service's direct endpoint
// builds it; that this call shares the rule is unproven.
func checkSign(call *wire.Call, secret string) error {
	rest := "&appid=" + api.Text(call, "appId") + "&timestamp=" + api.Text(call, "timestamp") +
		"&user_client_ip=" + api.Text(call, "userClientIp") + "&user_id=" + api.Text(call, "userId")
	sum := md5.Sum([]byte("app_secret=" + secret + rest)) //nolint:gosec // the provider's requestSign is MD5
	got := strings.ToLower(api.Text(call, "requestSign"))
	if hmac.Equal([]byte(hex.EncodeToString(sum[:])), []byte(got)) {
		return nil
	}
	return &wire.Fault{Kind: wire.Documented, Code: "INVALID_REQUEST_SIGN", Findings: []wire.Finding{{
		Check: "requestSign", Level: wire.LevelError, Server: "app_secret=" + sandbox.Mask + rest,
		Message: "requestSign is not the MD5, in hex, of the server's string with the application's secret in it.",
	}}}
}
