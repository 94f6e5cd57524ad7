package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// furtherAPI is one that the product does not know and whose credentials are as good as those of any other.
const (
	furtherAPI  = "roles"
	furtherSpec = `openapi: 3.0.3
info: {title: Roles, version: "2026-01-01"}
x-gateway: acs
x-product: Roles
x-version: "2026-01-01"
paths:
  /#Action=AssumeRole:
    post:
      operationId: AssumeRole
      x-action: AssumeRole
      responses:
        "200":
          description: The credentials.
          content:
            application/json:
              schema: {type: object, required: [RequestId, access_key_id, access_key_secret, token]}
              example: {RequestId: 1CBAFFAB-B697-4049-A9B1-67E1FC5F0001, access_key_id: a, access_key_secret: b, token: c}
`
)

func assumeRole(_ context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	issued := turn.IssueTemporary(furtherAPI, call.Credential, turn.Now.Add(time.Hour), "")
	err := turn.Grant(token.Grant{
		Issuer: furtherAPI, Operation: "AssumeRole", Subject: "role", ExpiresAt: issued.Expires, Note: "issued",
	})
	return wire.Result{Body: wire.Object{
		{Name: "RequestId", Value: call.ID},
		{Name: "access_key_id", Value: issued.AccessKeyID},
		{Name: "access_key_secret", Value: issued.AccessKeySecret},
		{Name: "token", Value: issued.SecurityToken},
	}}, err
}

// grantor is an emulator with the further API, that stands in one of its sandboxes.
func grantor(t *testing.T, where string) *world {
	t.Helper()
	e, err := emulator.NewWithAPI(t.Context(), emulator.Options{
		Log: discard, Violation: func(err error) { t.Error(err) },
		Specs: []fs.FS{fstest.MapFS{furtherAPI + ".yaml": {Data: []byte(furtherSpec)}}},
	}, api.API{Name: furtherAPI, Handlers: map[string]api.Handler{"AssumeRole": assumeRole}})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Emulator: e, World: e.World(), handler: e.Handler()}
	if where == sandbox.Default {
		w.enterDefault(t)
		return w
	}
	box, err := w.CreateSandbox(t.Context(), sandbox.Definition{ID: where, Now: &instant, Frozen: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.enter(box)
	return w
}

// grant is what an operation issued.
type grant struct {
	token.Token

	reply  map[string]any
	signer *gatewaytest.ACS // with the credentials that were issued, once they were used
}

// grantOf makes the usual call of an operation; nothing is returned for one that issues nothing.
func (w *world) grantOf(t *testing.T, op *contract.Operation) *grant {
	t.Helper()
	text, body := w.example(t, op)
	if _, takesOne := text["Token"]; takesOne || op.API.Gateway.Name == "oss" {
		return nil // it is about a token, or about objects
	}
	got := w.do(t, driverOf(op).valid(t, w, op, text, body))
	var reply map[string]any
	if err := json.Unmarshal([]byte(got.body), &reply); err != nil || got.status != http.StatusOK {
		t.Fatalf("%s: %d %s", op.Name, got.status, got.body)
	}
	tokens, err := w.Tokens(t.Context(), w.box)
	if err != nil {
		t.Fatal(err)
	}
	if len(tokens) == 0 || tokens[0].API != op.API.Name || tokens[0].Operation != op.ID {
		return nil
	}
	return &grant{Token: tokens[0], reply: reply}
}

// TestGrants holds every operation that grants something, in every sandbox: what it issues is listed and good, and is
// good no longer once it expired, was revoked, or its sandbox was reset.
func TestGrants(t *testing.T) {
	t.Parallel()
	for _, where := range []string{sandbox.Default, "created"} {
		for _, api := range grantor(t, where).HTTPAPIs() {
			grants := 0
			for _, op := range api.Operations {
				if grantor(t, where).grantOf(t, op) == nil {
					continue
				}
				grants++
				for name, end := range ends() {
					t.Run(fmt.Sprintf("%s/%s/%s", op.Name, where, name), func(t *testing.T) {
						t.Parallel()
						testGrant(t, grantor(t, where), op, end)
					})
				}
			}
			if grants == 0 && api.Gateway.Name != "oss" {
				t.Errorf("no operation of %s was seen to grant anything", api.Name)
			}
		}
	}
}

// end is a way in which a grant ends; listed is what it is listed as then, empty for one that is forgotten.
type end struct {
	do     func(t *testing.T, w *world, g *grant)
	listed token.State
}

func ends() map[string]end {
	change := func(to token.State) func(*testing.T, *world, *grant) {
		return func(t *testing.T, w *world, g *grant) {
			t.Helper()
			if _, err := w.ChangeToken(t.Context(), w.box, g.ID, to); err != nil {
				t.Fatal(err)
			}
		}
	}
	return map[string]end{
		"revoked":             {change(token.Revoked), token.Revoked},
		"expired by a person": {change(token.Expired), token.Expired},
		"expired": {func(t *testing.T, w *world, g *grant) {
			t.Helper()
			past := g.ExpiresAt.Add(time.Millisecond)
			if _, err := w.ChangeClock(t.Context(), w.box, sandbox.ClockChange{Now: &past}); err != nil {
				t.Fatal(err)
			}
		}, token.Expired},
		"reset": {func(t *testing.T, w *world, _ *grant) {
			t.Helper()
			if err := w.Reset(t.Context(), w.box); err != nil {
				t.Fatal(err)
			}
		}, ""},
	}
}

func testGrant(t *testing.T, w *world, op *contract.Operation, e end) {
	t.Helper()
	g := w.grantOf(t, op)
	if g.State != token.Active || !g.ExpiresAt.After(instant) {
		t.Errorf("listed as %s until %s", g.State, g.ExpiresAt)
	}
	isGood := uses(op)
	if isGood != nil && !isGood(t, w, g) {
		t.Error("what was issued is not good")
	}
	e.do(t, w, g)
	listed := token.State("")
	tokens, err := w.Tokens(t.Context(), w.box)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range tokens {
		if one.ID == g.ID {
			listed = one.State
		}
	}
	if listed != e.listed {
		t.Errorf("listed as %q, want %q", listed, e.listed)
	}
	if isGood != nil && isGood(t, w, g) {
		t.Error("what ended is still good")
	}
}

// uses tells by another call whether what an operation issued is good; nil where no other call takes it.
func uses(op *contract.Operation) func(*testing.T, *world, *grant) bool {
	switch op.Name {
	case "onsmqtt.ApplyToken":
		return func(t *testing.T, w *world, g *grant) bool {
			t.Helper()
			text, _, err := op.RequestExample()
			return err == nil && w.isGoodFor(t, text["InstanceId"], g.reply["Token"].(string))
		}
	case "ccmessaging.tokenByAkSk":
		return func(t *testing.T, w *world, g *grant) bool {
			t.Helper()
			return w.callFabric(t, "applyToken", applyBody(t, w), http.Header{
				"Authorization": {"Bearer " + g.reply["AccessToken"].(string)},
			})
		}
	case "ccmessaging.applyToken":
		return pollsWithToken
	case "appstream.GetStsToken", "appstream.GetStsToken20210218":
		return func(t *testing.T, w *world, g *grant) bool {
			t.Helper()
			model, _ := g.reply["StsTokenModel"].(map[string]any)
			text := map[string]string{"ProductType": "CloudApp"}
			text["LoginToken"], _ = model["StsToken"].(string)
			text["SessionId"], _ = model["SessionId"].(string)
			return w.do(t, anonymous(operation(t, w, "appstream", "GetConnectionTicket"), text)).status == http.StatusOK
		}
	case furtherAPI + ".AssumeRole":
		return func(t *testing.T, w *world, g *grant) bool {
			t.Helper()
			return w.signsWith(t, g, g.reply)
		}
	}
	if op.API.Gateway.Name == "top" {
		return func(t *testing.T, w *world, g *grant) bool {
			t.Helper()
			root, _ := g.reply[only(g.reply)].(map[string]any)
			credentials, _ := root["result"].(map[string]any)
			return w.signsWith(t, g, credentials)
		}
	}
	return nil
}

// only is the name of the one member.
func only(object map[string]any) string {
	for name := range object {
		return name
	}
	return ""
}

// signsWith reports whether temporary credentials sign a call of another API.
func (w *world) signsWith(t *testing.T, g *grant, credentials map[string]any) bool {
	t.Helper()
	text := func(name string) string {
		s, _ := credentials[name].(string)
		if s == "" {
			t.Fatalf("no %s in %v", name, credentials)
		}
		return s
	}
	if g.signer == nil {
		g.signer = &gatewaytest.ACS{
			AccessKeyID: text("access_key_id"), AccessKeySecret: text("access_key_secret"), SecurityToken: text("token"),
			Now: w.acs.Now,
		}
	}
	got := w.do(t, g.signer.V3(gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: host, Query: url.Values{
		"InstanceId": {w.instance()}, "Token": {"none"},
	}}, "QueryToken", "2020-04-20"))
	return got.status == http.StatusOK
}

