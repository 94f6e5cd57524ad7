// Package record is how state that has more than one field is kept: as CBOR (RFC 8949), written and read by one
// library. It alone knows that library.
package record

import (
	"github.com/fxamacker/cbor/v2"
)

// Both modes take text as it came, since it comes from clients and need not be UTF-8, and times to the nanosecond:
// CBOR's own know only seconds or fractions that are not exact.
var (
	writing, _ = cbor.EncOptions{Time: cbor.TimeRFC3339Nano, Sort: cbor.SortNone}.EncMode()
	reading, _ = cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()
)

// Write encodes a value by its cbor tags, as Read reads it.
func Write(value any) ([]byte, error) { return writing.Marshal(value) }

// Read decodes a record into what it points to, by its cbor tags.
func Read(data []byte, into any) error { return reading.Unmarshal(data, into) }

// ReadFirst is Read for a record that other bytes follow.
func ReadFirst(data []byte, into any) error {
	_, err := reading.UnmarshalFirst(data, into)
	return err
}
