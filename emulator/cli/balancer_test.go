package cli_test

import (
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
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// nginxEnv says that a test that needs nginx must not be skipped: it is "required" where that is installed on purpose.
const nginxEnv = "TOKENSTAGE_NGINX"

// nginx runs a configuration of one until the test ends. What it listens at and whom it passes on to is given by the
// texts that are replaced.
func nginx(t *testing.T, config string, addresses ...string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if os.Getenv(nginxEnv) == "required" {
			t.Fatalf("%s is required here, and nginx is not installed", nginxEnv)
		}
		t.Skip("nginx is not installed")
	}
	folder := t.TempDir()
	config = strings.NewReplacer(append(addresses, "/tmp/", folder+"/")...).Replace(config)
	if left := regexp.MustCompile(`tokenstage-\d:\d+|listen \d+;`).FindString(config); left != "" {
		t.Fatalf("%s is not replaced", left)
	}
	file := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o755); err != nil { // its workers are another user's
		t.Fatal(err)
	}
	directives := "daemon off;"
	if module := "/usr/lib/nginx/modules/ngx_stream_module.so"; isThere(module) { // Debian's has it beside the program
		directives += " load_module " + module + ";"
	}
	server := exec.CommandContext(context.WithoutCancel(t.Context()), program, "-p", folder, "-c", file, "-g", directives)
	said, err := os.Create(filepath.Join(folder, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	server.Stdout, server.Stderr = said, said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM) // it ends its workers
		_ = server.Wait()
		if log, err := os.ReadFile(said.Name()); t.Failed() {
			t.Logf("nginx said: %s %v", log, err)
		}
	})
}

