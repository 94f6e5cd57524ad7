package acs_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/acs"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The content types, exactly: several SDKs know an XML error by this very text alone.
const (
	sentJSON = "application/json;charset=utf-8"
	sentXML  = "text/xml;charset=utf-8"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ format, accept, want string }{
		"nothing said":           {"-", "", sentJSON},
		"JSON":                   {"JSON", "", sentJSON},
		"json":                   {"json", "", sentJSON},
		"XML":                    {"XML", "", sentXML},
		"xml":                    {"xml", "", sentXML},
		"empty, Accept XML":      {"", "application/xml", sentXML},
		"Accept text/xml":        {"-", "text/xml;q=1", sentXML},
		"Accept JSON before XML": {"-", "application/json, application/xml", sentJSON},
		"Accept anything":        {"-", "*/*", sentJSON},
		"Format over Accept":     {"JSON", "application/xml", sentJSON},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := mqtt()
			d.query = append(d.query, [2]string{"Format", c.format})
			if c.accept != "" {
				d = d.withHeader("Accept", c.accept)
			}
			got := newWorld(t).send(t, newClient().rpc(d, applyToken, mqttRelease))
			got.want(t, "ok")
			if content := got.reply.Header.Get("Content-Type"); content != c.want {
				t.Errorf("got %q", content)
			}
		})
	}
}

// The headers are those of public transcripts of 2023 to 2025.
func TestReplyHeaders(t *testing.T) {
	t.Parallel()
	common := http.Header{
		"Content-Type": {sentJSON}, "X-Acs-Request-Id": {requestID},
		"X-Acs-Trace-Id": {"f1cc3b604e8114454e4bb1dcc251fc14"}, "Access-Control-Allow-Origin": {"*"},
		"Access-Control-Expose-Headers": {"*"}, "Connection": {"keep-alive"}, "Keep-Alive": {"timeout=25"},
	}
	with := func(change func(http.Header)) http.Header {
		header := common.Clone()
		change(header)
		return header
	}
	good, closing := mqtt(), mqtt().withHeader("Connection", "close")
	refused := mqtt()
	refused.query = refused.query.with("Actions", "-")
	tag := []string{acs.EntityTag([]byte(`{"RequestId":"` + requestID + `"}`))}
	for name, c := range map[string]struct {
		d    draft
		want http.Header
	}{
		"success": {good, with(func(h http.Header) { h["Etag"] = tag })},
		"refusal": {refused, common},
		"the client closes, as Ruby says it": {mqtt().withHeader("Connection", "TE, Close"), with(func(h http.Header) {
			h["Etag"] = tag
			h.Del("Connection")
			h.Del("Keep-Alive")
		})},
		"the client closes": {closing, with(func(h http.Header) {
			h["Etag"] = tag
			h.Del("Connection")
			h.Del("Keep-Alive")
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t).send(t, newClient().rpc(c.d, applyToken, mqttRelease))
			if diff := cmp.Diff(c.want, got.reply.Header); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The tags of three replies in public transcripts, the whole body of one of which is known.
func TestEntityTag(t *testing.T) {
	t.Parallel()
	const body = `{"RequestId":"7F75E7B4-4636-53B4-A8DE-5FC4A9E1F876"}`
	if tag := acs.EntityTag([]byte(body)); tag != "5TMxmkRtXpXAdkf/r7rDdEA2" {
		t.Errorf("got %s", tag)
	}
	for length, form := range map[int]string{1201: "^1.{22}1$", 130: "^1.{22}0$", 0: "^0.{22}0$"} {
		if tag := acs.EntityTag(make([]byte, length)); !regexp.MustCompile(form).MatchString(tag) {
			t.Errorf("%d bytes: %s", length, tag)
		}
	}
}

// Clients of today wait before they try again only where the reply says how long, in milliseconds.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code string
		left time.Duration
		want string
	}{
		"Throttling":              {"Throttling", 0, "1000"},
		"Throttling.User":         {"Throttling.User", 0, "1000"},
		"Throttling.Api":          {"Throttling.Api", 0, "1000"},
		"over a quota":            {"Throttling.User", 250 * time.Millisecond, "250"},
		"never too early":         {"Throttling.User", time.Nanosecond, "1"},
		"over the product's own":  {"ApplyTokenOverFlow", time.Hour, "3600000"},
		"the product's, scripted": {"ApplyTokenOverFlow", 0, ""},
		"another error":           {"InternalError", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t).send(t, newClient().rpc(mqtt(), applyToken, mqttRelease))
			reply := got.exchange.Refuse(&wire.Fault{Kind: wire.Documented, Code: c.code, RetryAfter: c.left})
			if wait := reply.Header.Get("X-Acs-Retry-After"); wait != c.want {
				t.Errorf("got %q, want %q", wait, c.want)
			}
		})
	}
}

