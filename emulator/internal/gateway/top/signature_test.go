package top_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/top"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The test vectors of HMAC-MD5 (RFC 2202, case 1) and HMAC-SHA256 (RFC 4231, case 1).
func TestDigestVectors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, method, key, want string }{
		{"RFC 2202", "hmac", strings.Repeat("\x0b", 16), "9294727A3638BB1C13F48EF8158BFC9D"},
		{
			"RFC 4231", "hmac-sha256", strings.Repeat("\x0b", 20),
			"B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := top.Digest(tt.method, tt.key, "Hi There"); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// The MD5 signature of the vendor's page "signature algorithm", and the same parameters under both HMACs; then this
// API's own parameters.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	page := map[string]string{
		"method": "taobao.item.seller.get", "app_key": "12345678", "session": "test",
		"timestamp": "2016-01-01 12:00:00", "format": "json", "v": "2.0",
		"fields": "num_iid,title,nick,price,num", "num_iid": "11223344",
	}
	own := with(public(), "partner_id", "top-sdk-java-20200923", "param",
		`{"op_poi_id":"poi","op_tenant_code":"tenant","product_code":"oss","request_id":"rid-1","scene_code":"scene",`+
			`"usage_scene":"上传 a&b"}`)
	tests := []struct {
		name, secret string
		params       map[string]string
		method, sign string
	}{
		{"page, md5", "helloworld", page, "md5", "66987CB115214E59E6EC978214934FB8"},
		{"page, hmac", "helloworld", page, "hmac", "D56D7858309C31B6251083A874D48273"},
		{
			"page, hmac-sha256", "helloworld", page, "hmac-sha256",
			"04DB15AD0774D5CFCE2C837DE43E3FCEA9011ED74F3038FB6AB5F3C4CEA119E8",
		},
		{"own, md5", appSecret, own, "md5", "C09DDC0440FA1265C08DEC55DBBFF425"},
		{"own, hmac", appSecret, own, "hmac", "35D46B029629AFC31673D0D6AFC3334C"},
		{
			"own, hmac-sha256", appSecret, own, "hmac-sha256",
			"CB28931659FC8F5C4B769848C224E098EFA10DA97F25D3D2A13AB604A68806EE",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			expectSigned(t, tt.secret, with(tt.params, "sign_method", tt.method), tt.sign)
		})
	}
}

// expectSigned sends the parameters with a signature, which must be good, and with another, which must not.
func expectSigned(t *testing.T, secret string, params map[string]string, sign string) {
	t.Helper()
	now, err := time.ParseInLocation(time.DateTime, params["timestamp"], china)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, secret, now)
	if got := w.send(t, post(with(params, "sign", sign)), wire.Result{}); got.reply.Outcome != "ok" {
		t.Errorf("got outcome %s: %v", got.reply.Outcome, got.fault)
	}
	params["partner_id"] += "x"
	if got := w.send(t, post(with(params, "sign", sign)), wire.Result{}); got.reply.Outcome != "25" {
		t.Errorf("with another partner_id: got outcome %s", got.reply.Outcome)
	}
}

const vectors = "../../../../../shared/vectors/top/"

func TestSignatureVectorFile(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(vectors + "vectors.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the folder of captured requests is not there")
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Name, Secret, Base, Sign string
		Params                   map[string]string
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if base := baseOf(v.Params); base != v.Base {
				t.Errorf("the test's own base differs:\n%s\n%s", base, v.Base)
			}
			expectSigned(t, v.Secret, v.Params, v.Sign)
		})
	}
}

func TestSignatureLeniences(t *testing.T) {
	t.Parallel()
	sent := with(public(), "session", "", "partner_id", "@x")
	tests := []struct {
		name    string
		signs   map[string]string
		outcome string
	}{
		{"everything signed", sent, "ok"},
		{"empty values left out", with(sent, "session", "-"), "ok"},
		{"values with @ left out", with(sent, "partner_id", "-"), "ok"},
		{"both left out", with(sent, "session", "-", "partner_id", "-"), "ok"},
		{"another value left out", with(sent, "format", "-"), "25"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon)
			req := post(with(sent, "sign", sign("md5", appSecret, baseOf(tt.signs))))
			if got := w.send(t, req, wire.Result{}); got.reply.Outcome != tt.outcome {
				t.Errorf("got outcome %s, want %s", got.reply.Outcome, tt.outcome)
			}
		})
	}
}

