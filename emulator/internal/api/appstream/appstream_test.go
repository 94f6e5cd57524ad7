package appstream_test

import (
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/api/appstream"
	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/openapi"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newSandbox(tb testing.TB, users ...string) *sandbox.Sandbox {
	tb.Helper()
	registry := sandbox.NewRegistry(sandbox.RegistryOptions{
		Schemes: gateways.Schemes(),
		Store:   memory.New(), RealNow: func() time.Time { return noon },
	})
	box, err := registry.Create(tb.Context(), sandbox.Definition{
		ID: "test", Seed: 7, Now: &noon, Frozen: true, Fixtures: sandbox.Fixtures{Users: users},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return box
}

func getAuthCode(tb testing.TB, box *sandbox.Sandbox, params map[string]any) (wire.Result, error) {
	tb.Helper()
	turn, err := box.Begin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	result, err := appstream.New().Handlers["GetAuthCode"](tb.Context(), turn, &wire.Call{ID: "the-id", Params: params})
	if err == nil {
		err = turn.Commit(tb.Context())
	}
	return result, err
}

// issue returns the AuthModel of a new code.
func issue(tb testing.TB, box *sandbox.Sandbox, user string) map[string]any {
	tb.Helper()
	result, err := getAuthCode(tb, box, map[string]any{"EndUserId": user})
	if err != nil {
		tb.Fatal(err)
	}
	return contract.Plain(result.Body).(map[string]any)["AuthModel"].(map[string]any)
}

func advance(tb testing.TB, box *sandbox.Sandbox, by time.Duration) {
	tb.Helper()
	if _, err := box.ChangeClock(tb.Context(), sandbox.ClockChange{Advance: by}); err != nil {
		tb.Fatal(err)
	}
}

// states are the codes in the order of their issue, as "user state".
func states(tb testing.TB, box *sandbox.Sandbox) []string {
	tb.Helper()
	tokens, err := box.Tokens(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	all := make([]string, len(tokens))
	for i, token := range tokens {
		all[len(tokens)-1-i] = token.Subject + " " + string(token.State)
	}
	return all
}

// redeem trades a code in as a person does, over the control plane.
func redeem(tb testing.TB, box *sandbox.Sandbox, number int) error {
	tb.Helper()
	_, err := box.ChangeToken(tb.Context(), "appstream-"+strconv.Itoa(number), token.Redeemed)
	return err
}

func wantTransition(tb testing.TB, err error, from token.State) {
	tb.Helper()
	var refused *token.TransitionError
	if !errors.As(err, &refused) || refused.From != from {
		tb.Errorf("got %v, want it refused as %s", err, from)
	}
}

func TestGetAuthCode(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	result, err := getAuthCode(t, box, map[string]any{"EndUserId": "alice"})
	if err != nil {
		t.Fatal(err)
	}
	body := contract.Plain(result.Body).(map[string]any)
	model := maps.Clone(body["AuthModel"].(map[string]any))
	if code, _ := model["AuthCode"].(string); len(code) != 304 || !strings.HasPrefix(code, "acv2") {
		t.Errorf("code %q of %d characters", code, len(code))
	}
	delete(model, "AuthCode")
	if diff := cmp.Diff(map[string]any{"EndUserId": "alice", "ExpireTime": "2026-03-01T12:03:00Z"}, model); diff != "" {
		t.Error(diff)
	}
	if result.Body[0] != (wire.Member{Name: "RequestId", Value: "the-id"}) || len(result.Body) != 2 {
		t.Errorf("body %v", result.Body)
	}
	tokens, err := box.Tokens(t.Context())
	if err != nil || len(tokens) != 1 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	want := token.Token{
		ID: "appstream-1", API: "appstream", Operation: "GetAuthCode", State: token.Active, Subject: "alice", SingleUse: true,
		IssuedAt: noon, ExpiresAt: noon.Add(3 * time.Minute), History: []token.Event{{Time: noon, State: token.Active, Note: "issued"}},
	}
	if diff := cmp.Diff(want, tokens[0]); diff != "" {
		t.Error(diff)
	}
}

// A code lives three minutes: Response elements, AuthCode.
func TestLifeOfACode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after time.Duration
		good  bool
	}{
		"at once": {0, true}, "just before": {3*time.Minute - time.Nanosecond, true}, "at the end": {3 * time.Minute, false},
		"long after": {time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			issue(t, box, "alice")
			advance(t, box, c.after)
			err := redeem(t, box, 1)
			if c.good {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantTransition(t, err, token.Expired)
		})
	}
}

// A code is used once, whatever comes of it.
func TestCodesAreRedeemedOnce(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	issue(t, box, "alice")
	if err := redeem(t, box, 1); err != nil {
		t.Fatal(err)
	}
	wantTransition(t, redeem(t, box, 1), token.Redeemed)
	advance(t, box, time.Hour)
	wantTransition(t, redeem(t, box, 1), token.Redeemed)
	if diff := cmp.Diff([]string{"alice redeemed"}, states(t, box)); diff != "" {
		t.Error(diff)
	}
	if err := redeem(t, box, 9); !errors.Is(err, token.ErrUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestConcurrentRedemptions(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	issue(t, box, "alice")
	errs := make([]error, 64)
	var done sync.WaitGroup
	for i := range errs {
		done.Go(func() { errs[i] = redeem(t, box, 1) })
	}
	done.Wait()
	redeemed := 0
	for _, err := range errs {
		if err == nil {
			redeemed++
		}
	}
	if redeemed != 1 {
		t.Errorf("redeemed %d times", redeemed)
	}
}

// The newest code of a user is the only one that counts; other users' codes stay.
func TestNewestCodeCounts(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	issue(t, box, "alice")
	issue(t, box, "bob")
	issue(t, box, "alice")
	if diff := cmp.Diff([]string{"alice superseded", "bob active", "alice active"}, states(t, box)); diff != "" {
		t.Error(diff)
	}
	wantTransition(t, redeem(t, box, 1), token.Superseded)
	for _, number := range []int{2, 3} {
		if err := redeem(t, box, number); err != nil {
			t.Error(err)
		}
	}
	issue(t, box, "alice")
	advance(t, box, 3*time.Minute)
	issue(t, box, "alice")
	want := []string{"alice superseded", "bob redeemed", "alice redeemed", "alice expired", "alice active"}
	if diff := cmp.Diff(want, states(t, box)); diff != "" {
		t.Errorf("used and expired codes change no more: %s", diff)
	}
	tokens, err := box.Tokens(t.Context())
	if err != nil || tokens[4].History[1].Note != "by the code of call 3" {
		t.Errorf("history %+v, %v", tokens[4].History, err)
	}
}

// The external id and the user of the same name are one user.
func TestNewestCodeAcrossIds(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	issue(t, box, "alice")
	if _, err := getAuthCode(t, box, map[string]any{"ExternalUserId": "alice"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"alice superseded", "alice active"}, states(t, box)); diff != "" {
		t.Error(diff)
	}
}

// Of many codes for one user at once all but one are superseded.
func TestConcurrentCodes(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	var done sync.WaitGroup
	for range 64 {
		done.Go(func() { issue(t, box, "alice") })
	}
	done.Wait()
	active := 0
	for _, state := range states(t, box) {
		if state == "alice active" {
			active++
		}
	}
	if active != 1 {
		t.Errorf("%d codes are active", active)
	}
}

func TestCodesFollowTheSeed(t *testing.T) {
	t.Parallel()
	first := issue(t, newSandbox(t), "alice")
	if diff := cmp.Diff(first, issue(t, newSandbox(t), "alice")); diff != "" {
		t.Error(diff)
	}
	box := newSandbox(t)
	issue(t, box, "alice")
	for name, code := range map[string]any{
		"turn": issue(t, box, "alice")["AuthCode"], "user": issue(t, newSandbox(t), "bob")["AuthCode"],
	} {
		if code == first["AuthCode"] {
			t.Errorf("another %s gave the same code", name)
		}
	}
}

func TestReplyFitsTheSpec(t *testing.T) {
	t.Parallel()
	catalogue, err := contract.Load(openapi.Files)
	if err != nil {
		t.Fatal(err)
	}
	op := catalogue.ByAction("acs", "GetAuthCode")[0]
	if _, ok := appstream.New().Handlers[op.ID]; !ok || op.API.Name != appstream.New().Name {
		t.Errorf("no code for %s", op.Name)
	}
	result, err := getAuthCode(t, newSandbox(t), map[string]any{"EndUserId": "alice"})
	if err != nil {
		t.Fatal(err)
	}
	if err := op.CheckReply(200, contract.Plain(result.Body)); err != nil {
		t.Error(err)
	}
}