// inXML asks for a reply in XML.
func inXML() draft {
	d := mqtt()
	d.query = append(d.query, [2]string{"Format", "XML"})
	return d
}

func TestSuccess(t *testing.T) {
	t.Parallel()
	body := wire.Object{
		{Name: "RequestId", Value: requestID},
		{Name: "Zeta", Value: "<&>'\"成\n"},
		{Name: "Alpha", Value: wire.Object{{Name: "Flag", Value: true}, {Name: "Number", Value: int64(-7)}, {Name: "Null", Value: nil}}},
		{Name: "List", Value: []any{"a", wire.Object{{Name: "b", Value: 0.5}}}},
		{Name: "Named", Value: wire.List{Item: "Item", Values: []any{"x", "y"}}},
		{Name: "Map", Value: map[string]any{"z": "1", "a": []any{}}},
	}
	for name, c := range map[string]struct {
		d    draft
		want string
	}{
		"JSON": {mqtt(), `{"RequestId":"` + requestID + `","Zeta":"<&>'\"成\n","Alpha":{"Flag":true,"Number":-7,"Null":null},` +
			`"List":["a",{"b":0.5}],"Named":{"Item":["x","y"]},"Map":{"a":[],"z":"1"}}`},
		"XML": {inXML(), `<?xml version='1.0' encoding='UTF-8'?><ApplyTokenResponse><RequestId>` + requestID + `</RequestId>` +
			`<Zeta>&lt;&amp;&gt;&#39;&#34;成&#xA;</Zeta><Alpha><Flag>true</Flag><Number>-7</Number><Null/></Alpha>` +
			`<List>a</List><List><b>0.5</b></List><Named><Item>x</Item><Item>y</Item></Named><Map><z>1</z></Map></ApplyTokenResponse>`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t).sendFor(t, newClient().rpc(c.d, applyToken, mqttRelease), wire.Result{
				Body: body, Header: http.Header{"X-Documented": {"1"}}, Outcome: "UNKNOWN_ERROR",
			})
			if diff := cmp.Diff(c.want, string(got.reply.Body)); diff != "" {
				t.Error(diff)
			}
			if got.reply.Status != http.StatusOK || got.reply.Header.Get("X-Documented") != "1" || got.code != "UNKNOWN_ERROR" {
				t.Errorf("got %d %v %s", got.reply.Status, got.reply.Header, got.code)
			}
			if diff := cmp.Diff(body, got.reply.Value); diff != "" {
				t.Errorf("the value to check: %s", diff)
			}
		})
	}
}

