// Package redistest runs real Redis servers for tests.
package redistest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Env says that a test that needs redis-server must not be skipped: it is "required" where that is installed on
// purpose.
const Env = "TOKENSTAGE_REDIS"

// Server is a redis-server of a test. It ends with the test.
type Server struct {
	t      testing.TB
	port   int
	folder string
	args   []string

	mu      sync.Mutex
	process *exec.Cmd
}

// Start starts a server with further arguments, such as "--maxmemory", "10mb". The test is skipped where there is no
// redis-server.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return startWith(t, "", append([]string{"--save", ""}, args...)...)
}

// startWith starts a server with a file of settings, or with none where that is empty.
func startWith(t testing.TB, config string, args ...string) *Server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv(Env) == "required" { //nolint:forbidigo // decides whether the test may be skipped
			t.Fatalf("%s is required here, and redis-server is not installed", Env)
		}
		t.Skip("redis-server is not installed")
	}
	s := &Server{t: t, port: freePort(t), folder: t.TempDir()}
	s.args = []string{path}
	if config != "" {
		s.args = append(s.args, config)
	}
	s.args = append(append(s.args,
		"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.folder, "--daemonize", "no",
	), args...)
	t.Cleanup(s.Stop)
	s.Run()
	return s
}

func freePort(t testing.TB) int {
	t.Helper()
	// The port for the bus of a cluster lies 10000 above.
	for range 50 {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := listener.Addr().(*net.TCPAddr).Port
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		if port < 55000 {
			return port
		}
	}
	t.Fatal("no free port below 55000")
	return 0
}

// Addr is host and port.
func (s *Server) Addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// URL is what emulators are given.
func (s *Server) URL() string { return "redis://" + s.Addr() }

// Run starts the server where it does not run, and waits until it answers.
func (s *Server) Run() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		return
	}
	s.process = exec.CommandContext(context.WithoutCancel(s.t.Context()), s.args[0], s.args[1:]...)
	log, err := os.OpenFile(filepath.Join(s.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.await()
}

func (s *Server) await() {
	s.t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for range 2000 {
		if answer, err := s.ask("PING"); err == nil && !strings.HasPrefix(answer, "-LOADING") {
			return
		}
		<-ticker.C
	}
	log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	s.t.Fatalf("redis-server does not answer:\n%s", log)
}

// Stop ends the server at once, as kill -9 does: what it kept is lost.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
	s.process = nil
}

// Pause lets the server hang; Continue ends that.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Continue ends a Pause.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal os.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// Do sends a command and returns the first line of the answer, and for a bulk string its lines.
func (s *Server) Do(command ...string) string {
	s.t.Helper()
	answer, err := s.ask(command...)
	if err != nil {
		s.t.Fatalf("%s: %v", command[0], err)
	}
	return answer
}

func (s *Server) ask(command ...string) (string, error) {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.WithoutCancel(s.t.Context()), "tcp", s.Addr())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second)) //nolint:forbidigo // a real server answers in real time
	text := fmt.Sprintf("*%d\r\n", len(command))
	for _, word := range command {
		text += fmt.Sprintf("$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := conn.Write([]byte(text)); err != nil {
		return "", err
	}
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	line = strings.TrimSpace(line)
	if err != nil || !strings.HasPrefix(line, "$") {
		return line, err
	}
	length, err := strconv.Atoi(line[1:])
	if err != nil || length < 0 {
		return "", err
	}
	bulk := make([]byte, length)
	for read := 0; read < length; {
		n, err := reader.Read(bulk[read:])
		if err != nil {
			return "", err
		}
		read += n
	}
	return string(bulk), nil
}

// CPU is the processor time that the server has used, in seconds.
func (s *Server) CPU() float64 {
	s.t.Helper()
	total := 0.0
	for line := range strings.Lines(s.Do("INFO", "cpu")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_sys" || name == "used_cpu_user" {
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil {
				s.t.Fatalf("%s is %q", name, value)
			}
			total += seconds
		}
	}
	return total
}

// Info is one number of INFO.
func (s *Server) Info(field string) int64 {
	s.t.Helper()
	for line := range strings.Lines(s.Do("INFO", "all")) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), field+":"); ok {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				s.t.Fatalf("%s is %q", field, value)
			}
			return n
		}
	}
	s.t.Fatalf("INFO has no %s", field)
	return 0
}

// StartCluster starts a cluster of three masters without replicas and returns them.
func StartCluster(t testing.TB) []*Server {
	t.Helper()
	const masters, slots = 3, 16384
	all := make([]*Server, masters)
	for i := range all {
		all[i] = Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
		first, last := i*slots/masters, (i+1)*slots/masters-1
		all[i].Do("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last))
	}
	for _, other := range all[1:] {
		all[0].Do("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(other.port))
	}
	await(t, "the cluster comes together", func() bool {
		for _, each := range all {
			info := each.Do("CLUSTER", "INFO")
			if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_known_nodes:3") ||
				!strings.Contains(info, "cluster_slots_assigned:16384") {
				return false
			}
		}
		return true
	})
	return all
}

// StartSentinels starts a master with a replica and three sentinels that watch it under the name "main". They make the
// replica the master soon after the master ends.
func StartSentinels(t testing.TB) (master *Server, sentinels []*Server) {
	t.Helper()
	master = Start(t)
	replica := Start(t, "--replicaof", "127.0.0.1", strconv.Itoa(master.port))
	const all, quorum = 3, 2
	for range all {
		config := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf("sentinel monitor main 127.0.0.1 %d %d\nsentinel down-after-milliseconds main 500\n"+
			"sentinel failover-timeout main 3000\n", master.port, quorum)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sentinels = append(sentinels, startWith(t, config, "--sentinel"))
	}
	await(t, "the replica follows", func() bool {
		return strings.Contains(replica.Do("INFO", "replication"), "master_link_status:up")
	})
	await(t, "the sentinels know each other and the replica", func() bool {
		for _, each := range sentinels {
			info := each.Do("INFO", "sentinel")
			if !strings.Contains(info, "slaves=1,sentinels=3") {
				return false
			}
		}
		return true
	})
	return master, sentinels
}

// AwaitFollower waits until a server that replicates this one has all that was written here.
func (s *Server) AwaitFollower() {
	s.t.Helper()
	await(s.t, "a replica follows", func() bool {
		info := s.Do("INFO", "replication")
		_, offset, _ := strings.Cut(info, "master_repl_offset:")
		offset, _, _ = strings.Cut(offset, "\r\n")
		return strings.Contains(info, "state=online,offset="+offset+",")
	})
}

// await waits until something holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for range 1500 {
		if holds() {
			return
		}
		<-ticker.C
	}
	t.Fatalf("not within thirty seconds: %s", what)
}
