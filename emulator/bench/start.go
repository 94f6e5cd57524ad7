package main

import (
	"context"
	"os"
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
	var first, spent, fresh, idle []float64
	for range b.starts {
		one, err := b.startOnce(ctx)
		if err != nil {
			return table{}, err
		}
		first, spent = append(first, milliseconds(one.taken)), append(spent, milliseconds(one.spent))
		fresh, idle = append(fresh, one.fresh), append(idle, one.idle)
	}
	program, err := os.Stat(b.program)
	if err != nil {
		return table{}, err
	}
	t := table{columns: []string{"", "median", "least", "most"}}
	for _, row := range []struct {
		name   string
		values []float64
	}{
		{"start to first answer, ms", first},
		{"processor time of it, ms", spent},
		{"memory at the first answer, MB", fresh},
		{"memory " + b.idle.String() + " later, MB", idle},
		{"program, MB", []float64{float64(program.Size()) / 1e6}},
	} {
		least, most := slices.Min(row.values), slices.Max(row.values)
		t.rows = append(t.rows, []any{row.name, rounded(median(row.values), 1), rounded(least, 1), rounded(most, 1)})
	}
	return t, nil
}

// started is what one start took: the time to the first answer, the processor time of the process until then, and its
// memory in MB then and after idling.
type started struct {
	taken, spent time.Duration
	fresh, idle  float64
}

// startOnce starts the server, makes a call and lets it idle.
func (b *bench) startOnce(ctx context.Context) (one started, err error) {
	begun := time.Now()
	p, err := b.startServer(ctx)
	if err != nil {
		return one, err
	}
	defer p.stop()
	if _, err := callOnce(ctx, newCaller(p.data, "default", defaultKey, defaultSecret)); err != nil {
		return one, err
	}
	one.taken = time.Since(begun)
	if one.spent, err = p.cpuOfThreads(); err != nil {
		return one, err
	}
	if one.fresh, err = p.resident(); err != nil {
		return one, err
	}
	<-time.After(b.idle)
	one.idle, err = p.resident()
	return one, err
}
