package sandbox_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// issued is a token as its operation knows it.
type issued struct {
	id     string
	claims token.Claims
	end    time.Time
}

// issue lists a token of the API "api" that ends an hour after the clock's now.
func issue(tb testing.TB, box *sandbox.Sandbox, singleUse bool) issued {
	tb.Helper()
	out, err := tryIssue(tb, box, singleUse)
	if err != nil {
		tb.Fatalf("issue: %v", err)
	}
	return out
}

// tryIssue is issue where a reset may come between: its error is sandbox.ErrGone then.
func tryIssue(tb testing.TB, box *sandbox.Sandbox, singleUse bool) (issued, error) {
	tb.Helper()
	turn, err := box.Begin(tb.Context())
	if err != nil {
		return issued{}, err
	}
	end := turn.Now.Add(time.Hour)
	err = turn.Grant(token.Grant{
		Issuer: "api", Operation: "api.Issue", Subject: "someone", ExpiresAt: end, SingleUse: singleUse, Note: "issued",
	})
	if err == nil {
		err = turn.Commit(tb.Context())
	}
	if err != nil {
		return issued{}, err
	}
	sealed := turn.SealClaims(token.Claims{Kind: "test", Issuer: "api", ExpiresAt: end.UnixMilli()}, 0)
	claims, ok := box.Unseal(sealed, "test")
	if !ok {
		return issued{}, errors.New("the sandbox does not know its own token")
	}
	return issued{claims.ID(), claims, end}, nil
}

func (i issued) stateIs(t *testing.T, box *sandbox.Sandbox, now time.Time, want token.State) {
	t.Helper()
	turn := begin(t, box)
	turn.Now = now
	if got, err := turn.TokenState(t.Context(), i.claims); got != want || err != nil {
		t.Errorf("the state of %s is %s, %v, want %s", i.id, got, err, want)
	}
}

func TestIssuedTokensAreListed(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	if tokens, err := box.Tokens(t.Context()); err != nil || tokens == nil || len(tokens) != 0 {
		t.Errorf("Tokens = %v, %v, want an empty list", tokens, err)
	}
	first, second := issue(t, box, false), issue(t, box, true)
	tokens, err := box.Tokens(t.Context())
	if err != nil || len(tokens) != 2 || tokens[0].ID != second.id || tokens[1].ID != first.id {
		t.Fatalf("Tokens = %+v, %v, want the newest first", tokens, err)
	}
	got := tokens[0]
	if got.ID != "api-2" || got.API != "api" || got.Operation != "api.Issue" || got.Subject != "someone" ||
		got.State != token.Active || !got.SingleUse || !got.IssuedAt.Equal(epoch()) || !got.ExpiresAt.Equal(second.end) {
		t.Errorf("the token is %+v", got)
	}
	if len(got.History) != 1 || got.History[0].State != token.Active || got.History[0].Note != "issued" {
		t.Errorf("its history is %+v", got.History)
	}
	if _, err := box.Token(t.Context(), "api-3"); !errors.Is(err, token.ErrUnknown) {
		t.Errorf("an unknown token = %v", err)
	}
}

func TestTokensEndWithTime(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	issuedToken := issue(t, box, false)
	issuedToken.stateIs(t, box, issuedToken.end.Add(-time.Millisecond), token.Active)
	issuedToken.stateIs(t, box, issuedToken.end, token.Expired)
	if _, err := box.ChangeClock(t.Context(), sandbox.ClockChange{Now: &issuedToken.end}); err != nil {
		t.Fatal(err)
	}
	if listed, err := box.Token(t.Context(), issuedToken.id); err != nil || listed.State != token.Expired {
		t.Errorf("after its end the token is %s, %v", listed.State, err)
	}
	if _, err := box.ChangeClock(t.Context(), sandbox.ClockChange{Advance: -time.Minute}); err != nil {
		t.Fatal(err)
	}
	if listed, err := box.Token(t.Context(), issuedToken.id); err != nil || listed.State != token.Active {
		t.Errorf("with the clock set back the token is %s, %v", listed.State, err)
	}
}

func TestTokensOfTheTimeBeforeAReset(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	issuedToken := issue(t, box, false)
	if err := box.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	issuedToken.stateIs(t, box, epoch(), token.Revoked)
	begin(t, box) // a call of the same number that issues nothing
	issuedToken.stateIs(t, box, epoch(), token.Revoked)
	if tokens, err := box.Tokens(t.Context()); err != nil || len(tokens) != 0 {
		t.Errorf("after a reset %d tokens are listed, %v", len(tokens), err)
	}
}

func TestTokenTransitions(t *testing.T) {
	t.Parallel()
	all := []token.State{token.Expired, token.Revoked, token.Redeemed, token.Superseded}
	for _, from := range all {
		for _, to := range all {
			t.Run(fmt.Sprint(from, " to ", to), func(t *testing.T) {
				t.Parallel()
				box := newBox(t, 1)
				issuedToken := issue(t, box, true)
				if err := token.End(t.Context(), box.Space(), issuedToken.id, issuedToken.end, epoch(), from, "first"); err != nil {
					t.Fatalf("active to %s: %v", from, err)
				}
				err := token.End(t.Context(), box.Space(), issuedToken.id, issuedToken.end, epoch(), to, "second")
				refused, ok := errors.AsType[*token.TransitionError](err)
				if !ok || refused.From != from || refused.To != to || refused.ID != issuedToken.id {
					t.Errorf("%s to %s = %v, want a refusal", from, to, err)
				}
				issuedToken.stateIs(t, box, epoch(), from)
				issuedToken.stateIs(t, box, issuedToken.end, from)
				listed, err := box.Token(t.Context(), issuedToken.id)
				if err != nil || listed.State != from || len(listed.History) != 2 || listed.History[1].Note != "first" {
					t.Errorf("listed as %+v, %v", listed, err)
				}
			})
		}
	}
}

