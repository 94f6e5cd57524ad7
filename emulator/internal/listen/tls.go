package listen

import (
	"bytes"
	"log"
	"log/slog"
	"strings"
	"sync"
)

// handshakes takes what net/http says of connections. Most of it is for those who look closely; that a client does not
// trust the certificate is what everybody meets first, so it is said aloud.
type handshakes struct {
	log *slog.Logger

	mu   sync.Mutex
	said map[string]bool // by sign of distrust
}

func handshakeLog(to *slog.Logger) *log.Logger {
	return log.New(&handshakes{log: to, said: map[string]bool{}}, "", 0)
}

// Write takes one line.
func (h *handshakes) Write(line []byte) (int, error) {
	text := string(bytes.TrimSpace(line))
	if sign := distrust(text); sign != "" && h.isNews(sign) {
		h.log.Warn("a client broke off the TLS handshake: most likely it does not trust the CA, "+
			"see: tokenstage ca --trust all", "error", text)
	}
	h.log.Debug(text)
	return len(line), nil
}

// distrust returns the sign, if there is one, by which a client shows that it does not trust a certificate: an alert
// that says so (RFC 8446, 6.2), as Go and Java send it; one that OpenSSL 3 sends unencrypted, which crypto/tls cannot
// read (curl, Python); or the end of the connection (Node).
func distrust(line string) string {
	_, reason, found := strings.Cut(line, "TLS handshake error from ")
	if !found {
		return ""
	}
	_, alert, isAlert := strings.Cut(reason, "remote error: tls: ")
	switch {
	case isAlert && strings.Contains(alert, "certificate"):
		return "alert"
	case strings.HasSuffix(reason, ": local error: tls: bad record MAC"):
		return "unencrypted alert"
	case strings.HasSuffix(reason, ": EOF"):
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
