package client

import "sync"

// openClaims are the claims that came out of one Expect, each narrowed down from another, by their numbers. Those from
// which no other was made must be ended: a claim that nothing ended would pass whatever came.
type openClaims struct {
	mu     sync.Mutex
	claims []openClaim
}

type openClaim struct {
	text  string
	ended bool // or another claim was made from it
}

// follow makes the claim one that follows from what it was before.
func (x Expectation) follow() Expectation {
	x.opened.mu.Lock()
	defer x.opened.mu.Unlock()
	if x.number > 0 {
		x.opened.claims[x.number-1].ended = true
	}
	x.opened.claims = append(x.opened.claims, openClaim{text: x.String()})
	x.number = len(x.opened.claims)
	return x
}

func (o *openClaims) end(number int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.claims[number-1].ended = true
}

// check fails a test that leaves a claim open. One that failed already may not have come to its end.
func (o *openClaims) check(t T) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if t.Failed() {
		return
	}
	for _, c := range o.claims {
		if !c.ended {
			t.Errorf("%s: the claim was not ended and claims nothing; end it with Once, Times, AtLeast, Never or Outcomes",
				c.text)
		}
	}
}
