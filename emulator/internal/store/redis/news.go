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

// What is published begins with the name of the process that says it; the byte behind it says what it is.
const (
	newsMark     = '\n'
	messageMark  = '!'
	questionMark = '?'
	answerMark   = '='
	marks        = "\n!?="
)

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
		_, err := s.publish(limited, newsMark, strings.Join(names, "\n"))
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
			s.hear(ctx, message)
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

func (s *Store) hear(ctx context.Context, message any) {
	switch message := message.(type) {
	case *redis.Subscription:
		s.hearNames(nil)
	case *redis.Message:
		end := strings.IndexAny(message.Payload, marks)
		if end < 0 || message.Payload[:end] == s.caller {
			return
		}
		from, said := message.Payload[:end], message.Payload[end+1:]
		switch message.Payload[end] {
		case newsMark:
			s.hearNames(strings.Split(said, "\n"))
		case messageMark:
			s.talk.hear([]byte(said))
		case questionMark:
			s.answer(ctx, from, said)
		case answerMark:
			s.talk.answered(s.caller, said)
		}
	}
}

func (s *Store) hearNames(names []string) {
	s.news.mu.Lock()
	heard := s.news.heard
	s.news.mu.Unlock()
	if heard != nil {
		heard(names)
	}
}

// publish says something to all processes that listen, this one among them, and returns how many those are. It is sent
// once: of what was said twice nobody could tell.
func (s *Store) publish(ctx context.Context, mark byte, text string) (int64, error) {
	cmd := once{redis.NewCmd(ctx, "publish", s.channel(), s.caller+string(mark)+text)}
	cmd.SetFirstKeyPos(1) // in a cluster at the node of the channel's slot, where all listen
	if err := s.client.Process(ctx, cmd); err != nil {
		return 0, explain(err)
	}
	return cmd.Int64()
}
