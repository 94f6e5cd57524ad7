package fabric_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/fabric"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/openapi"
)

const (
	appKey      = "11111111-2222-4333-8444-555555555555"
	otherApp    = "99999999-2222-4333-8444-555555555555"
	clientToken = "good-client-token"

	oauthPath = "/apigovernance/api/oauth/tokenByAkSk"
	applyPath = "/apiaccess/ccmessaging/applyToken"
	sendPath  = "/apiaccess/ccmessaging/send"
	pollPath  = "/apiaccess/ccmessaging/poll"
	applyBody = `{"userId":"u","userName":"n","channelId":"c","locale":"zh"}`
)

var (
	epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	// specs are read once: loading takes longer than any test.
	specs = sync.OnceValues(func() (*contract.Catalogue, error) { return contract.Load(openapi.Files) })
)

// world is a gateway over the real specs and one sandbox with two apps and a frozen clock.
type world struct {
	gateway *fabric.Gateway
	box     *sandbox.Sandbox
	token   string // a good AccessToken of appKey
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	catalogue, err := specs()
	if err != nil {
		tb.Fatalf("load the specs: %v", err)
	}
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{
		Schemes: gateways.Schemes(),
		Store:   memory.New(), RealNow: func() time.Time { return epoch },
	})
	box, err := registry.Create(tb.Context(), sandbox.Definition{
		ID: "box", Seed: 7, Frozen: true,
		Credentials: gatewaytest.Credentials{Fabric: []gatewaytest.App{
			{AppKey: appKey, AppSecret: "secret-1"}, {AppKey: otherApp, AppSecret: "secret-2"},
		}}.Listed(),
	})
	if err != nil {
		tb.Fatalf("create the sandbox: %v", err)
	}
	check := fabric.TokenCheck{Header: "ccmessaging-token", Claims: noClaims, Check: checkClient}
	w := &world{gateway: fabric.New(catalogue, check), box: box}
	w.token = w.issue(tb, appKey)
	return w
}

// noClaims stands in for an API whose token is none of the sandbox's.
func noClaims(*sandbox.Turn, *wire.Call) (token.Claims, bool) { return token.Claims{}, false }

// checkClient stands in for an API's own check.
func checkClient(_ context.Context, _ *sandbox.Turn, call *wire.Call) error {
	if call.Request.Header.Get("ccmessaging-token") != clientToken {
		return &wire.Fault{Kind: wire.WrongSecurityToken, Message: "own text"}
	}
	return nil
}

func (w *world) turn(tb testing.TB) *sandbox.Turn {
	tb.Helper()
	turn, err := w.box.Begin(tb.Context())
	if err != nil {
		tb.Fatalf("begin a turn: %v", err)
	}
	return turn
}

// issue makes an AccessToken of 600 seconds, listed as tokenByAkSk lists it.
func (w *world) issue(tb testing.TB, app string) string {
	tb.Helper()
	turn := w.turn(tb)
	end := turn.Now.Add(600 * time.Second)
	text, err := turn.IssueAccess("ccmessaging", app, end)
	if err != nil {
		tb.Fatalf("issue an AccessToken: %v", err)
	}
	if err := turn.Grant(token.Grant{
		Issuer: "ccmessaging", Operation: "tokenByAkSk", Subject: app, ExpiresAt: end,
	}); err != nil {
		tb.Fatalf("list the AccessToken: %v", err)
	}
	if err := turn.Commit(tb.Context()); err != nil {
		tb.Fatalf("list the AccessToken: %v", err)
	}
	return text
}

// request is a good applyToken call, changed by each change.
func (w *world) request(changes ...func(*wire.Request)) *wire.Request {
	req := &wire.Request{Method: http.MethodPost, Path: applyPath, Header: http.Header{}, Body: []byte(applyBody)}
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	req.Header.Set("x-app-key", appKey)
	req.Header.Set("Authorization", "Bearer "+w.token)
	for _, change := range changes {
		change(req)
	}
	return req
}

func header(name, value string) func(*wire.Request) {
	return func(req *wire.Request) {
		if value == "" {
			req.Header.Del(name)
			return
		}
		req.Header.Set(name, value)
	}
}

