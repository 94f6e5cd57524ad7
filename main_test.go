package main_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/cli"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// asCommand makes this test's binary the real command, so that tests can send it real signals.
const asCommand = "TOKENSTAGE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// command is a server in a process of its own.
type command struct {
	*exec.Cmd
	data    string // host:port
	control *client.Client
	url     string // of the control plane
	log     *strings.Builder
}

var planes = regexp.MustCompile(`(?s)data plane +http://(\S+)\ncontrol plane +(http://\S+)\n`)

func serve(t *testing.T) *command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &command{log: &strings.Builder{}}
	// Not bound to the test's context: how it ends is what is tested.
	c.Cmd = exec.CommandContext(context.WithoutCancel(t.Context()), self,
		"serve", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0")
	c.Env, c.Stderr = append(os.Environ(), asCommand+"=1"), c.log
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	said, lines := "", bufio.NewReader(out)
	for !planes.MatchString(said) {
		line, err := lines.ReadString('\n')
		if said += line; err != nil {
			t.Fatalf("it ended: %s%s", said, c.log)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	found := planes.FindStringSubmatch(said)
	c.data, c.url, c.control = found[1], found[2], client.New(found[2])
	return c
}

// end waits for the process, and returns its exit code and how long it took; -1 stands for a signal.
func (c *command) end(t *testing.T, signals ...os.Signal) (code int, took time.Duration) {
	t.Helper()
	began := time.Now()
	for i, s := range signals {
		if i > 0 {
			c.awaitClosed(t)
		}
		if err := c.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	err := c.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok && err != nil {
		t.Fatal(err)
	} else if ok {
		code = exit.ExitCode()
	}
	return code, time.Since(began)
}

// awaitClosed returns when the process has heard of the first signal: nobody can connect any more.
func (c *command) awaitClosed(t *testing.T) {
	t.Helper()
	for {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", c.data)
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}

func (c *command) dial(t *testing.T, address, text string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// statusOn reads an answer to its end.
func statusOn(t *testing.T, from *bufio.Reader) int {
	t.Helper()
	reply, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if _, err := io.Copy(io.Discard, reply.Body); err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode
}

const (
	issue = "POST /apigovernance/api/oauth/tokenByAkSk HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
	body  = `{"app_key":"11111111-2222-4333-8444-555555555555","app_secret":"fake-default-fabric-app-secret"}`
)

// play has the next call of tokenByAkSk take one step.
func (c *command) play(t *testing.T, step string) {
	t.Helper()
	err := c.control.PlayDocument(t.Context(), "default", "one-step",
		"name: one-step\nrules: [{on: ccmessaging.tokenByAkSk, script: ["+step+"]}]")
	if err != nil {
		t.Fatal(err)
	}
}

// awaitCall returns when a call is in the journal: it is then about to be answered, as far as its script lets it.
func (c *command) awaitCall(t *testing.T) {
	t.Helper()
	for {
		page, err := c.control.Requests(t.Context(), "default", client.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Requests) > 0 {
			return
		}
	}
}

// withinTime is what a stop may take: 2 seconds, and some for a machine that does much else.
const withinTime = 5 * time.Second

// follower is a client that reads a stream of the control plane.
func follower(path string) func(*testing.T, *command) net.Conn {
	return func(t *testing.T, c *command) net.Conn {
		t.Helper()
		address := strings.TrimPrefix(c.url, "http://")
		conn := c.dial(t, address, "GET "+path+" HTTP/1.1\r\nHost: "+address+"\r\n\r\n")
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200 OK") {
			t.Fatalf("%q, %v", line, err)
		}
		return conn
	}
}

// unfinished are the clients whose request may still come, until time is up.
var unfinished = []string{"half body", "half head", "no byte"}

// TestStop ends the command with each kind of client on the line. Every one of them sees its connection closed.
func TestStop(t *testing.T) {
	t.Parallel()
	whole := issue + "96\r\n\r\n" + body
	scripted := func(step string) func(*testing.T, *command) net.Conn {
		return func(t *testing.T, c *command) net.Conn {
			t.Helper()
			c.play(t, step)
			conn := c.dial(t, c.data, whole)
			c.awaitCall(t)
			return conn
		}
	}
	for name, begin := range map[string]func(*testing.T, *command) net.Conn{
		"nobody":    func(t *testing.T, _ *command) net.Conn { t.Helper(); return nil },
		"a stall":   scripted("{network: stall}"),
		"a delay":   scripted("{delay: 1h}"),
		"a drip":    scripted("{network: drip}"),
		"half body": func(t *testing.T, c *command) net.Conn { t.Helper(); return c.dial(t, c.data, issue+"96\r\n\r\n{") },
		"half head": func(t *testing.T, c *command) net.Conn { t.Helper(); return c.dial(t, c.data, issue) },
		"no byte":   func(t *testing.T, c *command) net.Conn { t.Helper(); return c.dial(t, c.data, "") },
		"an idle connection": func(t *testing.T, c *command) net.Conn {
			t.Helper()
			conn := c.dial(t, c.data, whole)
			if status := statusOn(t, bufio.NewReader(conn)); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			return conn
		},
		"a follower":  follower("/v1/sandboxes/default/events"),
		"a live page": follower("/console/changes"),
		"a live list": follower("/console/calls/events"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t)
			conn := begin(t, c)
			if code, took := c.end(t, syscall.SIGTERM); code != 0 || took > withinTime {
				t.Errorf("exit code %d after %s: %s", code, took, c.log)
			}
			if strings.Contains(c.log.String(), "cut off") && !slices.Contains(unfinished, name) {
				t.Errorf("it did not end by itself: %s", c.log)
			}
			if conn != nil {
				if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("the connection: %v", err)
				}
			}
		})
	}
}

// TestStopLetsCallsFinish: a call whose body is still coming gets its answer.
func TestStopLetsCallsFinish(t *testing.T) {
	t.Parallel()
	c := serve(t)
	conn := c.dial(t, c.data, issue+"96\r\nExpect: 100-continue\r\n\r\n")
	reply := bufio.NewReader(conn)
	if line, err := reply.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := reply.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	c.awaitClosed(t)
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	if status := statusOn(t, reply); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if code, _ := c.end(t); code != 0 || strings.Contains(c.log.String(), "cut off") {
		t.Errorf("exit code %d: %s", code, c.log)
	}
}

// TestSecondSignal ends the command although a client still holds it.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	c := serve(t)
	c.dial(t, c.data, issue+"96\r\n\r\n{")
	c.awaitOpen(t)
	if code, took := c.end(t, syscall.SIGTERM, syscall.SIGTERM); code != -1 || took > withinTime {
		t.Errorf("exit code %d after %s, want the end by a signal: %s", code, took, c.log)
	}
}

