// Package deepvision is the API deepvision of the Taobao Open Platform: it issues temporary credentials of the cloud.
package deepvision

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const (
	name             = "deepvision"
	securityTokenGet = "SecurityTokenGet"
)

// lifetime is our choice, the default of the cloud's own STS; the method's page gives none.
const lifetime = time.Hour

// The endpoints are our choice: the page shows placeholders. Names under .example (RFC 2606) never resolve, so that an
// app under test cannot carry its fake credentials to a real service by mistake.
const (
	endpointPublic   = "oss-cn-hangzhou.tokenstage.example"
	endpointInternal = "oss-cn-hangzhou-internal.tokenstage.example"
)

// New returns the API.
func New() api.API {
	return api.API{Name: name, Handlers: map[string]api.Handler{securityTokenGet: issue}}
}

// issue makes credentials that sign the acs calls of the same sandbox until they expire. The optional token of param
// is accepted and has no effect: the page does not say what it does.
func issue(_ context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	param, ok := call.Params["param"].(map[string]any)
	if !ok {
		// The page marks param as optional and five of its members as required. A call without it names no
		// product, tenant or shop, so refusing it is our choice.
		return wire.Result{}, api.Refuse("isv.missing-parameter", "parameter param",
			"Without the parameter param nothing says for which product, tenant and shop the credentials are.", "param")
	}
	credentials := turn.IssueTemporary(name, call.Credential, turn.Now.Add(lifetime))
	tenant, shop := text(param, "op_tenant_code"), text(param, "op_poi_id")
	err := turn.Grant(token.Grant{
		Issuer: name, Operation: securityTokenGet, Subject: tenant + "/" + shop, ExpiresAt: credentials.Expires,
		Note: "issued for " + text(param, "product_code") + ", scene " + text(param, "scene_code"),
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("list the token: %w", err)
	}
	return wire.Result{Body: wire.Object{
		{Name: "result", Value: credential(credentials, param)},
		// Zero is our choice, as other methods of the platform answer; the page's 1 stands in every field of its sample.
		{Name: "resp_code", Value: 0},
		{Name: "resp_success", Value: true},
		{Name: "resp_request_id", Value: requestID(turn, param)},
		{Name: "message", Value: "成功"},
	}}, nil
}

// credential has the members of the page's result in their order. That tenant_code and field_id repeat op_tenant_code
// and op_poi_id is our choice: the page describes both pairs alike.
func credential(c token.Temporary, param map[string]any) wire.Object {
	return wire.Object{
		{Name: "access_key_id", Value: c.AccessKeyID},
		{Name: "access_key_secret", Value: c.AccessKeySecret},
		{Name: "product_code", Value: text(param, "product_code")},
		{Name: "end_point_public", Value: endpointPublic},
		{Name: "scene_code", Value: text(param, "scene_code")},
		{Name: "end_point_internal", Value: endpointInternal},
		{Name: "expiration", Value: api.Date(c.Expires)},
		{Name: "tenant_code", Value: text(param, "op_tenant_code")},
		{Name: "field_id", Value: text(param, "op_poi_id")},
		{Name: "policy", Value: policy()},
		{Name: "token", Value: c.SecurityToken},
	}
}

// policy says what the credentials open here: every operation of the sandbox's acs APIs.
func policy() wire.Object {
	return wire.Object{
		{Name: "version", Value: "1"},
		{Name: "statement", Value: wire.List{Item: "datas", Values: []any{
			wire.Object{
				{Name: "resource", Value: listOf("*")},
				{Name: "effect", Value: "Allow"},
				{Name: "action", Value: listOf(
					"mq:ApplyToken", "mq:QueryToken", "mq:RevokeToken", "ecd:GetAuthCode", "ecd:GetStsToken",
					"ecd:ExpireLoginToken", "appstreaming:GetConnectionTicket", "aicontent:CreateAccessWarrant",
				)},
			},
		}}},
	}
}

func listOf(texts ...string) wire.List {
	list := wire.List{Item: "string"}
	for _, t := range texts {
		list.Values = append(list.Values, t)
	}
	return list
}

// requestID repeats the caller's id, which the page calls the unique id of the request on both sides.
func requestID(turn *sandbox.Turn, param map[string]any) string {
	if id := text(param, "request_id"); id != "" {
		return id
	}
	return turn.UUID()
}

func text(param map[string]any, member string) string {
	s, _ := param[member].(string)
	return s
}
