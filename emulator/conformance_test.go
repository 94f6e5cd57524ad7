package emulator_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

// instant is where the clocks of these tests stand.
var instant = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// world is an emulator with one sandbox at a frozen clock, and callers that know its credentials.
type world struct {
	*emulator.Emulator
	*steer.World
	box     *sandbox.Sandbox
	handler http.Handler
	acs     *gatewaytest.ACS
	top     *gatewaytest.Top
	fabric  gatewaytest.App
	shared  store.Store // of its state, where a test gave one
}

const host = "127.0.0.1:4010"

func newWorld(t testing.TB, change ...func(*sandbox.Definition)) *world {
	t.Helper()
	return newWorldWith(t, emulator.Options{}, change...)
}

// newWorldWith makes violations fatal, whatever the options say.
func newWorldWith(t testing.TB, o emulator.Options, change ...func(*sandbox.Definition)) *world {
	t.Helper()
	o.Log, o.Violation = cmp.Or(o.Log, discard), func(err error) { t.Error(err) }
	e, err := emulator.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	def := sandbox.Definition{
		ID: "conformance", Seed: 3, Now: &instant, Frozen: true,
		Credentials: gatewaytest.Credentials{
			ACS:    []gatewaytest.ACSCredential{{AccessKeyID: "ak", AccessKeySecret: "acs-secret"}},
			Top:    []gatewaytest.App{{AppKey: "20000002", AppSecret: "top-secret"}},
			Fabric: []gatewaytest.App{{AppKey: "fabric-app", AppSecret: "fabric-secret"}},
		}.Listed(),
	}
	for _, f := range change {
		f(&def)
	}
	box, err := e.World().Sandboxes().Create(t.Context(), def)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Emulator: e, World: e.World(), handler: e.Handler(), shared: o.Store}
	w.enter(box)
	w.acs.Now = func() time.Time { return instant }
	w.top.Now = w.acs.Now
	return w
}

// enter lets the callers sign with the first credentials of a sandbox, at the instant of its clock.
func (w *world) enter(box *sandbox.Sandbox) {
	now := func() time.Time {
		clock, err := box.Clock(context.Background())
		if err != nil {
			panic(err)
		}
		return clock.Now
	}
	all := gatewaytest.Read(box.Credentials)
	key, app := all.ACS[0], all.Top[0]
	w.box, w.fabric = box, all.Fabric[0]
	w.acs = &gatewaytest.ACS{AccessKeyID: key.AccessKeyID, AccessKeySecret: key.AccessKeySecret, Now: now}
	w.top = &gatewaytest.Top{AppKey: app.AppKey, AppSecret: app.AppSecret, Now: now}
}

// do sends a request through the data plane's handler.
func (w *world) do(t testing.TB, r gatewaytest.Request) answer {
	t.Helper()
	req, err := r.HTTP()
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req.WithContext(t.Context()))
	if rec.Body.Len() == 0 && rec.Header().Get("Server") != "AliyunOSS" { // whose answers can be empty
		t.Fatalf("empty body for %s %s", r.Method, r.Path)
	}
	return answer{rec.Code, rec.Header(), rec.Body.String(), codeOf(rec.Body.String())}
}

// driver makes the requests of one gateway. Each attack names the code that must answer it.
type driver struct {
	// valid is a request that passes authentication.
	valid forgery
	// attacks are changes to a valid request, or ways to make a wrong one.
	attacks map[string]attack
	// missing is the code that answers an absent required parameter.
	missing func(op *contract.Operation, name string) string
}

// forgery makes a request for an operation with its example's values.
type forgery func(t *testing.T, w *world, op *contract.Operation, text map[string]string, body []byte) gatewaytest.Request

// anyRefusal stands for a code of the gateway, whichever: what matters is that the call is not taken.
const anyRefusal = "any refusal"

func refused(*contract.Operation) string { return anyRefusal }

// with adds attacks.
func (d driver) with(more map[string]attack) driver {
	maps.Copy(d.attacks, more)
	return d
}

type attack struct {
	prepare func(w *world)                      // before the request is made
	forge   forgery                             // makes a wrong request in place of a valid one
	change  func(r *gatewaytest.Request)        // after it is signed
	twice   bool                                // send it once before
	code    func(op *contract.Operation) string // "" for success
}

func always(code string) func(*contract.Operation) string {
	return func(*contract.Operation) string { return code }
}

