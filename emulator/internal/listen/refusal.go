package listen

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const (
	// maxTold is how many refusals are told in a row; further ones only at the rate below, so that who knocks at the
	// port all the time fills neither the log nor a journal.
	maxTold = 50
	// tellEvery is how often one more is told.
	tellEvery = time.Second / 2
)

// refusals tells of refusals.
type refusals struct {
	plainHint string
	log       *slog.Logger
	refused   func(wire.Refusal)

	mu     sync.Mutex
	left   int // how many can be told now
	since  time.Time
	untold int
}

func newRefusals(o Options) *refusals {
	return &refusals{plainHint: o.PlainHint, log: o.Log, refused: o.Refused, left: maxTold}
}

// hello refuses the handshake of a client that speaks TLS to a port for plain HTTP.
func (r *refusals) hello() wire.Refusal {
	return wire.Refusal{
		Status: http.StatusBadRequest, Text: "This port speaks plain HTTP.",
		Why: strings.TrimSpace("The client spoke TLS (HTTPS) to a port for plain HTTP. " + r.plainHint),
	}
}

func (r *refusals) tell(refusal wire.Refusal) {
	untold, ok := r.mayTell()
	if !ok {
		if untold == 1 {
			r.log.Warn("many requests in a row cannot be read: not every one is told from here on")
		}
		return
	}
	r.log.Warn("a request could not be read: "+refusal.Why,
		"status", refusal.Status, "client", refusal.Client, "untold", untold)
	if r.refused != nil {
		r.refused(refusal)
	}
}

// mayTell reports whether one more is told, and how many were not before it.
func (r *refusals) mayTell() (untold int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now() //nolint:forbidigo // sockets live in real time
	if n := int(now.Sub(r.since) / tellEvery); n > 0 {
		r.left, r.since = min(r.left+n, maxTold), now
	}
	if r.left == 0 {
		r.untold++
		return r.untold, false
	}
	r.left--
	untold, r.untold = r.untold, 0
	return untold, true
}

// refusalOf reads what net/http writes to the client about a request that begins with head.
func refusalOf(answer, head []byte) wire.Refusal {
	line, _, _ := strings.Cut(string(answer), "\r\n")
	_, line, _ = strings.Cut(line, " ")
	code, text, _ := strings.Cut(line, " ")
	status, _ := strconv.Atoi(code)
	_, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	return wire.Refusal{
		Status: status, Text: body, Why: "net/http refused the request by itself: " + why(status, text, head) + ".",
	}
}

// why is the cause of such an answer. It quotes nothing of the request, which can hold secrets.
func why(status int, text string, head []byte) string {
	if _, detail, found := strings.Cut(text, ": "); found {
		return detail // such as that Host is missing
	}
	if status == http.StatusRequestHeaderFieldsTooLarge {
		return fmt.Sprintf("its head has more than %d bytes", maxHeaderBytes)
	}
	if status != http.StatusBadRequest {
		return strings.ToLower(text)
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	if bytes.Count(line, []byte(" ")) > 2 && bytes.Contains(line, []byte(" HTTP/")) {
		return "its request line holds bare blanks; in a URL a blank is written %20"
	}
	head = head[:bytes.LastIndexByte(head, '\n')+1] // half a line says nothing
	_, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	for _, c := range causes {
		if err != nil && strings.Contains(err.Error(), c.sign) {
			return c.why
		}
	}
	return "it is not HTTP/1.1 as RFC 9112 has it"
}

// causes are why http.ReadRequest reads no request, by what its errors say.
var causes = []struct{ sign, why string }{
	{"invalid URL escape", "its URL holds a percent sign that begins no escape; a percent sign itself is written %25"},
	{"parse ", "its URL cannot be read"},
	{"invalid method", "its method is no word"},
	{"malformed HTTP version", "its request line does not end in the version of HTTP"},
	{"malformed HTTP request", "its request line is not a method, a URL and the version of HTTP"},
	{"malformed MIME header", "a line of its headers is not a name, a colon and a value"},
	{"Content-Length", "its Content-Length is no number"},
	{"EOF", "its head ended too early"},
}
