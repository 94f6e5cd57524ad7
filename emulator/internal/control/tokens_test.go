package control_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	tokens "github.com/tokenstage/tokenstage/emulator/internal/token"
)

func (w *world) tokens(t *testing.T, b box) []tokens.Token {
	t.Helper()
	var list struct{ Tokens []tokens.Token }
	w.get(t, b.path("/tokens"), &list)
	return list.Tokens
}

func (w *world) changeToken(t *testing.T, b box, id, change string) tokens.Token {
	t.Helper()
	var token tokens.Token
	decode(t, w.call(t, http.MethodPost, b.path("/tokens/"+id+"/"+change), "", http.StatusOK), &token)
	return token
}

const frozen = `{"now":"2030-01-01T00:00:00Z","frozen":true}`

func TestTokensAreListed(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, frozen)
	if tokens := w.tokens(t, b); tokens == nil || len(tokens) > 0 {
		t.Errorf("a new sandbox has the tokens %+v", tokens)
	}
	w.applyToken(t, b)
	w.setClock(t, b, `{"advance":"1m"}`)
	w.getAuthCode(t, b, "alice")
	issued, later := b.Now, b.Now.Add(time.Minute)
	want := []tokens.Token{
		{
			ID: "appstream-2", API: "appstream", Operation: "GetAuthCode", State: tokens.Active, Subject: "alice",
			IssuedAt: later, ExpiresAt: later.Add(3 * time.Minute), SingleUse: true,
			History: []tokens.Event{{Time: later, State: tokens.Active, Note: "issued"}},
		},
		{
			ID: "onsmqtt-1", API: "onsmqtt", Operation: "ApplyToken", State: tokens.Active, Subject: instance,
			IssuedAt: issued, ExpiresAt: issued.Add(time.Hour),
			History: []tokens.Event{{Time: issued, State: tokens.Active, Note: "issued for R on topics: 1"}},
		},
	}
	if diff := cmp.Diff(want, w.tokens(t, b)); diff != "" {
		t.Error(diff)
	}
}

func TestEndingAToken(t *testing.T) {
	t.Parallel()
	for change, state := range map[string]tokens.State{"expire": tokens.Expired, "revoke": tokens.Revoked} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			b := w.create(t, frozen)
			token := w.applyToken(t, b)
			if !w.queryToken(t, b, token) {
				t.Fatal("a new token is not good")
			}
			got := w.changeToken(t, b, "onsmqtt-1", change)
			event := tokens.Event{Time: b.Now, State: state, Note: "by the control plane"}
			if got.State != state || len(got.History) != 2 || got.History[1] != event {
				t.Errorf("token %+v", got)
			}
			if diff := cmp.Diff([]tokens.Token{got}, w.tokens(t, b)); diff != "" {
				t.Error(diff)
			}
			if w.queryToken(t, b, token) {
				t.Errorf("the token is good after %s", change)
			}
			for _, again := range []string{"expire", "revoke", "redeem"} {
				w.refused(t, http.MethodPost, b.path("/tokens/onsmqtt-1/"+again), "", http.StatusConflict)
			}
			if diff := cmp.Diff([]tokens.Token{got}, w.tokens(t, b)); diff != "" {
				t.Errorf("a refused change left a trace: %s", diff)
			}
		})
	}
}

func TestRedeemingACode(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, frozen)
	w.getAuthCode(t, b, "alice")
	if got := w.changeToken(t, b, "appstream-1", "redeem"); got.State != tokens.Redeemed {
		t.Errorf("token %+v", got)
	}
	w.refused(t, http.MethodPost, b.path("/tokens/appstream-1/redeem"), "", http.StatusConflict)
	if got := w.tokens(t, b)[0]; got.State != tokens.Redeemed || len(got.History) != 2 {
		t.Errorf("token %+v", got)
	}
}

func TestWhatCannotBeRedeemed(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, frozen)
	token := w.applyToken(t, b)
	w.refused(t, http.MethodPost, b.path("/tokens/onsmqtt-1/redeem"), "", http.StatusConflict)
	if !w.queryToken(t, b, token) {
		t.Error("a refused redeeming ended the token")
	}

	w.getAuthCode(t, b, "alice") // 3
	w.getAuthCode(t, b, "bob")   // 4
	w.getAuthCode(t, b, "alice") // 5 supersedes 3
	states := map[string]tokens.State{}
	for _, token := range w.tokens(t, b) {
		states[token.ID] = token.State
	}
	want := map[string]tokens.State{
		"onsmqtt-1": tokens.Active, "appstream-3": tokens.Superseded, "appstream-4": tokens.Active,
		"appstream-5": tokens.Active,
	}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	w.refused(t, http.MethodPost, b.path("/tokens/appstream-3/redeem"), "", http.StatusConflict)
	w.changeToken(t, b, "appstream-5", "redeem")
	w.setClock(t, b, `{"advance":"3m"}`)
	w.refused(t, http.MethodPost, b.path("/tokens/appstream-4/redeem"), "", http.StatusConflict)
	if got := w.tokens(t, b)[1]; got.ID != "appstream-4" || got.State != tokens.Expired {
		t.Errorf("token %+v, want it expired by the clock", got)
	}
}

func TestTokensOfAnotherSandbox(t *testing.T) {
	t.Parallel()
	w := open(t)
	one, two := w.create(t, frozen), w.create(t, frozen)
	w.applyToken(t, one)
	w.refused(t, http.MethodPost, two.path("/tokens/onsmqtt-1/revoke"), "", http.StatusNotFound)
	if got := w.tokens(t, one)[0].State; got != tokens.Active {
		t.Errorf("the token is %s", got)
	}
}

// TestOneRedeemingWins redeems one code from many sides at once.
func TestOneRedeemingWins(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, frozen)
	w.getAuthCode(t, b, "alice")
	const callers = 16
	statuses := make(chan int, callers)
	for range callers {
		go func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
				"http://"+w.control+b.path("/tokens/appstream-1/redeem"), http.NoBody)
			if err != nil {
				statuses <- 0
				return
			}
			resp, err := w.client.Do(req)
			if err != nil {
				statuses <- 0
				return
			}
			statuses <- resp.StatusCode
			_ = resp.Body.Close()
		}()
	}
	count := map[int]int{}
	for range callers {
		count[<-statuses]++
	}
	if diff := cmp.Diff(map[int]int{http.StatusOK: 1, http.StatusConflict: callers - 1}, count); diff != "" {
		t.Error(diff)
	}
}