func path(path string) func(*wire.Request) { return func(req *wire.Request) { req.Path = path } }
func method(method string) func(*wire.Request) {
	return func(req *wire.Request) { req.Method = method }
}

func body(body string) func(*wire.Request) {
	return func(req *wire.Request) { req.Body = []byte(body) }
}

func query(query string) func(*wire.Request) { return func(req *wire.Request) { req.RawQuery = query } }

// answer carries a request up to its operation: the reply is that of the first fault, or an empty success.
func (w *world) answer(tb testing.TB, req *wire.Request) (wire.Reply, *wire.Fault, gateway.Exchange) {
	tb.Helper()
	x, err := w.gateway.Read(req)
	if err == nil {
		_, err = x.Authenticate(tb.Context(), w.turn(tb))
	}
	if err == nil {
		err = x.Validate()
	}
	if err == nil {
		return x.Reply(wire.Result{}), nil, x
	}
	fault := gateway.AsFault(err)
	return x.Refuse(fault), fault, x
}

const lapsed = "auth fail! illegal or expired token info. please apply or refresh the access token from the server!"

// TestOrderOfChecks breaks a request in every way at once and mends it one by one.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := []func(*wire.Request){
		path(sendPath + "s"), method(http.MethodGet), header("x-app-key", "nobody"), header("Authorization", "Basic x"),
		header("ccmessaging-token", "bad"), body(`{"from":`),
	}
	goodSend := `{"channel":"WEB","controlType":"CHAT","from":"u","to":"c","mediaType":"TEXT","sourceType":"CUSTOMER"}`
	steps := []struct {
		name   string
		status int
		text   string
		mend   func(*wire.Request)
	}{
		{"unknown path", 404, "does not exist", path(sendPath)},
		{"wrong method", 405, "method is not supported", method(http.MethodPost)},
		{"unknown app", 401, "x-app-key", header("x-app-key", appKey)},
		{"wrong scheme", 401, lapsed, header("Authorization", "Bearer "+strings.Repeat("0", 32))},
		{"unknown AccessToken", 401, lapsed, header("Authorization", "Bearer "+w.token)},
		{"wrong client token", 401, "own text", header("ccmessaging-token", clientToken)},
		{"malformed body", 400, "not valid", body(goodSend)},
		{"good", 200, "{}", nil},
	}
	changes := broken
	for _, step := range steps {
		reply, fault, _ := w.answer(t, w.request(changes...))
		if reply.Status != step.status || !strings.Contains(string(reply.Body), step.text) {
			t.Errorf("%s: got %d %s (%v), want %d with %q", step.name, reply.Status, reply.Body, fault, step.status, step.text)
		}
		changes = append(changes, step.mend)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := w.issue(t, otherApp)
	cases := map[string]struct {
		change  func(*wire.Request)
		status  int
		text    string // in the body
		finding string // in the first finding
	}{
		"unknown path": {path("/apiaccess/ccmessaging/v1/send"), 404, "does not exist", "No operation has the path"},
		"path in another case": {
			path("/apiaccess/ccmessaging/ApplyToken"), 404, "does not exist", "No operation has the path",
		},
		"wrong method":       {method(http.MethodPut), 405, "not supported", "does not take this method"},
		"no app key":         {header("x-app-key", ""), 401, "x-app-key", "absent or empty"},
		"unknown app key":    {header("x-app-key", "nobody"), 401, "x-app-key", `the key "nobody"`},
		"no authorization":   {header("Authorization", ""), 401, lapsed, "absent or empty"},
		"blank":              {header("Authorization", " "), 401, lapsed, "absent or empty"},
		"bare token":         {header("Authorization", w.token), 401, lapsed, "without the word Bearer"},
		"lower-case scheme":  {header("Authorization", "bearer "+w.token), 401, lapsed, "in this case, and one blank"},
		"two blanks":         {header("Authorization", "Bearer  "+w.token), 401, lapsed, "one blank"},
		"bearer twice":       {header("Authorization", "Bearer Bearer "+w.token), 401, lapsed, "one blank"},
		"scheme alone":       {header("Authorization", "Bearer"), 401, lapsed, "not of the documented form"},
		"scheme and blank":   {header("Authorization", "Bearer "), 401, lapsed, "not of the documented form"},
		"other scheme":       {header("Authorization", "Basic eDp5"), 401, lapsed, "not of the documented form"},
		"unknown token":      {header("Authorization", "Bearer "+strings.Repeat("a", 32)), 401, lapsed, "issued no such"},
		"upper case":         {header("Authorization", "Bearer "+strings.ToUpper(w.token)), 401, lapsed, "lower case"},
		"braces":             {header("Authorization", "Bearer {"+w.token+"}"), 401, lapsed, "without anything around it"},
		"another app's":      {header("Authorization", "Bearer "+foreign), 401, lapsed, "was issued to app " + otherApp},
		"token, another app": {header("x-app-key", otherApp), 401, lapsed, "was issued to app " + appKey},
		"malformed body":     {body(`{"userId":`), 400, "not valid", "is not JSON"},
		"no body":            {body(""), 400, "not valid", "body is required"},
		"missing field": {
			body(`{"userName":"n","channelId":"c","locale":"zh"}`), 400, "not valid", "userId",
		},
		"over-long field": {
			body(strings.Replace(applyBody, `"u"`, `"`+strings.Repeat("u", 33)+`"`, 1)), 400, "not valid", "userId",
		},
		"locale": {body(strings.Replace(applyBody, "zh", "chinese", 1)), 400, "not valid", "locale"},
		"query":  {query("a=%zz"), 400, "not valid", "a cannot be read"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply, fault, _ := w.answer(t, w.request(c.change))
			if reply.Status != c.status || !strings.Contains(string(reply.Body), c.text) {
				t.Fatalf("got %d %s, want %d with %q", reply.Status, reply.Body, c.status, c.text)
			}
			if len(fault.Findings) == 0 || !strings.Contains(fault.Findings[0].Message, c.finding) {
				t.Fatalf("the findings are %+v, want %q", fault.Findings, c.finding)
			}
		})
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := map[string]func(*wire.Request){
		"as it is":                func(*wire.Request) {},
		"X-APP-Key":               header("X-APP-Key", appKey),
		"no content type":         header("Content-Type", ""),
		"32 characters in UTF-8":  body(strings.Replace(applyBody, `"u"`, `"`+strings.Repeat("用", 32)+`"`, 1)),
		"country code":            body(strings.Replace(applyBody, "zh", "zh_CN", 1)),
		"another member":          body(strings.Replace(applyBody, "{", `{"extra":1,`, 1)),
		"a header of other calls": header("X-TenantSpaceID", "202209135274"),
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply, fault, _ := w.answer(t, w.request(change))
			if reply.Status != 200 || reply.Outcome != wire.OutcomeOK {
				t.Fatalf("got %d %s: %+v", reply.Status, reply.Body, fault.Findings)
			}
		})
	}
}

