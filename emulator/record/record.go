// Package record is how state that has more than one field is kept: as CBOR (RFC 8949), which a library reads and these
// functions write. Every call writes three records, and the library's reflection over them took longer than anything
// else in a call.
package record

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// Initial bytes of CBOR: RFC 8949, sections 3 and 3.3. Major types are the upper three bits.
const (
	majorUint     = 0 << 5
	majorNegative = 1 << 5
	majorText     = 3 << 5
	majorArray    = 4 << 5
	majorMap      = 5 << 5

	simpleFalse = 0xf4
	simpleTrue  = 0xf5
	simpleNull  = 0xf6
)

// AppendArray begins an array of n elements; they follow.
func AppendArray(dst []byte, n int) []byte { return appendHead(dst, majorArray, uint64(n)) }

// AppendMap begins a map of n members; the key and value of each follow.
func AppendMap(dst []byte, n int) []byte { return appendHead(dst, majorMap, uint64(n)) }

// AppendText appends text, which need not be UTF-8: it comes from clients.
func AppendText(dst []byte, text string) []byte {
	return append(appendHead(dst, majorText, uint64(len(text))), text...)
}

// AppendUint appends a number.
func AppendUint(dst []byte, n uint64) []byte { return appendHead(dst, majorUint, n) }

// AppendInt appends a number that can be negative.
func AppendInt(dst []byte, n int64) []byte {
	if n < 0 {
		return appendHead(dst, majorNegative, uint64(-1-n))
	}
	return appendHead(dst, majorUint, uint64(n))
}

// AppendBool appends a truth value.
func AppendBool(dst []byte, is bool) []byte {
	if is {
		return append(dst, simpleTrue)
	}
	return append(dst, simpleFalse)
}

// AppendNull appends what a nil pointer is read from.
func AppendNull(dst []byte) []byte { return append(dst, simpleNull) }

// AppendTime appends an instant in UTC to the nanosecond, as the text that time.Time reads: CBOR's own times know only
// seconds or fractions that are not exact.
func AppendTime(dst []byte, at time.Time) []byte {
	var text [len(time.RFC3339Nano)]byte
	formatted := at.UTC().AppendFormat(text[:0], time.RFC3339Nano)
	return append(appendHead(dst, majorText, uint64(len(formatted))), formatted...)
}

// appendHead appends a major type and its argument: a value, a length or a count.
func appendHead(dst []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, major|27), n)
	}
}

// reading takes text as it was written.
var reading, _ = cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()

// Read decodes a record into what it points to, by its cbor tags.
func Read(data []byte, into any) error { return reading.Unmarshal(data, into) }

// ReadFirst is Read for a record that other bytes follow.
func ReadFirst(data []byte, into any) error {
	_, err := reading.UnmarshalFirst(data, into)
	return err
}
