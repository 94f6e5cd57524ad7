package browser_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"
)

// server is a running Tokenstage. Every test has its own, so that no page shows what another test did.
type server struct {
	data    string // host:port
	control string // host:port
	token   string // of the control plane; empty when it asks for none
	process *os.Process
}

// serve starts the command on free ports; flags win over those.
func serve(t *testing.T, flags ...string) *server {
	t.Helper()
	need(t, suite.absent)
	var log bytes.Buffer
	command := exec.Command(suite.binary, append([]string{
		"serve", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0",
	}, flags...)...)
	command.Stderr = &log
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = command.Process.Kill(), command.Wait() })
	// A server that says nothing is ended, which ends its output too.
	limit := time.AfterFunc(startLimit, func() { _ = command.Process.Kill() })
	defer limit.Stop()
	s, err := readWelcome(out)
	if err != nil {
		_ = command.Wait()
		t.Fatalf("%v\n%s", err, log.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	s.process = command.Process
	return s
}

// startLimit is how long a server may take to print its addresses.
const startLimit = 30 * time.Second

var (
	planeLine = regexp.MustCompile(`^(data|control) plane\s+http://(\S+)$`)
	tokenLine = regexp.MustCompile(`http://\S+[?&]token=(\S+)`)
	endOfHead = regexp.MustCompile(`^Next$`)
)

// readWelcome reads where the planes are, and the token when the server made one.
func readWelcome(out io.Reader) (*server, error) {
	s := new(server)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		if token := tokenLine.FindStringSubmatch(line); token != nil {
			s.token = token[1]
		}
		switch plane := planeLine.FindStringSubmatch(line); {
		case plane == nil:
		case plane[1] == "data":
			s.data = plane[2]
		default:
			s.control = plane[2]
		}
		if endOfHead.MatchString(line) && s.data != "" && s.control != "" {
			return s, nil
		}
	}
	return nil, errors.New("the server ended before it said where its planes are")
}

// box is a sandbox as the control API shows it.
type box struct {
	ID          string `json:"id"`
	Credentials struct {
		ACS    []acsKey    `json:"acs"`
		Fabric []fabricApp `json:"fabric"`
	} `json:"credentials"`
}

type acsKey struct {
	ID     string `json:"accessKeyId,omitempty"`
	Secret string `json:"accessKeySecret,omitempty"`
}

type fabricApp struct {
	Key    string `json:"appKey"`
	Secret string `json:"appSecret"`
}

// box creates a sandbox.
func (s *server) box(t *testing.T, definition map[string]any) *box {
	t.Helper()
	created := new(box)
	s.call(t, http.MethodPost, "/v1/sandboxes", definition, created)
	return created
}

// sandbox is one that exists.
func (s *server) sandbox(t *testing.T, id string) *box {
	t.Helper()
	found := new(box)
	s.call(t, http.MethodGet, "/v1/sandboxes/"+id, nil, found)
	return found
}

// play starts a scenario by its name.
func (s *server) play(t *testing.T, box, scenario string) {
	t.Helper()
	s.call(t, http.MethodPut, "/v1/sandboxes/"+box+"/scenarios/"+url.PathEscape(scenario), nil, nil)
}

// entry is what these tests read of a journal entry.
type entry struct {
	ID        string  `json:"id"`
	Operation string  `json:"operation"`
	Outcome   string  `json:"outcome"`
	Request   message `json:"request"`
}

// message is what a client sent.
type message struct {
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Headers http.Header `json:"headers"`
	Body    string      `json:"body"`
}

// journal returns what came in, oldest first.
func (s *server) journal(t *testing.T, box string) []entry {
	t.Helper()
	var page struct {
		Requests []entry `json:"requests"`
	}
	s.call(t, http.MethodGet, "/v1/sandboxes/"+box+"/requests", nil, &page)
	return page.Requests
}

// call calls the control API and fails the test on anything but success.
func (s *server) call(t *testing.T, method, path string, in, out any) {
	t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if s.token != "" {
		header.Set("Authorization", "Bearer "+s.token)
	}
	status, reply := send(t, method, "http://"+s.control+path, header, body)
	if status/100 != 2 {
		t.Fatalf("%s %s: %d, %s", method, path, status, reply)
	}
	if out == nil || len(reply) == 0 {
		return
	}
	if err := json.Unmarshal(reply, out); err != nil {
		t.Fatalf("%s %s: read %q: %v", method, path, reply, err)
	}
}

// send sends one request and reads the whole answer.
func send(t *testing.T, method, address string, header http.Header, body io.Reader) (status int, reply []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if reply, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, reply
}

// send posts to the data plane.
func (s *server) send(t *testing.T, path, contentType string, body io.Reader) (status int, reply []byte) {
	t.Helper()
	return send(t, http.MethodPost, "http://"+s.data+path, http.Header{"Content-Type": {contentType}}, body)
}

// fabric makes the one call that needs no signature.
func (s *server) fabric(t *testing.T, want int, app fabricApp) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"app_key": app.Key, "app_secret": app.Secret})
	if err != nil {
		t.Fatal(err)
	}
	status, reply := s.send(t, "/apigovernance/api/oauth/tokenByAkSk", "application/json", bytes.NewReader(body))
	if status != want {
		t.Fatalf("%d, %s", status, reply)
	}
}
