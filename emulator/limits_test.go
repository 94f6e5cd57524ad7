package emulator_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
)

// tooMany is a query of more parameters than are read, which begins like a good one.
func tooMany(start string) string { return start + strings.Repeat("&a=b", dataplane.MaxParameters) }

var formHeader = http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}

// TestTooMuchIsRefusedInShape has each gateway word what is too much for it, and our own voice for what is nobody's.
func TestTooMuchIsRefusedInShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	headers := http.Header{"X-Acs-Action": {"ApplyToken"}}
	for i := range dataplane.MaxHeaders {
		headers.Set(fmt.Sprintf("X-Filler-%d", i), "x")
	}
	deep := strings.Repeat(`{"a":[`, 40)
	parts := strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n", 1001) + "--x--\r\n"
	for name, c := range map[string]struct {
		method, target, body string
		header               http.Header
		status               int
		want                 string
	}{
		"acs parameters, query": {
			"GET", "/?" + tooMany("Action=ApplyToken&Version=2020-04-20&Format=XML"), "", nil, 413, "<Code>RequestEntityTooLarge</Code>",
		},
		"acs parameters, form": {
			"POST", "/", tooMany("Action=ApplyToken&Version=2020-04-20"), formHeader, 413, `"Code":"RequestEntityTooLarge"`,
		},
		"acs parameters, both": {
			"POST", "/?Action=ApplyToken&" + strings.Repeat("a&", 499), strings.Repeat("a&", 501), formHeader, 413, `"Code":"RequestEntityTooLarge"`,
		},
		"acs headers":           {"POST", "/", "", headers, 413, `"Code":"RequestEntityTooLarge"`},
		"top parameters, query": {"GET", "/router/rest?" + tooMany("format=json"), "", nil, 200, `"code":3,`},
		"top parameters, form":  {"POST", "/router/rest", tooMany("format=json"), formHeader, 200, `"code":3,`},
		"top parts": {
			"POST", "/router/rest?method=alibaba.security.deepvision.proxy.security.common.token.get&format=json", parts,
			http.Header{"Content-Type": {"multipart/form-data; boundary=x"}},
			200, `"code":3,`,
		},
		"fabric parameters": {"POST", "/apiaccess/ccmessaging/applyToken?" + tooMany("a"), "", nil, 413, `"errorCode":"0"`},
		"fabric nesting":    {"POST", "/apigovernance/api/oauth/tokenByAkSk", deep, nil, 400, `"errorCode":"0"`},
		"fabric values": {
			"POST", "/apigovernance/api/oauth/tokenByAkSk", "[" + strings.Repeat("0,", 60_000) + "0]", nil, 400, `"errorCode":"0"`,
		},
		"nobody's parameters": {"GET", "/nothing?" + tooMany("a"), "", nil, 413, `"status":413`},
		"nobody's headers":    {"GET", "/nothing", "", http.Header{"X-Many": strings.Split(strings.Repeat(",", 200), ",")}, 431, `"status":431`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := httptest.NewRequestWithContext(t.Context(), c.method, c.target, strings.NewReader(c.body))
			for name, values := range c.header {
				req.Header[name] = values
			}
			got := httptest.NewRecorder()
			w.handler.ServeHTTP(got, req)
			if got.Code != c.status || !strings.Contains(got.Body.String(), c.want) {
				t.Errorf("status %d, want %d with %s: %.300s", got.Code, c.status, c.want, got.Body)
			}
		})
	}
}

// TestAsMuchAsIsAllowed wants a call with the most parameters and headers to be judged by what it says.
func TestAsMuchAsIsAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := applyTokenRequest()
	for i := range dataplane.MaxParameters - 30 {
		r.Query.Set(fmt.Sprintf("Filler%d", i), "x")
	}
	r.Header = http.Header{}
	for i := range dataplane.MaxHeaders - 30 {
		r.Header.Set(fmt.Sprintf("X-Filler-%d", i), "x")
	}
	if got := w.do(t, w.acs.V3(r, "ApplyToken", "2020-04-20")); got.status != http.StatusOK {
		t.Errorf("status %d: %s", got.status, got.body)
	}
}

// serveWithin serves the data plane with limits, on a real socket.
func (w *world) serveWithin(t *testing.T, limits listen.Limits) string {
	t.Helper()
	server, err := listen.Open(t.Context(), listen.Options{Addr: "127.0.0.1:0", Handler: w.handler, Log: discard, Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Stop()
		ended, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Close(ended) // cuts off the clients that a test left hanging
	})
	return server.Addr()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func say(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

func answerOn(t *testing.T, conn net.Conn) (status int, body string) {
	t.Helper()
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(text)
}

// TestSlowBodies end in the provider's refusal.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addr := w.serveWithin(t, listen.Limits{Read: 50 * time.Millisecond})
	for name, c := range map[string]struct {
		target string
		status int
		want   string
	}{
		"acs":    {"/?Action=ApplyToken&Version=2020-04-20", 400, `"Code":"InvalidParameter"`},
		"top":    {"/router/rest?format=json", 200, `"code":47,`},
		"fabric": {"/apigovernance/api/oauth/tokenByAkSk", 400, `"errorCode":"0"`},
		"nobody": {"/nothing", 408, `"status":408`},
	} {
		for coding, head := range map[string]string{"length": "Content-Length: 9", "chunked": "Transfer-Encoding: chunked"} {
			t.Run(name+" "+coding, func(t *testing.T) {
				t.Parallel()
				conn := dial(t, addr)
				say(t, conn, "POST "+c.target+" HTTP/1.1\r\nHost: x\r\n"+head+"\r\n\r\n4")
				if status, body := answerOn(t, conn); status != c.status || !strings.Contains(body, c.want) {
					t.Errorf("status %d, want %d with %s: %s", status, c.status, c.want, body)
				}
				wantClosed(t, conn)
			})
		}
	}
}

func wantClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	if n, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("the connection is not closed: %d more bytes, %v", n, err)
	}
}

