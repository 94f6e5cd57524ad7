package oss

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const (
	xmlContent = "application/xml"
	// jsonContent is that of scripts: the service itself answers in XML.
	jsonContent = "application/json"
	xmlProlog   = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

	requestIDHeader = "X-Oss-Request-Id"
	// Of a refusal without a body, as to HEAD, headers tell (SDKs ali-oss 6.23.0 and alibabacloud-oss-go-sdk-v2 1.6.1
	// read the first).
	errorHeader = "X-Oss-Err"
	ecHeader    = "X-Oss-Ec"
)

// Reply sends what the operation answers: bytes as they are, an object as XML, nothing for an empty one.
func (x *exchange) Reply(result wire.Result) wire.Reply {
	reply := wire.Reply{
		Status: cmp.Or(result.Status, http.StatusOK), Header: x.replyHeader(), Body: result.Content,
		Outcome: cmp.Or(result.Outcome, wire.OutcomeOK),
	}
	if result.Content == nil && result.Header["Content-Length"] == nil {
		reply.Value = result.Body
		if result.Body == nil {
			reply.Value = wire.Object{}
		}
	}
	if len(result.Body) > 0 {
		reply.Header.Set("Content-Type", xmlContent)
		reply.Body = []byte(xmlProlog)
		for _, root := range result.Body {
			reply.Body = gateway.AppendXML(reply.Body, root.Name, root.Value)
		}
	}
	maps.Copy(reply.Header, result.Header)
	return reply
}

// replyHeader holds what every reply has, but for the date.
func (x *exchange) replyHeader() http.Header {
	header := http.Header{requestIDHeader: {x.call.ID}, "Server": {"AliyunOSS"}, "X-Oss-Server-Time": {"1"}}
	allowOrigin(x.req, header)
	return header
}

// Refuse sends the error document.
func (x *exchange) Refuse(fault *wire.Fault) wire.Reply {
	answer := table.Answer(x.gateway.spec, x.op, fault)
	if answer.Name == signatureError {
		answer.Detail = cmp.Or(causeOf(x.claim.style), answer.Detail)
	}
	host := x.req.Host
	body := wire.Object{
		{Name: "Code", Value: answer.Name},
		{Name: "Message", Value: answer.Message},
		{Name: "RequestId", Value: x.call.ID},
		{Name: "HostId", Value: host},
	}
	body = append(body, x.details(answer.Name)...)
	if answer.Detail != "" {
		body = append(body, wire.Member{Name: "EC", Value: answer.Detail},
			wire.Member{Name: "RecommendDoc", Value: "https://api.aliyun.com/troubleshoot?q=" + answer.Detail})
	}
	reply := wire.Reply{Status: answer.Status, Header: x.replyHeader(), Value: body, Outcome: answer.Name}
	reply.Body = gateway.AppendXML([]byte(xmlProlog), "Error", body)
	reply.Header.Set("Content-Type", xmlContent)
	if x.req.Method == http.MethodHead {
		reply.Header.Set(errorHeader, base64.StdEncoding.EncodeToString(reply.Body))
	}
	if answer.Detail != "" {
		reply.Header.Set(ecHeader, answer.Detail)
	}
	if x.allow != "" {
		reply.Header.Set("Allow", x.allow)
	}
	return reply
}

const signatureError = "SignatureDoesNotMatch"

// causeOf is the EC of a wrong signature where it is another than that of version 1 (documentation, 0002-00000201 and
// 0002-00000705).
func causeOf(s style) string {
	switch {
	case s.inForm():
		return "0002-00000705"
	case s.isV4():
		return "0002-00000201"
	}
	return ""
}

// details are the further members of some errors, as public transcripts show them.
func (x *exchange) details(code string) wire.Object {
	var body wire.Object
	add := func(name string, value any) { body = append(body, wire.Member{Name: name, Value: value}) }
	switch code {
	case "InvalidAccessKeyId":
		add(keyParameter, validUTF8(x.claim.accessKeyID))
	case signatureError:
		add(keyParameter, validUTF8(x.claim.accessKeyID))
		add("SignatureProvided", validUTF8(x.claim.signature))
		if x.wanted != nil {
			body = append(body, stringsOf(x.wanted)...)
		}
	case "RequestTimeTooSkewed":
		add("MaxAllowedSkewMilliseconds", window.Milliseconds())
		if at, err := x.signedAt(); err == nil {
			add("RequestTime", at.UTC().Format(instantLayout))
		}
	case "NoSuchKey":
		add("Key", validUTF8(x.target.object))
	case "NoSuchUpload":
		add("UploadId", validUTF8(x.query[uploadIDParameter]))
	case "MethodNotAllowed":
		add("Method", x.req.Method)
		add("ResourceType", x.resourceType())
	}
	return body
}

// instantLayout is how errors and lists write an instant in UTC.
const instantLayout = "2006-01-02T15:04:05.000Z"

// maxShown is how much of a string to sign a reply shows; a reply should stay smaller than its request.
const maxShown = 32 << 10

// stringsOf are the strings that were signed here.
func stringsOf(right *way) wire.Object {
	text := right.text()
	signed := right.stringToSign(text)
	body := wire.Object{
		{Name: "StringToSign", Value: gateway.Cut(validUTF8(signed), maxShown)},
		{Name: "StringToSignBytes", Value: spaced(signed)},
	}
	if right.v4 && right.policy == "" {
		body = append(body, wire.Member{Name: "CanonicalRequest", Value: gateway.Cut(validUTF8(text), maxShown)})
	}
	return body
}

// spaced are the bytes of a text in hex, a blank behind each.
func spaced(text string) string {
	return fmt.Sprintf("% X ", text[:min(len(text), maxShown/8)])
}

func (x *exchange) resourceType() string {
	switch {
	case x.target.object != "":
		return "Object"
	case x.target.bucket != "":
		return "Bucket"
	}
	return "Service"
}

func validUTF8(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// ReadReply reads the code of an error.
func (*Gateway) ReadReply(reply wire.Reply) (outcome string, value any) {
	body := gateway.ReadBody(reply.Body)
	if body.Root != "Error" {
		return "", body.JSON
	}
	return body.Code("Code"), body.JSON
}

// ContentType is the content type of a body.
func (*Gateway) ContentType(body []byte) string {
	return gateway.ContentTypeOf(body, jsonContent, xmlContent)
}