// instance is one that the sandbox has.
func (w *world) instance() string {
	if some := w.box.Fixtures.Instances; len(some) > 0 {
		return some[0]
	}
	return "post-cn-test001"
}

func pollsWithToken(t *testing.T, w *world, g *grant) bool {
	t.Helper()
	app := toJSON(t, map[string]any{"app_key": w.fabric.AppKey, "app_secret": w.fabric.AppSecret})
	access := signIn(t, w, "tokenByAkSk", nil, app)["AccessToken"]
	_, body, err := operation(t, w, "ccmessaging", "poll").RequestExample()
	if err != nil {
		t.Fatal(err)
	}
	return w.callFabric(t, "poll", string(body), http.Header{
		"Authorization": {"Bearer " + fmt.Sprint(access)}, "ccmessaging-token": {fmt.Sprint(g.reply["token"])},
	})
}

// callFabric reports whether a call of ccmessaging is let in.
func (w *world) callFabric(t *testing.T, id, body string, header http.Header) bool {
	t.Helper()
	op := operation(t, w, "ccmessaging", id)
	for name, values := range header {
		header.Del(name)
		header.Set(name, values[0])
	}
	header.Set("Content-Type", "application/json")
	header.Set("x-app-key", w.fabric.AppKey)
	r := gatewaytest.Request{Method: op.Methods[0], Path: op.Path, Host: host, Header: header, Body: body, Query: url.Values{}}
	if op.Methods[0] == http.MethodGet {
		r.Body = ""
	}
	text, _, err := op.RequestExample()
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range op.Inputs {
		if value, ok := text[in.Name]; ok && in.In == "query" {
			r.Query.Set(in.Name, value)
		}
	}
	return w.do(t, r).status == http.StatusOK
}