// TestSlowHeaders are cut off: nobody knows yet who should answer.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := dial(t, w.serveWithin(t, listen.Limits{ReadHeader: 50 * time.Millisecond}))
	say(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	wantClosed(t, conn)
}

// TestIdleConnections are closed.
func TestIdleConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := dial(t, w.serveWithin(t, listen.Limits{Idle: 50 * time.Millisecond}))
	say(t, conn, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
	wantClosed(t, conn)
}

// TestSlowReaders ask and ask and take no answer: they are cut off once the sockets between are full.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := dial(t, w.serveWithin(t, listen.Limits{Write: 100 * time.Millisecond}))
	asked := strings.Repeat("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 1000)
	for sent := 0; sent < 1<<30; sent += len(asked) {
		if _, err := io.WriteString(conn, asked); err != nil {
			return
		}
	}
	t.Error("the server answers a client that does not read")
}

// TestScriptsOutlastTheLimits wants scripted delays and drips to last longer than clients may take.
func TestScriptsOutlastTheLimits(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]string{
		"delay": "{delay: 300ms}", "drip": "{network: drip}", "both": "{delay: 200ms, network: drip}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			limit := 100 * time.Millisecond
			addr := w.serveWithin(t, listen.Limits{Read: limit, Write: limit})
			w.play(t, w.box, onApplyToken(step))
			conn := dial(t, addr)
			if err := w.apply(t.Context(), t).Write(conn); err != nil {
				t.Fatal(err)
			}
			if status, body := answerOn(t, conn); status != http.StatusOK || !strings.Contains(body, `"Token":`) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

// TestTooManyConnections wants clients beyond the limit to be told, and let in when there is room again.
func TestTooManyConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addr := w.serveWithin(t, listen.Limits{Connections: 3})
	const asked = "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
	var held []net.Conn
	for range 3 {
		conn := dial(t, addr)
		say(t, conn, asked)
		if status, _ := answerOn(t, conn); status != http.StatusNotFound {
			t.Fatalf("status %d", status)
		}
		held = append(held, conn)
	}
	for range 5 {
		conn := dial(t, addr)
		say(t, conn, asked)
		status, body := answerOn(t, conn)
		if status != http.StatusServiceUnavailable || !strings.Contains(body, "at most 3") {
			t.Errorf("%d %s", status, body)
		}
		wantClosed(t, conn)
	}
	_ = held[0].Close()
	for status := http.StatusServiceUnavailable; status != http.StatusNotFound; {
		conn := dial(t, addr)
		say(t, conn, asked)
		if status, _ = answerOn(t, conn); t.Context().Err() != nil {
			t.Fatal("a free place stays empty")
		}
	}
}

// TestBrokenOffConnectionsGiveTheirPlaceBack also those that a script takes over.
func TestBrokenOffConnectionsGiveTheirPlaceBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addr := w.serveWithin(t, listen.Limits{Connections: 2})
	w.play(t, w.box, "name: n\nrules: [{on: onsmqtt.ApplyToken, script: [{network: reset, times: 10}, {network: close, times: 10}]}]")
	full := 0
	for range 20 {
		conn := dial(t, addr)
		if err := w.apply(t.Context(), t).Write(conn); err != nil {
			t.Fatal(err)
		}
		if text, _ := io.ReadAll(conn); strings.Contains(string(text), "503") {
			full++
		}
		_ = conn.Close()
	}
	if full > 10 { // the end of one connection may be heard of after the next one came
		t.Errorf("%d of 20 were refused", full)
	}
}

// TestCutRequestsAreJournaled keeps what was cut readable in the journal.
func TestCutRequestsAreJournaled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := gatewaytest.Request{Method: "GET", Path: "/", Host: host, Header: http.Header{}, Query: url.Values{"Action": {"ApplyToken"}}}
	for i := range 2 * dataplane.MaxParameters {
		r.Query.Set(fmt.Sprintf("p%d", i), "x")
	}
	w.do(t, r)
	box, err := w.Sandboxes().Get(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	e := w.lastEntry(t, box, 0)
	if e.Outcome != "RequestEntityTooLarge" || len(e.Findings) == 0 || !strings.Contains(e.Findings[0].Got, "2001 names") {
		t.Errorf("%s %+v", e.Outcome, e.Findings)
	}
}
