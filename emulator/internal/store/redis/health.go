package redis

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// health is what the last look at the store found.
type health struct {
	lastGood atomic.Int64 // when the last look began that found all well, in Unix nanoseconds
	lastLook atomic.Int64 // when the last look ended
	failed   atomic.Int64 // when an access failed last because the store did not answer
	problem  atomic.Pointer[error]
}

func (h *health) isDown() bool { return h.problem.Load() != nil }

// isDoubtful reports whether the store was not seen well since it failed to answer.
func (h *health) isDoubtful() bool { return h.isDown() || h.failed.Load() > h.lastGood.Load() }

const (
	lookEvery = 400 * time.Millisecond
	lookTime  = time.Second
)

// Ready implements store.Shared.
func (s *Store) Ready() error {
	if problem := s.health.problem.Load(); problem != nil {
		return *problem
	}
	if last := time.Unix(0, s.health.lastLook.Load()); now().Sub(last) > lookEvery+2*lookTime {
		return fmt.Errorf("%w since %s", store.ErrDown, last.UTC().Format(time.RFC3339))
	}
	return nil
}

// watchHealth looks at the store until ctx ends.
func (s *Store) watchHealth(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		s.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *Store) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	began := now().UnixNano()
	// The mark is set anew where the store was emptied, and judged anew where another one took its place.
	err := s.claimFormat(ctx)
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		err = errors.Join(err, cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
			return node.Ping(ctx).Err()
		}))
	}
	if err == nil {
		s.health.problem.Store(nil)
		s.health.lastGood.Store(began)
	} else {
		err = explain(err)
		s.health.problem.Store(&err)
	}
	s.health.lastLook.Store(now().UnixNano())
}