// refusal is the error object as SDKs read it.
type refusal struct {
	XMLName   xml.Name `json:"-"`
	RequestID string   `json:"RequestId" xml:"RequestId"`
	HostID    string   `json:"HostId" xml:"HostId"`
	Code      string   `json:"Code" xml:"Code"`
	Message   string   `json:"Message" xml:"Message"`
	Recommend string   `json:"Recommend" xml:"Recommend"`
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	without := func(d draft, name string) draft {
		d.query = d.query.with(name, "-")
		return d
	}
	shop := draft{method: http.MethodPost, path: "/", host: host}
	const link = "https://api.aliyun.com/troubleshoot?q="
	for name, c := range map[string]struct {
		req    *wire.Request
		status int
		want   refusal
	}{
		"of an operation": {
			newClient().rpc(without(mqtt(), "Actions"), applyToken, mqttRelease), 400, refusal{
				Code: "MissingActions", Message: "Actions is mandatory for this action.",
				Recommend: link + "MissingActions&product=OnsMqtt&requestId=" + requestID,
			},
		},
		"without operation": {
			newClient().rpc(shop, "Nothing", "1"), 404, refusal{
				Code: "InvalidAction.NotFound", Message: "Specified api is not found, please check your url and method.",
				Recommend: link + "InvalidAction.NotFound&product=&requestId=" + requestID,
			},
		},
		"method": {
			newClient().rpc(draft{method: "PUT", path: "/", host: host}, applyToken, mqttRelease), 403, refusal{
				Code: "UnsupportedHTTPMethod", Message: "This http method not supported.",
				Recommend: link + "UnsupportedHTTPMethod&product=OnsMqtt&requestId=" + requestID,
			},
		},
		"a product in need of escapes": {
			newClient().request(draft{method: "POST", path: "/", host: host, query: pairs{{"Action", "ShopList"}, {"Version", "2026-01-01"}}}),
			400,
			refusal{
				Code: "MissingAccessKeyId", Message: "AccessKeyId is mandatory for this action.",
				Recommend: link + "MissingAccessKeyId&product=Shop+%26+Co&requestId=" + requestID,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.RequestID, c.want.HostID = requestID, host
			got := newWorld(t).send(t, c.req)
			got.want(t, c.want.Code)
			if got.reply.Status != c.status || got.reply.Header.Get("X-Acs-Request-Id") != requestID {
				t.Errorf("got %d %v", got.reply.Status, got.reply.Header)
			}
			var sent refusal
			if err := json.Unmarshal(got.reply.Body, &sent); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, sent); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every refusal is an object of strings alone, alibaba-cloud-sdk-go v1.63.107 panics on anything else, and the same in XML.
func TestRefusalsAreStrings(t *testing.T) {
	t.Parallel()
	for styleName, defects := range map[string][]defect{"rpc v1": rpcDefects(), "v3 rpc": v3Defects(), "roa v1": roaDefects()} {
		for _, one := range defects {
			t.Run(styleName+"/"+one.name, func(t *testing.T) {
				t.Parallel()
				got := sendDefective(t, styleOf(t, styleName), one)
				members := map[string]string{}
				if err := json.Unmarshal(got.reply.Body, &members); err != nil {
					t.Fatalf("%v: %s", err, got.reply.Body)
				}
				for _, name := range []string{"RequestId", "HostId", "Code", "Message", "Recommend"} {
					if members[name] == "" {
						t.Errorf("%s is empty or absent: %s", name, got.reply.Body)
					}
				}
				if len(members) != 5 || got.reply.Header.Get("Content-Type") != sentJSON {
					t.Errorf("got %v %s", got.reply.Header, got.reply.Body)
				}
				if op := got.exchange.Operation(); op != nil {
					if err := op.CheckReply(got.reply.Status, got.reply.Value); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

func TestRefusalInXML(t *testing.T) {
	t.Parallel()
	d := inXML()
	d.query = append(d.query.with("Resources", "<a>&\x01"), [2]string{"Odd", "]]>\xff"})
	c := newClient()
	c.secret = "wrong"
	got := newWorld(t).send(t, c.rpc(d, applyToken, mqttRelease))
	got.want(t, "SignatureDoesNotMatch")
	if got.reply.Header.Get("Content-Type") != sentXML {
		t.Errorf("got %v", got.reply.Header)
	}
	wellFormed(t, got.reply.Body)
	var sent refusal
	if err := xml.Unmarshal(got.reply.Body, &sent); err != nil {
		t.Fatal(err)
	}
	if sent.XMLName.Local != "Error" || sent.Code != "SignatureDoesNotMatch" || sent.RequestID != requestID ||
		sent.HostID != host || !strings.Contains(sent.Message, "server string to sign is:POST&%2F&") {
		t.Errorf("got %+v", sent)
	}
}

// wellFormed reads XML to its end.
func wellFormed(tb testing.TB, body []byte) {
	tb.Helper()
	decoder := xml.NewDecoder(strings.NewReader(string(body)))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			tb.Fatalf("%v: %s", err, body)
		}
	}
}

// A bad format cannot be answered in itself: the refusal is JSON.
func TestBadFormatIsAnsweredInJSON(t *testing.T) {
	t.Parallel()
	d := mqtt()
	d.query = append(d.query, [2]string{"Format", "CSV"})
	got := newWorld(t).send(t, newClient().rpc(d, applyToken, mqttRelease))
	got.want(t, "InvalidParameter.Format")
	if !json.Valid(got.reply.Body) || got.reply.Header.Get("Content-Type") != sentJSON {
		t.Errorf("got %v %s", got.reply.Header, got.reply.Body)
	}
}

// An error that its provider sends with HTTP 200 has the envelope of a success: SDKs do not raise it.
func TestBusinessFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ accept, kind, want string }{
		"JSON": {"application/json", sentJSON, `{"requestId":"` + requestID + `","success":false,"errCode":"UNKNOWN_ERROR",` +
			`"errMessage":"未知错误","httpStatusCode":200}`},
		"XML": {"application/xml", sentXML, `<?xml version='1.0' encoding='UTF-8'?><CreateAccessWarrantResponse><requestId>` +
			requestID + `</requestId><success>false</success><errCode>UNKNOWN_ERROR</errCode><errMessage>未知错误</errMessage>` +
			`<httpStatusCode>200</httpStatusCode></CreateAccessWarrantResponse>`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t).send(t, newClient().v3(warrant().withHeader("Accept", c.accept), "CreateAccessWarrant", "20240611"))
			got.want(t, "ok")
			reply := got.exchange.Refuse(&wire.Fault{Kind: wire.Documented, Code: "UNKNOWN_ERROR"})
			if diff := cmp.Diff(c.want, string(reply.Body)); diff != "" {
				t.Error(diff)
			}
			if reply.Status != http.StatusOK || reply.Outcome != "UNKNOWN_ERROR" || reply.Header.Get("Content-Type") != c.kind {
				t.Errorf("got %d %s %v", reply.Status, reply.Outcome, reply.Header)
			}
			if err := got.exchange.Operation().CheckReply(reply.Status, reply.Value); err != nil {
				t.Error(err)
			}
		})
	}
}