func isThere(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// freeAddress is an address of this machine at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// balanced are replicas with an nginx in front of them.
type balanced struct {
	*replicas

	data, control, mqtt, mqttWS string // addresses of nginx
}

// balance starts two replicas and nginx with a configuration, in which they are called tokenstage-1 and tokenstage-2,
// at the ports that the image has.
func balance(t *testing.T, config string) *balanced {
	t.Helper()
	b := &balanced{
		replicas: startReplicas(t, redistest.Start(t).URL(), 2, "--mqtt-ws-addr", "127.0.0.1:0"),
		data:     freeAddress(t), control: freeAddress(t), mqtt: freeAddress(t), mqttWS: freeAddress(t),
	}
	addresses := []string{
		"listen 4010;", "listen " + b.data + ";", "listen 4011;", "listen " + b.control + ";",
		"listen 4012;", "listen " + b.mqtt + ";", "listen 4013;", "listen " + b.mqttWS + ";",
	}
	for i, replica := range b.all {
		box, err := replica.Control.Sandbox(t.Context(), "exact")
		if err != nil {
			t.Fatal(err)
		}
		name := "tokenstage-" + strconv.Itoa(i+1)
		for port, at := range map[string]string{
			":4010": replica.Data, ":4011": replica.URL, ":4012": box.Endpoints.MQTT, ":4013": box.Endpoints.MQTTWS,
		} {
			at = strings.TrimSuffix(at, "/mqtt")
			addresses = append(addresses, name+port, at[strings.LastIndexByte(at, '/')+1:])
		}
	}
	nginx(t, config, addresses...)
	for _, address := range []string{b.data, b.control, b.mqtt, b.mqttWS} {
		for {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
			if err == nil {
				_ = conn.Close()
				break
			}
			if t.Context().Err() != nil {
				t.Fatal(err)
			}
		}
	}
	return b
}

// calls makes calls through nginx, each over a connection of its own, and returns how they were answered.
func (b *balanced) calls(count int) (codes []string) {
	http.DefaultClient.CloseIdleConnections()
	for range count {
		codes = append(codes, b.applyAt(b.data))
		http.DefaultClient.CloseIdleConnections()
	}
	return codes
}

// TestBehindNginx lets clients meet two replicas through the nginx of the example alone.
func TestBehindNginx(t *testing.T) {
	config, err := os.ReadFile("../../examples/compose/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	b := balance(t, string(config))
	b.serves(t)
	control := client.New("http://" + b.control)
	const closing = "name: closing\nrules:\n  - on: onsmqtt.ApplyToken\n    script: [{network: close}]\n    end: release\n"
	if err := control.PlayDocument(t.Context(), "exact", "closing", closing); err != nil {
		t.Fatal(err)
	}
	if codes := b.calls(2); codes[0] != "" || codes[1] != "ok" {
		t.Errorf("answered %q, want a closed connection without an answer and then a token", codes)
	}
	if err := b.all[0].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = b.all[0].Wait()
	for i, code := range b.calls(8) {
		if code != "ok" {
			t.Errorf("call %d after a replica ended is answered %q", i+1, code)
		}
	}
	if err := control.Health(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestBehindHTTPBalancer lets them meet through one that reads HTTP and has the settings of the page.
func TestBehindHTTPBalancer(t *testing.T) {
	page, err := os.ReadFile("../../docs/sharing.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```nginx\n(.*?)```").FindSubmatch(page)
	if found == nil {
		t.Fatal("docs/sharing.md shows no settings of nginx")
	}
	config := "error_log stderr;\npid /tmp/nginx.pid;\nevents {}\nhttp {\naccess_log off;\n"
	for _, temporary := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		config += fmt.Sprintf("%s_temp_path /tmp/%s;\n", temporary, temporary)
	}
	config += string(found[1])
	for _, port := range []string{"4010", "4011", "4012", "4013"} {
		config += fmt.Sprintf("upstream u%s { server tokenstage-1:%s; server tokenstage-2:%s; }\n"+
			"server { listen %s; location / { proxy_pass http://u%s; } }\n", port, port, port, port, port)
	}
	b := balance(t, config+"}\n")
	b.mqtt = "" // which is no HTTP
	b.serves(t)
	// A body and a head that nginx alone would refuse or cut come to the emulator, which knows its own bounds.
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+b.data+"/router/rest",
		strings.NewReader("method="+strings.Repeat("x", 2<<20)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("with_underscore", strings.Repeat("y", 40<<10))
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if body, err := io.ReadAll(reply.Body); err != nil || !strings.Contains(string(body), "error_response") {
		t.Errorf("%d %.200s %v", reply.StatusCode, body, err)
	}
	listed, err := b.all[0].Control.AllRequests(t.Context(), client.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	last := listed.Requests[len(listed.Requests)-1]
	if last.Request.Headers["With_underscore"] == nil {
		t.Errorf("a header with an underscore was lost: %v", last.Request.Headers)
	}
}

// serves checks what holds behind any balancer.
func (b *balanced) serves(t *testing.T) {
	t.Helper()
	for i, code := range b.calls(8) {
		if code != "ok" {
			t.Errorf("call %d is answered %q", i+1, code)
		}
	}
	for i, replica := range b.all {
		reply, err := http.Get(replica.URL + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(reply.Body)
		_ = reply.Body.Close()
		if err != nil || !strings.Contains(string(body), `operation="ApplyToken",outcome="ok"`) {
			t.Errorf("replica %d answered none of the calls: %v", i+1, err)
		}
	}
	b.follows(t)
	b.speaksMQTT(t)
}

// follows reads the calls as they come, through nginx.
func (b *balanced) follows(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	events := make(chan client.Event)
	go func() {
		defer close(events)
		for event, err := range client.New("http://"+b.control).Follow(ctx, "exact", client.Filter{}) {
			if err != nil {
				return
			}
			events <- event
		}
	}()
	for number := range 3 { // each must have come before the next call is made
		if code := b.applyAt(b.data); code != "ok" {
			t.Errorf("answered %q", code)
		}
		event, open := <-events
		if !open {
			t.Fatal("the stream ended")
		}
		if number == 0 {
			if url := event.Entry.Request.URL; !strings.Contains(url, b.data) {
				t.Errorf("a call came to %q, want the address %s", url, b.data)
			}
		}
	}
	stop()
	for range events {
		continue
	}
}

// speaksMQTT logs clients in through nginx, over TCP and over WebSocket.
func (b *balanced) speaksMQTT(t *testing.T) {
	t.Helper()
	login := client.Connect(t, "http://"+b.control).Open(t, "exact").MQTT
	if b.mqtt != "" {
		conn, err := net.Dial("tcp", b.mqtt)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		connectOver(t, conn, login, "GID_cli@@@tcp")
	}
	dialer := websocket.Dialer{Subprotocols: []string{"mqtt"}}
	socket, reply, err := dialer.DialContext(t.Context(), "ws://"+b.mqttWS+"/mqtt", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	t.Cleanup(func() { socket.Close() })
	connectOver(t, &overSocket{Conn: socket}, login, "GID_cli@@@socket")
}

// overSocket reads and writes the bytes in the messages of a WebSocket.
type overSocket struct {
	*websocket.Conn

	rest []byte
}

// Read implements io.Reader.
func (o *overSocket) Read(p []byte) (int, error) {
	for len(o.rest) == 0 {
		_, message, err := o.ReadMessage()
		if err != nil {
			return 0, err
		}
		o.rest = message
	}
	n := copy(p, o.rest)
	o.rest = o.rest[n:]
	return n, nil
}

// Write implements io.Writer.
func (o *overSocket) Write(p []byte) (int, error) {
	return len(p), errors.Join(o.WriteMessage(websocket.BinaryMessage, p))
}
