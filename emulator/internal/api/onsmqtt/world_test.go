package onsmqtt_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api/onsmqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const instance = "post-cn-test001"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newSandbox(tb testing.TB, change ...func(*sandbox.Definition)) *sandbox.Sandbox {
	tb.Helper()
	def := sandbox.Definition{ID: "test", Seed: 7, Now: &noon, Frozen: true}
	for _, f := range change {
		f(&def)
	}
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{
		Schemes: gateways.Schemes(),
		Store:   memory.New(), RealNow: func() time.Time { return noon },
	})
	box, err := registry.Create(tb.Context(), def)
	if err != nil {
		tb.Fatal(err)
	}
	return box
}

// do calls an operation in the next turn of the sandbox.
func do(tb testing.TB, box *sandbox.Sandbox, operation string, params map[string]any) (wire.Result, error) {
	tb.Helper()
	turn, err := box.Begin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	result, err := onsmqtt.New(nobody).Handlers[operation](tb.Context(), turn, &wire.Call{ID: "the-id", Params: params})
	if err == nil {
		err = turn.Commit(tb.Context())
	}
	return result, err
}

// nobody is connected.
var nobody = onsmqtt.Clients{
	Online: func(context.Context, *sandbox.Sandbox, string, string) (bool, error) { return false, nil },
	Send:   func(*sandbox.Turn, string, string, []byte) error { return nil },
	Close: func(context.Context, *sandbox.Sandbox, string, string, string) (bool, error) {
		return false, nil
	},
}

// request is a good one for a token of an hour, with other values put in.
func request(pairs ...any) map[string]any {
	params := map[string]any{
		"Actions": "R,W", "ExpireTime": noon.Add(time.Hour).UnixMilli(), "InstanceId": instance, "Resources": "TopicA/+",
	}
	for i := 0; i < len(pairs); i += 2 {
		params[pairs[i].(string)] = pairs[i+1]
	}
	return params
}

// issue returns the text of a new token.
func issue(tb testing.TB, box *sandbox.Sandbox, pairs ...any) string {
	tb.Helper()
	result, err := do(tb, box, "ApplyToken", request(pairs...))
	if err != nil {
		tb.Fatal(err)
	}
	return plain(result)["Token"].(string)
}

func plain(result wire.Result) map[string]any {
	return maps.Clone(contract.Plain(result.Body).(map[string]any))
}

// wantCode fails the test unless the error is the documented one of that code, explained.
func wantCode(tb testing.TB, err error, code string) {
	tb.Helper()
	if code == "" {
		if err != nil {
			tb.Errorf("got %v, want success", err)
		}
		return
	}
	var fault *wire.Fault
	if !errors.As(err, &fault) || fault.Kind != wire.Documented || fault.Code != code || len(fault.Findings) == 0 {
		tb.Errorf("got %v, want %s", err, code)
	}
}

func advance(tb testing.TB, box *sandbox.Sandbox, by time.Duration) {
	tb.Helper()
	if _, err := box.ChangeClock(tb.Context(), sandbox.ClockChange{Advance: by}); err != nil {
		tb.Fatal(err)
	}
}

// listed is the newest token as people see it.
func listed(tb testing.TB, box *sandbox.Sandbox) token.Token {
	tb.Helper()
	tokens, err := box.Tokens(tb.Context())
	if err != nil || len(tokens) == 0 {
		tb.Fatalf("%d tokens, %v", len(tokens), err)
	}
	return tokens[0]
}
