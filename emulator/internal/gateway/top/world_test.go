package top_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/top"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/openapi"
)

const (
	appKey      = "12345678"
	appSecret   = "testsecret"
	tokenMethod = "alibaba.security.deepvision.proxy.security.common.token.get"
	tokenRoot   = "alibaba_security_deepvision_proxy_security_common_token_get_response"
	goodParam   = `{"product_code":"oss","scene_code":"scene","usage_scene":"上传 a&b+c","op_poi_id":"poi",` +
		`"op_tenant_code":"tenant"}`
)

// china and noon are the clock of most tests: noon of the year's first day in the gateway's zone.
var (
	china = time.FixedZone("GMT+8", 8*60*60)
	noon  = time.Date(2026, 1, 1, 12, 0, 0, 0, china)
)

// shopSpec is an API whose methods show what the real ones do not: a leading "taobao.", and a reply with bare scalars.
const shopSpec = `openapi: 3.0.3
info: {title: Shop, version: "2.0"}
x-gateway: top
x-version: "2.0"
x-errors:
  - code: isv.missing-parameter
    status: 200
    number: 50
    message: Remote service error
    detail: 缺少参数:%s
    meaning: A parameter is absent.
    evidence: "choice: a test"
  - code: isv.invalid-parameter
    status: 200
    number: 50
    message: Remote service error
    detail: 非法参数
    meaning: A parameter is not good.
    evidence: "choice: a test"
paths:
  /router/rest#method=taobao.item.seller.get:
    post:
      operationId: ItemGet
      x-action: taobao.item.seller.get
      x-methods: [GET, POST]
      parameters:
        - {name: num_iid, in: query, schema: {type: integer}}
      responses:
        "200":
          description: The item.
          content: {application/json: {schema: {type: object}}}
`

// requestID is that of every reply in the tests, and machine what its XML ends in.
const (
	requestID = "15r4abcdefgh"
	machine   = "<!--top011188076165.ts1-->"
)

var idForm = regexp.MustCompile(`^[0-9a-z]{12}$`)

// world is a gateway with a sandbox whose clock stands still.
type world struct {
	gateway *top.Gateway
	box     *sandbox.Sandbox
}

// load reads the specs once: that takes longer than any test.
var load = sync.OnceValues(func() (*contract.Catalogue, error) {
	specs := fstest.MapFS{"shop.yaml": {Data: []byte(shopSpec)}}
	for _, file := range []string{"gateways/top.yaml", "deepvision.yaml"} {
		data, err := openapi.Files.ReadFile(file)
		if err != nil {
			return nil, err
		}
		specs[file] = &fstest.MapFile{Data: data}
	}
	return contract.Load(specs)
})

func newWorld(t testing.TB, secret string, now time.Time) world {
	t.Helper()
	catalogue, err := load()
	if err != nil {
		t.Fatal(err)
	}
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{
		Schemes: gateways.Schemes(),
		Store:   memory.New(), RealNow: func() time.Time { return now },
	})
	box, err := registry.Create(t.Context(), sandbox.Definition{
		ID: "test", Seed: 7, Now: &now, Frozen: true,
		Credentials: gatewaytest.Credentials{Top: []gatewaytest.App{{AppKey: appKey, AppSecret: secret}}}.Listed(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return world{gateway: top.New(catalogue), box: box}
}

// outcome is how far a request came.
type outcome struct {
	exchange gateway.Exchange
	fault    *wire.Fault
	advice   []wire.Finding
	reply    wire.Reply
}

// send takes a request through the gateway's steps; a good one is answered with the result.
func (w world) send(t testing.TB, req *wire.Request, result wire.Result) outcome {
	t.Helper()
	exchange, err := w.gateway.Read(req)
	turn, beginErr := w.box.Begin(t.Context())
	if beginErr != nil {
		t.Fatal(beginErr)
	}
	got := outcome{exchange: exchange}
	if id := exchange.NewID(turn); !idForm.MatchString(id) {
		t.Errorf("got request id %q", id)
	}
	exchange.Call().ID = requestID
	if err == nil {
		got.advice, err = exchange.Authenticate(t.Context(), turn)
	}
	if err == nil {
		err = exchange.Validate()
	}
	if err == nil {
		got.reply = exchange.Reply(result)
		return got
	}
	if !errors.As(err, &got.fault) {
		t.Fatalf("not a fault: %v", err)
	}
	got.reply = exchange.Refuse(got.fault)
	return got
}

// public are the parameters of a good call at noon, unsigned.
func public() map[string]string {
	return map[string]string{
		"method": tokenMethod, "app_key": appKey, "timestamp": noon.Format(time.DateTime), "v": "2.0",
		"format": "json", "sign_method": "md5", "param": goodParam,
	}
}

// signed adds the signature, written a second time here from the vendor's description.
func signed(params map[string]string, secret string) map[string]string {
	params = maps.Clone(params)
	params["sign"] = sign(params["sign_method"], secret, baseOf(params))
	return params
}

func baseOf(params map[string]string) string {
	base := ""
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name != "sign" {
			base += name + params[name]
		}
	}
	return base
}

func sign(method, secret, base string) string {
	var sum []byte
	switch method {
	case "hmac":
		mac := hmac.New(md5.New, []byte(secret))
		mac.Write([]byte(base))
		sum = mac.Sum(nil)
	case "hmac-sha256":
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(base))
		sum = mac.Sum(nil)
	default:
		all := md5.Sum([]byte(secret + base + secret))
		sum = all[:]
	}
	return strings.ToUpper(hex.EncodeToString(sum))
}

const formContent = "application/x-www-form-urlencoded"

// post puts the parameters into a form.
func post(params map[string]string) *wire.Request {
	return &wire.Request{
		Method: http.MethodPost, Path: "/router/rest", Header: http.Header{"Content-Type": {formContent}},
		Body: []byte(encode(params)),
	}
}

func encode(params map[string]string) string {
	form := url.Values{}
	for name, value := range params {
		form.Set(name, value)
	}
	return form.Encode()
}

// with returns the parameters with pairs of names and values put in; the value "-" takes the name out.
func with(params map[string]string, pairs ...string) map[string]string {
	params = maps.Clone(params)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "-" {
			delete(params, pairs[i])
		} else {
			params[pairs[i]] = pairs[i+1]
		}
	}
	return params
}
