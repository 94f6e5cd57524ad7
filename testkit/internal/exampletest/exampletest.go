// Package exampletest stands in for a test in the runnable examples of the testkit: an Example function has no
// *testing.T, and the testkit wants one.
package exampletest

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// T is what an example hands on as its test. What fails is printed, so that it becomes part of the example's output.
type T struct {
	testing.TB // what examples do not use stays nil

	ctx      context.Context //nolint:containedctx // a test has its context, which its end cancels
	cancel   context.CancelFunc
	cleanups []func()
	failed   bool
}

// fatal is what Fatalf panics with, so that End can tell it from other panics.
type fatal struct{}

// New returns the test of an example, which defers its End.
func New() *T {
	t := &T{}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

// End cancels the context and runs the cleanups, the last one first. It has to be deferred: it ends what Fatalf began.
func (t *T) End() {
	cause := recover()
	t.cancel()
	for len(t.cleanups) > 0 {
		last := len(t.cleanups) - 1
		cleanup := t.cleanups[last]
		t.cleanups = t.cleanups[:last]
		cleanup()
	}
	if _, ended := cause.(fatal); cause != nil && !ended {
		panic(cause)
	}
}

// Helper does nothing: examples show no line numbers.
func (t *T) Helper() {}

// Context ends when End begins.
func (t *T) Context() context.Context { return t.ctx }

// Cleanup has End call a function.
func (t *T) Cleanup(cleanup func()) { t.cleanups = append(t.cleanups, cleanup) }

// Failed says whether Errorf or Fatalf was called.
func (t *T) Failed() bool { return t.failed }

// Logf prints nothing, as a test that passes does.
func (t *T) Logf(string, ...any) {}

// Errorf prints what is wrong.
func (t *T) Errorf(format string, args ...any) {
	t.failed = true
	fmt.Fprintf(os.Stdout, format+"\n", args...)
}

// Fatalf prints what is wrong and ends the example.
func (t *T) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	panic(fatal{})
}