func TestExpiredTokensCannotEndOtherwise(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	issuedToken := issue(t, box, true)
	err := token.End(t.Context(), box.Space(), issuedToken.id, issuedToken.end, issuedToken.end, token.Redeemed, "too late")
	if refused, ok := errors.AsType[*token.TransitionError](err); !ok || refused.From != token.Expired {
		t.Errorf("redeeming an expired token = %v, want a refusal", err)
	}
	issuedToken.stateIs(t, box, issuedToken.end.Add(-time.Second), token.Active)
}

func TestChangeToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		singleUse bool
		to        token.State
		allowed   bool
	}{
		{"revoke", false, token.Revoked, true},
		{"expire", false, token.Expired, true},
		{"redeem what can be redeemed", true, token.Redeemed, true},
		{"redeem what cannot", false, token.Redeemed, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			box := newBox(t, 1)
			issuedToken := issue(t, box, c.singleUse)
			changed, err := box.ChangeToken(t.Context(), issuedToken.id, c.to)
			if !c.allowed {
				if _, ok := errors.AsType[*token.TransitionError](err); !ok {
					t.Errorf("ChangeToken = %v, want a refusal", err)
				}
				issuedToken.stateIs(t, box, epoch(), token.Active)
				return
			}
			if err != nil || changed.State != c.to || len(changed.History) != 2 {
				t.Errorf("ChangeToken = %+v, %v", changed, err)
			}
			issuedToken.stateIs(t, box, epoch(), c.to)
			if _, err := box.ChangeToken(t.Context(), issuedToken.id, c.to); err == nil {
				t.Error("the second time it is not refused")
			}
		})
	}
	_, err := newBox(t, 1).ChangeToken(t.Context(), "api-1\xff", token.Revoked)
	if !errors.Is(err, token.ErrUnknown) {
		t.Errorf("changing an unknown token = %v", err)
	}
}

func TestWhatWasDoneToATokenOutlivesIt(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	issuedToken := issue(t, box, false)
	if err := token.End(t.Context(), box.Space(), issuedToken.id, issuedToken.end, epoch(), token.Revoked, "end"); err != nil {
		t.Fatal(err)
	}
	if err := box.Space().Reclaim(t.Context(), issuedToken.end.Add(23*time.Hour)); err != nil {
		t.Fatal(err)
	}
	issuedToken.stateIs(t, box, issuedToken.end.Add(23*time.Hour), token.Revoked)
	if err := box.Space().Reclaim(t.Context(), issuedToken.end.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	issuedToken.stateIs(t, box, issuedToken.end.Add(24*time.Hour), token.Expired)
}

func TestTheTokenListIsBounded(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	first := issue(t, box, false)
	for range 1200 {
		issue(t, box, false)
	}
	tokens, err := box.Tokens(t.Context())
	if err != nil || len(tokens) != 1000 || tokens[0].ID != "api-1201" {
		t.Fatalf("%d tokens are listed, %v, want 1000", len(tokens), err)
	}
	first.stateIs(t, box, epoch(), token.Active) // what is listed does not decide what is good
}

func TestOneOfManyConcurrentRedeemersWins(t *testing.T) {
	t.Parallel()
	box := newBox(t, 1)
	for range 50 {
		issuedToken := issue(t, box, true)
		var wg sync.WaitGroup
		var winners atomic.Int64
		for range 64 {
			wg.Go(func() {
				if token.End(t.Context(), box.Space(), issuedToken.id, issuedToken.end, epoch(), token.Redeemed, "redeemed") == nil {
					winners.Add(1)
				}
			})
		}
		wg.Wait()
		if n := winners.Load(); n != 1 {
			t.Fatalf("%d redeemers won, want 1", n)
		}
	}
}

// FuzzTokenTransitions plays any sequence of changes: an ended token never comes back, whatever the clock does
// afterwards.
func FuzzTokenTransitions(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5})
	f.Add([]byte{4, 0, 5, 1})
	f.Fuzz(func(t *testing.T, steps []byte) {
		box := newBox(t, 1)
		issuedToken := issue(t, box, true)
		states := []token.State{token.Expired, token.Revoked, token.Redeemed, token.Superseded}
		now, ended := epoch(), token.State("")
		for _, step := range steps[:min(len(steps), 50)] {
			switch n := int(step) % 6; n {
			case 4:
				now = issuedToken.end.Add(-time.Minute)
			case 5:
				now = issuedToken.end.Add(time.Minute)
			default:
				err := token.End(t.Context(), box.Space(), issuedToken.id, issuedToken.end, now, states[n], "step")
				switch {
				case err == nil && (ended != "" || !now.Before(issuedToken.end)):
					t.Fatalf("%s to %s at %v succeeded", ended, states[n], now)
				case err == nil:
					ended = states[n]
				}
			}
			want := ended
			switch {
			case want == "" && now.Before(issuedToken.end):
				want = token.Active
			case want == "":
				want = token.Expired
			}
			issuedToken.stateIs(t, box, now, want)
		}
	})
}
