package emulator_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/listen"
)

// heads are headers of some size: one line, or as many as there is room for.
var heads = map[string]func(size int) string{
	"one line":   func(size int) string { return "X-Huge: " + strings.Repeat("x", size) + "\r\n" },
	"tiny lines": func(size int) string { return strings.Repeat("a:b\r\n", size/5) },
}

// TestLargeHeads: a head that is larger than the data plane takes is refused in the shape of whom the call is for, and
// one that is larger than is read by net/http; the journal and the log tell of it before the client has its answer.
func TestLargeHeads(t *testing.T) {
	t.Parallel()
	const answered = 1_000_000 // whatever is below net/http's bound of 1 MiB
	for kind, head := range heads {
		for _, size := range []int{66_000, answered, 1_100_000, 4_000_000} {
			for _, c := range []struct{ line, version, want string }{
				{"POST /?Action=ApplyToken&Version=2020-04-20", "1.1", `"Code":"RequestEntityTooLarge"`},
				{"GET /nothing", "1.0", `"status":431`},
			} {
				t.Run(fmt.Sprintf("%s/%d/%s", kind, size, c.line), func(t *testing.T) {
					t.Parallel()
					sent := c.line + " HTTP/" + c.version + "\r\nHost: x\r\n" + head(size) + "\r\n"
					if size > answered {
						wantByTheServer(t, sent)
					} else {
						wantInShape(t, sent, c.want)
					}
				})
			}
		}
	}
}

// ways are the connections on which such a head can come: over either listener, and behind another request.
var ways = map[string]func(t *testing.T, w *world) (net.Conn, *bufio.Reader){
	"plain": func(t *testing.T, w *world) (net.Conn, *bufio.Reader) {
		t.Helper()
		conn := dial(t, w.Addr())
		return conn, bufio.NewReader(conn)
	},
	"TLS": func(t *testing.T, w *world) (net.Conn, *bufio.Reader) {
		t.Helper()
		conn := w.dialTLS(t)
		return conn, bufio.NewReader(conn)
	},
	"pipelined": func(t *testing.T, w *world) (net.Conn, *bufio.Reader) {
		t.Helper()
		conn := dial(t, w.Addr())
		say(t, conn, goodHead)
		return conn, bufio.NewReader(conn)
	},
}

// answersTo sends a request in each way and gives the answer to it, once all of it was read.
func answersTo(t *testing.T, sent string, look func(w *world, said *paper, way string, status int, body string)) {
	t.Helper()
	for way, open := range ways {
		w, said := started(t, listen.Limits{})
		conn, in := open(t, w)
		go func() { _, _ = io.WriteString(conn, sent) }() // it need not be taken to its end
		if way == "pipelined" {
			if status, _ := readAnswer(t, in); status != http.StatusNotFound {
				t.Errorf("the request before is answered with %d", status)
			}
		}
		status, body := readAnswer(t, in)
		look(w, said, way, status, body)
	}
}

func readAnswer(t *testing.T, in *bufio.Reader) (status int, body string) {
	t.Helper()
	reply, err := http.ReadResponse(in, nil)
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

func wantInShape(t *testing.T, sent, want string) {
	t.Helper()
	answersTo(t, sent, func(w *world, _ *paper, way string, status int, body string) {
		if status/100 != 4 || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, want %s: %.300s", way, status, want, body)
		}
		entries := w.inDefault(t)
		if len(entries) == 0 || len(entries[len(entries)-1].Findings) == 0 {
			t.Fatalf("%s: %d entries, the last without a finding", way, len(entries))
		}
	})
}

func wantByTheServer(t *testing.T, sent string) {
	t.Helper()
	answersTo(t, sent, func(w *world, said *paper, way string, status int, body string) {
		if status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: status %d: %.300s", way, status, body)
		}
		wantRefused(t, w, said, "http.431", "more than 1048576 bytes")
	})
}
