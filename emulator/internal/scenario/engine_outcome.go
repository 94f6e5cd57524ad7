package scenario

import "strings"

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
