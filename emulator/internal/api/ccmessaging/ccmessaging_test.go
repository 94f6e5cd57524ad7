package ccmessaging_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/api/ccmessaging"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/openapi"
)

const (
	appKey    = "11111111-2222-4333-8444-555555555555"
	appSecret = "00112233445566778899aabbccddeeff"
	user      = "user-1"
	channel   = "202209135274312106"
)

var (
	epoch = time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC)
	// specs are read once: loading takes longer than any test.
	specs = sync.OnceValues(func() (*contract.Catalogue, error) { return contract.Load(openapi.Files) })
)

// world is the API over one sandbox with a frozen clock.
type world struct {
	tb  testing.TB
	api api.API
	ops map[string]*contract.Operation
	box *sandbox.Sandbox
}

func newWorld(tb testing.TB, channels ...string) *world {
	tb.Helper()
	return newWorldWith(tb, sandbox.Fixtures{Channels: channels})
}

// newWorldWith is newWorld with further fixtures.
func newWorldWith(tb testing.TB, fixtures sandbox.Fixtures) *world {
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
		ID: "box", Seed: 7, Frozen: true, Fixtures: fixtures,
		Credentials: gatewaytest.Credentials{Fabric: []gatewaytest.App{{AppKey: appKey, AppSecret: appSecret}}}.Listed(),
	})
	if err != nil {
		tb.Fatalf("create the sandbox: %v", err)
	}
	w := &world{tb: tb, api: ccmessaging.New(nil), ops: map[string]*contract.Operation{}, box: box}
	for _, op := range catalogue.API(ccmessaging.Name).Operations {
		w.ops[op.ID] = op
	}
	return w
}

// in is the world as a subtest sees it.
func (w *world) in(tb testing.TB) *world {
	tb.Helper()
	return &world{tb: tb, api: w.api, ops: w.ops, box: w.box}
}

// arguments of a call: the headers that the operation reads, its query, its body.
type arguments struct {
	header map[string]string
	query  string
	body   string
}

// call runs an operation as the pipeline does after the gateway's authentication. A success is held to the spec.
func (w *world) call(operation string, args arguments) (wire.Result, error) {
	w.tb.Helper()
	op := w.ops[operation]
	req := &wire.Request{Method: op.Methods[0], Path: op.Path, RawQuery: args.query, Header: http.Header{}}
	req.Header.Set("x-app-key", appKey)
	req.Header.Set("Authorization", "Bearer x")
	for name, value := range args.header {
		req.Header.Set(name, value)
	}
	req.Body = []byte(args.body)
	query, err := url.ParseQuery(args.query)
	if err != nil {
		w.tb.Fatal(err)
	}
	call := &wire.Call{Request: req, Gateway: "fabric", API: ccmessaging.Name, Operation: operation, Text: map[string]string{}}
	for name := range query {
		call.Text[name] = query.Get(name)
	}
	values := contract.Values{Text: call.Text, Header: req.Header, Body: req.Body}
	if err := gateway.Validate(op, call, values); err != nil {
		w.tb.Fatalf("%s: the arguments break the spec: %+v", operation, gateway.AsFault(err).Findings)
	}
	turn, err := w.box.Begin(w.tb.Context())
	if err != nil {
		w.tb.Fatalf("begin a turn: %v", err)
	}
	result, err := w.api.Handlers[operation](w.tb.Context(), turn, call)
	if err == nil {
		if err := turn.Commit(w.tb.Context()); err != nil {
			w.tb.Fatalf("commit the turn: %v", err)
		}
		if err := op.CheckReply(http.StatusOK, contract.Plain(result.Body)); err != nil {
			w.tb.Error(err)
		}
	}
	return result, err
}

// must is call for operations that succeed; it returns the body.
func (w *world) must(operation string, args arguments) map[string]any {
	w.tb.Helper()
	result, err := w.call(operation, args)
	if err != nil || result.Outcome != "" {
		w.tb.Fatalf("%s: %v %s %+v", operation, err, result.Outcome, result)
	}
	return contract.Plain(result.Body).(map[string]any)
}