func TestWrongSignatureIsExplained(t *testing.T) {
	t.Parallel()
	params := public()
	right := baseOf(params)
	value := func(change func(string) string) string {
		changed := map[string]string{}
		for name, v := range params {
			changed[name] = change(v)
		}
		return baseOf(changed)
	}
	object := baseOf(with(params, "param", "[object Object]"))
	escaped := value(url.QueryEscape)
	javaScript := value(func(v string) string { return strings.ReplaceAll(url.QueryEscape(v), "+", "%20") })
	alone := baseOf(with(params, "param", "-"))
	tests := []struct {
		name, sign, says string
		client           string
	}{
		{"made up", strings.Repeat("0", 32), "the app's secret gives", ""},
		{"object as text", sign("md5", appSecret, object), "[object Object]", object},
		{"signed after encoding", sign("md5", appSecret, escaped), "after URL encoding", escaped},
		{"signed after encodeURIComponent", sign("md5", appSecret, javaScript), "after URL encoding", javaScript},
		{"public alone", sign("md5", appSecret, alone), "public parameters alone", alone},
		{"other method", sign("hmac", appSecret, right), "made with hmac, which sign_method does not say", right},
		{"lower case", strings.ToLower(sign("md5", appSecret, right)), "lower case", right},
		{"secret with a line end", sign("md5", appSecret+"\n", right), "secret has a line end at its end", right},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon)
			got := w.send(t, post(with(params, "sign", tt.sign)), wire.Result{})
			if got.reply.Outcome != "25" {
				t.Fatalf("got outcome %s", got.reply.Outcome)
			}
			f := got.fault.Findings[0]
			if f.Check != "signature" || f.Server != right || f.Client != tt.client || !strings.Contains(f.Message, tt.says) {
				t.Errorf("got %+v", f)
			}
			if (f.Marker != "") != (tt.client != "" && tt.client != right) {
				t.Errorf("got marker %q", f.Marker)
			}
			for _, text := range []string{f.Message, f.Expected, f.Got, f.Server, f.Client, f.Marker} {
				if strings.Contains(text, appSecret) {
					t.Errorf("the secret is in %q", text)
				}
			}
		})
	}
}

// A "+" that was not encoded, and parameters in the order in which they were sent, are only visible in the raw text.
func TestWrongSignatureOfRawText(t *testing.T) {
	t.Parallel()
	params := with(public(), "timestamp", "1767240000000", "session", "a+b", "param", "-")
	names := []string{"v", "timestamp", "sign_method", "session", "method", "format", "app_key"}
	text, unsorted := "", ""
	for _, name := range names {
		text += name + "=" + params[name] + "&"
		unsorted += name + params[name]
	}
	tests := []struct{ name, text, sign, says, client string }{
		{"bare plus", text, sign("md5", appSecret, baseOf(params)), `a "+"`, baseOf(params)},
		{
			"unsorted", strings.Replace(text, "+", "%2B", 1), sign("md5", appSecret, unsorted), "did not sort", unsorted,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon)
			req := post(nil)
			req.Body = []byte(tt.text + "sign=" + tt.sign)
			got := w.send(t, req, wire.Result{})
			if got.reply.Outcome != "25" {
				t.Fatalf("got outcome %s: %v", got.reply.Outcome, got.fault)
			}
			if f := got.fault.Findings[0]; !strings.Contains(f.Message, tt.says) || f.Client != tt.client || f.Marker == "" {
				t.Errorf("got %+v", f)
			}
		})
	}
}

// Findings are kept as UTF-8, and clients can send any bytes.
func TestWrongSignatureOfBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, appSecret, noon)
	got := w.send(t, post(with(public(), "session", "\xff", "sign", "\xff")), wire.Result{})
	if got.reply.Outcome != "25" {
		t.Fatalf("got outcome %s", got.reply.Outcome)
	}
	f := got.fault.Findings[0]
	if !utf8.ValidString(f.Server) || !utf8.ValidString(f.Got) || !strings.Contains(f.Server, "session\uFFFD") {
		t.Errorf("got %+v", f)
	}
}
