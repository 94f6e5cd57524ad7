package deepvision_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/api/deepvision"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/openapi"
)

const (
	appKey = "12345678"
	root   = "alibaba_security_deepvision_proxy_security_common_token_get_response"
)

var noon = time.Date(2026, 1, 1, 4, 0, 0, 500_000_000, time.UTC)

func newSandbox(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	box, _ := newRegistry(t)
	return box
}

func newRegistry(t *testing.T) (*sandbox.Sandbox, *sandbox.Registry) {
	t.Helper()
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{
		Schemes: gateways.Schemes(),
		Store:   memory.New(), RealNow: func() time.Time { return noon },
	})
	box, err := registry.Create(t.Context(), sandbox.Definition{
		ID: "test", Seed: 7, Now: &noon, Frozen: true,
		Credentials: gatewaytest.Credentials{Top: []gatewaytest.App{{AppKey: appKey, AppSecret: "testsecret"}}}.Listed(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return box, registry
}

// get calls the operation with a param in the next turn of the sandbox.
func get(t *testing.T, box *sandbox.Sandbox, param any) (wire.Result, error) {
	t.Helper()
	turn, err := box.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	call := &wire.Call{
		Request:    &wire.Request{Scheme: "http", Host: "127.0.0.1:4010"},
		Credential: wire.Credential{Kind: wire.TopApp, ID: appKey}, Params: map[string]any{},
	}
	if param != nil {
		call.Params["param"] = param
	}
	result, err := deepvision.New(storage).Handlers["SecurityTokenGet"](t.Context(), turn, call)
	if err == nil {
		err = turn.Commit(t.Context())
	}
	return result, err
}

// storage says where it was asked to say it for.
func storage(scheme, host string) (public, internal string) {
	return scheme + "://" + host, scheme + "://inside." + host
}

func goodParam() map[string]any {
	return map[string]any{
		"product_code": "oss", "scene_code": "scene", "request_id": "rid-1", "usage_scene": "upload",
		"op_poi_id": "poi", "op_tenant_code": "tenant", "token": "earlier",
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	box, registry := newRegistry(t)
	result, err := get(t, box, goodParam())
	if err != nil {
		t.Fatal(err)
	}
	body := contract.Plain(result.Body).(map[string]any)
	credential := body["result"].(map[string]any)
	id, _ := credential["access_key_id"].(string)
	secret, _ := credential["access_key_secret"].(string)
	token, _ := credential["token"].(string)

	key, ok := box.Key(wire.Credential{Kind: wire.AccessKey, ID: id})
	end := time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC)
	if !ok || !key.Temporary || key.Secret != secret || !key.Expires.Equal(end) {
		t.Errorf("the sandbox does not know its own key %q: %v, %v", id, key.Expires, ok)
	}
	if found, _ := registry.Find(t.Context(), wire.Credential{Kind: wire.AccessKey, ID: id}); found != box {
		t.Errorf("the key %q does not lead to its sandbox", id)
	}
	claims, ok := box.OpenSecurityToken(token)
	if !ok || claims.Subject != id {
		t.Errorf("the token is not the key's: %+v, %v", claims, ok)
	}

	const document = `{"Version":"1","Statement":[{"Effect":"Allow","Action":["mq:ApplyToken",`
	if !strings.HasPrefix(claims.Detail, document) || !strings.Contains(claims.Detail, "deepvision/tenant/poi/*") {
		t.Errorf("the token does not carry its policy: %s", claims.Detail)
	}

	delete(credential, "access_key_id")
	delete(credential, "access_key_secret")
	delete(credential, "token")
	want := map[string]any{
		"result": map[string]any{
			"product_code": "oss", "scene_code": "scene", "tenant_code": "tenant", "field_id": "poi",
			"end_point_public":   "http://127.0.0.1:4010",
			"end_point_internal": "http://inside.127.0.0.1:4010",
			"expiration":         "2026-01-01T05:00:00Z",
			"policy": map[string]any{
				"version": "1",
				"statement": map[string]any{"datas": []any{map[string]any{
					"resource": map[string]any{"string": []any{"*"}},
					"effect":   "Allow",
					"action": map[string]any{"string": []any{
						"mq:ApplyToken", "mq:QueryToken", "mq:RevokeToken", "ecd:GetAuthCode", "ecd:GetStsToken",
						"ecd:ExpireLoginToken", "appstreaming:GetConnectionTicket", "aicontent:CreateAccessWarrant",
					}},
				}, map[string]any{
					"resource": map[string]any{"string": []any{"acs:oss:*:*:deepvision/tenant/poi/*"}},
					"effect":   "Allow",
					"action": map[string]any{"string": []any{
						"oss:PutObject", "oss:GetObject", "oss:DeleteObject", "oss:AbortMultipartUpload", "oss:ListParts",
					}},
				}}},
			},
		},
		"resp_code": 0, "resp_success": true, "resp_request_id": "rid-1", "message": "成功",
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

// What a tenant or shop is called does not widen the policy.
func TestPolicyOfOddNames(t *testing.T) {
	t.Parallel()
	param := goodParam()
	param["op_tenant_code"], param["op_poi_id"] = "*", "a/b?%店"
	result, err := get(t, newSandbox(t), param)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(contract.Plain(result.Body))
	if want := "deepvision/%2A/a%2Fb%3F%25店/*"; !strings.Contains(text, want) {
		t.Errorf("the policy does not name %s: %s", want, text)
	}
}

// The members stand in the order of the page.
func TestOrderOfMembers(t *testing.T) {
	t.Parallel()
	result, err := get(t, newSandbox(t), goodParam())
	if err != nil {
		t.Fatal(err)
	}
	names := func(object wire.Object) (all []string) {
		for _, m := range object {
			all = append(all, m.Name)
		}
		return all
	}
	outer := []string{"result", "resp_code", "resp_success", "resp_request_id", "message"}
	if diff := cmp.Diff(outer, names(result.Body)); diff != "" {
		t.Error(diff)
	}
	inner := []string{
		"access_key_id", "access_key_secret", "product_code", "end_point_public", "scene_code", "end_point_internal",
		"expiration", "tenant_code", "field_id", "policy", "token",
	}
	if diff := cmp.Diff(inner, names(result.Body[0].Value.(wire.Object))); diff != "" {
		t.Error(diff)
	}
}

func TestReplyFitsTheSpec(t *testing.T) {
	t.Parallel()
	specs := fstest.MapFS{}
	for _, file := range []string{"gateways/top.yaml", "deepvision.yaml"} {
		data, err := openapi.Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		specs[file] = &fstest.MapFile{Data: data}
	}
	catalogue, err := contract.Load(specs)
	if err != nil {
		t.Fatal(err)
	}
	op := catalogue.ByAction("top", "alibaba.security.deepvision.proxy.security.common.token.get")[0]
	if _, ok := deepvision.New(storage).Handlers[op.ID]; !ok || op.API.Name != deepvision.New(storage).Name {
		t.Errorf("no code for %s", op.Name)
	}
	result, err := get(t, newSandbox(t), goodParam())
	if err != nil {
		t.Fatal(err)
	}
	body := append(result.Body, wire.Member{Name: "request_id", Value: "15r4abcdefgh"})
	if err := op.CheckReply(200, wire.Object{{Name: root, Value: body}}); err != nil {
		t.Error(err)
	}
	if _, ok := op.Error("isv.missing-parameter"); !ok {
		t.Error("isv.missing-parameter is not documented")
	}
}

func TestTokenIsListed(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	if _, err := get(t, box, goodParam()); err != nil {
		t.Fatal(err)
	}
	tokens, err := box.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(tokens) != 1 {
		t.Fatalf("got %d tokens", len(tokens))
	}
	got := tokens[0]
	if got.ID != "deepvision-1" || got.API != "deepvision" || got.Operation != "SecurityTokenGet" ||
		got.State != token.Active || got.Subject != "tenant/poi" || got.SingleUse ||
		!got.ExpiresAt.Equal(time.Date(2026, 1, 1, 5, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v", got)
	}
}

func TestRequestIDIsDrawnWhenAbsent(t *testing.T) {
	t.Parallel()
	drawn := func() any {
		param := goodParam()
		delete(param, "request_id")
		result, err := get(t, newSandbox(t), param)
		if err != nil {
			t.Fatal(err)
		}
		return contract.Plain(result.Body).(map[string]any)["resp_request_id"]
	}
	first, again := drawn(), drawn()
	if id, _ := first.(string); len(id) != 36 || first != again {
		t.Errorf("got %v, then %v", first, again)
	}
}

func TestEachCallHasItsOwnCredentials(t *testing.T) {
	t.Parallel()
	box, ids := newSandbox(t), map[any]bool{}
	for range 3 {
		result, err := get(t, box, goodParam())
		if err != nil {
			t.Fatal(err)
		}
		ids[contract.Plain(result.Body).(map[string]any)["result"].(map[string]any)["access_key_id"]] = true
	}
	if len(ids) != 3 {
		t.Errorf("got %d different keys of 3", len(ids))
	}
}

func TestParamIsNeeded(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	_, err := get(t, box, nil)
	var fault *wire.Fault
	if !errors.As(err, &fault) || fault.Kind != wire.Documented || fault.Code != "isv.missing-parameter" ||
		!cmp.Equal(fault.Fill, []string{"param"}) || len(fault.Findings) != 1 {
		t.Errorf("got %v", err)
	}
	if tokens, err := box.Tokens(t.Context()); err != nil || len(tokens) != 0 {
		t.Errorf("a refused call issued %v, %v", tokens, err)
	}
}
