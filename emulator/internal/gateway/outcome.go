package gateway

import (
	"bytes"
	"encoding/xml"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// maxCode is the longest text that is taken for a code.
const maxCode = 100

// ReadMembers reads the members of a body that is a JSON object, or the elements right below the root of one that is
// XML, as far as the body is good. The root is empty for JSON.
func ReadMembers(body []byte) (root string, members map[string]any) {
	value, err := contract.DecodeJSON(body)
	if err != nil {
		return readXML(body)
	}
	members, _ = value.(map[string]any)
	return "", members
}

// readXML reads the root of a document and the texts of the elements right below it.
func readXML(body []byte) (root string, members map[string]any) {
	members = map[string]any{}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	var open []string
	for {
		token, err := decoder.Token()
		if err != nil {
			return root, members
		}
		switch t := token.(type) {
		case xml.StartElement:
			open = append(open, t.Name.Local)
			root = open[0]
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) == 2 {
				members[open[1]] = string(t)
			}
		}
	}
}

// CodeIn is the first of the named members that can be a code, as text; empty when none is.
func CodeIn(members map[string]any, names ...string) string {
	for _, name := range names {
		code := ""
		switch v := members[name].(type) {
		case string:
			code = v
		case int64:
			code = strconv.FormatInt(v, 10)
		}
		if code != "" && len(code) <= maxCode {
			return code
		}
	}
	return ""
}
