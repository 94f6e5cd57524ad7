package emulator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redis"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// TestEmulatorsOnOneStore holds two emulators on one store to be one emulator to their users.
func TestEmulatorsOnOneStore(t *testing.T) {
	t.Parallel()
	testShared(t, func(*testing.T) store.Store { return memory.New() })
}

// TestEmulatorsOnRedis does the same for emulators that each have a connection of their own.
func TestEmulatorsOnRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	var prefixes atomic.Int64
	testShared(t, func(t *testing.T) store.Store {
		t.Helper()
		return openRedis(t, fmt.Sprintf("%s?prefix=test%d", server.URL(), prefixes.Add(1)))
	})
}

func openRedis(t *testing.T, url string) store.Store {
	t.Helper()
	opened, err := redis.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

func testShared(t *testing.T, open func(*testing.T) store.Store) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, a, b *world){
		"a second one keeps the journal of the default sandbox":            testSharedJournal,
		"sandboxes, tokens and their ends are seen by both":                testSharedTokens,
		"what exists is not created again, and nothing is lost":            testSharedCreation,
		"of many that create one id at once one does":                      testSharedRace,
		"what one removes is gone for the other":                           testSharedRemoval,
		"what one removes and makes anew is what the other lists and ends": testSharedRenewal,
		"a reset and a changed clock are seen by both":                     testSharedSteering,
		"objects and uploads are those of both":                            testSharedObjects,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newWorldWith(t, emulator.Options{Store: open(t)}, noQuota)
			test(t, a, a.another(t))
		})
	}
}

