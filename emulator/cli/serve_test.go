package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/cli"
	"github.com/tokenstage/tokenstage/testkit/client"
)

func TestServeSaysWhereThingsAreAndWhatToDo(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.await(t, "tokenstage requests --follow")
	text := s.out.String()
	data := strings.TrimPrefix(s.data, "http://")
	for _, want := range []string{
		"LTAIfakeDefault  fake-default-access-key-secret",
		"LTAIfakeSts  fake-sts-access-key-secret  fake-sts-security-token",
		"fake-default-bearer-token",
		"10000001  fake-default-top-app-secret",
		"11111111-2222-4333-8444-555555555555  fake-default-fabric-app-secret",
		`Endpoint:        tea.String("` + data + `"),`,
		`Protocol:        tea.String("http"),`,
		`eval "$(tokenstage env --control ` + s.control + `)"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("does not say %q in:\n%s", want, text)
		}
	}
	for _, not := range []string{"\x1b", "LTAIfakeDisabled", "?token="} {
		if strings.Contains(text, not) {
			t.Errorf("says %q in:\n%s", not, text)
		}
	}
}

// TestServedCurlWorksAsPasted makes the call that the curl line makes.
func TestServedCurlWorksAsPasted(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	curl := s.await(t, `curl -sS (\S+) \\\n    -H '(\S+): (\S+)' \\\n    -d '(.*)'\n`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, curl[1], strings.NewReader(curl[4]))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(curl[2], curl[3])
	if got := status(t, req); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if _, err := client.New(s.control).APIs(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestServeEndsInGoodOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	if code := s.end(); code != 0 {
		t.Errorf("exit code %d: %s", code, s.err)
	}
	for _, plane := range []string{s.data, s.control} {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", strings.TrimPrefix(plane, "http://"))
		if err != nil {
			t.Errorf("still listens: %v", err)
			continue
		}
		_ = listener.Close()
	}
}

// TestServeEndsWithItsInput holds that a server ends with the program that started it, which may have been killed.
func TestServeEndsWithItsInput(t *testing.T) {
	t.Parallel()
	input, held := io.Pipe()
	out, code := newScreen(), make(chan int, 1)
	go func() {
		code <- cli.Run(t.Context(), cli.Env{Stdin: input, Stdout: out, Stderr: out, LookupEnv: lookup(nil)},
			"serve", "--end-with-stdin", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--mqtt-addr", "127.0.0.1:0")
	}()
	r := &running{out: out, err: out, code: code}
	control := r.await(t, `control plane  (\S+)`)[1]
	if _, err := held.Write([]byte("still here\n")); err != nil {
		t.Fatal(err)
	}
	if err := client.New(control).Health(t.Context()); err != nil {
		t.Errorf("it ended while its input was open: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if code := <-code; code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// open begins a call whose body has yet to come, and returns its connection once the server waits for the body.
func open(t *testing.T, s *server) (net.Conn, *bufio.Reader) {
	t.Helper()
	connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.data, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	head := "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
	if _, err := connection.Write([]byte(head)); err != nil {
		t.Fatal(err)
	}
	reply := bufio.NewReader(connection)
	line, err := reply.ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := reply.ReadString('\n'); err != nil { // the end of its head
		t.Fatal(err)
	}
	return connection, reply
}

// TestServeLetsCallsFinish of one listener while nobody is let in at any.
func TestServeLetsCallsFinish(t *testing.T) {
	t.Parallel()
	s := secure(t, "")
	overTLS := s.await(t, `over TLS {2,}https://(\S+)\n`)[1]
	connection, reply := open(t, s)
	s.stop()
	for _, addr := range []string{s.data, s.control, overTLS} {
		untilRefused(t, addr)
	}
	if _, err := connection.Write([]byte("nine char")); err != nil {
		t.Fatal(err)
	}
	if line, err := reply.ReadString('\n'); err != nil || !strings.Contains(line, "404 Not Found") {
		t.Errorf("%q, %v", line, err)
	}
	if code := <-s.code; code != 0 || strings.Contains(s.err.String(), "cut off") {
		t.Errorf("exit code %d: %s", code, s.err)
	}
}

// untilRefused returns when nobody listens at the address any more.
func untilRefused(t *testing.T, url string) {
	t.Helper()
	limited, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		connection, err := new(net.Dialer).DialContext(limited, "tcp", strings.TrimPrefix(url, "http://"))
		if limited.Err() != nil {
			t.Fatalf("%s still listens", url)
		}
		if err != nil {
			return
		}
		_ = connection.Close()
	}
}

