package emulator_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const mark = "\xEF\xBB\xBF" // a byte order mark

// carrier makes a good call out of a text that it carries, and of what is done to it before it is signed.
type carrier struct {
	// draft makes the call. A body goes through spoil, and the path too.
	draft func(t *testing.T, w *world, text string, spoil, path func(string) string) gatewaytest.Request
	// malformed is the outcome of a call that cannot be read.
	malformed string
	form      bool // the parameters travel as a form
}

func same(text string) string { return text }

// inForm moves the parameters of a call into a form.
func inForm(r gatewaytest.Request, spoil func(string) string) gatewaytest.Request {
	r.Body, r.Query = spoil(r.Query.Encode()), nil
	r.Header.Set("Content-Type", formHeader.Get("Content-Type"))
	return r
}

// carriers are the ways in which the gateways take parameters.
func carriers() map[string]carrier {
	topCall := func(w *world, text string) gatewaytest.Request {
		param := fmt.Sprintf(`{"product_code":%q,"scene_code":"s","usage_scene":"u","op_poi_id":"o","op_tenant_code":"t"}`, "TEXT")
		return w.top.Sign(host, "alibaba.security.deepvision.proxy.security.common.token.get",
			map[string]string{"param": strings.ReplaceAll(param, "TEXT", text)})
	}
	roa := func(w *world, contentType, text string, spoil, path func(string) string) gatewaytest.Request {
		return w.acs.V3(gatewaytest.Request{
			Method: http.MethodPost, Path: path("/api/v1/aliyunConsole/createAccessWarrant"), Host: host,
			Header: http.Header{"Content-Type": {contentType}}, Body: spoil(`{"appId":"a1","userId":"` + text + `"}`),
		}, "CreateAccessWarrant", "20240611")
	}
	return map[string]carrier{
		"acs RPC query": {func(_ *testing.T, w *world, text string, _, path func(string) string) gatewaytest.Request {
			r := applyTokenRequest()
			r.Query.Set("Resources", text)
			r.Path = path(r.Path)
			return w.acs.RPC(r, "ApplyToken", "2020-04-20")
		}, "InvalidParameter", false},
		"acs RPC form": {func(_ *testing.T, w *world, text string, spoil, path func(string) string) gatewaytest.Request {
			r := applyTokenRequest()
			r.Query.Set("Resources", text)
			r.Path = path(r.Path)
			return inForm(w.acs.RPC(r, "ApplyToken", "2020-04-20"), spoil)
		}, "InvalidParameter", true},
		"acs V3 form": {func(_ *testing.T, w *world, text string, spoil, path func(string) string) gatewaytest.Request {
			r := applyTokenRequest()
			r.Query.Set("Resources", text)
			r.Path, r.Header = path(r.Path), http.Header{}
			return w.acs.V3(inForm(r, spoil), "ApplyToken", "2020-04-20")
		}, "InvalidParameter", true},
		"acs ROA body": {func(_ *testing.T, w *world, text string, spoil, path func(string) string) gatewaytest.Request {
			return roa(w, "application/json", text, spoil, path)
		}, "InvalidParameter", false},
		"top form": {func(_ *testing.T, w *world, text string, spoil, path func(string) string) gatewaytest.Request {
			r := topCall(w, text)
			r.Body, r.Path = spoil(r.Body), path(r.Path)
			return r
		}, "47", true},
		"fabric body": {func(t *testing.T, w *world, text string, spoil, path func(string) string) gatewaytest.Request {
			t.Helper()
			body := strings.Replace(applyBody(t, w), `"userName":"User"`, `"userName":"`+text+`"`, 1)
			op := operation(t, w, "ccmessaging", "applyToken")
			r := validFabric(t, w, op, nil, []byte(spoil(body)))
			r.Path = path(r.Path)
			return r
		}, "400", false},
	}
}

// sendRaw sends a call, changed at the very end, and returns its answer and its entry in the journal.
func (w *world) sendRaw(t *testing.T, r gatewaytest.Request, change func(*http.Request)) (answer, *journal.Entry) {
	t.Helper()
	req, err := r.HTTP()
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req.WithContext(t.Context()))
	got := answer{rec.Code, rec.Header(), rec.Body.String(), codeOf(rec.Body.String())}
	return got, w.newestEntry(t)
}

// newestEntry is the last of all sandboxes together; calls that name no credential are in the default one.
func (w *world) newestEntry(t *testing.T) *journal.Entry {
	t.Helper()
	boxes, err := w.Sandboxes().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var newest *journal.Entry
	for _, box := range boxes {
		for _, e := range w.entries(t, box, 0) {
			if newest == nil || !e.Arrived.Before(newest.Arrived) {
				newest = &e
			}
		}
	}
	if newest == nil {
		t.Fatal("the journals are empty")
	}
	return newest
}

