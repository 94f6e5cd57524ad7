package eventstream_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/eventstream"
)

// broken is a connection on which nothing gets through any more: only a flush finds out.
type broken struct{ *httptest.ResponseRecorder }

var errGone = errors.New("gone")

func (broken) FlushError() error                { return errGone }
func (broken) SetReadDeadline(time.Time) error  { return nil }
func (broken) SetWriteDeadline(time.Time) error { return nil }

// wrapper is a response as web frameworks wrap it.
type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }
func (w wrapper) Flush()                      { _ = http.NewResponseController(w.ResponseWriter).Flush() }

func TestReadersThatAreGoneAreNoticed(t *testing.T) {
	t.Parallel()
	connection := broken{httptest.NewRecorder()}
	for name, out := range map[string]http.ResponseWriter{"bare": connection, "wrapped": wrapper{wrapper{connection}}} {
		if err := eventstream.Open(out).SendHeartbeat(); !errors.Is(err, errGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