// TestServeEndsWhileACallIsOpen has a client that never ends its request.
func TestServeEndsWhileACallIsOpen(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	open(t, s)
	if code := s.end(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(s.err.String(), "calls in flight were cut off") {
		t.Errorf("stderr: %s", s.err)
	}
}

func TestServeOnAnAddressInUse(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	taken := listener.Addr().String()
	for flag, args := range map[string][]string{
		"--addr":         {"--addr", taken, "--control-addr", "127.0.0.1:0"},
		"--control-addr": {"--addr", "127.0.0.1:0", "--control-addr", taken},
		"--tls-addr":     {"--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--tls-addr", taken, "--log", "off"},
	} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			got := run(t, nil, append([]string{"serve"}, args...)...)
			want := "tokenstage: " + flag + ": " + taken + " is in use: stop what listens there, or give " + flag +
				" another port (0 picks a free one)\n"
			if got.code != 1 || got.err != want || got.out != "" {
				t.Errorf("got %+v, want %s", got, want)
			}
		})
	}
}

func TestServeReadsTheEnvironment(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]string{"TOKENSTAGE_SEED": "77", "TOKENSTAGE_LOG": "json"})
	box, err := client.New(s.control).Sandbox(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	if box.Seed != 77 {
		t.Errorf("seed %d", box.Seed)
	}
	first, _, _ := strings.Cut(s.err.String(), "\n")
	var entry struct{ Level, Msg, Data string }
	err = json.Unmarshal([]byte(first), &entry)
	if err != nil || entry.Msg != "serving" || "http://"+entry.Data != s.data {
		t.Errorf("log line %q: %v", first, err)
	}
}

func TestServeWithoutLog(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, "--log", "off")
	if code := s.end(); code != 0 || s.err.String() != "" {
		t.Errorf("exit code %d, stderr: %s", code, s.err)
	}
}

const givenToken = "a-token-of-24-characters"

func TestControlTokens(t *testing.T) {
	t.Parallel()
	generated := regexp.MustCompile(`(?m)^open {2,}(http://127\.0\.0\.1:\d+)/\?token=([0-9A-Za-z]{32})\n`)
	none := func(string) string { return "" }
	given := func(string) string { return givenToken }
	printed := func(said string) string { return generated.FindStringSubmatch(said)[2] }
	for name, c := range map[string]struct {
		env   map[string]string
		args  []string
		token func(said string) string
	}{
		"none on loopback":         {token: none},
		"given on loopback":        {args: []string{"--control-token", givenToken}, token: given},
		"given by the environment": {env: map[string]string{"TOKENSTAGE_CONTROL_TOKEN": givenToken}, token: given},
		"given off loopback": {
			args: []string{"--control-addr", "0.0.0.0:0", "--control-token", givenToken}, token: given,
		},
		"generated off loopback": {args: []string{"--control-addr", "0.0.0.0:0"}, token: printed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.env, c.args...)
			s.await(t, "tokenstage requests --follow")
			token := c.token(s.out.String())
			if _, err := client.New(s.control, client.WithToken(token)).APIs(t.Context()); err != nil {
				t.Errorf("with the token: %v", err)
			}
			_, err := client.New(s.control).APIs(t.Context())
			if open := err == nil; open != (token == "") {
				t.Errorf("without a token: %v", err)
			}
			if got := s.run(t, "healthcheck"); got.code != 0 {
				t.Errorf("healthcheck without a token: %+v", got)
			}
			if token == givenToken && strings.Contains(s.out.String()+s.err.String(), token) {
				t.Error("the given token is shown")
			}
		})
	}
}