// awaitOpen returns when the server has taken up the connections made so far: it takes them in their order.
func (c *command) awaitOpen(t *testing.T) {
	t.Helper()
	conn := c.dial(t, c.data, "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Fatal(err)
	}
}

// TestExitCodes holds the command to those that docs/limits.md and --help tell.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	for code, what := range []string{"all is well", "it could not be done", "the command line or the environment is not good"} {
		if row := fmt.Sprintf("\n| %d | %s", code, what); !strings.Contains(string(page), row) {
			t.Errorf("docs/limits.md has no row %q", row)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]int{
		"version": 0, "--help": 0, "serve --help": 0, "clock --control http://127.0.0.1:1": 1,
		"serve --addr 192.0.2.1:1 --control-addr 127.0.0.1:0": 1, "serve --addr nowhere": 2, "nonsense": 2,
		"serve --max-connections 0": 2,
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			c := exec.CommandContext(t.Context(), self, strings.Fields(args)...)
			c.Env = append(os.Environ(), asCommand+"=1")
			out, err := c.CombinedOutput()
			if said := strings.Join(strings.Fields(string(out)), " "); args == "--help" && !strings.Contains(said,
				"Exit codes: 0 success, 1 failure, 2 a mistake in the command line or the environment.") {
				t.Errorf("--help does not tell the exit codes: %s", out)
			}
			if got := c.ProcessState.ExitCode(); got != want {
				t.Errorf("exit code %d, want %d: %v %s", got, want, err, out)
			}
		})
	}
}
