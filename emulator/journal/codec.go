package journal

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Strings travel as CBOR byte strings: what clients send need not be UTF-8.
var (
	encoding = must(cbor.EncOptions{String: cbor.StringToByteString, Time: cbor.TimeRFC3339NanoUTC}.EncMode())
	decoding = must(cbor.DecOptions{
		ByteStringToString: cbor.ByteStringToStringAllowed, ByteStringToTime: cbor.ByteStringToTimeAllowed,
		FieldNameByteString: cbor.FieldNameByteStringAllowed,
	}.DecMode())
)

// must is for options that are fixed in the source: they are good or no test passes.
func must[M any](mode M, err error) M {
	if err != nil {
		panic(fmt.Sprintf("journal: %v", err))
	}
	return mode
}
