package redis

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// usage is what all spaces together hold. A space counts by itself with each step; each process tells once a second
// what the spaces hold that it used, since a cluster cannot count them with the same step. So the bounds of all can be
// exceeded by what is written in a second.
type usage struct {
	full   atomic.Bool
	latest sync.Map // the name of a space -> [2]int64, the bytes of its values and logs
}

// note remembers what a space holds.
func (u *usage) note(name string, held []any) {
	if len(held) >= 2 {
		u.latest.Store(name, [2]int64{number(held[0]), number(held[1])})
	}
}

// tell replaces what is kept of some spaces and returns what all hold.
//
// KEYS: a hash from the names of spaces to what they hold, and one of the sums. ARGV: a name, and the bytes of its
// values and logs; and so on.
var tell = redis.NewScript(`
local sums = {values = 0, logs = 0}
for i = 1, #ARGV, 3 do
  local name, values, logs = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local before = redis.call('HGET', KEYS[1], name)
  if before then
    local v, l = string.match(before, '(%d+) (%d+)')
    sums.values, sums.logs = sums.values - v, sums.logs - l
  end
  if values == '0' and logs == '0' then
    redis.call('HDEL', KEYS[1], name)
  else
    redis.call('HSET', KEYS[1], name, values .. ' ' .. logs)
  end
  sums.values, sums.logs = sums.values + values, sums.logs + logs
end
if #ARGV > 0 then
  redis.call('HINCRBY', KEYS[2], 'values', string.format('%.0f', sums.values))
  redis.call('HINCRBY', KEYS[2], 'logs', string.format('%.0f', sums.logs))
end
return {redis.call('HGET', KEYS[2], 'values') or '0', redis.call('HGET', KEYS[2], 'logs') or '0'}
`)

const usageEvery = time.Second

// reportUsage tells what the spaces hold, and hears what all hold, until ctx ends.
func (s *Store) reportUsage(ctx context.Context) {
	ticker := time.NewTicker(usageEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !s.health.isDown() {
			_ = s.exchangeUsage(ctx) // the next second tries again
		}
	}
}

func (s *Store) usageKeys() []string {
	return []string{s.prefix + "{usage}:spaces", s.prefix + "{usage}:sums"}
}

func (s *Store) exchangeUsage(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, s.bounds.Patience)
	defer cancel()
	told := map[string][2]int64{}
	var args []any
	s.usage.latest.Range(func(name, held any) bool {
		told[name.(string)] = held.([2]int64)
		args = append(args, name, held.([2]int64)[0], held.([2]int64)[1])
		return len(told) < 1000 // the others come with the next
	})
	sums, err := tell.Run(limited, s.client, s.usageKeys(), args...).StringSlice()
	if err != nil {
		return err
	}
	for name, held := range told {
		s.usage.latest.CompareAndDelete(name, held)
	}
	values, logs := sumAt(sums, 0), sumAt(sums, 1)
	s.usage.full.Store(values > s.bounds.Values)
	if logs > s.bounds.Logs {
		return s.trim(limited)
	}
	return nil
}

func sumAt(sums []string, i int) int64 {
	if i >= len(sums) {
		return 0
	}
	n, _ := strconv.ParseInt(sums[i], 10, 64)
	return n
}

// trimTarget is the share of Bounds.Logs to which the logs are trimmed, so that not every further record trims again.
const trimTarget = 0.875

// trim trims the longest logs. One process does it at a time.
func (s *Store) trim(ctx context.Context) error {
	mine, err := s.client.SetNX(ctx, s.prefix+"{usage}:trimming", s.caller, 2*usageEvery).Result()
	if err != nil || !mine {
		return err
	}
	all, err := s.client.HGetAll(ctx, s.usageKeys()[0]).Result()
	if err != nil {
		return err
	}
	sizes := make(map[string]int64, len(all))
	var sorted []int64
	for name, held := range all {
		sizes[name] = logsOf(held)
		sorted = append(sorted, sizes[name])
	}
	limit := trimSize(sorted, int64(trimTarget*float64(s.bounds.Logs)))
	for name, size := range sizes {
		if size <= limit {
			continue
		}
		space := s.Space(name).Executor.(*space)
		if _, err := space.run(ctx, logs, append(space.header(), "trim", limit)); err != nil {
			return err
		}
	}
	return nil
}

// logsOf reads the bytes of logs from what is kept of a space.
func logsOf(held string) int64 {
	for i := range held {
		if held[i] == ' ' {
			n, _ := strconv.ParseInt(held[i+1:], 10, 64)
			return n
		}
	}
	return 0
}

// trimSize is the size to which spaces must be trimmed so that all of them fit into total. Smaller ones stay as they
// are.
func trimSize(sizes []int64, total int64) int64 {
	slices.SortFunc(sizes, cmp.Compare)
	for i, size := range sizes {
		left := int64(len(sizes) - i)
		if size*left > total {
			return total / left
		}
		total -= size
	}
	return total
}
