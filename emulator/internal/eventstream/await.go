package eventstream

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Heartbeat is how often a silent stream says that it is still there, so that proxies keep it open.
const Heartbeat = 15 * time.Second

// Changes is what a stream tells of. Next waits until something changes and returns the ids of what did, each once, or
// the error of ctx.
type Changes interface {
	Next(ctx context.Context) ([]string, error)
}

// Await waits for a change that the stream tells of, and returns the ids of what changed. Where nothing of that kind
// happened for a Heartbeat it returns none: then it is time for a sign of life. Other changes do not put that off.
func Await(ctx context.Context, changes Changes, isTold func(id string) bool) ([]string, error) {
	limited, cancel := context.WithTimeout(ctx, Heartbeat)
	defer cancel()
	for {
		ids, err := changes.Next(limited)
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				return nil, nil
			}
			return nil, err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return !isTold(id) })
		if len(ids) > 0 {
			return ids, nil
		}
	}
}
