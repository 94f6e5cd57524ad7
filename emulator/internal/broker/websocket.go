package broker

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
)

// upgrader takes clients of any origin, as the service does: what they may do their password says.
var upgrader = websocket.Upgrader{ //nolint:gochecknoglobals // read-only
	Subprotocols: []string{"mqtt"}, CheckOrigin: func(*http.Request) bool { return true },
}

func (b *Broker) upgrade(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != mqtt.Path {
		http.Error(w, "MQTT over WebSocket is spoken at "+mqtt.Path, http.StatusNotFound)
		return
	}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the client has its answer
	}
	socket.SetReadLimit(maxPacket + 16)
	scheme := "ws"
	if r.TLS != nil {
		scheme = "wss"
	}
	b.serve(b.newConn(&webSocket{Conn: socket.NetConn(), socket: socket}, scheme, r.Host))
}

// webSocket is a WebSocket whose binary messages are a stream: MQTT 3.1.1, section 6.
type webSocket struct {
	net.Conn

	socket  *websocket.Conn
	message io.Reader
}

// errText refuses messages that are not binary.
var errText = errors.New("MQTT over WebSocket comes in binary messages")

// Read implements net.Conn.
func (w *webSocket) Read(p []byte) (int, error) {
	for {
		if w.message == nil {
			kind, message, err := w.socket.NextReader()
			if err != nil {
				return 0, err
			}
			if kind != websocket.BinaryMessage {
				return 0, errText
			}
			w.message = message
		}
		n, err := w.message.Read(p)
		if errors.Is(err, io.EOF) {
			w.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Write implements net.Conn.
func (w *webSocket) Write(p []byte) (int, error) {
	if err := w.socket.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// SetReadDeadline implements net.Conn.
func (w *webSocket) SetReadDeadline(t time.Time) error { return w.socket.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn.
func (w *webSocket) SetWriteDeadline(t time.Time) error { return w.socket.SetWriteDeadline(t) }

// CloseWrite says that nothing more comes.
func (w *webSocket) CloseWrite() error {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	return w.socket.WriteControl(websocket.CloseMessage, bye, time.Now().Add(lastWords)) //nolint:forbidigo // as in conn
}

// NetConn is the connection below.
func (w *webSocket) NetConn() net.Conn { return w.Conn }
