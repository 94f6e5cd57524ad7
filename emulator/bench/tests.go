package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// tests measures what a test pays for a world of its own: a sandbox at a server that is there, and an emulator in its
// own process. The first of each warms up and does not count.
func tests(ctx context.Context, b *bench) (table, error) {
	t := table{columns: []string{"", "p50 ms", "p99 ms", "least", "most"}}
	server, err := b.startServer(ctx)
	if err != nil {
		return table{}, err
	}
	defer server.stop()
	control := client.New(server.control)
	for _, row := range []struct {
		name string
		once func(context.Context) (time.Duration, error)
	}{
		{"sandbox: create, call, remove", func(ctx context.Context) (time.Duration, error) {
			return sandboxOnce(ctx, control, server.data)
		}},
		{"emulator in the process: start to first answer", emulatorOnce},
	} {
		var took []time.Duration
		for i := range b.worlds + 1 {
			one, err := row.once(ctx)
			if err != nil {
				return table{}, fmt.Errorf("%s: %w", row.name, err)
			}
			if i > 0 {
				took = append(took, one)
			}
		}
		slices.Sort(took)
		cells := []any{row.name}
		for _, one := range []time.Duration{
			percentile(took, 0.5), percentile(took, 0.99), took[0], took[len(took)-1],
		} {
			cells = append(cells, rounded(milliseconds(one), 2))
		}
		t.rows = append(t.rows, cells)
	}
	return t, nil
}

// sandboxOnce creates a sandbox, makes a call in it and removes it.
func sandboxOnce(ctx context.Context, control *client.Client, data string) (time.Duration, error) {
	begun := time.Now()
	box, err := control.CreateSandbox(ctx, client.Definition{})
	if err != nil {
		return 0, err
	}
	acs := box.Credentials.ACS[0]
	if _, err := callOnce(ctx, newCaller(data, box.ID, acs.AccessKeyID, acs.AccessKeySecret)); err != nil {
		return 0, err
	}
	err = control.RemoveSandbox(ctx, box.ID)
	return time.Since(begun), err
}

// emulatorOnce starts an emulator in this process and makes a call to it. Its end is not counted.
func emulatorOnce(ctx context.Context) (took time.Duration, err error) {
	t := &testOf{ctx: ctx}
	defer func() {
		t.end()
		if failed, ok := recover().(testFailure); ok {
			err = failed
		}
	}()
	begun := time.Now()
	em := inprocess.Start(t)
	_, err = callOnce(ctx, newCaller(strings.TrimPrefix(em.URL(), "http://"), "default", defaultKey, defaultSecret))
	return time.Since(begun), err
}

// testOf is a client.T outside of any test: what fails it panics with a testFailure.
type testOf struct {
	ctx      context.Context //nolint:containedctx // it is that of the test
	cleanups []func()
}

type testFailure struct{ error }

func (*testOf) Helper()                          {}
func (t *testOf) Context() context.Context       { return t.ctx }
func (t *testOf) Cleanup(cleanup func())         { t.cleanups = append(t.cleanups, cleanup) }
func (*testOf) Failed() bool                     { return false }
func (*testOf) Logf(string, ...any)              {}
func (t *testOf) Errorf(format string, a ...any) { t.Fatalf(format, a...) }
func (*testOf) Fatalf(format string, a ...any)   { panic(testFailure{fmt.Errorf(format, a...)}) }

// end cleans up, latest first.
func (t *testOf) end() {
	for _, cleanup := range slices.Backward(t.cleanups) {
		cleanup()
	}
}