func drivers() map[string]driver {
	return map[string]driver{"acs": acsDriver(), "top": topDriver(), "fabric": fabricDriver(), "oss": ossDriver()}
}

// driverOf is the driver of an operation: one that needs no key is called without.
func driverOf(op *contract.Operation) driver {
	if op.Anonymous != nil {
		return anonymousDriver(op)
	}
	return drivers()[op.API.Gateway.Name]
}

func acsDriver() driver {
	late := func(d time.Duration) func(w *world) {
		return func(w *world) { w.acs.Now = func() time.Time { return instant.Add(d) } }
	}
	return driver{
		valid: validACS,
		attacks: map[string]attack{
			"unsigned": {change: func(r *gatewaytest.Request) { r.Header.Del("Authorization") }, code: always("MissingAccessKeyId")},
			"tampered": {change: tamper, code: always("SignatureDoesNotMatch")},
			"expired":  {prepare: late(-16 * time.Minute), code: always("InvalidTimeStamp.Expired")},
			"ahead":    {prepare: late(16 * time.Minute), code: always("InvalidTimeStamp.Expired")},
			"replayed": {twice: true, code: always("SignatureNonceUsed")},
			"wrong key": {
				prepare: func(w *world) { w.acs.AccessKeyID = "nobody" }, code: always("InvalidAccessKeyId.NotFound"),
			},
			"wrong secret": {
				prepare: func(w *world) { w.acs.AccessKeySecret = "other" }, code: always("SignatureDoesNotMatch"),
			},
			"wrong method": {change: func(r *gatewaytest.Request) { r.Method = http.MethodDelete }, code: always("UnsupportedHTTPMethod")},
		},
		missing: missingACS,
	}.with(acsForgeries())
}

// missingACS is Missing<name>, unless the parameter has an error of its own.
func missingACS(op *contract.Operation, name string) string {
	parameter, _, _ := strings.Cut(name, ".")
	for _, in := range op.Inputs {
		if in.Name == parameter && in.InvalidCode != "" {
			return in.InvalidCode
		}
	}
	return "Missing" + name
}

func validACS(_ *testing.T, w *world, op *contract.Operation, text map[string]string, body []byte) gatewaytest.Request {
	return w.signedFor(op.Action, op, text, body)
}

// signedFor is a request for an operation whose signature names an action.
func (w *world) signedFor(action string, op *contract.Operation, text map[string]string, body []byte) gatewaytest.Request {
	r := gatewaytest.Request{Method: http.MethodPost, Path: op.Path, Host: host, Query: url.Values{}, Header: http.Header{}}
	for name, value := range text {
		r.Query.Set(name, value)
	}
	if op.HasBody {
		r.Body = string(body)
		r.Header.Set("Content-Type", "application/json")
	}
	return w.acs.V3(r, action, op.Version)
}

// tamper changes something that every signature covers: a parameter, or the body.
func tamper(r *gatewaytest.Request) {
	if r.Body != "" {
		r.Body = strings.Replace(r.Body, `"`, ` "`, 1)
		return
	}
	r.Query.Set("Tampered", "1")
}

func topDriver() driver {
	return driver{
		valid: func(_ *testing.T, w *world, op *contract.Operation, text map[string]string, _ []byte) gatewaytest.Request {
			return w.top.Sign(host, op.Action, text)
		},
		attacks: map[string]attack{
			"unsigned": {change: dropSign, code: always("24")},
			"tampered": {change: func(r *gatewaytest.Request) { r.Body += "&tampered=1" }, code: always("25")},
			"expired": {
				prepare: func(w *world) { w.top.Now = func() time.Time { return instant.Add(-11 * time.Minute) } }, code: always("31"),
			},
			"replayed": {twice: true, code: always("")}, // the gateway knows no nonce
			"signed for another key": {
				change: func(r *gatewaytest.Request) { r.Body = strings.Replace(r.Body, "app_key=", "app_key=1&app_key=", 1) }, code: refused,
			},
			"two signatures": {
				change: func(r *gatewaytest.Request) { r.Body = strings.Replace(r.Body, "sign=", "sign=00&sign=", 1) }, code: refused,
			},
			"signature in the query": {
				change: func(r *gatewaytest.Request) { r.Query = url.Values{"sign": {"00"}} }, code: refused,
			},
			"wrong key":    {prepare: func(w *world) { w.top.AppKey = "1" }, code: always("isv.appkey-not-exists")},
			"wrong secret": {prepare: func(w *world) { w.top.AppSecret = "other" }, code: always("25")},
		},
		missing: func(*contract.Operation, string) string { return "isv.missing-parameter" },
	}
}

