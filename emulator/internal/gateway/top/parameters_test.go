package top_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const boundary = "x-boundary"

// part is a text part as the official Node SDK writes it.
func part(name, value string) string {
	return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
}

// javaPart is one as top-sdk-java writes it: an empty line first, no blanks, a type of its own.
func javaPart(name, value string) string {
	return "\r\n--" + boundary + "\r\nContent-Disposition:form-data;name=\"" + name +
		"\"\r\nContent-Type:text/plain\r\n\r\n" + value
}

// reading is one case of what is read from a request.
type reading struct {
	name, query, content, body string
	want                       map[string]string
}

func TestEncodedParameters(t *testing.T) {
	t.Parallel()
	expectRead(t, []reading{
		{"nothing", "", "", "", nil},
		{"query", "a=1&b=2", "", "", map[string]string{"a": "1", "b": "2"}},
		{"form", "", formContent, "a=1&b=x+y%2Bz", map[string]string{"a": "1", "b": "x y+z"}},
		{"charset", "", formContent + ";charset=UTF-8", "a=1", map[string]string{"a": "1"}},
		{
			"type in capitals, broken options", "", "Application/X-WWW-Form-URLEncoded; charset=;;=", "a=1",
			map[string]string{"a": "1"},
		},
		{"query and form", "a=1", formContent, "b=2", map[string]string{"a": "1", "b": "2"}},
		{"first of two", "a=1&a=2", "", "", map[string]string{"a": "1"}},
		{"query before form", "a=1", formContent, "a=2", map[string]string{"a": "1"}},
		{"sent empty", "a=&b", "", "", map[string]string{"a": "", "b": ""}},
		{"empty pairs", "&&a=1&", "", "", map[string]string{"a": "1"}},
		{"equals signs in the value", "a=b=c==", "", "", map[string]string{"a": "b=c=="}},
		{"a semicolon is text", "a=1;b=2", "", "", map[string]string{"a": "1;b=2"}},
		{"no UTF-8", "a=%FF%00", "", "", map[string]string{"a": "\xff\x00"}},
		{"a JSON text", "", "application/json", `"{\"method\":\"x\"}"`, nil},
		{"a JSON text that claims to be a form", "", formContent, `"{\"a\":\"100%\"}"`, nil},
		{"a body without type", "", "", "a=1", nil},
	})
}

func TestMultipartParameters(t *testing.T) {
	t.Parallel()
	const end = "--" + boundary + "--\r\n"
	multipartContent := "multipart/form-data; boundary=" + boundary
	file := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"image\"; filename=\"图.png\"\r\n\r\nPNG\r\n"
	noName := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"image\"; filename=\"\"\r\n\r\n\r\n"
	coded := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"a\"\r\n" +
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n=41\r\n"
	expectRead(t, []reading{
		{
			"multipart", "", multipartContent, part("a", "1") + part("b", "x+y%20") + end,
			map[string]string{"a": "1", "b": "x+y%20"},
		},
		{
			"multipart of Java", "a=1", "multipart/form-data;charset=UTF-8;boundary=" + boundary,
			javaPart("b", "2") + javaPart("c", "上") + "\r\n" + end,
			map[string]string{"a": "1", "b": "2", "c": "上"},
		},
		{"files are no parameters", "", multipartContent, part("a", "1") + file + noName + end, map[string]string{"a": "1"}},
		{"no transfer encoding", "", multipartContent, coded + end, map[string]string{"a": "=41"}},
		{"line ends inside a part", "", multipartContent, part("a", "1\r\n2") + end, map[string]string{"a": "1\r\n2"}},
		{"no part in multipart", "", multipartContent, "a=1", nil},
	})
}

