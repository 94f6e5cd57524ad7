// Package clocktest is the time outside of the sandboxes for tests: it moves when a test says so.
package clocktest

import (
	"sync"
	"time"
)

// Start is the time at the beginning of every test.
var Start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// Clock is a time that many goroutines can read.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// New returns a clock that shows Start.
func New() *Clock { return &Clock{now: Start} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Pass moves the clock.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