func dropSign(r *gatewaytest.Request) {
	parts := strings.Split(r.Body, "&")
	r.Body = strings.Join(slices.DeleteFunc(parts, func(p string) bool { return strings.HasPrefix(p, "sign=") }), "&")
}

func fabricDriver() driver {
	open := func(op *contract.Operation) bool { return op.ID == "tokenByAkSk" }
	orOpen := func(code, whenOpen string) func(*contract.Operation) string {
		return func(op *contract.Operation) string {
			if open(op) {
				return whenOpen
			}
			return code
		}
	}
	return driver{
		valid: validFabric,
		attacks: map[string]attack{
			"unsigned": {change: func(r *gatewaytest.Request) { r.Header.Del("Authorization") }, code: orOpen("401", "")},
			"tampered": {
				change: func(r *gatewaytest.Request) { r.Header.Set("Authorization", "Bearer 00"+r.Header.Get("Authorization")) },
				code:   orOpen("401", ""),
			},
			"replayed": {twice: true, code: ofExample}, // tokens are good until they expire
			"token of another sandbox": {
				change: func(r *gatewaytest.Request) { r.Header.Set("x-app-key", "11111111-2222-4333-8444-555555555555") },
				code:   orOpen("401", ""),
			},
			"token from before a reset": {forge: beforeAReset, code: orOpen("401", "")},
			"wrong key": {
				change: func(r *gatewaytest.Request) {
					r.Header.Set("x-app-key", "nobody")
					r.Body = strings.ReplaceAll(r.Body, "fabric-app", "nobody")
				},
				code: orOpen("401", "403"),
			},
			"wrong method": {change: func(r *gatewaytest.Request) { r.Method = http.MethodDelete }, code: always("405")},
		},
		missing: func(op *contract.Operation, _ string) string { return cmp.Or(op.MissingCode, "400") },
	}
}

// ofExample is what answers the example of an operation in a sandbox in which nothing happened before: nobody has opened
// a session there, and no file was uploaded.
func ofExample(op *contract.Operation) string {
	switch op.ID {
	case "send", "sendAsync", "downloadFileStream", "saveSatisfaction", "pushMsg":
		return "resultCode.13"
	}
	return ""
}

// validFabric signs in first, as far as the operation needs it.
func validFabric(t *testing.T, w *world, op *contract.Operation, text map[string]string, body []byte) gatewaytest.Request {
	t.Helper()
	r := gatewaytest.Request{Method: op.Methods[0], Path: op.Path, Host: host, Body: string(body), Query: url.Values{}}
	r.Header = http.Header{"Content-Type": {"application/json"}}
	for _, in := range op.Inputs {
		if value, ok := text[in.Name]; ok && in.In == "query" {
			r.Query.Set(in.Name, value)
		}
	}
	if op.ID == "tokenByAkSk" {
		var credentials map[string]any
		if err := json.Unmarshal(body, &credentials); err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"app_key": w.fabric.AppKey, "app_secret": w.fabric.AppSecret} {
			if _, there := credentials[name]; there {
				credentials[name] = value
			}
		}
		r.Body = toJSON(t, credentials)
		r.Header.Set("x-app-key", w.fabric.AppKey)
		return r
	}
	app := toJSON(t, map[string]any{"app_key": w.fabric.AppKey, "app_secret": w.fabric.AppSecret})
	access := signIn(t, w, "tokenByAkSk", nil, app)["AccessToken"]
	r.Header.Set("x-app-key", w.fabric.AppKey)
	r.Header.Set("Authorization", "Bearer "+fmt.Sprint(access))
	if op.ID != "applyToken" {
		token := signIn(t, w, "applyToken", r.Header, applyBody(t, w))["token"]
		r.Header.Set("ccmessaging-token", fmt.Sprint(token))
	}
	return r
}

// applyBody asks for the token of the user and channel that the examples of send and poll speak for.
func applyBody(t *testing.T, w *world) string {
	t.Helper()
	_, body, err := operation(t, w, "ccmessaging", "send").RequestExample()
	if err != nil {
		t.Fatal(err)
	}
	var message map[string]any
	if err := json.Unmarshal(body, &message); err != nil {
		t.Fatal(err)
	}
	return toJSON(t, map[string]any{
		"userId": message["from"], "userName": "User", "channelId": message["to"], "locale": "en",
	})
}

