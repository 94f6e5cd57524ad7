package gateway

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// AppendJSON appends a value as compact JSON: members in the provider's order, nothing escaped for HTML.
func AppendJSON(dst []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendString(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case wire.Object:
		return appendMembers(dst, v)
	case wire.List:
		return appendMembers(dst, wire.Object{{Name: v.Item, Value: v.Values}})
	case []any:
		return appendElements(dst, v)
	case map[string]any:
		return appendMembers(dst, Sorted(v))
	}
	// null, float64 and whatever a spec's example holds: the standard form serves.
	raw, err := json.Marshal(value)
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, raw...)
}

func appendElements(dst []byte, list []any) []byte {
	dst = append(dst, '[')
	for i, element := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSON(dst, element)
	}
	return append(dst, ']')
}

// Sorted is a map as an Object in the order of its names.
func Sorted(m map[string]any) wire.Object {
	object := make(wire.Object, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		object = append(object, wire.Member{Name: name, Value: m[name]})
	}
	return object
}

func appendMembers(dst []byte, object wire.Object) []byte {
	dst = append(dst, '{')
	for i, m := range object {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, m.Name)
		dst = append(dst, ':')
		dst = AppendJSON(dst, m.Value)
	}
	return append(dst, '}')
}

const hexDigits = "0123456789abcdef"

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		if n := plainPrefix(s[i:]); n > 0 {
			dst = append(dst, s[i:i+n]...)
			i += n
			continue
		}
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r) // invalid bytes become the replacement character
			i += size
			continue
		}
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
	}
	return append(dst, '"')
}

// plainPrefix is how many bytes stand in JSON as they are.
func plainPrefix(s string) int {
	for i := range len(s) {
		if special[s[i]] {
			return i
		}
	}
	return len(s)
}

// special are the bytes that do not stand in JSON as they are, or not alone.
var special = func() (special [256]bool) {
	for c := range special {
		special[c] = c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf
	}
	return special
}()

// Ordered is the body of a spec's sample: the object itself, in the order of its names.
func Ordered(value any) wire.Object {
	switch v := value.(type) {
	case wire.Object:
		return v
	case map[string]any:
		return Sorted(v)
	}
	return nil
}
