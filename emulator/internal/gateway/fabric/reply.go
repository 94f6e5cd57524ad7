package fabric

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The gateway itself sends JSON alone; XML comes from scripts.
const (
	jsonContent = "application/json;charset=UTF-8"
	xmlContent  = "text/xml;charset=UTF-8"
)

// businessFailure begins the code of a documented error that is an HTTP 200 with a result code of its own.
const businessFailure = "resultCode."

// Reply sends the operation's body as it is: there is no envelope around success.
func (x *exchange) Reply(result wire.Result) wire.Reply {
	reply := encode(cmp.Or(result.Status, http.StatusOK), result.Body)
	maps.Copy(reply.Header, result.Header)
	reply.Outcome = wire.OutcomeOK
	if result.Outcome != "" {
		reply.Outcome = result.Outcome
	}
	return reply
}

// Refuse sends the one documented error body (page click-to-dial guide, response of a lapsed AccessToken), or that of
// a business failure. errorCode is always "0": the page shows no other value.
func (x *exchange) Refuse(fault *wire.Fault) wire.Reply {
	answer := table.Answer(x.gateway.spec, x.op, fault)
	body := wire.Object{{Name: "errorCode", Value: "0"}, {Name: "exceptionInfo", Value: answer.Message}}
	if code, ok := strings.CutPrefix(answer.Name, businessFailure); ok {
		body = wire.Object{{Name: "resultCode", Value: code}}
		if x.namesReturnCode() {
			body = append(body, wire.Member{Name: "returnCode", Value: code})
		}
		if answer.Message != "" {
			body = append(body, wire.Member{Name: "resultDesc", Value: answer.Message})
		}
	}
	reply := encode(answer.Status, body)
	if x.allow != "" {
		reply.Header.Set("Allow", x.allow)
	}
	reply.Outcome = answer.Name
	return reply
}

// namesReturnCode reports whether the operation's page calls its result code so; a public client reads resultCode there
// too.
func (x *exchange) namesReturnCode() bool {
	return x.op != nil && slices.ContainsFunc(x.op.Reply(), func(m contract.Member) bool { return m.Name == "returnCode" })
}

func encode(status int, body wire.Object) wire.Reply {
	return wire.Reply{
		Status: status, Header: http.Header{"Content-Type": {jsonContent}},
		Body: gateway.AppendJSON(make([]byte, 0, 512), body), Value: body,
	}
}

// ReadReply reads the status of an error, or the result code of a business failure: one of zeros alone is a success.
func (*Gateway) ReadReply(reply wire.Reply) (outcome string, value any) {
	body := gateway.ReadBody(reply.Body)
	if reply.Status != http.StatusOK {
		return strconv.Itoa(reply.Status), body.JSON
	}
	if code := body.Code("resultCode"); strings.Trim(code, "0") != "" {
		return businessFailure + code, body.JSON
	}
	return "", body.JSON
}

// ContentType is the content type of a body.
func (*Gateway) ContentType(body []byte) string {
	return gateway.ContentTypeOf(body, jsonContent, xmlContent)
}
