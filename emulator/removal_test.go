package emulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// authCode asks for a code of a user, in a form.
func authCode(key *gatewaytest.ACS, user string) gatewaytest.Request {
	r := key.RPC(gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: host, Query: url.Values{
		"EndUserId": {user},
	}}, "GetAuthCode", "2021-02-18")
	r.Body, r.Query = r.Query.Encode(), nil
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// TestLongParametersFillNothing: a text that is longer than its spec allows is refused by validation, keeps nothing but
// its entry, and the neighbours work on.
func TestLongParametersFillNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 20 { // a sandbox holds 64 MiB of what its calls leave
		got := w.do(t, authCode(w.acs, fmt.Sprintf("%02d", i)+strings.Repeat("x", 3_900_000)))
		if got.status != http.StatusBadRequest || got.code != "InvalidEndUserId" {
			t.Fatalf("call %d: %d %.200s", i, got.status, got.body)
		}
	}
	if e := w.lastEntry(t, w.box, 0); len(e.Findings) == 0 || !strings.Contains(e.Findings[0].Message, "at most 255 characters") {
		t.Errorf("findings %.300v", e.Findings)
	}
	tokens, err := w.Tokens(t.Context(), w.box)
	if err != nil || len(tokens) != 0 {
		t.Errorf("%d tokens, %v", len(tokens), err)
	}
	other := w.newTenant(t, 1)
	if got := w.do(t, authCode(other.acs, "alice")); got.status != http.StatusOK {
		t.Errorf("the neighbour: %d %s", got.status, got.body)
	}
}

// volatile is the definition of a sandbox that is removed and made again under its name.
func volatile(name string) sandbox.Definition {
	return sandbox.Definition{
		ID: name, Quotas: map[string]string{"onsmqtt.ApplyToken": "off"},
		Credentials: gatewaytest.Credentials{
			ACS: []gatewaytest.ACSCredential{{AccessKeyID: "ak-" + name, AccessKeySecret: "secret-" + name}},
		}.Listed(),
	}
}

func keyOf(name string) *gatewaytest.ACS {
	return &gatewaytest.ACS{AccessKeyID: "ak-" + name, AccessKeySecret: "secret-" + name, Now: time.Now}
}

// TestRemovalsDuringCalls removes and makes sandboxes anew while they are called. No call ends in the emulator's own
// failure, and nothing of the one that was removed shows in the next of its name.
func TestRemovalsDuringCalls(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, emulator.Options{}, noQuota)
	names := []string{"gone-a", "gone-b", "gone-c"}
	for _, name := range names {
		if _, err := w.CreateSandbox(t.Context(), volatile(name), nil); err != nil {
			t.Fatal(err)
		}
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var callers, removers sync.WaitGroup
	for i, name := range names {
		for caller := range 2 {
			callers.Go(func() { w.callUntil(ctx, t, keyOf(name), fmt.Sprintf("%d-%d", i, caller)) })
		}
		removers.Go(func() {
			for round := range 12 {
				w.renew(t, name, round)
			}
		})
	}
	removers.Wait()
	end()
	callers.Wait()
}

// callUntil makes calls of several kinds until ctx ends. The key is known, or its sandbox is just gone.
func (w *world) callUntil(ctx context.Context, t *testing.T, key *gatewaytest.ACS, nonces string) {
	t.Helper()
	for n := 0; ctx.Err() == nil; n++ {
		r := authCode(key, fmt.Sprintf("user-%s-%d", nonces, n))
		if n%2 == 0 {
			r = applyTokenRequest()
			r.Query.Set("ExpireTime", fmt.Sprint(time.Now().Add(time.Hour).UnixMilli()))
			r.Header = http.Header{"X-Who": {nonces}}
			r = key.V3(r, "ApplyToken", "2020-04-20")
		}
		req, err := r.HTTP()
		if err != nil {
			t.Error(err)
			return
		}
		got := httptest.NewRecorder()
		w.handler.ServeHTTP(got, req)
		switch code := codeOf(got.Body.String()); {
		case got.Code == http.StatusOK, code == "InvalidAccessKeyId.NotFound", code == "SignatureNonceUsed":
		default:
			t.Errorf("%d %s", got.Code, got.Body)
			return
		}
	}
}

// awaitCalls returns when so many calls to a sandbox are in its journal.
func (w *world) awaitCalls(t *testing.T, box *sandbox.Sandbox, calls int) {
	t.Helper()
	watch, err := w.Watch()
	if err != nil {
		t.Error(err)
		return
	}
	defer watch.Close()
	for w.written(t.Context(), box) < calls {
		if _, err := watch.Next(t.Context()); err != nil {
			t.Error(err)
			return
		}
	}
}

// renew removes a sandbox and makes it anew, which must be empty but for calls that came since.
func (w *world) renew(t *testing.T, name string, round int) {
	t.Helper()
	if err := w.RemoveSandbox(t.Context(), name); err != nil {
		t.Errorf("remove %s: %v", name, err)
		return
	}
	before := time.Now()
	box, err := w.CreateSandbox(t.Context(), volatile(name), nil)
	if err != nil {
		t.Errorf("make %s: %v", name, err)
		return
	}
	w.awaitCalls(t, box, 3)
	for _, e := range w.entries(t, box, 0) {
		if e.Time.Before(before.Truncate(time.Millisecond)) {
			t.Errorf("round %d of %s: the new one shows a call of %s, before it was made at %s", round, name, e.Time, before)
		}
	}
	tokens, err := w.Tokens(t.Context(), box)
	if err != nil {
		t.Error(err)
	}
	for _, one := range tokens {
		if one.IssuedAt.Before(before.Truncate(time.Second)) {
			t.Errorf("round %d of %s: the new one lists a token of %s, before it was made at %s", round, name, one.IssuedAt, before)
		}
	}
}
