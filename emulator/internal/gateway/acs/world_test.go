package acs_test

import (
	"errors"
	"regexp"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/acs"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/openapi"
)

// The credentials of the test's sandbox.
const (
	keyID, keySecret        = "testak", "testSecret"
	otherID, otherSecret    = "otherak", "otherSecret"
	stsID, stsSecret        = "stsak", "stsSecret"
	stsToken                = "sts/tok+en=="
	bearerToken             = "bearer-tok"
	disabledID              = "disabledak"
	topApp, topAppSecret    = "12345678", "topSecret"
	requestID, host         = "31782AAF-D0CC-44C3-ABFD-1B500276F8CD", "127.0.0.1:4010"
	applyToken, mqttRelease = "ApplyToken", "2020-04-20"
)

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	idForm = regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`)
)

// shopSpec shows what the real APIs behind the gateway do not: a path with a parameter, GET beside POST, and two
// versions of one action.
const shopSpec = `openapi: 3.0.3
info: {title: Shop, version: "1"}
x-gateway: acs
x-product: Shop & Co
x-version: "2026-01-01"
paths:
  /shops/{shopId}:
    get:
      operationId: ShopGet
      x-action: ShopGet
      parameters:
        - {name: shopId, in: path, required: true, schema: {type: string}}
        - {name: color, in: query, schema: {type: string}}
      responses: &responses
        default: {description: Anything., content: {application/json: {schema: {type: object}}}}
  /#Action=ShopList:
    post:
      operationId: ShopList
      x-action: ShopList
      x-methods: [GET, POST]
      parameters:
        - {name: color, in: query, schema: {type: string}}
      responses: *responses
`

// world is a gateway with a sandbox whose clock stands still.
type world struct {
	gateway *acs.Gateway
	box     *sandbox.Sandbox
}

// load reads the specs once: that takes longer than any test.
var load = sync.OnceValues(func() (*contract.Catalogue, error) {
	return contract.Load(openapi.Files, fstest.MapFS{"shop.yaml": {Data: []byte(shopSpec)}})
})

func newWorld(tb testing.TB) world {
	tb.Helper()
	return newWorldBy(tb, sandbox.ByEither)
}

// newWorldBy is a world whose sandbox judges the times of signatures by that rule.
func newWorldBy(tb testing.TB, rule sandbox.SignatureTime) world {
	tb.Helper()
	catalogue, err := load()
	if err != nil {
		tb.Fatal(err)
	}
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{
		Schemes: gateways.Schemes(),
		Store:   memory.New(), RealNow: func() time.Time { return noon },
	})
	box, err := registry.Create(tb.Context(), sandbox.Definition{
		ID: "test", Seed: 7, Now: &noon, Frozen: true, SignatureTime: rule,
		Credentials: gatewaytest.Credentials{
			ACS: []gatewaytest.ACSCredential{
				{AccessKeyID: keyID, AccessKeySecret: keySecret},
				{AccessKeyID: otherID, AccessKeySecret: otherSecret},
				{AccessKeyID: stsID, AccessKeySecret: stsSecret, SecurityToken: stsToken},
				{AccessKeyID: disabledID, AccessKeySecret: keySecret, Disabled: true},
				{BearerToken: bearerToken},
				{BearerToken: "disabled-bearer", Disabled: true},
			},
			Top: []gatewaytest.App{{AppKey: topApp, AppSecret: topAppSecret}},
		}.Listed(),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return world{gateway: acs.New(catalogue), box: box}
}

// outcome is how far a request came.
type outcome struct {
	exchange gateway.Exchange
	fault    *wire.Fault    // nil for a success
	findings []wire.Finding // of a request that passed
	reply    wire.Reply
	code     string // of the reply, "ok" for a success
}

// send takes a request through the gateway's steps; a good one is answered with its id alone.
func (w world) send(tb testing.TB, req *wire.Request) outcome {
	tb.Helper()
	return w.sendFor(tb, req, wire.Result{Body: wire.Object{{Name: "RequestId", Value: requestID}}})
}

func (w world) sendFor(tb testing.TB, req *wire.Request, result wire.Result) outcome {
	tb.Helper()
	exchange, err := w.gateway.Read(req)
	turn, beginErr := w.box.Begin(tb.Context())
	if beginErr != nil {
		tb.Fatal(beginErr)
	}
	got := outcome{exchange: exchange}
	if id := exchange.NewID(turn); !idForm.MatchString(id) {
		tb.Errorf("got request id %q", id)
	}
	exchange.Call().ID = requestID
	if err == nil {
		got.findings, err = exchange.Authenticate(tb.Context(), turn)
		if late := turn.Settle(tb.Context()); late != nil {
			err = late // as the data plane has it
		}
	}
	if err == nil {
		err = exchange.Validate()
	}
	switch {
	case err == nil:
		got.reply = exchange.Reply(result)
	case errors.As(err, &got.fault):
		got.reply = exchange.Refuse(got.fault)
	default:
		tb.Fatalf("not a fault: %v", err)
	}
	got.code = got.reply.Outcome
	return got
}

// want fails the test unless the request ended as that code.
func (o outcome) want(tb testing.TB, code string) {
	tb.Helper()
	if o.code == code {
		return
	}
	tb.Errorf("got %s, want %s: %s", o.code, code, o.reply.Body)
	if o.fault != nil {
		tb.Logf("findings %+v", o.fault.Findings)
	}
}

// finding is that of a check among those of a refusal.
func (o outcome) finding(tb testing.TB, check string) wire.Finding {
	tb.Helper()
	if o.fault == nil {
		tb.Fatalf("the request was not refused")
	}
	for _, f := range o.fault.Findings {
		if f.Check == check {
			return f
		}
	}
	tb.Fatalf("no finding %q in %+v", check, o.fault.Findings)
	return wire.Finding{}
}

func (w world) advance(tb testing.TB, by time.Duration) {
	tb.Helper()
	if _, err := w.box.ChangeClock(tb.Context(), sandbox.ClockChange{Advance: by}); err != nil {
		tb.Fatal(err)
	}
}