// another is a second emulator on the store of the first, whose callers have the same credentials.
func (w *world) another(t *testing.T) *world {
	t.Helper()
	e, err := emulator.New(t.Context(), emulator.Options{
		Store: w.shared, Log: discard, Violation: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	other := &world{Emulator: e, World: e.World(), handler: e.Handler(), shared: w.shared}
	other.enter(other.sandbox(t, w.box.ID))
	other.acs = w.acs // one client, whose nonces are of one row
	return other
}

// sandbox is the one of that id.
func (w *world) sandbox(t *testing.T, id string) *sandbox.Sandbox {
	t.Helper()
	box, err := w.Sandboxes().Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// isGood asks QueryToken about a token of mqttToken.
func (w *world) isGood(t *testing.T, text string) bool {
	t.Helper()
	return w.isGoodFor(t, "post-cn-test001", text)
}

// isGoodFor asks QueryToken about a token for an instance.
func (w *world) isGoodFor(t *testing.T, instance, text string) bool {
	t.Helper()
	got := w.do(t, w.acs.V3(gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: host, Query: url.Values{
		"InstanceId": {instance}, "Token": {text},
	}}, "QueryToken", "2020-04-20"))
	var reply struct{ TokenStatus bool }
	if err := json.Unmarshal([]byte(got.body), &reply); err != nil || got.status != http.StatusOK {
		t.Fatalf("QueryToken: %d %s", got.status, got.body)
	}
	return reply.TokenStatus
}

func (w *world) revokeNewest(t *testing.T) {
	t.Helper()
	tokens, err := w.Tokens(t.Context(), w.box)
	if err != nil || len(tokens) == 0 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	if _, err := w.ChangeToken(t.Context(), w.box, tokens[0].ID, token.Revoked); err != nil {
		t.Fatal(err)
	}
}

func (w *world) calls(t *testing.T, box *sandbox.Sandbox) int {
	t.Helper()
	return w.written(t.Context(), box)
}

func testSharedJournal(t *testing.T, a, b *world) {
	t.Helper()
	a.do(t, gatewaytest.Request{Method: http.MethodGet, Path: "/nowhere", Host: host})
	third := a.another(t)
	for name, w := range map[string]*world{"first": a, "second": b, "third": third} {
		if n := w.calls(t, w.Default()); n != 1 {
			t.Errorf("the %s emulator sees %d calls, want 1", name, n)
		}
	}
}

func testSharedTokens(t *testing.T, a, b *world) {
	t.Helper()
	text := a.mqttToken(t)
	if !b.isGood(t, text) || !a.isGood(t, text) {
		t.Error("a token that one issued is not good at both")
	}
	b.revokeNewest(t)
	if a.isGood(t, text) || b.isGood(t, text) {
		t.Error("a token that the other revoked is still good")
	}
	if n := a.calls(t, a.box); n != b.calls(t, b.box) || n != 5 {
		t.Errorf("the journal has %d calls, want 5 at both", n)
	}
}

func testSharedCreation(t *testing.T, a, b *world) {
	t.Helper()
	text := a.mqttToken(t)
	if _, err := b.CreateSandbox(t.Context(), sandbox.Definition{ID: a.box.ID}, nil); !errors.Is(err, sandbox.ErrExists) {
		t.Errorf("creating what exists = %v, want ErrExists", err)
	}
	_, err := b.CreateSandbox(t.Context(), sandbox.Definition{ID: "thief", Credentials: a.box.Credentials}, nil)
	if !errors.Is(err, sandbox.ErrCredential) {
		t.Errorf("creating with the credentials of another = %v, want ErrCredential", err)
	}
	if !a.isGood(t, text) || !b.isGood(t, text) {
		t.Error("a refused creation ended a token")
	}
	if n := a.calls(t, a.box); n != 3 {
		t.Errorf("the journal has %d calls, want 3", n)
	}
}

func testSharedRace(t *testing.T, a, b *world) {
	t.Helper()
	var wins atomic.Int64
	var all sync.WaitGroup
	for i := range 40 {
		w := []*world{a, b}[i%2]
		all.Go(func() {
			switch _, err := w.CreateSandbox(t.Context(), sandbox.Definition{ID: "raced"}, nil); {
			case err == nil:
				wins.Add(1)
			case !errors.Is(err, sandbox.ErrExists):
				t.Errorf("creating at once with others = %v, want ErrExists", err)
			}
		})
	}
	all.Wait()
	if wins.Load() != 1 {
		t.Errorf("%d created the same sandbox", wins.Load())
	}
	one, other := a.sandbox(t, "raced"), b.sandbox(t, "raced")
	if string(one.Credentials["acs"][0]) != string(other.Credentials["acs"][0]) {
		t.Error("the two see other credentials")
	}
}

func testSharedRemoval(t *testing.T, a, b *world) {
	t.Helper()
	b.mqttToken(t) // it knows the sandbox well
	b.acs.Now = func() time.Time { return instant }
	if err := a.RemoveSandbox(t.Context(), a.box.ID); err != nil {
		t.Fatal(err)
	}
	if got := b.do(t, b.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")); got.code != "InvalidAccessKeyId.NotFound" {
		t.Errorf("credentials of a removed sandbox are answered %d %s", got.status, got.body)
	}
	b.lists(t, a.box.ID, false)
	if err := b.RemoveSandbox(t.Context(), a.box.ID); !errors.Is(err, sandbox.ErrUnknown) {
		t.Errorf("removing again = %v, want ErrUnknown", err)
	}
}

// testSharedRenewal lets the first forget nothing by itself: it has not heard of the sandbox since the second made it anew.
func testSharedRenewal(t *testing.T, a, b *world) {
	t.Helper()
	a.mqttToken(t)
	if err := b.RemoveSandbox(t.Context(), a.box.ID); err != nil {
		t.Fatal(err)
	}
	anew, err := b.CreateSandbox(t.Context(), sandbox.Definition{ID: a.box.ID, Seed: 77}, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := a.acs
	if seeds := a.seeds(t, anew.ID); len(seeds) != 1 || seeds[0] != anew.Seed {
		t.Errorf("the first lists seeds %d, want that of the sandbox made anew alone", seeds)
	}
	a.enter(a.sandbox(t, anew.ID))
	b.acs = a.acs
	before.Now = func() time.Time { return instant }
	if got := a.do(t, before.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")); got.code != "InvalidAccessKeyId.NotFound" {
		t.Errorf("credentials of a removed sandbox are answered %d %s", got.status, got.body)
	}
	if !b.isGood(t, a.mqttToken(t)) {
		t.Error("a token of the new sandbox is not good at the second")
	}
	if err := a.RemoveSandbox(t.Context(), anew.ID); err != nil {
		t.Fatal(err)
	}
	b.lists(t, anew.ID, false)
	if _, err := b.CreateSandbox(t.Context(), sandbox.Definition{ID: "heir", Credentials: anew.Credentials}, nil); err != nil {
		t.Errorf("the credentials of what was removed are not free: %v", err)
	}
}

// seeds are those of the listed sandboxes of that id.
func (w *world) seeds(t *testing.T, id string) (seeds []uint64) {
	t.Helper()
	all, err := w.Sandboxes().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, box := range all {
		if box.ID == id {
			seeds = append(seeds, box.Seed)
		}
	}
	return seeds
}

// lists checks whether a sandbox is listed.
func (w *world) lists(t *testing.T, id string, want bool) {
	t.Helper()
	if found := len(w.seeds(t, id)) == 1; found != want {
		t.Errorf("listed: %v, want %v", found, want)
	}
}

func testSharedSteering(t *testing.T, a, b *world) {
	t.Helper()
	b.lists(t, a.box.ID, true)
	text := a.mqttToken(t)
	change := sandbox.ClockChange{Advance: time.Hour}
	if _, err := a.ChangeClock(t.Context(), a.box, change); err != nil {
		t.Fatal(err)
	}
	clock, err := b.box.Clock(t.Context())
	if err != nil || !clock.Now.Equal(instant.Add(time.Hour)) {
		t.Errorf("the second reads %v, %v, want an hour later", clock.Now, err)
	}
	if err := b.Reset(t.Context(), b.box); err != nil {
		t.Fatal(err)
	}
	if a.isGood(t, text) {
		t.Error("a token of before the reset is still good")
	}
	if n := a.calls(t, a.box); n != 1 {
		t.Errorf("the journal has %d calls after the reset, want 1", n)
	}
}

// testSharedObjects: credentials that one issued upload at the other, in parts at both, and what is there is seen by both.
func testSharedObjects(t *testing.T, a, b *world) {
	t.Helper()
	const path, large = "/deepvision/tenant/poi/cat.txt", "/deepvision/tenant/poi/large"
	device := a.issueForOSS(t)
	at := func(w *world, method, path string, query url.Values, body string) answer {
		t.Helper()
		got := w.do(t, device.V4(gatewaytest.Request{Method: method, Host: host, Path: path, Query: query, Body: body}))
		if got.status/100 != 2 {
			t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
		}
		return got
	}
	at(b, http.MethodPut, path, nil, "meow")
	if got := at(a, http.MethodGet, path, nil, ""); got.body != "meow" {
		t.Errorf("the other reads %q", got.body)
	}
	id := between(at(a, http.MethodPost, large, url.Values{"uploads": {""}}, "").body, "<UploadId>", "<")
	list := ""
	for i, part := range []string{strings.Repeat("a", 100<<10), "b"} {
		number := fmt.Sprint(i + 1)
		tag := at([]*world{a, b}[i], http.MethodPut, large, url.Values{"uploadId": {id}, "partNumber": {number}}, part).
			header.Get("Etag")
		list += "<Part><PartNumber>" + number + "</PartNumber><ETag>" + tag + "</ETag></Part>"
	}
	at(b, http.MethodPost, large, url.Values{"uploadId": {id}}, "<CompleteMultipartUpload>"+list+"</CompleteMultipartUpload>")
	if got := at(a, http.MethodGet, large, nil, ""); got.body != strings.Repeat("a", 100<<10)+"b" {
		t.Errorf("the other reads %d bytes of the upload", len(got.body))
	}
	a.revokeNewest(t)
	for name, w := range map[string]*world{"first": a, "second": b} {
		got := w.do(t, device.V4(gatewaytest.Request{Method: http.MethodGet, Host: host, Path: path}))
		if got.code != "SecurityTokenExpired" {
			t.Errorf("revoked, the %s emulator answers %d %s", name, got.status, got.body)
		}
	}
	b.owner(t, http.MethodDelete, path, nil, "")
	if got := a.owner(t, http.MethodGet, path, nil, ""); got.code != "NoSuchKey" {
		t.Errorf("removed, the other answers %d %s", got.status, got.body)
	}
}

// between is what stands between two texts.
func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}