func (w *world) apply(userID, channelID string) string {
	w.tb.Helper()
	body := w.must("applyToken", arguments{
		body: `{"userId":"` + userID + `","userName":"Ali & <Ce>","channelId":"` + channelID + `","locale":"zh"}`,
	})
	return body["token"].(string)
}

func sending(token, controlType, content string) arguments {
	return arguments{
		header: map[string]string{ccmessaging.TokenHeader: token},
		body: `{"channel":"WEB","content":"` + content + `","controlType":"` + controlType + `","from":"` + user +
			`","to":"` + channel + `","mediaType":"TEXT","sourceType":"CUSTOMER","senderAvatar":null}`,
	}
}

func polling(token string) arguments {
	return arguments{
		header: map[string]string{ccmessaging.TokenHeader: token},
		query:  "receiverId=" + user + "&channel=WEB&isNeedRead=true",
	}
}

// contents polls and returns the contents of what was delivered.
func (w *world) contents(token string) []string {
	w.tb.Helper()
	var contents []string
	for _, m := range w.must("poll", polling(token))["downlinkMessages"].([]any) {
		contents = append(contents, m.(map[string]any)["content"].(string))
	}
	return contents
}

func (w *world) advance(d time.Duration) {
	w.tb.Helper()
	if _, err := w.box.ChangeClock(w.tb.Context(), sandbox.ClockChange{Advance: d}); err != nil {
		w.tb.Fatal(err)
	}
}

// newest is the token that was listed last.
func (w *world) newest() token.Token {
	w.tb.Helper()
	tokens, err := w.box.Tokens(w.tb.Context())
	if err != nil || len(tokens) == 0 {
		w.tb.Fatalf("the tokens are %v, %v", tokens, err)
	}
	return tokens[0]
}

func (w *world) end(id string, to token.State) {
	w.tb.Helper()
	if _, err := w.box.ChangeToken(w.tb.Context(), id, to); err != nil {
		w.tb.Fatal(err)
	}
}

// refusal is the fault of a call and its first finding.
func refusal(tb testing.TB, err error) (*wire.Fault, string) {
	tb.Helper()
	fault, ok := errors.AsType[*wire.Fault](err)
	if !ok || len(fault.Findings) == 0 {
		tb.Fatalf("got %v, want a fault that explains itself", err)
	}
	return fault, fault.Findings[0].Message
}

func TestEveryOperationHasAHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if w.api.Name != "ccmessaging" || len(w.ops) != len(w.api.Handlers) {
		t.Fatalf("%s has %d handlers for %d operations", w.api.Name, len(w.api.Handlers), len(w.ops))
	}
	for id := range w.ops {
		if w.api.Handlers[id] == nil {
			t.Errorf("%s has no handler", id)
		}
	}
}

// Members that only a scenario sends have the types of the vendor's pages: isOfflineStatus is no text.
func TestTypesOfDeliveredMessages(t *testing.T) {
	t.Parallel()
	catalogue, err := specs()
	if err != nil {
		t.Fatal(err)
	}
	poll := catalogue.API(ccmessaging.Name)
	for _, c := range []struct {
		member string
		value  any
		good   bool
	}{
		{"isOfflineStatus", true, true},
		{"isOfflineStatus", nil, true},
		{"isOfflineStatus", "true", false},
		{"simQuestions", "Where is it?", true},
		{"simQuestions", []any{"Where is it?"}, false},
		{"messageCode", strings.Repeat("x", 64), true},
		{"messageCode", strings.Repeat("x", 65), false},
	} {
		message := map[string]any{
			"from": channel, "to": user, "channel": "WEB", "controlType": "CHAT", "mediaType": "TEXT", "content": "hello",
			"timestamp": 1700000000000, "sourceType": "ROBOT", c.member: c.value,
		}
		reply := map[string]any{"resultCode": "0", "downlinkMessages": []any{message}}
		i := slices.IndexFunc(poll.Operations, func(op *contract.Operation) bool { return op.ID == "poll" })
		if err := poll.Operations[i].CheckReply(http.StatusOK, reply); (err == nil) != c.good {
			t.Errorf("%s %v: %v", c.member, c.value, err)
		}
	}
}
