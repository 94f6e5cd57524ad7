// Package eventstream writes server-sent events, as the HTML standard has them, section 9.2.
package eventstream

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// writeTimeout is how long a reader may take to read what was sent before it is cut off.
const writeTimeout = 30 * time.Second

// Stream is a response that goes on. It is for one goroutine.
type Stream struct {
	out     http.ResponseWriter
	control *http.ResponseController
}

// Open begins a stream as the response to a request.
func Open(out http.ResponseWriter) *Stream {
	s := &Stream{out, http.NewResponseController(flushing(out))}
	header := out.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	out.WriteHeader(http.StatusOK)
	_ = s.control.SetReadDeadline(time.Time{}) // the server's limit is for requests; a stream outlives it
	_ = s.control.Flush()
	return s
}

// flushing is the writer behind out whose flush tells of an error: a wrapper such as Echo's keeps it to itself.
func flushing(out http.ResponseWriter) http.ResponseWriter {
	for {
		if _, ok := out.(interface{ FlushError() error }); ok {
			return out
		}
		wrapper, ok := out.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return out
		}
		out = wrapper.Unwrap()
	}
}

// Send writes an event with data as JSON. An id of zero leaves the last one in force, and no data is an empty text.
func (s *Stream) Send(event string, id uint64, data any) error {
	frame := "event: " + event + "\n"
	if id != 0 {
		frame += "id: " + strconv.FormatUint(id, 10) + "\n"
	}
	if data == nil {
		return s.write(frame + "data:\n\n")
	}
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.write(frame + "data: " + string(text) + "\n\n")
}

// SendHeartbeat writes a comment, which readers pass over.
func (s *Stream) SendHeartbeat() error { return s.write(": still here\n\n") }

func (s *Stream) write(frame string) error {
	deadline := time.Now().Add(writeTimeout) //nolint:forbidigo // how long a socket may block is real time
	if err := s.control.SetWriteDeadline(deadline); err != nil {
		return fmt.Errorf("limit the time of an event: %w", err)
	}
	if _, err := s.out.Write([]byte(frame)); err != nil {
		return err
	}
	return s.control.Flush()
}
