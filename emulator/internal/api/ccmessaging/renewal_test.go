package ccmessaging_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api/ccmessaging"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// life is that of a client token.
const life = time.Hour

// step does something to a world and the first token that it issued.
type step func(w *world, token string)

func connect(w *world, token string)    { w.must("send", sending(token, "CONNECT", "")) }
func disconnect(w *world, token string) { w.must("send", sending(token, "DISCONNECT", "")) }
func wait(d time.Duration) step         { return func(w *world, _ string) { w.advance(d) } }
func change(to token.State) step        { return func(w *world, _ string) { w.end("ccmessaging-1", to) } }
func connecting(token string) arguments { return sending(token, "CONNECT", "") }

func TestLifeOfAClientToken(t *testing.T) {
	t.Parallel()
	expire, revoke := change(token.Expired), change(token.Revoked)
	const over, wrong = wire.ExpiredSecurityToken, wire.WrongSecurityToken
	cases := map[string]struct {
		before  []step
		kind    wire.Kind // of the refusal, empty for none
		finding string
		renewed bool
	}{
		"new":                       {nil, "", "", false},
		"last instant":              {[]step{wait(life - time.Millisecond)}, "", "", false},
		"last instant, session":     {[]step{connect, wait(life - time.Millisecond)}, "", "", false},
		"over":                      {[]step{wait(life)}, over, "expired at 2026-03-01T13:00:00.500Z", false},
		"over, session":             {[]step{connect, wait(life)}, "", "", true},
		"long over, session":        {[]step{connect, wait(3 * life)}, "", "", true},
		"over, session closed":      {[]step{connect, disconnect, wait(life)}, over, "No session is open", false},
		"over, session idle":        {[]step{connect, wait(12 * life)}, over, "No session is open", false},
		"expired by hand":           {[]step{expire}, over, "before its time", false},
		"expired by hand, session":  {[]step{connect, expire}, "", "", true},
		"revoked":                   {[]step{revoke}, wrong, "ccmessaging-1 of user-1@" + channel + " is revoked", false},
		"revoked, session":          {[]step{connect, revoke}, wrong, "is revoked", false},
		"revoked, over and session": {[]step{connect, revoke, wait(life)}, wrong, "is revoked", false},
	}
	for name, c := range cases {
		for operation, args := range map[string]func(string) arguments{"poll": polling, "send": connecting} {
			t.Run(name+"/"+operation, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				token := w.apply(user, channel)
				for _, do := range c.before {
					do(w, token)
				}
				result, err := w.call(operation, args(token))
				if c.kind == "" {
					if err != nil || (result.Header.Get(ccmessaging.TokenHeader) != "") != c.renewed {
						t.Fatalf("got %+v, %v; want a replacement: %v", result, err, c.renewed)
					}
					return
				}
				fault, finding := refusal(t, err)
				if fault.Kind != c.kind || !strings.Contains(fault.Message, "ccmessaging-token") ||
					!strings.Contains(finding, c.finding) {
					t.Fatalf("got %v %q: %s", fault, fault.Message, finding)
				}
			})
		}
	}
}

func TestMissingClientToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.call("poll", polling(""))
	if fault, _ := refusal(t, err); fault.Kind != wire.MissingSecurityToken || fault.Message == "" {
		t.Fatalf("got %v", fault)
	}
}

func TestTokenOfBeforeAReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var token string
	for range 4 {
		token = w.apply(user, channel)
	}
	if err := w.box.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := w.call("poll", polling(token))
	if fault, finding := refusal(t, err); fault.Kind != wire.WrongSecurityToken || !strings.Contains(finding, "reset") {
		t.Fatalf("got %v: %s", fault, finding)
	}
}

