package scenario

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/wire"
)

// OutcomeRespond is the outcome of a scripted reply whose body carries no code of the provider.
const OutcomeRespond = "respond"

// contentOf is the content type of a body whose script names none, in the very text by which SDKs of acs know JSON and
// XML; the others compare less closely.
func contentOf(body string) string {
	switch body = strings.TrimLeft(body, " \t\r\n"); {
	case strings.HasPrefix(body, "{"), strings.HasPrefix(body, "["):
		return "application/json;charset=utf-8"
	case strings.HasPrefix(body, "<"):
		return "text/xml;charset=utf-8"
	case body == "":
		return ""
	}
	return "text/plain;charset=utf-8"
}

// outcomeOf is the provider's code that a reply carries, by the rule with which documented errors are named.
func outcomeOf(gateway string, reply *wire.Reply, value any) string {
	members, ok := value.(map[string]any)
	if !ok {
		members = membersOfXML(reply.Body)
	}
	if inner, ok := members["error_response"].(map[string]any); ok {
		members = inner
	}
	for _, name := range []string{"Code", "sub_code", "code", "errCode"} {
		if code := plain(members[name]); code != "" && len(code) <= maxShown {
			return code
		}
	}
	// A business failure of fabric is a result code inside a 200; 0 is success.
	code := plain(members["resultCode"])
	switch {
	case gateway == "fabric" && reply.Status != http.StatusOK:
		return strconv.Itoa(reply.Status)
	case gateway == "fabric" && code != "" && strings.Trim(code, "0") != "" && len(code) <= maxShown:
		return "resultCode." + code
	}
	return OutcomeRespond
}

// membersOfXML reads the elements below the root of a short XML document, texts alone.
func membersOfXML(body []byte) map[string]any {
	members := map[string]any{}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	depth, name := 0, ""
	for {
		token, err := decoder.Token()
		if err != nil {
			return members
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			name = t.Name.Local
		case xml.EndElement:
			depth--
			name = ""
		case xml.CharData:
			if depth == 2 && name != "" {
				members[name] = string(t)
			}
		}
	}
}
