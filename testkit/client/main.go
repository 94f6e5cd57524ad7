package client

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
)

// Main runs the tests of a package around what all of them share, such as an emulator. It is called in TestMain and
// returns the code with which the test binary ends:
//
//	var em *client.Emulator
//
//	func TestMain(m *testing.M) {
//		os.Exit(client.Main(m, func(t client.T) { em = inprocess.Start(t) }))
//	}
//
// What setUp starts ends after the last test. Where setUp fails no test runs. The T is for setUp alone: what a test
// makes belongs to that test.
func Main(tests interface{ Run() int }, setUp func(t T)) int {
	ctx, cancel := context.WithCancel(context.Background())
	shared := &mainTest{ctx: ctx}
	code := 1
	if shared.run(func() { setUp(shared) }); !shared.Failed() {
		code = tests.Run()
	}
	cancel() // as the context of a test ends before its cleanups
	shared.end()
	if shared.Failed() {
		code = max(code, 1)
	}
	return code
}

// mainTest is the T of a TestMain. It reports to standard error.
type mainTest struct {
	ctx context.Context //nolint:containedctx // it is that of a test, which is handed out

	mu       sync.Mutex
	cleanups []func()
	failed   bool
}

func (*mainTest) Helper() {}

func (m *mainTest) Context() context.Context { return m.ctx }

func (m *mainTest) Cleanup(cleanup func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cleanups = append(m.cleanups, cleanup)
}

func (m *mainTest) Failed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failed
}

func (*mainTest) Logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "TestMain: "+format+"\n", args...)
}

func (m *mainTest) Errorf(format string, args ...any) {
	m.Logf(format, args...)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed = true
}

// Fatalf reports and ends the goroutine, as that of a test does.
func (m *mainTest) Fatalf(format string, args ...any) {
	m.Errorf(format, args...)
	runtime.Goexit()
}

// run calls something that Fatalf may end.
func (*mainTest) run(what func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		what()
	}()
	<-ended
}

// end runs the cleanups, the last one first.
func (m *mainTest) end() {
	m.mu.Lock()
	cleanups := m.cleanups
	m.mu.Unlock()
	for _, cleanup := range slices.Backward(cleanups) {
		m.run(cleanup)
	}
}