func TestContentTypeAdvice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := map[string]struct {
		change func(*wire.Request)
		advice int
	}{
		"json":  {header("Content-Type", "application/json"), 0},
		"none":  {header("Content-Type", ""), 1},
		"form":  {header("Content-Type", "application/x-www-form-urlencoded"), 1},
		"bad":   {header("Content-Type", ";;"), 1},
		"query": {func(r *wire.Request) { r.Method, r.Path = http.MethodGet, pollPath; r.Header.Del("Content-Type") }, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, err := w.gateway.Read(w.request(c.change, header("ccmessaging-token", clientToken)))
			if err != nil {
				t.Fatal(err)
			}
			findings, err := x.Authenticate(t.Context(), w.turn(t))
			if err != nil || len(findings) != c.advice {
				t.Fatalf("got %+v, %v; want %d findings", findings, err, c.advice)
			}
		})
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string]bool{
		oauthPath: true, applyPath: true, "/apigovernance/": true, "/apigovernance/x": true,
		"/apiaccess/ccmessaging/v1/unknown": true, "/apiaccess/ccmessaging": false, "/apiaccess/other": false,
		"//apiaccess/ccmessaging/send": true, "/apiaccess//ccmessaging/send/": true, "/": false, "/router/rest": false, "/APIACCESS/ccmessaging/send": false,
	} {
		if got := w.gateway.Claims(&wire.Request{Method: http.MethodGet, Path: path}); got != want {
			t.Errorf("Claims(%s) is %v, want %v", path, got, want)
		}
	}
}
