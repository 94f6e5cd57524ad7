package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/cli"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// screen is an output that can be read while a command writes it.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
	grew chan struct{} // closed and replaced with every write
}

func newScreen() *screen { return &screen{grew: make(chan struct{})} }

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.grew)
	s.grew = make(chan struct{})
	return s.text.Write(p)
}

func (s *screen) read() (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String(), s.grew
}

func (s *screen) String() string {
	text, _ := s.read()
	return text
}

// running is a command that has not ended yet.
type running struct {
	out, err *screen
	stop     context.CancelFunc
	code     chan int
}

func start(t *testing.T, env map[string]string, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{out: newScreen(), err: newScreen(), stop: stop, code: make(chan int, 1)}
	go func() {
		defer close(r.code)
		r.code <- cli.Run(ctx, cli.Env{Stdout: r.out, Stderr: r.err, LookupEnv: lookup(env)}, args...)
	}()
	t.Cleanup(func() {
		stop()
		for range r.code { // until it has ended
		}
	})
	return r
}

// patience is how long a test waits for what should come at once.
const patience = time.Minute

// await waits until the output matches, and returns what the pattern's groups match.
func (r *running) await(t *testing.T, pattern string) []string {
	t.Helper()
	want := regexp.MustCompile(pattern)
	limited, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		text, grew := r.out.read()
		if match := want.FindStringSubmatch(text); match != nil {
			return match
		}
		select {
		case <-grew:
		case <-limited.Done():
			t.Fatalf("does not say %s\nstdout: %s\nstderr: %s", pattern, r.out, r.err)
		case code := <-r.code:
			t.Fatalf("ended with %d before it said %s\nstdout: %s\nstderr: %s", code, pattern, r.out, r.err)
		}
	}
}

// end tells the command to stop and returns its exit code.
func (r *running) end() int {
	r.stop()
	return <-r.code
}

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

// result is how a command ended.
type result struct {
	code     int
	out, err string
}

func run(t *testing.T, env map[string]string, args ...string) result {
	t.Helper()
	limited, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, err bytes.Buffer
	code := cli.Run(limited, cli.Env{Stdout: &out, Stderr: &err, LookupEnv: lookup(env)}, args...)
	return result{code, out.String(), err.String()}
}

// server is an emulator that serve runs in this process.
type server struct {
	*running
	data, control string // base URLs
}

func serve(t *testing.T, env map[string]string, args ...string) *server {
	t.Helper()
	r := start(t, env, append([]string{"serve", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"}, args...)...)
	planes := r.await(t, `(?m)^data plane {2,}(http://\S+)\ncontrol plane {2,}(http://\S+)\n`)
	return &server{running: r, data: planes[1], control: planes[2]}
}

// run runs a command against the server.
func (s *server) run(t *testing.T, args ...string) result {
	t.Helper()
	return run(t, map[string]string{"TOKENSTAGE_CONTROL": s.control}, args...)
}

// box makes a sandbox of the test's own.
func (s *server) box(t *testing.T, args ...string) client.Sandbox {
	t.Helper()
	var box client.Sandbox
	s.decode(t, &box, append([]string{"sandbox", "new", "--json"}, args...)...)
	return box
}

// decode runs a command that prints JSON.
func (s *server) decode(t *testing.T, into any, args ...string) {
	t.Helper()
	got := s.run(t, args...)
	if got.code != 0 {
		t.Fatalf("tokenstage %s: exit code %d: %s", strings.Join(args, " "), got.code, got.err)
	}
	if err := json.Unmarshal([]byte(got.out), into); err != nil {
		t.Fatalf("tokenstage %s: %v in %s", strings.Join(args, " "), err, got.out)
	}
}

// issue makes a call that needs no signature, with the right secret or a wrong one.
func (s *server) issue(t *testing.T, app client.App, secret string) int {
	t.Helper()
	body, err := json.Marshal(map[string]string{"app_key": app.AppKey, "app_secret": secret})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		s.data+"/apigovernance/api/oauth/tokenByAkSk", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return status(t, req)
}

func status(t *testing.T, req *http.Request) int {
	t.Helper()
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	if _, err := io.Copy(io.Discard, reply.Body); err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode
}
