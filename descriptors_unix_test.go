//go:build unix

package main_test

import (
	"bufio"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/cli/clitest"
)

// withFiles is a command line for a shell that lets a server have only so many files open.
func withFiles(t *testing.T, most int, args ...string) (program string, line []string) {
	t.Helper()
	line = []string{"-c", `ulimit -n "$0" && exec "$@"`, strconv.Itoa(most), clitest.Self(t)}
	return "/bin/sh", append(append(line, clitest.FreePorts()...), args...)
}

// TestFewFiles: where a server may have few files open, idle clients of every address keep nobody from asking how it is,
// and it stops at the first signal.
func TestFewFiles(t *testing.T) {
	t.Parallel()
	program, line := withFiles(t, 64, "--tls-addr", "127.0.0.1:0", "--state-dir", t.TempDir())
	c := serveBy(t, program, line...)
	control := strings.TrimPrefix(c.URL, "http://")
	box, err := c.Control.Sandbox(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	overTLS := strings.TrimPrefix(box.Endpoints.TLS, "https://")
	for range 100 { // the data planes turn away those beyond theirs, the control plane those who waited longest
		for _, address := range []string{c.Data, overTLS, control} {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}
	for range 20 {
		asked := time.Now()
		conn := c.dial(t, control, "GET /healthz HTTP/1.1\r\nHost: "+control+"\r\n\r\n")
		if status := statusOn(t, bufio.NewReader(conn)); status != http.StatusOK {
			t.Errorf("/healthz answers %d", status)
		}
		if took := time.Since(asked); took > withinTime {
			t.Errorf("/healthz took %s", took)
		}
	}
	code, took := c.end(t, syscall.SIGTERM)
	if code != 0 || took > withinTime {
		t.Errorf("exit code %d after %s: %s", code, took, c.Log())
	}
	log := c.Log()
	for _, want := range []string{
		"(ulimit -n): each address takes fewer connections", "files=64", "too many connections: more are refused",
		"those that wait longest for a request are closed",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
	if strings.Contains(log, "too many open files") {
		t.Errorf("it ran out of files:\n%s", log)
	}
}

// TestTooFewFiles: what cannot work is said at the start.
func TestTooFewFiles(t *testing.T) {
	t.Parallel()
	for _, most := range []int{8, 16, 32} {
		program, line := withFiles(t, most)
		refused := exec.CommandContext(t.Context(), program, line...)
		refused.Env = clitest.Environ()
		said, err := refused.CombinedOutput()
		if err == nil || !strings.Contains(string(said), "tokenstage: this process may have "+strconv.Itoa(most)+" files open (ulimit -n)") {
			t.Errorf("with %d files: %v, %s", most, err, said)
		}
	}
}

// TestEnoughFiles says nothing.
func TestEnoughFiles(t *testing.T) {
	t.Parallel()
	program, line := withFiles(t, 9000)
	c := serveBy(t, program, line...)
	if code, _ := c.end(t, syscall.SIGTERM); code != 0 || strings.Contains(c.Log(), "ulimit") {
		t.Errorf("exit code %d: %s", code, c.Log())
	}
}
