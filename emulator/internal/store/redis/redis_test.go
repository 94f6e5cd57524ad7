package redis_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redis"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
	"github.com/tokenstage/tokenstage/emulator/internal/store/storetest"
)

// prefixes gives every store of a test a prefix of its own.
var prefixes atomic.Int64

func fresh(url string) func(*testing.T) store.Store {
	return func(t *testing.T) store.Store {
		t.Helper()
		// The suite asks what a store promises, not how soon it answers on a busy machine.
		return openWithin(t, url+"?prefix=test"+strconv.FormatInt(prefixes.Add(1), 10), redis.Bounds{Patience: time.Minute})
	}
}

func open(t *testing.T, url string) *redis.Store {
	t.Helper()
	return openWithin(t, url, redis.Bounds{})
}

func openWithin(t *testing.T, url string, bounds redis.Bounds) *redis.Store {
	t.Helper()
	s, err := redis.OpenWithin(t.Context(), url, bounds)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestRedisConforms(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	storetest.Run(t, fresh(server.URL()))
}

func TestClusterConforms(t *testing.T) {
	t.Parallel()
	masters := redistest.StartCluster(t)
	storetest.Run(t, fresh(masters[0].URL()))
}