// TestGeneratedTokensAreOpened uses what is printed for pasting: the URL and the export.
func TestGeneratedTokensAreOpened(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, "--control-addr", "0.0.0.0:0")
	said := s.await(t, `(?m)^open +(\S+)\n(?s:.*)^  export TOKENSTAGE_CONTROL_TOKEN=(\S+)\n`)
	open, err := url.Parse(said[1])
	if err != nil || open.Query().Get("token") != said[2] || "http://"+open.Host != s.control {
		t.Errorf("%v: %v, %v", said, open, err)
	}
	env := map[string]string{"TOKENSTAGE_CONTROL": s.control, "TOKENSTAGE_CONTROL_TOKEN": said[2]}
	if got := run(t, env, "clock"); got.code != 0 {
		t.Errorf("with the token: %+v", got)
	}
	if got := s.run(t, "clock"); got.code != 1 || !strings.Contains(got.err, "TOKENSTAGE_CONTROL_TOKEN") {
		t.Errorf("without the token: %+v", got)
	}
}

// TestServeLeavesTheHeapToGo: GOGC and GOMEMLIMIT alone decide when memory is collected.
func TestServeLeavesTheHeapToGo(t *testing.T) {
	t.Parallel()
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		t.Skip("the environment has settings of its own")
	}
	serve(t, nil)
	settings := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
	metrics.Read(settings)
	if growth, limit := settings[0].Value.Uint64(), settings[1].Value.Uint64(); growth != 100 || limit != math.MaxInt64 {
		t.Errorf("the heap grows by %d %%, to %d bytes", growth, limit)
	}
}

// TestFullJournalCollectsNoMoreOften: once a journal is full, calls go on without a collection of memory for every few.
// It runs by itself, since collections are counted for the whole process.
func TestFullJournalCollectsNoMoreOften(t *testing.T) { //nolint:paralleltest // see above
	s := serve(t, nil)
	call := func() {
		reply, err := http.Post(s.data+"/unknown", "text/plain", strings.NewReader(strings.Repeat("x", 8<<10)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, reply.Body)
		_ = reply.Body.Close()
	}
	for range 1100 { // more than the journal keeps, in number and in bytes
		call()
	}
	collections := func() uint64 {
		sample := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before := collections()
	for range 100 {
		call()
	}
	if n := collections() - before; n > 10 {
		t.Errorf("%d collections for 100 calls", n)
	}
}

// TestPublicAddresses shows clients where they reach a server behind a balancer, by flag and by variable, wherever it tells.
func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	const data, broker, socket = "qa.example:80", "qa.example:1883", "qa.example:8080"
	all := "data=" + data + ",mqtt=" + broker + ",mqttWs=" + socket + ",mqtts=qa.example:8883"
	for name, s := range map[string]*server{
		"flag":     serve(t, nil, "--mqtt-ws-addr", "127.0.0.1:0", "--public", all),
		"variable": serve(t, map[string]string{"TOKENSTAGE_PUBLIC": all}, "--mqtt-ws-addr", "127.0.0.1:0"),
	} {
		box, err := client.New(s.control).Sandbox(t.Context(), "default")
		if err != nil {
			t.Fatal(err)
		}
		e := box.Endpoints
		if e.Data != "http://"+data || e.ACS != data || e.MQTT != "mqtt://"+broker || e.MQTTWS != "ws://"+socket+"/mqtt" {
			t.Errorf("%s: the endpoints are %+v", name, e)
		}
		if e.MQTTS != "" || e.TLS != "" {
			t.Errorf("%s: shown although nobody listens: %+v", name, e)
		}
		if got := s.run(t, "env"); got.code != 0 || !strings.Contains(got.out, "="+data) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for given, want := range map[string]string{
		"data=qa.example": "data must be HOST:PORT such as tokenstage.example:80, got \"qa.example\"",
		"dta=qa:1":        `"dta" is no endpoint: there are data, tls, mqtt, mqttWs, mqtts; did you mean "data"?`,
		"mqtt=:1":         "mqtt must be HOST:PORT",
		"mqtt=a:x":        "mqtt must be HOST:PORT",
	} {
		if got := run(t, nil, "serve", "--public", given); got.code != 2 || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v, want %q", given, got, want)
		}
	}
}
