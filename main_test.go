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
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/cli/clitest"
	"github.com/tokenstage/tokenstage/testkit/client"
)

func TestMain(m *testing.M) { clitest.Main(m) }

// command is a server in a process of its own.
type command struct{ *clitest.Server }

func serve(t *testing.T) *command {
	t.Helper()
	return &command{clitest.Serve(t)}
}

// serveBy starts a server by a command line.
func serveBy(t *testing.T, program string, args ...string) *command {
	t.Helper()
	return &command{clitest.Start(t, program, args...)}
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
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", c.Data)
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
	err := c.Control.PlayDocument(t.Context(), "default", "one-step",
		"name: one-step\nrules: [{on: ccmessaging.tokenByAkSk, script: ["+step+"]}]")
	if err != nil {
		t.Fatal(err)
	}
}

// awaitCall returns when a call is in the journal: it is then about to be answered, as far as its script lets it.
func (c *command) awaitCall(t *testing.T) {
	t.Helper()
	for {
		page, err := c.Control.Requests(t.Context(), "default", client.Filter{})
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
		address := strings.TrimPrefix(c.URL, "http://")
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
			conn := c.dial(t, c.Data, whole)
			c.awaitCall(t)
			return conn
		}
	}
	for name, begin := range map[string]func(*testing.T, *command) net.Conn{
		"nobody":    func(t *testing.T, _ *command) net.Conn { t.Helper(); return nil },
		"a stall":   scripted("{network: stall}"),
		"a delay":   scripted("{delay: 1h}"),
		"a drip":    scripted("{network: drip}"),
		"half body": func(t *testing.T, c *command) net.Conn { t.Helper(); return c.dial(t, c.Data, issue+"96\r\n\r\n{") },
		"half head": func(t *testing.T, c *command) net.Conn { t.Helper(); return c.dial(t, c.Data, issue) },
		"no byte":   func(t *testing.T, c *command) net.Conn { t.Helper(); return c.dial(t, c.Data, "") },
		"an idle connection": func(t *testing.T, c *command) net.Conn {
			t.Helper()
			conn := c.dial(t, c.Data, whole)
			if status := statusOn(t, bufio.NewReader(conn)); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			return conn
		},
		"a follower":  follower("/v1/sandboxes/default/events"),
		"a live page": follower("/console/live"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t)
			conn := begin(t, c)
			if code, took := c.end(t, syscall.SIGTERM); code != 0 || took > withinTime {
				t.Errorf("exit code %d after %s: %s", code, took, c.Log())
			}
			if strings.Contains(c.Log(), "cut off") && !slices.Contains(unfinished, name) {
				t.Errorf("it did not end by itself: %s", c.Log())
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
	conn := c.dial(t, c.Data, issue+"96\r\nExpect: 100-continue\r\n\r\n")
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
	if code, _ := c.end(t); code != 0 || strings.Contains(c.Log(), "cut off") {
		t.Errorf("exit code %d: %s", code, c.Log())
	}
}

// TestSecondSignal ends the command although a client still holds it.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	c := serve(t)
	c.dial(t, c.Data, issue+"96\r\n\r\n{")
	c.awaitOpen(t)
	if code, took := c.end(t, syscall.SIGTERM, syscall.SIGTERM); code != -1 || took > withinTime {
		t.Errorf("exit code %d after %s, want the end by a signal: %s", code, took, c.Log())
	}
}

// awaitOpen returns when the server has taken up the connections made so far: it takes them in their order.
func (c *command) awaitOpen(t *testing.T) {
	t.Helper()
	conn := c.dial(t, c.Data, "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Fatal(err)
	}
}

// TestCompletion asks the command as a shell does, with the line so far in a variable.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"tokenstage cl":                                 "clients clock",
		"tokenstage tokens re":                          "revoke redeem",
		"tokenstage requests --ap":                      "--api",
		"tokenstage requests --api on":                  "onsmqtt",
		"tokenstage serve --log j":                      "json",
		"tokenstage play mqtt-thr":                      "mqtt-throttled-then-fine",
		"tokenstage play error/onsmqtt.ApplyToken/Appl": "error/onsmqtt.ApplyToken/ApplyTokenOverFlow",
		"tokenstage serve --scenario mqtt-thr":          "mqtt-throttled-then-fine",
		"tokenstage apis onsmqtt.QueryT":                "onsmqtt.QueryToken",
		"tokenstage completion f":                       "fish",
		"tokenstage nothing":                            "",
	} {
		c := clitest.Command(t)
		c.Env = append(c.Env, "COMP_LINE="+line)
		out, err := c.CombinedOutput()
		got, wanted := strings.Fields(string(out)), strings.Fields(want)
		slices.Sort(got)
		slices.Sort(wanted)
		if err != nil || !slices.Equal(got, wanted) {
			t.Errorf("%s: %q, want %q, %v", line, got, wanted, err)
		}
	}
}

