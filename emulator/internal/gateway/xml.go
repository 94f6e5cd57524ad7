package gateway

import (
	"bytes"
	"encoding/xml"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// AppendXML appends a value as an element. The elements of a list repeat the name of the list.
func AppendXML(dst []byte, name string, value any) []byte {
	switch v := value.(type) {
	case wire.List:
		return AppendXML(dst, name, wire.Object{{Name: v.Item, Value: v.Values}})
	case []any:
		for _, element := range v {
			dst = AppendXML(dst, name, element)
		}
		return dst
	case map[string]any:
		return AppendXML(dst, name, Sorted(v))
	case wire.Object:
		dst = fmt.Appendf(dst, "<%s>", name)
		for _, m := range v {
			dst = AppendXML(dst, m.Name, m.Value)
		}
		return fmt.Appendf(dst, "</%s>", name)
	case nil:
		return fmt.Appendf(dst, "<%s/>", name)
	}
	dst = fmt.Appendf(dst, "<%s>", name)
	dst = append(dst, escapeXML(fmt.Sprint(value))...)
	return fmt.Appendf(dst, "</%s>", name)
}

// escapeXML is text as it stands in an element; it also replaces what XML cannot hold.
func escapeXML(text string) []byte {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a bytes.Buffer takes every write
	return b.Bytes()
}
