// Package clitest runs the command in processes of its own, for tests that send it signals, kill it, or put something
// else in front of it. A test's own binary is the command.
package clitest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/cli"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// asCommand marks a process whose binary is the command, not the tests.
const asCommand = "TOKENSTAGE_TEST_AS_COMMAND"

// Main runs the tests of a package, or the command in a process that a test started. Its caller is TestMain.
func Main(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// Self is the path of the test's binary.
func Self(t testing.TB) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self
}

// Environ is the environment in which the test's binary is the command.
func Environ(variables ...string) []string {
	return append(append(os.Environ(), asCommand+"=1"), variables...)
}

// Command is the command with arguments, not yet started. It is killed when the test ends.
func Command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), Self(t), args...)
	c.Env = Environ()
	return c
}

// Server is a server in a process of its own.
type Server struct {
	*exec.Cmd
	// Data is the address of the data plane, as host:port, URL that of the control plane.
	Data, URL string
	Control   *client.Client

	log log
}

// FreePorts are the arguments of a server on ports that nobody has.
func FreePorts() []string {
	return []string{"serve", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"}
}

// Serve starts a server on free ports, with further arguments. It is killed when the test ends.
func Serve(t testing.TB, args ...string) *Server {
	t.Helper()
	return Start(t, Self(t), append(FreePorts(), args...)...)
}

// Planes finds the addresses of the data plane and the control plane in what a server says first.
var Planes = regexp.MustCompile(`(?s)data plane +http://(\S+)\ncontrol plane +(http://\S+)\n`)

// Start starts a server by a command line, and waits until it has said where it is.
func Start(t testing.TB, program string, args ...string) *Server {
	t.Helper()
	// Not bound to the test's context: how it ends is what is tested.
	s := &Server{Cmd: exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)}
	s.Env, s.Stderr = Environ(), &s.log
	out, err := s.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Process.Kill()
		_ = s.Wait()
	})
	said, lines := "", bufio.NewReader(out)
	for !Planes.MatchString(said) {
		line, err := lines.ReadString('\n')
		if said += line; err != nil {
			t.Fatalf("it ended: %s%s", said, s.Log())
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	found := Planes.FindStringSubmatch(said)
	s.Data, s.URL, s.Control = found[1], found[2], client.New(found[2])
	return s
}

// Log is what the server wrote to its standard error.
func (s *Server) Log() string { return s.log.String() }

// log is written by a process while a test reads it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that was written.
func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
