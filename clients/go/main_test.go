// Package clients_test holds a running Tokenstage against the vendors' own, unmodified Go SDKs.
package clients_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// The environment says where the server is, or which binary to start; TestMain fills in the addresses of a server that
// it started itself.
const (
	dataEnv    = "TOKENSTAGE_DATA"
	controlEnv = "TOKENSTAGE_CONTROL"
	binaryEnv  = "TOKENSTAGE_BIN"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tokenstage-clients-")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	if os.Getenv(dataEnv) == "" {
		stop, err := start(dir)
		if err != nil {
			return failed(err)
		}
		defer stop()
	}
	if err := trustCA(filepath.Join(dir, "ca.pem")); err != nil {
		return failed(err)
	}
	return m.Run()
}

// start builds the server, unless a binary is given, and runs it.
func start(dir string) (stop func(), err error) {
	binary := os.Getenv(binaryEnv)
	if binary == "" {
		binary = filepath.Join(dir, "tokenstage")
		if err := build(binary); err != nil {
			return nil, err
		}
	}
	return serve(binary, filepath.Join(dir, "state"))
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "start the server:", err)
	return 1
}

func build(binary string) error {
	command := exec.Command("go", "build", "-o", binary, ".")
	command.Dir = filepath.Join("..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// startLimit is how long a server may take to print its addresses.
const startLimit = 30 * time.Second

// serve runs the server on free ports and puts its addresses into the environment.
func serve(binary, state string) (stop func(), err error) {
	var log bytes.Buffer
	command := exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0",
		"--tls-addr", "127.0.0.1:0", "--state-dir", state, "--mqtt-addr", "127.0.0.1:0",
		"--mqtt-ws-addr", "127.0.0.1:0", "--mqtts-addr", "127.0.0.1:0")
	command.Stderr = &log
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	stop = func() { _, _ = command.Process.Kill(), command.Wait() }
	// A server that says nothing is ended, which ends its output too.
	limit := time.AfterFunc(startLimit, func() { _ = command.Process.Kill() })
	defer limit.Stop()
	if err := readAddresses(out); err != nil {
		stop()
		return nil, fmt.Errorf("%w\n%s", err, log.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return stop, nil
}

var planeLine = regexp.MustCompile(`^(data|control) plane\s+http://(\S+)$`)

// readAddresses reads the two lines in which the server says where its planes are.
func readAddresses(out io.Reader) error {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch plane := planeLine.FindStringSubmatch(lines.Text()); {
		case plane == nil:
			continue
		case plane[1] == "data":
			os.Setenv(dataEnv, plane[2])
		default:
			os.Setenv(controlEnv, "http://"+plane[2])
		}
		if os.Getenv(dataEnv) != "" && os.Getenv(controlEnv) != "" {
			return nil
		}
	}
	return errors.New("the server ended before it said where its planes are")
}
