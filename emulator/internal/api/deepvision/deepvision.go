// Package deepvision is the API deepvision of the Taobao Open Platform: it issues temporary credentials of the cloud.
package deepvision

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
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

// bucket is where issued credentials can upload, our choice: the page has no member for it, so that clients find it in
// the policy.
const bucket = "deepvision"

// Endpoints say where the storage is, from outside and from inside the cloud, to who called by that scheme and host.
type Endpoints func(scheme, host string) (public, internal string)

// service is the API with what it must know of another.
type service struct{ endpoints Endpoints }

// New returns the API.
func New(endpoints Endpoints) api.API {
	s := service{endpoints}
	return api.API{Name: name, Handlers: map[string]api.Handler{securityTokenGet: s.issue}}
}

// issue makes credentials that sign calls of the same sandbox until they expire: those of acs, and uploads below the
// prefix of tenant and shop. The optional token of param
// is accepted and has no effect: the page does not say what it does.
func (s service) issue(_ context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	param, ok := call.Params["param"].(map[string]any)
	if !ok {
		// The page marks param as optional and five of its members as required. A call without it names no
		// product, tenant or shop, so refusing it is our choice.
		return wire.Result{}, api.Refuse("isv.missing-parameter", "parameter param",
			"Without the parameter param nothing says for which product, tenant and shop the credentials are.", "param")
	}
	tenant, shop := text(param, "op_tenant_code"), text(param, "op_poi_id")
	policy := policyFor(tenant, shop)
	document, err := json.Marshal(policy)
	if err != nil {
		return wire.Result{}, fmt.Errorf("write the policy: %w", err)
	}
	credentials := turn.IssueTemporary(name, call.Credential, turn.Now.Add(lifetime), string(document))
	err = turn.Grant(token.Grant{
		Issuer: name, Operation: securityTokenGet, Subject: tenant + "/" + shop, ExpiresAt: credentials.Expires,
		Note: "issued for " + text(param, "product_code") + ", scene " + text(param, "scene_code"),
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("list the token: %w", err)
	}
	return wire.Result{Body: wire.Object{
		{Name: "result", Value: s.credential(call.Request, credentials, policy, param)},
		// Zero is our choice, as other methods of the platform answer; the page's 1 stands in every field of its sample.
		{Name: "resp_code", Value: 0},
		{Name: "resp_success", Value: true},
		{Name: "resp_request_id", Value: requestID(turn, param)},
		{Name: "message", Value: "成功"},
	}}, nil
}

// credential has the members of the page's result in their order. That tenant_code and field_id repeat op_tenant_code
// and op_poi_id is our choice: the page describes both pairs alike.
func (s service) credential(
	req *wire.Request, c token.Temporary, policy policy, param map[string]any,
) wire.Object {
	public, internal := s.endpoints(req.Scheme, req.Host)
	return wire.Object{
		{Name: "access_key_id", Value: c.AccessKeyID},
		{Name: "access_key_secret", Value: c.AccessKeySecret},
		{Name: "product_code", Value: text(param, "product_code")},
		{Name: "end_point_public", Value: public},
		{Name: "scene_code", Value: text(param, "scene_code")},
		{Name: "end_point_internal", Value: internal},
		{Name: "expiration", Value: api.Date(c.Expires)},
		{Name: "tenant_code", Value: text(param, "op_tenant_code")},
		{Name: "field_id", Value: text(param, "op_poi_id")},
		{Name: "policy", Value: policy.body()},
		{Name: "token", Value: c.SecurityToken},
	}
}

// policy is what credentials are good for, as RAM writes it.
type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect           string
	Action, Resource []string
}

// policyFor says what credentials open here: every operation of the sandbox's acs APIs, and objects whose names begin
// with tenant and shop.
func policyFor(tenant, shop string) policy {
	return policy{Version: "1", Statement: []statement{
		{
			Effect: "Allow", Resource: []string{"*"},
			Action: []string{
				"mq:ApplyToken", "mq:QueryToken", "mq:RevokeToken", "ecd:GetAuthCode", "ecd:GetStsToken",
				"ecd:ExpireLoginToken", "appstreaming:GetConnectionTicket", "aicontent:CreateAccessWarrant",
			},
		},
		{
			Effect:   "Allow",
			Resource: []string{"acs:oss:*:*:" + bucket + "/" + plain(tenant) + "/" + plain(shop) + "/*"},
			Action: []string{
				"oss:PutObject", "oss:GetObject", "oss:DeleteObject", "oss:AbortMultipartUpload", "oss:ListParts",
			},
		},
	}}
}

// plain is a text as it can stand in a resource: what would mean something there, or would divide names, is escaped.
func plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune("*?/\\%", r) || r < ' ' {
			fmt.Fprintf(&b, "%%%02X", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// body is the policy as the method's page has it.
func (p policy) body() wire.Object {
	list := wire.List{Item: "datas"}
	for _, s := range p.Statement {
		list.Values = append(list.Values, wire.Object{
			{Name: "resource", Value: listOf(s.Resource...)},
			{Name: "effect", Value: s.Effect},
			{Name: "action", Value: listOf(s.Action...)},
		})
	}
	return wire.Object{{Name: "version", Value: p.Version}, {Name: "statement", Value: list}}
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
