package acs

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Content types exactly as SDKs compare them: several recognize an XML error only by this very text.
const (
	jsonContent = "application/json;charset=utf-8"
	xmlContent  = "text/xml;charset=utf-8"
)

// xmlProlog begins an answer in XML.
const xmlProlog = `<?xml version='1.0' encoding='UTF-8'?>`

// Both as values of a header, which nobody changes.
var (
	jsonContents = []string{jsonContent}
	xmlContents  = []string{xmlContent}
)

// Reply sends the operation's body. In XML its root is <Action>Response.
func (x *exchange) Reply(result wire.Result) wire.Reply {
	root := "Response"
	if x.op != nil {
		root = x.op.ID + "Response"
	}
	reply := x.encode(cmp.Or(result.Status, http.StatusOK), root, result.Body)
	for name, values := range result.Header {
		reply.Header[name] = values
	}
	reply.Outcome = wire.OutcomeOK
	if result.Outcome != "" {
		reply.Outcome = result.Outcome
	}
	return reply
}

// Refuse sends the error object. Every member is a string: one SDK panics on anything else.
func (x *exchange) Refuse(fault *wire.Fault) wire.Reply {
	answer := table.Answer(x.gateway.spec, x.op, fault)
	if answer.Status == http.StatusOK {
		return x.businessFailure(answer)
	}
	reply := x.encode(answer.Status, "Error", wire.Object{
		{Name: "RequestId", Value: x.call.ID},
		{Name: "HostId", Value: x.req.Host},
		{Name: "Code", Value: answer.Name},
		{Name: "Message", Value: answer.Message},
		{Name: "Recommend", Value: x.recommend(answer.Name)},
	})
	if wait := retryAfter(answer.Name, fault.RetryAfter); wait > 0 {
		reply.Header.Set(retryAfterHeader, strconv.FormatInt(wait, 10))
	}
	reply.Outcome = answer.Name
	return reply
}

// businessFailure is an error that its provider sends with HTTP 200: the SingleResponse envelope of
// CreateAccessWarrant, Response elements. SDKs do not raise it.
func (x *exchange) businessFailure(answer gateway.Answer) wire.Reply {
	reply := x.encode(http.StatusOK, x.op.ID+"Response", wire.Object{
		{Name: "requestId", Value: x.call.ID},
		{Name: "success", Value: false},
		{Name: "errCode", Value: answer.Name},
		{Name: "errMessage", Value: answer.Message},
		{Name: "httpStatusCode", Value: http.StatusOK},
	})
	reply.Outcome = answer.Name
	return reply
}

// recommend is the link to the provider's page about the code, in the form of newer replies.
func (x *exchange) recommend(code string) string {
	product := ""
	if x.op != nil {
		product = x.op.API.Product
	}
	return "https://api.aliyun.com/troubleshoot?q=" + url.QueryEscape(code) + "&product=" + url.QueryEscape(product) +
		"&requestId=" + url.QueryEscape(x.call.ID)
}

func (x *exchange) encode(status int, root string, body wire.Object) wire.Reply {
	reply := wire.Reply{Status: status, Value: body}
	content := jsonContents
	if x.xml {
		content = xmlContents
		reply.Body = gateway.AppendXML([]byte(xmlProlog), root, body)
	} else {
		reply.Body = gateway.AppendJSON(make([]byte, 0, 512), reply.Value)
	}
	reply.Header = x.replyHeader(status, content, reply.Body)
	return reply
}

// ReadReply reads the code of an error or a business failure.
func (*Gateway) ReadReply(reply wire.Reply) (outcome string, value any) {
	body := gateway.ReadBody(reply.Body)
	return body.Code("Code", "errCode"), body.JSON
}

// ContentType is the content type of a body.
func (*Gateway) ContentType(body []byte) string {
	return gateway.ContentTypeOf(body, jsonContent, xmlContent)
}
