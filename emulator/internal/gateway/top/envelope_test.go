package top_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const prolog = `<?xml version="1.0" encoding="utf-8" ?>`

// sample is a result with a value of each kind.
func sample() wire.Object {
	return wire.Object{
		{Name: "result", Value: wire.Object{
			{Name: "text", Value: "<上传> & \"x\"\x00/"},
			{Name: "absent", Value: nil},
			{Name: "policy", Value: wire.Object{
				{Name: "version", Value: "1"},
				{Name: "statement", Value: wire.List{Item: "datas", Values: []any{
					wire.Object{
						{Name: "resource", Value: wire.List{Item: "string", Values: []any{"r"}}},
						{Name: "action", Value: wire.List{Item: "string", Values: []any{"a", "b"}}},
					},
				}}},
				{Name: "nothing", Value: wire.List{Item: "string"}},
			}},
		}},
		{Name: "resp_code", Value: 0},
		{Name: "resp_success", Value: true},
	}
}

func TestSuccessEnvelopes(t *testing.T) {
	t.Parallel()
	const root = tokenRoot
	inner := `"result":{"text":"<上传> & \"x\"\u0000/","policy":{"version":"1",` +
		`"statement":{"datas":[{"resource":{"string":["r"]},"action":{"string":["a","b"]}}]},"nothing":{}}},` +
		`"resp_code":0,"resp_success":true,"request_id":"` + requestID + `"`
	xmlBody := prolog + "<" + root + "><result><text>&lt;上传&gt; &amp; &#34;x&#34;\uFFFD/</text>" +
		`<policy><version>1</version><statement list="true"><datas><resource list="true"><string>r</string></resource>` +
		`<action list="true"><string>a</string><string>b</string></action></datas></statement>` +
		`<nothing></nothing></policy></result>` +
		"<resp_code>0</resp_code><resp_success>true</resp_success><request_id>" + requestID + "</request_id></" + root + ">" +
		machine
	const jsonType, xmlType = "text/javascript;charset=UTF-8", "text/xml;charset=UTF-8"
	tests := []struct {
		name, format, simplify, contentType, body string
	}{
		{"JSON", "json", "-", jsonType, `{"` + root + `":{` + inner + `}}`},
		{"JSON in capitals", "JSON", "false", jsonType, `{"` + root + `":{` + inner + `}}`},
		{
			"simplified", "json", "true", jsonType, `{"result":{"text":"<上传> & \"x\"\u0000/","policy":{"version":"1",` +
				`"statement":[{"resource":["r"],"action":["a","b"]}],"nothing":[]}},` +
				`"resp_code":0,"resp_success":true,"request_id":"` + requestID + `"}`,
		},
		{"XML", "xml", "-", xmlType, xmlBody},
		{"XML by default", "-", "-", xmlType, xmlBody},
		{"XML is never simplified", "xml", "true", xmlType, xmlBody},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon)
			params := with(public(), "format", tt.format, "simplify", tt.simplify)
			got := w.send(t, post(signed(params, appSecret)), wire.Result{Body: sample()}).reply
			if got.Status != http.StatusOK || got.Outcome != "ok" {
				t.Errorf("got status %d, outcome %s", got.Status, got.Outcome)
			}
			want := http.Header{
				"Content-Type": {tt.contentType}, "Server": {"Tengine"}, "Top-Bodylength": {strconv.Itoa(len(tt.body))},
				"Application-Host": {"11.188.76.165"}, "Location-Host": {"top011188076165.ts1"},
			}
			if diff := cmp.Diff(want, got.Header); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.body, string(got.Body)); diff != "" {
				t.Error(diff)
			}
			// The value is what the spec describes, whatever the format.
			if diff := cmp.Diff(`{"`+root+`":{`+inner+`}}`, string(sortedLike(got.Value))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// sortedLike writes a value in the order in which sample has its members.
func sortedLike(value any) []byte {
	root := contract.Plain(value).(map[string]any)[tokenRoot].(map[string]any)
	result := root["result"].(map[string]any)
	policy := result["policy"].(map[string]any)
	statement := policy["statement"].(map[string]any)["datas"].([]any)[0].(map[string]any)
	return gateway.AppendJSON(nil, wire.Object{{Name: tokenRoot, Value: wire.Object{
		{Name: "result", Value: wire.Object{
			{Name: "text", Value: result["text"]},
			{Name: "policy", Value: wire.Object{
				{Name: "version", Value: policy["version"]},
				{Name: "statement", Value: wire.List{Item: "datas", Values: []any{wire.Object{
					{Name: "resource", Value: statement["resource"]}, {Name: "action", Value: statement["action"]},
				}}}},
				{Name: "nothing", Value: policy["nothing"]},
			}},
		}},
		{Name: "resp_code", Value: root["resp_code"]},
		{Name: "resp_success", Value: root["resp_success"]},
		{Name: "request_id", Value: root["request_id"]},
	}}})
}

func TestErrorEnvelopes(t *testing.T) {
	t.Parallel()
	good := signed(public(), appSecret)
	id := `"request_id":"` + requestID + `"}}`
	tests := []struct {
		name   string
		params map[string]string
		body   string
	}{
		{
			"nothing sent", nil,
			prolog + "<error_response><code>21</code><msg>Missing method</msg>" +
				"<sub_msg>http传入的参数加入method字段</sub_msg>" +
				"<request_id>" + requestID + "</request_id></error_response>" + machine,
		},
		{
			"number alone", with(good, "sign", "x"),
			`{"error_response":{"code":25,"msg":"Invalid signature",` + id,
		},
		{
			"number and name", with(good, "app_key", "x", "simplify", "true"),
			`{"error_response":{"code":29,"msg":"Invalid app Key","sub_code":"isv.appkey-not-exists",` + id,
		},
		{
			"number and name in XML", with(good, "app_key", "x", "format", "xml"),
			prolog + "<error_response><code>29</code><msg>Invalid app Key</msg><sub_code>isv.appkey-not-exists</sub_code>" +
				"<request_id>" + requestID + "</request_id></error_response>" + machine,
		},
		{
			"number, name and text", signed(with(public(), "param", "["), appSecret),
			`{"error_response":{"code":50,"msg":"Remote service error","sub_code":"isv.invalid-parameter",` +
				`"sub_msg":"非法参数",` + id,
		},
		{
			"unreadable format", with(good, "format", "json2"),
			prolog + "<error_response><code>23</code><msg>Invalid format</msg><request_id>" + requestID +
				"</request_id></error_response>" + machine,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon)
			got := w.send(t, post(tt.params), wire.Result{}).reply
			if diff := cmp.Diff(tt.body, string(got.Body)); diff != "" {
				t.Error(diff)
			}
			if got.Status != http.StatusOK || got.Outcome == "ok" || got.Header.Get("Content-Type") == "" {
				t.Errorf("got status %d, outcome %s, header %v", got.Status, got.Outcome, got.Header)
			}
		})
	}
}

func TestScriptedErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault wire.Fault
		body  string
	}{
		{
			"placeholders",
			wire.Fault{
				Kind: wire.Documented, Code: "isv.permission-ip-whitelist-limit", Fill: []string{"1", "2", "3"},
			},
			`"code":11,"msg":"Insufficient isv permissions","sub_code":"isv.permission-ip-whitelist-limit",` +
				`"sub_msg":"The appkey 1 is only allowed to call from 2, but your ip is 3",`,
		},
		{
			"a detail behind the sub_code",
			wire.Fault{Kind: wire.Documented, Code: "isv.invalid-parameter:%s", Fill: []string{"ROOM_TYPE_NOT_EXIST"}},
			`"code":15,"msg":"Remote service error","sub_code":"isv.invalid-parameter:ROOM_TYPE_NOT_EXIST",` +
				`"sub_msg":"非法参数",`,
		},
		{
			"text of its own",
			wire.Fault{Kind: wire.Documented, Code: "15", Message: "later"},
			`"code":15,"msg":"later",`,
		},
		{
			"the emulator's own failure",
			wire.Fault{Kind: wire.Internal},
			`"code":15,"msg":"Remote service error","sub_code":"isp.top-remote-unknown-error",`,
		},
		{
			"a kind without a row",
			wire.Fault{Kind: wire.UsedNonce},
			`"code":15,"msg":"Remote service error","sub_code":"isp.top-remote-unknown-error",`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon)
			exchange, err := w.gateway.Read(post(public()))
			if err != nil {
				t.Fatal(err)
			}
			exchange.Call().ID = requestID
			want := `{"error_response":{` + tt.body + `"request_id":"` + requestID + `"}}`
			if diff := cmp.Diff(want, string(exchange.Refuse(&tt.fault).Body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A reply that was made from the spec alone has the root already, and lists in their wrapped form.
func TestSampleIsNotWrappedTwice(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, format, simplify, begins, holds string }{
		{"JSON", "json", "false", `{"` + tokenRoot + `":{"message":`, `"statement":{"datas":[{"action":{"string":["`},
		{"simplified", "json", "true", `{"message":`, `"statement":[{"action":["`},
		{
			"XML", "xml", "false", prolog + "<" + tokenRoot + "><message>",
			`<statement list="true"><datas><action list="true"><string>`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon)
			exchange, err := w.gateway.Read(post(with(public(), "format", tt.format, "simplify", tt.simplify)))
			if err != nil {
				t.Fatal(err)
			}
			exchange.Call().ID = "0ownrequest0" // the spec's example has the usual one
			turn, err := w.box.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			made := exchange.Operation().Sample(turn.Chance(), turn.Now)
			got := exchange.Reply(wire.Result{Body: gateway.Ordered(made)})
			body := string(got.Body)
			if !strings.HasPrefix(body, tt.begins) || !strings.Contains(body, tt.holds) {
				t.Errorf("got body %s", body)
			}
			if strings.Count(body, "0ownrequest0") != 1 || strings.Contains(body, requestID) {
				t.Errorf("the request id is not the call's own: %s", body)
			}
			if err := exchange.Operation().CheckReply(got.Status, got.Value); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSuccessHoldsNoMemberOfAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, appSecret, noon)
	params := with(public(), "method", "taobao.item.seller.get", "param", "-")
	got := w.send(t, post(signed(params, appSecret)), wire.Result{
		Header: http.Header{"X-Extra": {"1"}, "Content-Type": {"text/plain"}}, Outcome: "stale",
		Body: wire.Object{
			{Name: "code", Value: 1},
			{Name: "msg", Value: "m"},
			{Name: "sub_code", Value: "s"},
			{Name: "sub_msg", Value: "t"},
			{Name: "request_id", Value: "another"},
			{Name: "num_iid", Value: int64(5)},
		},
	}).reply
	if want := `{"item_seller_get_response":{"num_iid":5,"request_id":"` + requestID + `"}}`; string(got.Body) != want {
		t.Errorf("got body %s, want %s", got.Body, want)
	}
	if got.Outcome != "stale" || got.Header.Get("X-Extra") != "1" ||
		got.Header.Get("Content-Type") != "text/javascript;charset=UTF-8" {
		t.Errorf("got outcome %s, header %v", got.Outcome, got.Header)
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t, appSecret, noon)
	for path, want := range map[string]bool{
		"/router/rest": true, "/top/router/rest": true, "/": false, "/router/rest/": true, "//router/rest": true, "/router//rest": true, "/router": false,
	} {
		if got := w.gateway.Claims(&wire.Request{Path: path}); got != want {
			t.Errorf("%s: got %v", path, got)
		}
	}
}
