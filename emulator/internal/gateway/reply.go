package gateway

import (
	"bytes"
	"encoding/xml"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// Body is what can be read of a reply's body without knowing its operation.
type Body struct {
	// JSON is the value of a JSON body, nil for every other body.
	JSON any
	// Root is the name of the root element of an XML body, empty for every other body.
	Root string
	// Members are the members of a JSON object, or the texts of the elements right below the root of an XML document.
	Members map[string]any
}

// ReadBody reads the body of a reply as JSON, or else as XML as far as the document is good.
func ReadBody(raw []byte) Body {
	value, err := contract.DecodeJSON(raw)
	if err == nil {
		members, _ := value.(map[string]any)
		return Body{JSON: value, Members: members}
	}
	return readXML(raw)
}

func readXML(raw []byte) Body {
	body := Body{Members: map[string]any{}}
	decoder := xml.NewDecoder(bytes.NewReader(raw))
	var open []string
	for {
		token, err := decoder.Token()
		if err != nil {
			return body
		}
		switch t := token.(type) {
		case xml.StartElement:
			open = append(open, t.Name.Local)
			body.Root = open[0]
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) == 2 {
				body.Members[open[1]] = string(t)
			}
		}
	}
}

// longestCode is how many bytes a text can have to be taken for an error code.
const longestCode = 100

// Code returns the first of the members that holds an error code, as text; empty where none does.
func (b Body) Code(names ...string) string {
	for _, name := range names {
		if code := textOf(b.Members[name]); code != "" && len(code) <= longestCode {
			return code
		}
	}
	return ""
}

func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return string(AppendJSON(nil, value))
}

// textContent is the content type of a body that is neither JSON nor XML.
const textContent = "text/plain;charset=utf-8"

// ContentTypeOf picks the content type of a body by how it begins; an empty body has none.
func ContentTypeOf(body []byte, jsonType, xmlType string) string {
	body = bytes.TrimLeft(body, " \t\r\n")
	if len(body) == 0 {
		return ""
	}
	switch body[0] {
	case '{', '[':
		return jsonType
	case '<':
		return xmlType
	}
	return textContent
}