// wantRead holds a call to its outcome and to a finding that says the cause.
func wantRead(t *testing.T, got answer, e *journal.Entry, outcome, says string) {
	t.Helper()
	if e.Outcome != outcome {
		t.Errorf("got %s, want %s: %s %+v", e.Outcome, outcome, got.body, e.Findings)
	}
	if says != "" && !slices.ContainsFunc(e.Findings, func(f wire.Finding) bool { return strings.Contains(f.Message, says) }) {
		t.Errorf("no finding says %q: %+v", says, e.Findings)
	}
	if says == "" && len(e.Findings) > 0 {
		t.Errorf("findings: %+v", e.Findings)
	}
}

func compressed(make func(io.Writer) io.WriteCloser) func(string) string {
	return func(text string) string {
		var out bytes.Buffer
		w := make(&out)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return out.String()
	}
}

func gzipped(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

// TestReadAlike sends what people send to every gateway, in every place where it takes parameters: what is no mistake of
// theirs is read, and the rest is refused in the provider's shape, with a finding that names the cause.
func TestReadAlike(t *testing.T) {
	t.Parallel()
	const malformed = "malformed"
	type oddity struct {
		text          string
		spoil, path   func(string) string
		change        func(*http.Request)
		outcome, says string
		form          string // the outcome of forms, where it is another
		bodiesOnly    bool
	}
	declared := func(coding string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Content-Encoding", coding) }
	}
	for name, o := range map[string]oddity{
		"as it should be":       {outcome: "ok"},
		"a semicolon":           {text: "a;b", outcome: "ok", change: bareSemicolon},
		"a doubled slash":       {path: func(p string) string { return "/" + p }, outcome: "ok", says: "slash too much"},
		"a slash behind":        {path: func(p string) string { return p + "/" }, outcome: "ok", says: "slash too much"},
		"slashes everywhere":    {path: func(p string) string { return strings.ReplaceAll(p, "/", "///") + "//" }, outcome: "ok", says: "slash"},
		"GBK":                   {text: "\xB2\xFA\xC6\xB7", outcome: malformed, says: "not UTF-8: its byte"},
		"Latin-1":               {text: "caf\xE9 au lait", outcome: malformed, says: "0xE9"},
		"a character cut":       {text: "\xE4\xBA\xA7\xE5\x93", outcome: malformed, says: "UTF-8"},
		"gzip":                  {spoil: compressed(gzipped), change: declared("gzip"), outcome: malformed, says: "compressed (gzip)", bodiesOnly: true},
		"gzip, not declared":    {spoil: compressed(gzipped), outcome: malformed, says: "compressed (gzip)", bodiesOnly: true},
		"deflate with zlib":     {spoil: compressed(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }), change: declared("Deflate"), outcome: malformed, says: "compressed (deflate)", bodiesOnly: true},
		"deflate":               {spoil: compressed(deflated), change: declared("deflate"), outcome: malformed, says: "compressed (deflate)", bodiesOnly: true},
		"br":                    {spoil: func(string) string { return "\x1b\x03\x00\xf8\xff" }, change: declared("identity, br"), outcome: malformed, says: "compressed (br)", bodiesOnly: true},
		"gzip only said":        {change: declared("gzip"), outcome: "ok"},
		"a coding that is none": {change: declared("UTF-8"), outcome: "ok"},
		"a byte order mark":     {spoil: func(b string) string { return mark + b }, outcome: "ok", form: malformed, says: "byte order mark", bodiesOnly: true},
		"UTF-16":                {spoil: func(b string) string { return utf16(b) }, outcome: malformed, says: "UTF-16", bodiesOnly: true},
		"UTF-16 with a mark":    {spoil: func(b string) string { return "\xFF\xFE" + utf16(b) }, outcome: malformed, says: "UTF-16", bodiesOnly: true},
	} {
		for place, c := range carriers() {
			if o.bodiesOnly && place == "acs RPC query" {
				continue
			}
			t.Run(name+"/"+place, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				text, spoil, path := o.text, o.spoil, o.path
				if text == "" {
					text = "TopicA"
				}
				if spoil == nil {
					spoil = same
				}
				if path == nil {
					path = same
				}
				outcome := o.outcome
				if c.form && o.form != "" {
					outcome = o.form
				}
				if outcome == malformed {
					outcome = c.malformed
				}
				got, e := w.sendRaw(t, c.draft(t, w, text, spoil, path), o.change)
				wantRead(t, got, e, outcome, o.says)
			})
		}
	}
}

