package scenario

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// OutcomeRespond is the outcome of a scripted reply whose body carries no code of the provider.
const OutcomeRespond = "respond"

// contentOf is the content type of a body whose script names none, in the very text by which SDKs of acs know JSON and
// XML; those of the other gateways compare less closely.
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

// topError is the root of an error of gateway top, in JSON and XML alike.
const topError = "error_response"

// outcomeOf is the provider's code that a reply carries, by the rules by which documented errors are named.
func outcomeOf(gateway string, reply *wire.Reply, value any) string {
	members, isJSON := value.(map[string]any)
	root := ""
	if !isJSON {
		root, members = readXML(reply.Body)
	} else if inner, ok := members[topError].(map[string]any); ok {
		root, members = topError, inner
	}
	switch {
	case gateway == "acs":
		return codeIn(members, "Code", "errCode")
	case gateway == "top" && root == topError:
		return codeIn(members, "sub_code", "code")
	case gateway == "fabric" && reply.Status != http.StatusOK:
		return strconv.Itoa(reply.Status)
	case gateway == "fabric" && strings.Trim(plain(members["resultCode"]), "0") != "":
		return "resultCode." + codeIn(members, "resultCode")
	}
	return OutcomeRespond
}

func codeIn(members map[string]any, names ...string) string {
	for _, name := range names {
		if code := plain(members[name]); code != "" && len(code) <= maxShown {
			return code
		}
	}
	return OutcomeRespond
}

// readXML reads the root of a document and the texts of the elements right below it, as far as the document is good.
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
