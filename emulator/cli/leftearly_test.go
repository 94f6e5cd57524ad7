package cli_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestReadersWhoLeaveEarly: an answer whose reader left before its end is nothing to tell, of whichever page.
func TestReadersWhoLeaveEarly(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for range 60 { // so that a page of the journal is larger than what sockets hold
		reply, err := http.Post(s.data+"/unknown", "text/plain", strings.NewReader(strings.Repeat("x", 60<<10)))
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
	}
	before := s.err.String()
	host := strings.TrimPrefix(s.control, "http://")
	var readers sync.WaitGroup
	for _, path := range []string{
		"/metrics", "/v1/sandboxes/default/requests?limit=1000", "/v1/requests?limit=1000", "/v1/apis", "/openapi.yaml",
		"/console/calls", "/console/coverage", "/v1/sandboxes/default/events",
	} {
		for _, read := range []int64{0, 1, 5000} {
			readers.Go(func() { leaveAfter(t, host, path, read) })
		}
	}
	readers.Wait()
	if code := s.end(); code != 0 { // what is in flight has ended with it
		t.Errorf("exit code %d", code)
	}
	said := strings.TrimPrefix(s.err.String(), before)
	for line := range strings.Lines(said) {
		if !strings.Contains(line, "msg=stopped") && !strings.Contains(line, "level=INFO msg=request ") {
			t.Errorf("the log says %s", line)
		}
	}
}

// leaveAfter asks for a page and resets the connection when that much of the answer came.
func leaveAfter(t *testing.T, host, path string, read int64) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); err != nil {
		t.Error(err)
	}
	if _, err := io.CopyN(io.Discard, conn, read); err != nil {
		t.Error(err)
	}
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
		t.Error(err)
	}
}
