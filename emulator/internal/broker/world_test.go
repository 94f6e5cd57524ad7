package broker_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const instance = "post-cn-test"

var start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// world is an emulator with a sandbox whose clock stands still.
type world struct {
	*emulator.Emulator

	t   testing.TB
	box *sandbox.Sandbox
	key gatewaytest.ACSCredential

	mu      sync.Mutex
	callers map[string]*gatewaytest.ACS // by key
}

func newWorld(t testing.TB, change ...func(*emulator.Options)) *world {
	t.Helper()
	o := emulator.Options{Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&o)
	}
	e, err := emulator.New(t.Context(), o)
	if err == nil {
		err = e.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	w := &world{Emulator: e, t: t, callers: map[string]*gatewaytest.ACS{}}
	w.box, w.key = w.newBox("one")
	return w
}

// newBox makes a sandbox of a frozen clock with a key of its own.
func (w *world) newBox(id string, change ...func(*sandbox.Definition)) (*sandbox.Sandbox, gatewaytest.ACSCredential) {
	w.t.Helper()
	key := gatewaytest.ACSCredential{AccessKeyID: "ak-" + id, AccessKeySecret: "secret-of-" + id}
	def := sandbox.Definition{
		ID: id, Seed: 7, Now: &start, Frozen: true,
		Quotas:      map[string]string{"onsmqtt.ApplyToken": "off", "onsmqtt.RevokeToken": "off"},
		Credentials: gatewaytest.Credentials{ACS: []gatewaytest.ACSCredential{key}}.Listed(),
	}
	for _, f := range change {
		f(&def)
	}
	box, err := w.World().Sandboxes().Create(w.t.Context(), def)
	if err != nil {
		w.t.Fatal(err)
	}
	w.callers[key.AccessKeyID] = &gatewaytest.ACS{AccessKeyID: key.AccessKeyID, AccessKeySecret: key.AccessKeySecret}
	return box, key
}

// call calls an operation of onsmqtt over the data plane, in the sandbox of the key.
func (w *world) call(box *sandbox.Sandbox, key gatewaytest.ACSCredential, action string, params map[string]string) string {
	w.t.Helper()
	clock, err := box.Clock(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	caller := w.callers[key.AccessKeyID]
	caller.Now = func() time.Time { return clock.Now }
	return callRPC(w.t, w.Handler(), caller, action, params)
}

// apply issues a token of the sandbox that lives for an hour.
func (w *world) apply(actions string, resources ...string) string {
	w.t.Helper()
	return w.applyIn(w.box, w.key, time.Hour, actions, resources...)
}

func (w *world) applyIn(
	box *sandbox.Sandbox, key gatewaytest.ACSCredential, life time.Duration, actions string, resources ...string,
) string {
	w.t.Helper()
	clock, err := box.Clock(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	body := w.call(box, key, "ApplyToken", map[string]string{
		"Actions": actions, "InstanceId": instance, "Resources": strings.Join(resources, ","),
		"ExpireTime": millis(clock.Now.Add(life)),
	})
	return tokenIn(w.t, body)
}

// signed is a login by signature.
func (w *world) signed(id string) login { return signedBy(w.key, id) }

func signedBy(key gatewaytest.ACSCredential, id string) login {
	return login{
		id: id, user: "Signature|" + key.AccessKeyID + "|" + instance, password: mqtt.Sign(id, key.AccessKeySecret),
	}
}

// bearing is a login with tokens.
func (w *world) bearing(id, password string) login {
	return login{id: id, user: "Token|" + w.key.AccessKeyID + "|" + instance, password: password}
}

// journal are the entries of the sandbox that are about MQTT.
func (w *world) journal() []journal.Entry {
	w.t.Helper()
	return w.journalOf(w.box)
}

func (w *world) journalOf(box *sandbox.Sandbox) []journal.Entry {
	w.t.Helper()
	page, err := w.World().Journal(box).List(w.t.Context(), journal.Filter{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	var own []journal.Entry
	for _, e := range page.Requests {
		if e.Gateway == mqtt.Name {
			own = append(own, e)
		}
	}
	return own
}

// wantEntry waits for an entry of the operation with that outcome.
func (w *world) wantEntry(operation, outcome string) journal.Entry {
	w.t.Helper()
	var seen []string
	pause := time.NewTicker(time.Millisecond)
	defer pause.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-pause.C {
		seen = nil
		for _, e := range w.journal() {
			if e.Operation == "mqtt."+operation && e.Outcome == outcome {
				return e
			}
			seen = append(seen, e.Operation+" "+e.Outcome)
		}
	}
	w.t.Fatalf("no %s ended in %s: %v", operation, outcome, seen)
	return journal.Entry{}
}

// advance moves the clock.
func (w *world) advance(d time.Duration) {
	w.t.Helper()
	if _, err := w.World().ChangeClock(w.t.Context(), w.box, sandbox.ClockChange{Advance: d}); err != nil {
		w.t.Fatal(err)
	}
}

// defaultKey is that of the default sandbox.
var defaultKey = gatewaytest.ACSCredential{
	AccessKeyID: "LTAIfakeDefault", AccessKeySecret: "fake-default-access-key-secret",
}

// until waits for what comes soon.
func (w *world) until(what string, check func() error) {
	w.t.Helper()
	pause := time.NewTicker(time.Millisecond)
	defer pause.Stop()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-pause.C {
		if err = check(); err == nil {
			return
		}
	}
	w.t.Fatalf("%s: %v", what, err)
}