func expectRead(t *testing.T, tests []reading) {
	t.Helper()
	w := newWorld(t, appSecret, noon)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			exchange, err := w.gateway.Read(&wire.Request{
				Method: http.MethodGet, Path: "/router/rest", RawQuery: tt.query,
				Header: http.Header{"Content-Type": {tt.content}}, Body: []byte(tt.body),
			})
			var fault *wire.Fault
			if !errors.As(err, &fault) || fault.Kind != wire.MissingAction {
				t.Errorf("got %v, want a missing method", err)
			}
			if tt.want == nil {
				tt.want = map[string]string{}
			}
			if diff := cmp.Diff(tt.want, exchange.Call().Text); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnreadableParameters(t *testing.T) {
	t.Parallel()
	many := strings.Builder{}
	for i := range 1001 {
		fmt.Fprintf(&many, "&p%d=1", i)
	}
	multipartContent := "multipart/form-data; boundary=" + boundary
	tests := []struct{ name, content, body, outcome string }{
		{"malformed escape in a value", formContent, "a=%zz", "47"},
		{"malformed escape in a name", formContent, "%=1", "47"},
		{"escape cut off", formContent, "a=%e", "47"},
		{"no boundary", "multipart/form-data", part("a", "1"), "47"},
		{"multipart cut off", multipartContent, part("a", "1"), "47"},
		{"part without a disposition", multipartContent, "--" + boundary + "\r\n\r\n1\r\n--" + boundary + "--\r\n", "47"},
		{"too many", formContent, many.String(), "3"},
		{"too many parts", multipartContent, strings.Repeat(part("a", ""), 1001) + "--" + boundary + "--\r\n", "3"},
	}
	w := newWorld(t, appSecret, noon)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := w.send(t, &wire.Request{
				Method: http.MethodPost, Path: "/router/rest", RawQuery: "method=" + tokenMethod + "&format=json",
				Header: http.Header{"Content-Type": {tt.content}}, Body: []byte(tt.body),
			}, wire.Result{})
			if got.reply.Outcome != tt.outcome {
				t.Errorf("got outcome %s, want %s", got.reply.Outcome, tt.outcome)
			}
			// What could be read still names the operation and the format.
			if call := got.exchange.Call(); call.API != "deepvision" || call.Operation != "SecurityTokenGet" {
				t.Errorf("got operation %s.%s", call.API, call.Operation)
			}
			if !strings.HasPrefix(string(got.reply.Body), `{"error_response":{"code":`) {
				t.Errorf("got body %s", got.reply.Body)
			}
		})
	}
}

// Every way in which SDKs send the same call ends well.
func TestPlacesOfParameters(t *testing.T) {
	t.Parallel()
	all := signed(public(), appSecret)
	parts := ""
	for name, value := range all {
		parts += javaPart(name, value)
	}
	form := http.Header{"Content-Type": {formContent}}
	tests := []struct {
		name string
		req  wire.Request
	}{
		{"form", *post(all)},
		{"query", wire.Request{Method: "GET", RawQuery: encode(all)}},
		{"form of a GET", wire.Request{Method: "GET", Header: form, Body: []byte(encode(all))}},
		{"public in the query, param in the form", wire.Request{
			Method: "POST", RawQuery: encode(with(all, "param", "-")), Header: form,
			Body: []byte(encode(map[string]string{"param": all["param"]})),
		}},
		{"multipart", wire.Request{
			Method: "POST", Header: http.Header{"Content-Type": {"multipart/form-data;boundary=" + boundary}},
			Body: []byte(parts + "\r\n--" + boundary + "--\r\n"),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon)
			got := w.send(t, &tt.req, wire.Result{})
			if got.reply.Outcome != "ok" {
				t.Fatalf("got outcome %s: %v", got.reply.Outcome, got.fault)
			}
			call := got.exchange.Call()
			if want := (wire.Credential{Kind: wire.TopApp, ID: appKey}); call.Credential != want {
				t.Errorf("got credential %v", call.Credential)
			}
			if param, _ := call.Params["param"].(map[string]any); param["usage_scene"] != "上传 a&b+c" {
				t.Errorf("got param %v", call.Params["param"])
			}
		})
	}
}

func TestRepeatedParameterIsAdvice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, appSecret, noon)
	isAdvice := func(findings []wire.Finding) bool {
		return len(findings) == 1 && findings[0].Check == "parameter v" && findings[0].Level == wire.LevelAdvice
	}
	req := post(signed(public(), appSecret))
	req.RawQuery = "v=2.0"
	if got := w.send(t, req, wire.Result{}); got.reply.Outcome != "ok" || !isAdvice(got.advice) {
		t.Errorf("got outcome %s, advice %v", got.reply.Outcome, got.advice)
	}
	req = post(with(public(), "sign", "x"))
	req.RawQuery = "v=2.0"
	if got := w.send(t, req, wire.Result{}); got.reply.Outcome != "25" || !isAdvice(got.fault.Findings[1:]) {
		t.Errorf("got outcome %s, findings %v", got.reply.Outcome, got.fault.Findings)
	}
}