// bareSemicolon writes semicolons as they are, as browsers and hand-written clients do.
func bareSemicolon(r *http.Request) {
	r.RequestURI = strings.ReplaceAll(r.RequestURI, "%3B", ";")
}

func deflated(w io.Writer) io.WriteCloser {
	d, _ := flate.NewWriter(w, flate.BestSpeed) // the level is a good one
	return d
}

func utf16(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteString(string(r) + "\x00")
	}
	return b.String()
}

// TestFormTypes: what follows the type of a form plays no part, however it is written.
func TestFormTypes(t *testing.T) {
	t.Parallel()
	for _, behind := range []string{
		"", ";", "; UTF-8", ";UTF-8", "; charset", "; charset=", `; charset="utf-8`, ";;;", "; =", ", charset=utf-8", " charset=utf-8",
		"; charset=utf-8; charset=gbk", "; charset=GBK",
	} {
		for place, c := range carriers() {
			if !c.form {
				continue
			}
			t.Run(place+behind, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				r := c.draft(t, w, "TopicA", same, same)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded"+behind)
				if place == "acs V3 form" { // it signs the type
					r = w.acs.V3(gatewaytest.Request{
						Method: r.Method, Path: r.Path, Host: r.Host, Header: http.Header{"Content-Type": r.Header["Content-Type"]}, Body: r.Body,
					}, "ApplyToken", "2020-04-20")
				}
				got, e := w.sendRaw(t, r, nil)
				wantRead(t, got, e, "ok", "")
			})
		}
	}
}

// TestEscapesThatAreNone in a query are refused by every gateway and named.
func TestEscapesThatAreNone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ target, outcome string }{
		"acs":    {"/?Action=ApplyToken&Version=2020-04-20&InstanceId=%s", "InvalidParameter"},
		"top":    {"/router/rest?format=json&session=%s", "47"},
		"fabric": {"/apiaccess/ccmessaging/poll?receiverId=%s&channel=WEB", "400"},
	} {
		for _, bad := range []string{"%zz", "100%", "%e", "50% off"} {
			t.Run(name+bad, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				r := gatewaytest.Request{Method: http.MethodGet, Path: "/", Host: host, Header: http.Header{}}
				if name == "fabric" {
					r = validFabric(t, w, operation(t, w, "ccmessaging", "poll"), map[string]string{}, nil)
				}
				got, e := w.sendRaw(t, r, func(r *http.Request) { r.RequestURI = fmt.Sprintf(c.target, bad) })
				wantRead(t, got, e, c.outcome, "is no escape")
			})
		}
	}
}

// TestBodiesThatEndTooEarly are refused in the provider's shape, and the journal says how much of them came.
func TestBodiesThatEndTooEarly(t *testing.T) {
	t.Parallel()
	targets := map[string][2]string{
		"acs": {"/?Action=ApplyToken&Version=2020-04-20", "InvalidParameter"}, "top": {"/router/rest?format=json", "47"},
		"fabric": {"/apigovernance/api/oauth/tokenByAkSk", "400"}, "nobody": {"/nothing", "http.400"},
	}
	bodies := map[string]string{
		"Content-Length: 300\r\n\r\nAction=A":                 "8 of the 300 bytes",
		"Transfer-Encoding: chunked\r\n\r\n9\r\nAction":       "after 6 bytes, before its last chunk",
		"Transfer-Encoding: chunked\r\n\r\n2\r\nAc\r\nzz\r\n": "chunks of the body cannot be read after 2 bytes",
	}
	for name, target := range targets {
		for body, says := range bodies {
			t.Run(name+strings.SplitN(body, "\r", 2)[0]+says, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				conn := dial(t, w.serveWithin(t, listen.Limits{}))
				say(t, conn, "POST "+target[0]+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"+body)
				if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
				status, text := answerOn(t, conn)
				wantRead(t, answer{status: status, body: text}, w.newestEntry(t), target[1], says)
			})
		}
	}
}

// TestBodiesThatAreNotRead are named where a parameter is missing that may stand in them.
func TestBodiesThatAreNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.acs.V3(gatewaytest.Request{
		Method: http.MethodPost, Path: "/", Host: host, Header: http.Header{"Content-Type": {"text/plain"}},
		Body: applyTokenRequest().Query.Encode(),
	}, "ApplyToken", "2020-04-20")
	got, e := w.sendRaw(t, r, nil)
	wantRead(t, got, e, "MissingActions", `The body was not read: its type is "text/plain"`)
}
