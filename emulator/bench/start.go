package main

import (
	"context"
	"slices"
	"time"
)

// The AccessKey of the default sandbox, as documented.
const (
	defaultKey    = "LTAIfakeDefault"
	defaultSecret = "fake-default-access-key-secret"
)

// starts measures b.starts starts of the server.
func starts(ctx context.Context, b *bench) (table, error) {
	var first, fresh, idle []float64
	for range b.starts {
		taken, atFirst, later, err := b.startOnce(ctx)
		if err != nil {
			return table{}, err
		}
		first, fresh, idle = append(first, milliseconds(taken)), append(fresh, atFirst), append(idle, later)
	}
	t := table{columns: []string{"", "median", "least", "most"}}
	for _, row := range []struct {
		name   string
		values []float64
	}{
		{"start to first answer, ms", first},
		{"memory at the first answer, MB", fresh},
		{"memory " + b.idle.String() + " later, MB", idle},
	} {
		least, most := slices.Min(row.values), slices.Max(row.values)
		t.rows = append(t.rows, []any{row.name, rounded(median(row.values), 1), rounded(least, 1), rounded(most, 1)})
	}
	return t, nil
}

// startOnce starts the server and returns the time to its first answer, and its memory then and after idling.
func (b *bench) startOnce(ctx context.Context) (taken time.Duration, fresh, idle float64, err error) {
	begun := time.Now()
	p, err := b.startServer(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	defer p.stop()
	if _, err := callOnce(ctx, newCaller(p.data, "default", defaultKey, defaultSecret)); err != nil {
		return 0, 0, 0, err
	}
	taken = time.Since(begun)
	if fresh, err = p.resident(); err != nil {
		return 0, 0, 0, err
	}
	<-time.After(b.idle)
	idle, err = p.resident()
	return taken, fresh, idle, err
}
