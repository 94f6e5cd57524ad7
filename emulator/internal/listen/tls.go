package listen

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// secureConn is a watched connection for HTTPS. What is watched is what it decrypts.
type secureConn struct{ *conn }

// ConnectionState is asked by net/http before the first request, and makes the handshake.
func (c secureConn) ConnectionState() tls.ConnectionState {
	secure := c.Conn.(*tls.Conn) //nolint:forcetypeassert // it was made so
	c.shakeHands(secure)
	return secure.ConnectionState()
}

// shakeHands leaves a connection on which nothing can be read where there is no handshake.
func (c *conn) shakeHands(secure *tls.Conn) {
	_ = secure.SetDeadline(time.Now().Add(c.listener.handshake)) //nolint:forbidigo // sockets live in real time
	err := secure.HandshakeContext(c.listener.closing)
	_ = secure.SetDeadline(time.Time{})
	if err == nil {
		return
	}
	c.over.Store(true)
	c.listener.failed.tell(secure.RemoteAddr(), err)
	head, isHTTP := plainHTTP(err)
	if !isHTTP {
		return
	}
	c.keep(head, false)
	c.answer(wire.Refusal{
		Status: http.StatusBadRequest, Text: "This port speaks HTTPS.",
		Why: "The client spoke plain HTTP to the port for HTTPS: its URL has to begin with https://, or it has to call the " +
			"port for plain HTTP.",
	}, secure.NetConn())
}

// plainHTTP are the first bytes of a request in plain HTTP that came in the place of a handshake.
func plainHTTP(err error) (head []byte, isHTTP bool) {
	wrong, ok := errors.AsType[tls.RecordHeaderError](err)
	if !ok || wrong.Conn == nil {
		return nil, false
	}
	for _, method := range []string{"GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "PATCH", "DELET"} {
		if string(wrong.RecordHeader[:]) == method {
			return wrong.RecordHeader[:], true
		}
	}
	return nil, false
}

// handshakes tells of handshakes that failed. Most of it is for those who look closely; that a client does not trust
// the certificate is what everybody meets first, so it is said aloud.
type handshakes struct {
	log *slog.Logger

	mu   sync.Mutex
	said map[string]bool // by sign of distrust
}

func (h *handshakes) tell(client net.Addr, err error) {
	if sign := distrust(err); sign != "" && h.isNews(sign) {
		h.log.Warn("a client broke off the TLS handshake: most likely it does not trust the CA, "+
			"see: tokenstage ca --trust all", "client", client.String(), "error", err)
	}
	h.log.Debug("TLS handshake error", "client", client.String(), "error", err)
}

// distrust returns the sign, if there is one, by which a client shows that it does not trust a certificate: an alert
// that says so (RFC 8446, 6.2), as Go and Java send it; one that OpenSSL 3 sends unencrypted, which crypto/tls cannot
// read (curl, Python); or the end of the connection (Node).
func distrust(err error) string {
	_, alert, isAlert := strings.Cut(err.Error(), "remote error: tls: ")
	switch {
	case isAlert && strings.Contains(alert, "certificate"):
		return "alert"
	case strings.HasSuffix(err.Error(), "local error: tls: bad record MAC"):
		return "unencrypted alert"
	case errors.Is(err, io.EOF):
		return "end"
	}
	return ""
}

func (h *handshakes) isNews(sign string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	said := h.said[sign]
	h.said[sign] = true
	return !said
}