func signIn(t *testing.T, w *world, operationID string, header http.Header, body string) map[string]any {
	t.Helper()
	op := operation(t, w, "ccmessaging", operationID)
	if header == nil {
		header = http.Header{}
	}
	got := w.do(t, gatewaytest.Request{Method: http.MethodPost, Path: op.Path, Host: host, Header: header, Body: body})
	var reply map[string]any
	if err := json.Unmarshal([]byte(got.body), &reply); err != nil || got.status != http.StatusOK {
		t.Fatalf("%s: %d %s", operationID, got.status, got.body)
	}
	return reply
}

func operation(t testing.TB, w *world, api, id string) *contract.Operation {
	t.Helper()
	for _, op := range w.Catalogue().API(api).Operations {
		if op.ID == id {
			return op
		}
	}
	t.Fatalf("no operation %s.%s", api, id)
	return nil
}

func toJSON(t testing.TB, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// outcome is the code as the journal knows it: that of fabric is its HTTP status, or the result code of a business
// failure.
func (a answer) outcome(gateway string) string {
	if gateway != "fabric" {
		return a.code
	}
	if a.status != http.StatusOK {
		return fmt.Sprint(a.status)
	}
	var result struct{ ResultCode string }
	if json.Unmarshal([]byte(a.body), &result) == nil && strings.Trim(result.ResultCode, "0") != "" {
		return "resultCode." + result.ResultCode
	}
	return ""
}

// TestConformance holds every operation of the catalogue to its gateway's checks. A new API is covered by being there.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, api := range newWorld(t).HTTPAPIs() {
		for _, op := range api.Operations {
			d := driverOf(op)
			for name, a := range d.attacks {
				t.Run(op.Name+"/"+name, func(t *testing.T) {
					t.Parallel()
					testAttack(t, d, op, a)
				})
			}
			for _, name := range op.Required() {
				if d.missing(op, name) == anotherOperation {
					continue
				}
				t.Run(op.Name+"/without "+name, func(t *testing.T) {
					t.Parallel()
					testMissing(t, d, op, name)
				})
			}
		}
	}
}

func testAttack(t *testing.T, d driver, op *contract.Operation, a attack) {
	t.Helper()
	w := newWorld(t)
	text, body := w.example(t, op)
	if a.prepare != nil {
		a.prepare(w)
	}
	forge := d.valid
	if a.forge != nil {
		forge = a.forge
	}
	r := forge(t, w, op, text, body)
	if a.change != nil {
		a.change(&r)
	}
	if a.twice {
		w.do(t, r)
	}
	got := w.do(t, r)
	outcome, want := got.outcome(op.API.Gateway.Name), a.code(op)
	if want == anyRefusal && outcome != "" && got.status < http.StatusInternalServerError {
		want = outcome
	}
	if outcome != want {
		t.Fatalf("got %q, want %q: %d %s", got.outcome(op.API.Gateway.Name), want, got.status, got.body)
	}
	w.checkJournal(t, op, got)
}

// checkJournal holds the last entry to what was sent: a refusal is explained.
func (w *world) checkJournal(t *testing.T, op *contract.Operation, got answer) {
	t.Helper()
	boxes, err := w.Sandboxes().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, box := range boxes {
		page, err := w.Journal(box).List(t.Context(), journalFilter)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range slices.Backward(page.Requests) {
			if entry.Response.Body != got.body && !strings.Contains(got.body, entry.ID) {
				continue // secrets are masked in the journal, so the body alone may differ
			}
			if entry.Outcome != wire.OutcomeOK && len(entry.Findings) == 0 {
				t.Errorf("%s ended as %s without a finding", op.Name, entry.Outcome)
			}
			checkSentences(t, entry.Findings)
			return
		}
	}
	t.Error("the call is in no journal")
}

func testMissing(t *testing.T, d driver, op *contract.Operation, name string) {
	t.Helper()
	w := newWorld(t)
	text, body := w.example(t, op)
	text, body = without(t, text, body, name)
	got := w.do(t, d.valid(t, w, op, text, body))
	if want := d.missing(op, name); got.outcome(op.API.Gateway.Name) != want {
		t.Fatalf("got %q, want %q: %d %s", got.outcome(op.API.Gateway.Name), want, got.status, got.body)
	}
	w.checkJournal(t, op, got)
}

