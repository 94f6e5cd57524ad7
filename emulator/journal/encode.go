package journal

import (
	"bytes"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/record"
)

// encode is an entry as it is kept: a map whose keys are the numbers in the cbor tags of Entry, by which it is read.
func encode(e *Entry) []byte {
	room, ok := rooms.Get().(*[]byte)
	if !ok {
		room = new([]byte)
	}
	*room = appendEntry((*room)[:0], e)
	defer rooms.Put(room)
	return bytes.Clone(*room)
}

// rooms are where entries take shape, whose size shows only then. A journal keeps a thousand, so each is kept in what
// it needs.
var rooms sync.Pool

func appendEntry(dst []byte, e *Entry) []byte {
	dst = record.AppendMap(dst, 16)
	text := func(key uint64, value string) { dst = record.AppendText(record.AppendUint(dst, key), value) }
	text(1, e.ID)
	dst = record.AppendTime(record.AppendUint(dst, 2), e.Time)
	text(3, e.Sandbox)
	text(4, e.Gateway)
	text(5, e.API)
	text(6, e.Operation)
	text(7, e.Credential)
	text(8, e.Outcome)
	dst = record.AppendInt(record.AppendUint(dst, 9), int64(e.Status))
	dst = record.AppendInt(record.AppendUint(dst, 10), e.DurationMicros)

	dst = record.AppendMap(record.AppendUint(dst, 11), 6)
	text(1, e.Request.Method)
	text(2, e.Request.URL)
	dst = appendMessage(dst, e.Request.Headers, &e.Request.Content)

	dst = record.AppendMap(record.AppendUint(dst, 12), 5)
	dst = record.AppendInt(record.AppendUint(dst, 1), int64(e.Response.Status))
	dst = appendMessage(dst, e.Response.Headers, &e.Response.Content)

	dst = appendDecision(record.AppendUint(dst, 13), e.Decision)
	dst = record.AppendArray(record.AppendUint(dst, 14), len(e.Findings))
	for i := range e.Findings {
		f := &e.Findings[i]
		dst = record.AppendMap(dst, 8)
		for j, value := range []string{
			f.Check, f.Level, f.Message, f.Expected, f.Got, f.Server, f.Client, f.Marker,
		} {
			dst = record.AppendText(record.AppendText(dst, findingNames[j]), value)
		}
	}
	text(15, e.Panic)
	return record.AppendTime(record.AppendUint(dst, 16), e.Arrived)
}

// findingNames are those of the json tags of wire.Finding, whose vocabulary knows no CBOR.
var findingNames = [...]string{"check", "level", "message", "expected", "got", "server", "client", "marker"}

// appendMessage appends the four members that requests and responses share.
func appendMessage(dst []byte, headers map[string][]string, c *Content) []byte {
	dst = record.AppendMap(record.AppendUint(dst, 3), len(headers))
	for name, values := range headers {
		dst = record.AppendArray(record.AppendText(dst, name), len(values))
		for _, value := range values {
			dst = record.AppendText(dst, value)
		}
	}
	dst = record.AppendText(record.AppendUint(dst, 4), c.Body)
	dst = record.AppendInt(record.AppendUint(dst, 5), int64(c.BodyBytes))
	return record.AppendBool(record.AppendUint(dst, 6), c.BodyTruncated)
}

func appendDecision(dst []byte, d *Decision) []byte {
	if d == nil {
		return record.AppendNull(dst)
	}
	dst = record.AppendText(record.AppendUint(record.AppendMap(dst, 3), 1), d.Scenario)
	dst = record.AppendInt(record.AppendUint(dst, 2), int64(d.Rule))
	return record.AppendInt(record.AppendUint(dst, 3), int64(d.Step))
}
