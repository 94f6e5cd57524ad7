package top

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The official Node SDK (taobao-sdk 2.0.5) parses JSON under text/javascript and application/json alone;
// top-sdk-java asks for text/xml and text/javascript.
const (
	jsonContent = "text/javascript;charset=UTF-8"
	xmlContent  = "text/xml;charset=UTF-8"
)

const errorRoot = "error_response"

// Reply implements gateway.Exchange.
func (e *exchange) Reply(result wire.Result) wire.Reply {
	root := responseRoot(e.params.values["method"])
	body := append(successMembers(unwrap(root, result.Body)), wire.Member{Name: "request_id", Value: e.call.ID})
	reply := e.send(root, body, e.params.values["simplify"] == "true")
	for name, values := range result.Header {
		if _, ours := reply.Header[name]; !ours {
			reply.Header[name] = slices.Clone(values)
		}
	}
	reply.Outcome = cmp.Or(result.Outcome, wire.OutcomeOK)
	return reply
}

// Refuse implements gateway.Exchange. Members without a value are left out, as quoted live answers do.
func (e *exchange) Refuse(fault *wire.Fault) wire.Reply {
	answer := e.gateway.table.Answer(e.gateway.document, e.operation, fault)
	number, subCode := answer.Number, answer.Name
	if n, err := strconv.Atoi(answer.Name); err == nil {
		number, subCode = n, ""
	}
	body := wire.Object{{Name: "code", Value: number}, {Name: "msg", Value: answer.Message}}
	if subCode != "" {
		body = append(body, wire.Member{Name: "sub_code", Value: subCode})
	}
	if answer.Detail != "" {
		body = append(body, wire.Member{Name: "sub_msg", Value: answer.Detail})
	}
	reply := e.send(errorRoot, append(body, wire.Member{Name: "request_id", Value: e.call.ID}), false)
	reply.Outcome = answer.Name
	return reply
}

// responseRoot is the name of a method's answer; SDKs derive it in the same way and drop a leading "taobao." alone.
func responseRoot(method string) string {
	return strings.ReplaceAll(strings.TrimPrefix(method, "taobao."), ".", "_") + "_response"
}

// unwrap takes the root off a body that was made from the spec, whose reply has it already.
func unwrap(root string, body wire.Object) wire.Object {
	if len(body) == 1 && body[0].Name == root {
		return gateway.Ordered(body[0].Value)
	}
	return body
}

// successMembers leaves out what the envelope adds itself, and what top-sdk-java would take for an error: it reads
// code, msg, sub_code and sub_msg from a success too.
func successMembers(body wire.Object) wire.Object {
	return slices.DeleteFunc(slices.Clone(body), func(m wire.Member) bool {
		switch m.Name {
		case "request_id", "code", "msg", "sub_code", "sub_msg":
			return true
		}
		return false
	})
}

// send writes a body in the format that the client asked for. The status is 200 also for errors: the official Node,
// PHP and Python SDKs take any other one for a failure of the transport and lose the error. Nothing is compressed: the
// official Node SDK fails on gzip.
func (e *exchange) send(root string, body wire.Object, simplified bool) wire.Reply {
	wrapped := wire.Object{{Name: root, Value: shaped(body, false)}}
	reply := wire.Reply{Status: http.StatusOK, Value: wrapped}
	content := jsonContent
	switch {
	case !e.wantsJSON():
		content = xmlContent
		reply.Body = appendDocument(nil, root, shaped(body, false), e.call.ID)
	case simplified:
		reply.Body = gateway.AppendJSON(nil, shaped(body, true))
	default:
		reply.Body = gateway.AppendJSON(nil, wrapped)
	}
	on := machineOf(e.call.ID)
	reply.Header = http.Header{
		"Content-Type": {content}, "Application-Host": {on.address()}, "Location-Host": {on.name()},
		"Server": {"Tengine"}, "Top-Bodylength": {strconv.Itoa(len(reply.Body))},
	}
	return reply
}

// shaped is a value as the platform sends it: absent members are left out, an empty list is an empty object, and lists
// lose their wrapper when the client asked for the simplified form. The XML is written from the same shape.
func shaped(value any, simplified bool) any {
	switch v := value.(type) {
	case map[string]any:
		return shaped(gateway.Sorted(v), simplified)
	case wire.Object:
		if list, ok := asList(v); ok {
			return shaped(list, simplified)
		}
		object := make(wire.Object, 0, len(v))
		for _, m := range v {
			if m.Value != nil {
				object = append(object, wire.Member{Name: m.Name, Value: shaped(m.Value, simplified)})
			}
		}
		return object
	case wire.List:
		values := shapedAll(v.Values, simplified)
		switch {
		case simplified:
			return values
		case len(values) == 0:
			return wire.Object{}
		}
		return wire.List{Item: v.Item, Values: values}
	case []any:
		return shapedAll(v, simplified)
	}
	return value
}

func shapedAll(values []any, simplified bool) []any {
	all := make([]any, len(values))
	for i, value := range values {
		all[i] = shaped(value, simplified)
	}
	return all
}

// asList recognises a list in the shape of the spec, {"datas":[…]}: the platform wraps every list, so an object with
// one array and nothing else is one.
func asList(object wire.Object) (wire.List, bool) {
	if len(object) != 1 {
		return wire.List{}, false
	}
	values, ok := object[0].Value.([]any)
	return wire.List{Item: object[0].Name, Values: values}, ok
}

// ReadReply implements gateway.Gateway. A reply is an error when its root says so; its sub_code counts before its code.
func (g *Gateway) ReadReply(reply wire.Reply) (outcome string, value any) {
	body := gateway.ReadBody(reply.Body)
	value = body.JSON
	if inner, ok := body.Members[errorRoot].(map[string]any); ok {
		body.Root, body.Members = errorRoot, inner
	}
	if body.Root != errorRoot {
		return "", value
	}
	return body.Code("sub_code", "code"), value
}

// ContentType implements gateway.Gateway.
func (g *Gateway) ContentType(body []byte) string {
	return gateway.ContentTypeOf(body, jsonContent, xmlContent)
}