// without takes a required parameter out of a request: "InstanceId", "param.product_code", or a member of the body.
func without(t *testing.T, text map[string]string, body []byte, name string) (map[string]string, []byte) {
	t.Helper()
	text = maps.Clone(text)
	parameter, member, nested := strings.Cut(name, ".")
	_, isText := text[parameter]
	switch {
	case nested:
		text[parameter] = string(dropMember(t, []byte(text[parameter]), member))
	case isText:
		delete(text, parameter)
	case body != nil:
		body = dropMember(t, body, name)
	default:
		t.Fatalf("the spec has no example of %s", name)
	}
	return text, body
}

func dropMember(t *testing.T, object []byte, member string) []byte {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(object, &members); err != nil {
		t.Fatal(err)
	}
	if _, there := members[member]; !there {
		t.Fatalf("no member %s in %s", member, object)
	}
	delete(members, member)
	return []byte(toJSON(t, members))
}

// TestBadInputGetsAnAnswerInShape throws what no client sends at the data plane.
func TestBadInputGetsAnAnswerInShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	big := strings.Repeat("x", dataplane.MaxBody+1)
	for name, r := range map[string]gatewaytest.Request{
		"acs without action":    {Method: "POST", Path: "/", Query: url.Values{"AccessKeyId": {"ak"}}},
		"acs unknown action":    {Method: "POST", Path: "/", Query: url.Values{"Action": {"Nothing"}, "Version": {"1"}}},
		"acs wrong version":     {Method: "POST", Path: "/", Query: url.Values{"Action": {"ApplyToken"}, "Version": {"1999-01-01"}}},
		"acs bad format":        {Method: "POST", Path: "/", Query: url.Values{"Action": {"ApplyToken"}, "Format": {"CSV"}}},
		"acs body too large":    {Method: "POST", Path: "/", Query: url.Values{"Action": {"ApplyToken"}}, Body: big},
		"acs odd method":        {Method: "BREW", Path: "/", Query: url.Values{"Action": {"ApplyToken"}, "Version": {"2020-04-20"}}},
		"acs unknown roa path":  {Method: "POST", Path: "/api/v9/none", Header: http.Header{"X-Acs-Action": {"X"}}},
		"top empty":             {Method: "GET", Path: "/router/rest"},
		"top body too large":    {Method: "POST", Path: "/router/rest", Body: big},
		"top bytes":             {Method: "POST", Path: "/router/rest", Body: "\x00\xff%%%=&&&", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}},
		"top broken multipart":  {Method: "POST", Path: "/router/rest", Body: "--x\r\n", Header: http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}},
		"fabric unknown path":   {Method: "POST", Path: "/apiaccess/ccmessaging/none"},
		"fabric no body":        {Method: "POST", Path: "/apigovernance/api/oauth/tokenByAkSk"},
		"fabric not JSON":       {Method: "POST", Path: "/apigovernance/api/oauth/tokenByAkSk", Body: "{"},
		"fabric body too large": {Method: "POST", Path: "/apigovernance/api/oauth/tokenByAkSk", Body: big},
		"nobody's path":         {Method: "GET", Path: "/nothing/here"},
		"nobody's large body":   {Method: "POST", Path: "/nothing", Body: big},
		"nobody's long path":    {Method: "GET", Path: "/" + strings.Repeat("a", dataplane.MaxURL)},
		"nobody's headers":      {Method: "GET", Path: "/nothing", Header: http.Header{"X-Big": {strings.Repeat("h", dataplane.MaxHeader)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r.Host = host
			if r.Header == nil {
				r.Header = http.Header{}
			}
			got := w.do(t, r)
			if got.status >= 500 {
				t.Errorf("status %d", got.status)
			}
			kind := got.header.Get("Content-Type")
			isJSON := json.Valid([]byte(got.body)) && (strings.Contains(kind, "json") || strings.Contains(kind, "javascript"))
			isXML := strings.HasPrefix(kind, "text/xml") && strings.HasPrefix(got.body, "<?xml")
			if !isJSON && !isXML || bytes.Contains([]byte(got.body), []byte("<html")) {
				t.Errorf("not in a provider's shape: %s %s", kind, got.body)
			}
		})
	}
}