func TestMalformedComesBeforeMissingMethod(t *testing.T) {
	t.Parallel()
	req := &wire.Request{Method: http.MethodGet, Path: "/router/rest", RawQuery: "a=%zz"}
	if got := newWorld(t, appSecret, noon).send(t, req, wire.Result{}); got.reply.Outcome != "47" {
		t.Errorf("got outcome %s", got.reply.Outcome)
	}
}

// node-taobao-topclient 0.1.7 puts JSON into the body of any verb but GET and POST.
func TestUnreadBodyIsExplained(t *testing.T) {
	t.Parallel()
	req := &wire.Request{
		Method: http.MethodPut, Path: "/router/rest", Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`"{\"method\":\"` + tokenMethod + `\"}"`),
	}
	got := newWorld(t, appSecret, noon).send(t, req, wire.Result{})
	if got.reply.Outcome != "21" || !strings.Contains(got.fault.Findings[0].Message, "application/json") {
		t.Errorf("got outcome %s, findings %v", got.reply.Outcome, got.fault.Findings)
	}
}

// A number where the page has text reaches the method as the text that it was written as.
func TestNumbersAreText(t *testing.T) {
	t.Parallel()
	param := strings.Replace(goodParam, `"poi"`, "202209135274312106000", 1)
	w := newWorld(t, appSecret, noon)
	got := w.send(t, post(signed(with(public(), "param", param), appSecret)), wire.Result{})
	members, _ := got.exchange.Call().Params["param"].(map[string]any)
	if members["op_poi_id"] != "202209135274312106000" {
		t.Errorf("got %v, outcome %s", members, got.reply.Outcome)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, param, outcome, subMsg, hint string }{
		{"absent", "-", "ok", "", ""},
		{"complete", goodParam, "ok", "", ""},
		{"member missing", `{"product_code":"oss"}`, "isv.missing-parameter", "缺少参数:param.scene_code", ""},
		{"not JSON", "{", "isv.invalid-parameter", "非法参数", ""},
		{"no object", `"x"`, "isv.invalid-parameter", "非法参数", ""},
		{"number for text", strings.Replace(goodParam, `"oss"`, "1", 1), "ok", "", ""},
		{"optional empty", strings.Replace(goodParam, `{`, `{"token":"","request_id":"",`, 1), "ok", "", ""},
		{"optional null", strings.Replace(goodParam, `{`, `{"token":null,"request_id":null,`, 1), "ok", "", ""},
		{"null", strings.Replace(goodParam, `"oss"`, "null", 1), "isv.missing-parameter", "缺少参数:param.product_code", ""},
		{"empty", strings.Replace(goodParam, `"oss"`, `""`, 1), "isv.invalid-parameter", "非法参数", ""},
		{"truth for text", strings.Replace(goodParam, `"oss"`, "true", 1), "isv.invalid-parameter", "非法参数", ""},
		{"list for text", strings.Replace(goodParam, `"oss"`, `["oss"]`, 1), "isv.invalid-parameter", "非法参数", ""},
		{"Python dict", `{'product_code': 'oss'}`, "isv.invalid-parameter", "非法参数", "json.dumps"},
		{"JavaScript object", "[object Object]", "isv.invalid-parameter", "非法参数", "JSON.stringify"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon)
			got := w.send(t, post(signed(with(public(), "param", tt.param), appSecret)), wire.Result{})
			if got.reply.Outcome != tt.outcome {
				t.Fatalf("got outcome %s, want %s", got.reply.Outcome, tt.outcome)
			}
			if tt.outcome == "ok" {
				return
			}
			if !strings.Contains(string(got.reply.Body), `"code":50,`) ||
				!strings.Contains(string(got.reply.Body), `"sub_msg":"`+tt.subMsg+`"`) {
				t.Errorf("got body %s", got.reply.Body)
			}
			hinted := slices.ContainsFunc(got.fault.Findings, func(f wire.Finding) bool {
				return tt.hint != "" && strings.Contains(f.Message, tt.hint)
			})
			if hinted != (tt.hint != "") {
				t.Errorf("got findings %v", got.fault.Findings)
			}
		})
	}
}
