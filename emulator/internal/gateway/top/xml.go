package top

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// prolog has the blank before "?>" that quoted live answers have.
const prolog = `<?xml version="1.0" encoding="utf-8" ?>`

// appendDocument writes an answer as the live gateway does: no white space between elements, and behind the root a
// comment that names the machine.
func appendDocument(dst []byte, root string, body any, id string) []byte {
	dst = append(dst, prolog...)
	dst = appendElement(dst, root, body)
	return fmt.Appendf(dst, "<!--%s-->", machineOf(id).name())
}

// machine is the rest of the address of one of the many machines that the emulator does not have.
type machine [3]byte

// machineOf is always the same for a request id.
func machineOf(id string) machine {
	sum := fnv.New32a()
	sum.Write([]byte(id))
	return machine(sum.Sum(nil))
}

// name is the address and a site: the live form is top011186097053.eu13, and the site tells ours from real ones.
func (m machine) name() string { return fmt.Sprintf("top011%03d%03d%03d.ts1", m[0], m[1], m[2]) }

func (m machine) address() string { return fmt.Sprintf("11.%d.%d.%d", m[0], m[1], m[2]) }

// appendElement writes a shaped value. Lists carry list="true", which one public mock shows; SDKs parse them with and
// without it.
func appendElement(dst []byte, name string, value any) []byte {
	tag := elementName(name)
	switch v := value.(type) {
	case []any: // an array without a wrapper repeats its own name
		for _, element := range v {
			dst = appendElement(dst, name, element)
		}
		return dst
	case wire.List:
		dst = fmt.Appendf(dst, `<%s list="true">`, tag)
		dst = appendElement(dst, v.Item, v.Values)
	case wire.Object:
		dst = fmt.Appendf(dst, "<%s>", tag)
		for _, m := range v {
			dst = appendElement(dst, m.Name, m.Value)
		}
	default:
		dst = fmt.Appendf(dst, "<%s>", tag)
		dst = appendText(dst, value)
	}
	return fmt.Appendf(dst, "</%s>", tag)
}

// appendText escapes text; characters that XML 1.0 cannot hold at all become the replacement character.
func appendText(dst []byte, value any) []byte {
	var raw []byte
	switch v := value.(type) {
	case nil:
		return dst
	case string:
		raw = []byte(v)
	default:
		raw = gateway.AppendJSON(nil, v)
	}
	out := bytes.NewBuffer(dst)
	if err := xml.EscapeText(out, raw); err != nil { // a buffer takes everything
		return dst
	}
	return out.Bytes()
}

// elementName keeps names from the specs of others well-formed.
func elementName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if isLetter(r) || r >= '0' && r <= '9' || strings.ContainsRune("_-.", r) {
			return r
		}
		return '_'
	}, name)
	if safe == "" || safe[0] != '_' && !isLetter(rune(safe[0])) {
		return "_" + safe
	}
	return safe
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
