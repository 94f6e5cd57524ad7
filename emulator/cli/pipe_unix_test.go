//go:build unix

package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipesInPlaceOfFiles: a pipe that nobody writes to is empty; one that is written is read like a file.
func TestPipesInPlaceOfFiles(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe.yaml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t, nil, "serve", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--scenario", pipe); got.code != 2 ||
		!strings.Contains(got.err, "the document is empty") {
		t.Errorf("serve with a pipe that nobody writes to: %+v", got)
	}
	if got := run(t, nil, "serve", "--addr", "127.0.0.1:0", "--tls-addr", "127.0.0.1:0", "--tls-ca-cert", pipe,
		"--tls-ca-key", pipe); got.code != 2 || !strings.Contains(got.err, "failed to find any PEM data") {
		t.Errorf("serve with a pipe as CA: %+v", got)
	}
	both, err := os.OpenFile(pipe, os.O_RDWR, 0) // of somebody who writes nothing yet
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	if got := run(t, nil, "scenarios", "check", pipe); got.code != 1 || !strings.Contains(got.err, "brought no whole text within 2s") {
		t.Errorf("check of a pipe that brings nothing: %+v", got)
	}
	read, write, err := os.Pipe() // as <(command) of a shell
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	if _, err := write.WriteString("name: a\nrules: [{on: '*', script: [pass]}]\n"); err != nil {
		t.Fatal(err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	if got := run(t, nil, "scenarios", "check", fmt.Sprintf("/dev/fd/%d", read.Fd())); got.code != 0 {
		t.Errorf("check of a pipe that was written: %+v", got)
	}
}
