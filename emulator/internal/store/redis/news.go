package redis

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// news tell the other processes which sandboxes changed.
type news struct {
	mu      sync.Mutex
	pending map[string]bool
	wake    chan struct{}
	heard   func(names []string)
}

// newsEvery is how long changes are gathered before they are told: what changes with each call costs no call a message.
const newsEvery = 10 * time.Millisecond

// Announce implements store.Shared.
func (s *Store) Announce(name string) {
	n := &s.news
	n.mu.Lock()
	n.pending[name] = true
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Listen implements store.Shared.
func (s *Store) Listen(heard func(names []string)) {
	s.news.mu.Lock()
	defer s.news.mu.Unlock()
	s.news.heard = heard
}

// channel is that of this format under this prefix.
func (s *Store) channel() string { return s.prefix + "news" }

// tellNews publishes what changed until ctx ends. What cannot be told now is told with the next try.
func (s *Store) tellNews(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.news.wake:
		}
		if pause(ctx, newsEvery) != nil {
			return
		}
		s.news.mu.Lock()
		names := slices.Collect(maps.Keys(s.news.pending))
		clear(s.news.pending)
		s.news.mu.Unlock()
		limited, cancel := context.WithTimeout(ctx, lookTime)
		err := s.client.Publish(limited, s.channel(), s.caller+"\n"+strings.Join(names, "\n")).Err()
		cancel()
		if err != nil {
			_ = pause(ctx, quietTime)
			for _, name := range names {
				s.Announce(name)
			}
		}
	}
}

// quietTime is how long nothing may come from the store before it is asked whether it is there.
const quietTime = 300 * time.Millisecond

// hearNews listens until ctx ends. After each connection anything may have changed.
func (s *Store) hearNews(ctx context.Context) {
	for ctx.Err() == nil {
		s.hearUntilLost(ctx)
		_ = pause(ctx, quietTime)
	}
}

func (s *Store) hearUntilLost(ctx context.Context) {
	subscription := s.client.Subscribe(ctx, s.channel())
	giveUp := func() { _ = subscription.Close() } // also in the middle of a wait
	defer giveUp()
	defer context.AfterFunc(ctx, giveUp)()
	asked := 0
	for ctx.Err() == nil {
		message, err := subscription.ReceiveTimeout(ctx, quietTime)
		var late net.Error
		switch {
		case err == nil:
			asked = 0
			s.hear(message)
		case errors.As(err, &late) && late.Timeout() && asked < 2:
			asked++
			limited, cancel := context.WithTimeout(ctx, quietTime)
			err = subscription.Ping(limited)
			cancel()
			if err != nil {
				return
			}
		default:
			return
		}
	}
}

func (s *Store) hear(message any) {
	s.news.mu.Lock()
	heard := s.news.heard
	s.news.mu.Unlock()
	if heard == nil {
		return
	}
	switch message := message.(type) {
	case *redis.Subscription:
		heard(nil)
	case *redis.Message:
		from, names, _ := strings.Cut(message.Payload, "\n")
		if from != s.caller && names != "" {
			heard(strings.Split(names, "\n"))
		}
	}
}