// renewed calls and returns the replacement in the reply, empty when there is none.
func (w *world) renewed(operation string, args arguments) string {
	w.tb.Helper()
	result, err := w.call(operation, args)
	if err != nil {
		w.tb.Fatalf("%s: %v", operation, err)
	}
	return result.Header.Get(ccmessaging.TokenHeader)
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.apply(user, channel)
	connect(w, old)
	w.advance(life)
	next := w.renewed("poll", polling(old))
	if next == "" || next == old {
		t.Fatalf("the replacement of %q is %q", old, next)
	}
	if listed := w.newest(); listed.Operation != "poll" || listed.Subject != user+"@"+channel ||
		!listed.ExpiresAt.Equal(epoch.Add(2*life)) || !strings.Contains(listed.History[0].Note, "replaces ccmessaging-1") {
		t.Fatalf("listed is %+v", listed)
	}
	w.advance(time.Minute)
	if again := w.renewed("send", sending(old, "CHAT", "x")); again != next {
		t.Fatalf("the same old token got %q, then %q", next, again)
	}
	if tokens, err := w.box.Tokens(t.Context()); err != nil || len(tokens) != 2 {
		t.Fatalf("listed are %d tokens, %v; want the first and its replacement", len(tokens), err)
	}
	if extra := w.renewed("poll", polling(next)); extra != "" {
		t.Fatalf("the replacement was replaced at once, by %q", extra)
	}
	w.advance(life)
	later := w.renewed("poll", polling(next))
	if later == "" || later == next {
		t.Fatalf("the replacement of the replacement is %q", later)
	}
	if fresh := w.renewed("poll", polling(old)); fresh == "" || fresh == next {
		t.Fatalf("the first token got %q, which has ended", fresh)
	}
	disconnect(w, later)
	_, err := w.call("poll", polling(old))
	if fault, _ := refusal(t, err); fault.Kind != wire.ExpiredSecurityToken {
		t.Fatalf("after the session: %v", fault)
	}
	w.must("poll", polling(later))
}

// TestRenewalOnDisconnect: the session is open when the request comes, and closed for the next.
func TestRenewalOnDisconnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.apply(user, channel), w.apply(user, channel)
	connect(w, first)
	w.advance(life)
	result, err := w.call("send", sending(first, "DISCONNECT", ""))
	if err != nil || result.Outcome != "" || result.Header.Get(ccmessaging.TokenHeader) == "" {
		t.Fatalf("DISCONNECT: %+v, %v", result, err)
	}
	_, err = w.call("send", sending(second, "CHAT", ""))
	if fault, _ := refusal(t, err); fault.Kind != wire.ExpiredSecurityToken {
		t.Fatalf("a second token after the session: %v", fault)
	}
}

// TestRenewalUnderConcurrency: of many that bring the same old token all get one replacement, which is listed once.
func TestRenewalUnderConcurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.apply(user, channel)
	connect(w, old)
	w.advance(life)
	const callers = 32
	got := make([]string, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			result, err := w.call("poll", polling(old))
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
			got[i] = result.Header.Get(ccmessaging.TokenHeader)
		})
	}
	all.Wait()
	for i, token := range got {
		if token == "" || token != got[0] {
			t.Fatalf("caller %d got %q, caller 0 %q", i, token, got[0])
		}
	}
	if tokens, err := w.box.Tokens(t.Context()); err != nil || len(tokens) != 2 {
		t.Fatalf("listed are %d tokens, %v; want 2", len(tokens), err)
	}
}

func TestTokenOfAnotherUserOrChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connect(w, w.apply(user, channel))
	cases := map[string]struct {
		operation string
		args      arguments
		finding   string
	}{
		"from":       {"send", sending(w.apply("user-2", channel), "CHAT", "x"), "from names another"},
		"to":         {"send", sending(w.apply(user, "other"), "CHAT", "x"), "to names another"},
		"receiverId": {"poll", polling(w.apply("user-2", channel)), "receiverId names another"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.in(t).call(c.operation, c.args)
			fault, finding := refusal(t, err)
			if fault.Kind != wire.WrongSecurityToken || !strings.Contains(finding, c.finding) {
				t.Fatalf("got %v: %s", fault, finding)
			}
		})
	}
}

func TestCheckToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.apply(user, channel)
	for name, ok := range map[string]bool{good: true, "bad": false, "": false} {
		turn, err := w.box.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		call := &wire.Call{Request: &wire.Request{Header: map[string][]string{"Ccmessaging-Token": {name}}}}
		if err := ccmessaging.CheckToken(t.Context(), turn, call); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}
