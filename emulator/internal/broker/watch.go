package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

const (
	// lookPause is the least time between two looks at the tokens of a sandbox, as every call and every packet is a reason
	// for one. It is lookShare times as long as the look, where that is more, up to longestPause: cuts take no longer.
	lookPause    = 2 * time.Millisecond
	lookShare    = 10
	longestPause = 20 * time.Millisecond
	// longestSleep bounds how long a stage sleeps without being woken.
	longestSleep = time.Hour
)

// watch wakes the stages of sandboxes that change, from the first client on; b.mu is held.
func (b *Broker) watch() error {
	if b.watching {
		return nil
	}
	w, err := b.world.Watch()
	if err != nil {
		return fmt.Errorf("the broker cannot watch its clients' tokens: %w", err)
	}
	b.watching = true
	b.running.Go(func() {
		defer w.Close()
		for {
			ids, err := w.Next(b.ctx)
			if err != nil {
				return
			}
			changed := map[string]bool{}
			for _, id := range ids {
				changed[id] = true
			}
			b.mu.Lock()
			for box, st := range b.stages {
				if changed[box.ID] {
					st.look()
				}
			}
			b.mu.Unlock()
		}
	})
	return nil
}

// run looks at the tokens of the stage's clients whenever something changed, and when one of them ends.
func (st *stage) run(ctx context.Context) {
	next := time.NewTimer(longestSleep)
	defer next.Stop()
	pause := time.NewTimer(lookPause)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-st.wake:
		case <-next.C:
		}
		began := time.Now() //nolint:forbidigo // the machine's work is measured, nothing of the sandbox
		next.Reset(st.examine(ctx))
		took := time.Since(began) //nolint:forbidigo // as above
		pause.Reset(min(max(lookPause, lookShare*took), longestPause))
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

// examine cuts the clients whose tokens ended, tells those whose tokens end soon, and returns after which time there is
// something to do again.
func (st *stage) examine(ctx context.Context) time.Duration {
	moment, clock, err := st.box.Moment(ctx)
	switch {
	case errors.Is(err, sandbox.ErrGone):
		st.cutAll("The sandbox was removed.", func(*session) bool { return true })
		return longestSleep
	case err != nil:
		st.broker.options.Log.Error("the tokens of the broker's clients could not be looked up", "error", err)
		return time.Second
	}
	st.cutAll("The sandbox was reset.", func(s *session) bool { return s.generation != moment.Generation })
	sessions := st.all()
	states, err := st.statesOf(ctx, sessions, moment)
	if err != nil {
		st.broker.options.Log.Error("the tokens of the broker's clients could not be looked up", "error", err)
		return time.Second
	}
	sleep := longestSleep
	for _, s := range sessions {
		if until := st.examineSession(s, states, clock.Now); until > 0 {
			sleep = min(sleep, until)
		}
	}
	if clock.Frozen {
		return longestSleep
	}
	return sleep
}

// statesOf looks up the states of all tokens that the sessions hold, by their ids, in one trip to the store.
func (st *stage) statesOf(
	ctx context.Context, sessions []*session, moment token.Moment,
) (map[string]token.State, error) {
	judged := map[string]*token.Judgement{}
	var steps []store.Step
	for _, s := range sessions {
		for _, h := range s.tokens() {
			id := h.grant.Claims.ID()
			if h.bad != "" || judged[id] != nil {
				continue
			}
			judged[id] = token.Judge(h.grant.Claims, moment)
			steps = append(steps, judged[id].Steps()...)
		}
	}
	if len(steps) > 0 {
		if err := st.box.Space().Do(ctx, steps...); err != nil {
			return nil, err
		}
	}
	states := make(map[string]token.State, len(judged))
	for id, j := range judged {
		var err error
		if states[id], err = j.State(); err != nil {
			return nil, err
		}
	}
	return states, nil
}

// examineSession cuts or tells one client, and returns how far off its next event is; zero where there is none.
func (st *stage) examineSession(s *session, states map[string]token.State, now time.Time) (next time.Duration) {
	if s.isKept() {
		return st.dropIfOver(s, now)
	}
	soonest := func(d time.Duration) {
		if next == 0 || d < next {
			next = d
		}
	}
	for _, h := range s.tokens() {
		claims := h.grant.Claims
		state, known := states[claims.ID()]
		if h.bad != "" || !known {
			continue
		}
		if code, why := badState(state, claims, now); code != "" {
			s.cut(ending{code: code, notice: code, kind: h.kind, why: why})
			return 0
		}
		left := claims.Ends().Sub(now)
		soonest(left)
		switch {
		case left > mqtt.NoticeAhead:
			soonest(left - mqtt.NoticeAhead)
		case !h.noticed:
			s.notice(h)
		}
	}
	return next
}

func (s *session) isKept() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept != nil
}

// dropIfOver forgets a client that left too long ago.
func (st *stage) dropIfOver(s *session, now time.Time) time.Duration {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.sessions[s.id] != s || s.kept == nil {
		return 0
	}
	if left := s.kept.until.Sub(now); left > 0 {
		return left
	}
	st.forget(s)
	st.endIfEmpty()
	return 0
}

// cutAll cuts the clients of a sandbox that is not any more what they logged in to, and forgets what is kept of those
// that left. Clients with tokens are told that these were revoked.
func (st *stage) cutAll(why string, isGone func(*session) bool) {
	for _, s := range st.all() {
		switch {
		case !isGone(s):
		case s.isKept():
			st.mu.Lock()
			st.forget(s)
			st.endIfEmpty()
			st.mu.Unlock()
		default:
			e := ending{code: mqtt.SandboxGone, why: why}
			if tokens := s.tokens(); len(tokens) > 0 {
				e.notice, e.kind = mqtt.Revoked, tokens[0].kind
			}
			s.cut(e)
		}
	}
}
