package journal

import (
	"encoding/binary"
	"math"
	"time"
)

// record is an entry on its way into CBOR (RFC 8949), written by hand: every call makes one, and reflection over its
// headers alone costs more than all of this. The numbers are those of the tags of Entry, by which it is read again.
type record []byte

// encode writes an entry. Fields that are empty are left out.
func encode(e *Entry) ([]byte, error) {
	w := make(record, 0, room(e))
	w.openMap()
	w.text(1, e.ID)
	w.time(2, e.Time)
	w.text(3, e.Sandbox)
	w.text(4, e.Gateway)
	w.text(5, e.API)
	w.text(6, e.Operation)
	w.text(7, e.Credential)
	w.text(8, e.Outcome)
	w.number(9, int64(e.Status))
	w.number(10, e.DurationMicros)
	w.key(11)
	w.openMap()
	w.text(1, e.Request.Method)
	w.text(2, e.Request.URL)
	w.message(e.Request.Headers, &e.Request.Content)
	w.key(12)
	w.openMap()
	w.number(1, int64(e.Response.Status))
	w.message(e.Response.Headers, &e.Response.Content)
	if err := w.rest(e); err != nil {
		return nil, err
	}
	w.text(15, e.Panic)
	w.time(16, e.Arrived)
	w.closeMap()
	return w, nil
}

// rest writes what few calls have, the general way.
func (w *record) rest(e *Entry) error {
	if e.Decision != nil {
		raw, err := encoding.Marshal(e.Decision)
		if err != nil {
			return err
		}
		w.key(13)
		*w = append(*w, raw...)
	}
	if len(e.Findings) > 0 {
		raw, err := encoding.Marshal(e.Findings)
		if err != nil {
			return err
		}
		w.key(14)
		*w = append(*w, raw...)
	}
	return nil
}

// message writes what requests and responses share, and ends their map.
func (w *record) message(headers map[string][]string, c *Content) {
	if len(headers) > 0 {
		w.key(3)
		w.head(cborMap, uint64(len(headers)))
		for name, values := range headers {
			w.bytes(name)
			w.head(cborArray, uint64(len(values)))
			for _, value := range values {
				w.bytes(value)
			}
		}
	}
	w.text(4, c.Body)
	w.number(5, int64(c.BodyBytes))
	if c.BodyTruncated {
		w.key(6)
		*w = append(*w, cborTrue)
	}
	w.closeMap()
}

// Initial bytes: the major types in their upper three bits.
const (
	cborNumber   = 0x00
	cborNegative = 0x20
	cborBytes    = 0x40
	cborArray    = 0x80
	cborMap      = 0xa0
	cborOpenMap  = 0xbf // of any length, until cborBreak
	cborBreak    = 0xff
	cborTrue     = 0xf5
)

func (w *record) openMap()  { *w = append(*w, cborOpenMap) }
func (w *record) closeMap() { *w = append(*w, cborBreak) }

func (w *record) key(n uint64) { w.head(cborNumber, n) }

// head writes a type and its number: a value, a length or a count.
func (w *record) head(major byte, n uint64) {
	switch {
	case n < 24:
		*w = append(*w, major|byte(n))
	case n <= math.MaxUint8:
		*w = append(*w, major|24, byte(n))
	case n <= math.MaxUint16:
		*w = binary.BigEndian.AppendUint16(append(*w, major|25), uint16(n))
	case n <= math.MaxUint32:
		*w = binary.BigEndian.AppendUint32(append(*w, major|26), uint32(n))
	default:
		*w = binary.BigEndian.AppendUint64(append(*w, major|27), n)
	}
}

func (w *record) bytes(text string) {
	w.head(cborBytes, uint64(len(text)))
	*w = append(*w, text...)
}

func (w *record) text(key uint64, text string) {
	if text != "" {
		w.key(key)
		w.bytes(text)
	}
}

func (w *record) number(key uint64, n int64) {
	if n == 0 {
		return
	}
	w.key(key)
	if n < 0 {
		w.head(cborNegative, uint64(-1-n))
		return
	}
	w.head(cborNumber, uint64(n))
}

// time writes an instant in RFC 3339, as it is read: CBOR's own times know no nanoseconds.
func (w *record) time(key uint64, at time.Time) {
	var text [len(time.RFC3339Nano)]byte
	w.key(key)
	formatted := at.UTC().AppendFormat(text[:0], time.RFC3339Nano)
	w.head(cborBytes, uint64(len(formatted)))
	*w = append(*w, formatted...)
}

// room is enough for most entries.
func room(e *Entry) int {
	const fixed = 320
	n := fixed + len(e.Request.URL) + len(e.Request.Body) + len(e.Response.Body) + len(e.Panic)
	for _, headers := range []map[string][]string{e.Request.Headers, e.Response.Headers} {
		for name, values := range headers {
			for _, value := range values {
				n += len(name) + len(value) + 6
			}
		}
	}
	return n
}