// asGoRun gives the command's executable a path as go run gives it, and the parent that go run is.
func asGoRun(t *testing.T, args string) *exec.Cmd {
	t.Helper()
	self := clitest.Self(t)
	folder := filepath.Join(t.TempDir(), "go-build1234", "b001", "exe")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "tokenstage")
	if err := os.Link(self, file); err != nil {
		binary, err := os.ReadFile(self)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, binary, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh on this machine")
	}
	c := exec.CommandContext(context.WithoutCancel(t.Context()), shell, "-c", `"$0" `+args+` & wait`, file)
	c.Env = clitest.Environ()
	return c
}

// TestEndOfGoRun: go run dies of a SIGTERM without handing it on, and what it started ends with it.
func TestEndOfGoRun(t *testing.T) {
	t.Parallel()
	c := asGoRun(t, "serve --addr 127.0.0.1:0 --control-addr 127.0.0.1:0")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	said, lines := "", bufio.NewReader(out)
	for !strings.Contains(said, "--follow") {
		line, err := lines.ReadString('\n')
		if said += line; err != nil {
			t.Fatalf("it ended: %s", said)
		}
	}
	for _, next := range []string{`eval "$(go run . env --control http://127.0.0.1:`, "  go run . requests --follow --control "} {
		if !strings.Contains(said, next) {
			t.Errorf("the next step is not %s:\n%s", next, said)
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, lines); err != nil { // the pipe ends with the server
		t.Error(err)
	}
	_ = c.Wait()
	control := client.New(clitest.Planes.FindStringSubmatch(said)[2])
	if err := control.Health(t.Context()); err == nil {
		t.Error("the server is there although go run is gone")
	}
}

// shellBlocks are the commands of a section of a page, block by block.
func shellBlocks(t *testing.T, file, heading string) []string {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no section %s", file, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(section, -1) {
		blocks = append(blocks, block[1])
	}
	return blocks
}

// TestDependingOnTheModule runs what docs/testing.md says, beside a checkout of this module.
func TestDependingOnTheModule(t *testing.T) {
	t.Parallel()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlocks(t, "docs/testing.md", "Depend on it")
	if len(blocks) == 0 {
		t.Fatal("docs/testing.md says no command")
	}
	dir := t.TempDir()
	if err := os.Symlink(root, filepath.Join(dir, "tokenstage")); err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(dir, "app")
	if err := os.Mkdir(app, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(app, "go.mod"), []byte("module example.com/app\n\ngo 1.26.0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "sh", "-ec", blocks[0]+"\ngo list -deps github.com/tokenstage/tokenstage/testkit/inprocess")
	c.Dir = app
	// What this module needs is here already, since it was built: nothing needs to be asked for.
	c.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=", "GOWORK=off")
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "github.com/tokenstage/tokenstage/emulator\n") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestImageContext: what the Dockerfile takes for the prebuilt image is let through to the builder.
func TestImageContext(t *testing.T) {
	t.Parallel()
	ignored, err := os.ReadFile(".dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	dockerfile, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	copied := 0
	for _, found := range regexp.MustCompile(`(?m)^COPY ([^-\n].*) \S+$`).FindAllStringSubmatch(string(dockerfile), -1) {
		for _, name := range strings.Fields(found[1]) {
			copied++
			name = strings.NewReplacer("[", "", "]", "").Replace(name)
			if !strings.Contains(string(ignored), "\n!"+name+"\n") {
				t.Errorf(".dockerignore keeps %s from the builder", name)
			}
		}
	}
	if copied < 8 {
		t.Errorf("only %d names are copied", copied)
	}
	page := strings.Join(shellBlocks(t, "docs/testing.md", "The image"), "")
	for _, command := range []string{" -o tokenstage .\n", "docker build -t tokenstage --target prebuilt .\n", "docker run "} {
		if !strings.Contains(page, command) {
			t.Errorf("docs/testing.md does not say %s", command)
		}
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
	for args, want := range map[string]int{
		"version": 0, "--help": 0, "serve --help": 0, "clock --control http://127.0.0.1:1": 1,
		"serve --addr 192.0.2.1:1 --control-addr 127.0.0.1:0": 1, "serve --addr nowhere": 2, "nonsense": 2,
		"serve --max-connections 0": 2,
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			c := clitest.Command(t, strings.Fields(args)...)
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
