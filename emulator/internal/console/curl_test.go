package console_test

import (
	"errors"
	"html"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

var pasteBox = regexp.MustCompile(`(?s)<div class="paste"><pre[^>]*>(.*?)</pre>`)

// pasted are the texts that a page offers for pasting.
func pasted(t *testing.T, page reply) (all []string) {
	t.Helper()
	for _, found := range pasteBox.FindAllStringSubmatch(page.body, -1) {
		all = append(all, html.UnescapeString(found[1]))
	}
	if len(all) == 0 {
		t.Fatalf("nothing to paste: %s", page.text())
	}
	return all
}

// curl carries out a curl command with the few options that the console uses, as curl 8 does.
func (w *world) curl(t *testing.T, command string) reply {
	t.Helper()
	req := &http.Request{Header: http.Header{"User-Agent": {"curl/8"}, "Accept": {"*/*"}}}
	body, hasBody := "", false
	args := shellWords(t, command)
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; arg {
		case "-sS", "--globoff", "--path-as-is":
		case "--head":
			req.Method = http.MethodHead
		case "-X", "-H", "-d", "--data-binary", "--data-raw":
			i++
			switch arg {
			case "-X":
				req.Method = args[i]
			case "-H":
				setHeader(req, args[i])
			default:
				if arg != "--data-raw" && strings.HasPrefix(args[i], "@") {
					t.Fatalf("curl would read the file %s", args[i])
				}
				body, hasBody = args[i], true
			}
		default:
			if req.URL != nil || strings.HasPrefix(arg, "-") {
				t.Fatalf("curl does not know %q", arg)
			}
			host, path, _ := strings.Cut(strings.TrimPrefix(arg, "http://"), "/")
			req.URL = &url.URL{Scheme: "http", Host: host, Opaque: "//" + host + "/" + path}
		}
	}
	if hasBody {
		if req.Method == "" {
			req.Method = http.MethodPost
		}
		if _, ok := req.Header["Content-Type"]; !ok {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		req.ContentLength = int64(len(body))
		req.Body = readCloser{strings.NewReader(body)}
	}
	for name, values := range req.Header {
		if values == nil && name != "User-Agent" { // taken away; without an entry, net/http would add its own
			delete(req.Header, name)
		}
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	return exchange(t, &http.Client{Transport: transport}, req.WithContext(t.Context()))
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// setHeader does what curl's -H does: "Name: value", "Name;" for an empty one and "Name:" for none.
func setHeader(req *http.Request, line string) {
	name, value, found := strings.Cut(line, ":")
	bare := strings.TrimSuffix(name, ";")
	key := http.CanonicalHeaderKey(bare)
	switch value = strings.TrimSpace(value); {
	case key == "Host":
		req.Host = value
	case !found:
		req.Header[key] = []string{""}
	case value == "":
		req.Header[key] = nil
	case key == "User-Agent", key == "Accept", key == "Content-Type":
		req.Header[key] = []string{value} // in place of its own
	default:
		req.Header[key] = append(req.Header[key], value)
	}
}

// shellWords are the words of a command behind its name, as a shell reads them.
func shellWords(t *testing.T, command string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `curl() { printf '%s\0' "$@"; }`+"\n"+command).Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no shell")
	}
	if err != nil {
		t.Fatalf("%v: %s", err, command)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// last is the newest entry of a journal.
func (w *world) last(t *testing.T, box *sandbox.Sandbox) journal.Entry {
	t.Helper()
	list, err := w.Journal(box).List(t.Context(), journal.Filter{})
	if err != nil || len(list.Requests) == 0 {
		t.Fatalf("no entry: %v", err)
	}
	return list.Requests[len(list.Requests)-1]
}

// pathOf is the page of an entry.
func pathOf(e journal.Entry) string { return "/console/calls/" + e.Sandbox + "/" + e.ID }

// curlOf is the command of an entry.
func (w *world) curlOf(t *testing.T, e journal.Entry) string {
	t.Helper()
	all := pasted(t, w.page(t, pathOf(e)))
	return all[len(all)-1]
}

// The command sends what came: the journal has the same request twice.
func TestTheCurlCommandSendsTheSame(t *testing.T) {
	t.Parallel()
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for name, r := range map[string]gatewaytest.Request{
		"plain":           {Method: "GET", Path: "/a"},
		"query":           {Method: "GET", Path: "/a", Query: url.Values{"x": {"a b&c=d", "[1-3]{a,b}"}, "é": {"'\"`$(id)\\"}}},
		"dots in path":    {Method: "GET", Path: "/a/../b/./c"},
		"head":            {Method: "HEAD", Path: "/a"},
		"post":            {Method: "POST", Path: "/a", Body: `{"it's": "$HOME \\ ! ` + "`id`" + `\n"}`},
		"post of nothing": {Method: "POST", Path: "/a"},
		"put":             {Method: "PUT", Path: "/a", Body: "x"},
		"delete":          {Method: "DELETE", Path: "/a", Body: "with\na body\n"},
		"form":            {Method: "POST", Path: "/a", Body: "a=1&b=%2B+", Header: form},
		"names a file":    {Method: "POST", Path: "/a", Body: "@/etc/hostname", Header: form},
		"odd headers":     {Method: "GET", Path: "/a", Header: http.Header{"X-Empty": {""}, "X-Two": {"a", "b"}, "X-Quote": {`'"; rm`}}},
		"its own agent":   {Method: "GET", Path: "/a", Header: http.Header{"User-Agent": {"app/1"}, "Accept": {"text/xml"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			box := w.box(t, sandbox.Default)
			w.call(t, r)
			sent := w.last(t, box)
			w.curl(t, w.curlOf(t, sent))
			again := w.last(t, box)
			if sent.Seq == again.Seq {
				t.Fatal("nothing arrived")
			}
			ofCurl := cmpopts.IgnoreMapEntries(func(name string, _ []string) bool { return name == "Content-Length" })
			if diff := cmp.Diff(sent.Request, again.Request, ofCurl, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What becomes of the command is said beside it, and is true.
func TestWhatACurlCommandMeets(t *testing.T) {
	t.Parallel()
	const nonce, timestamp, unsigned, own, plain = "refused with SignatureNonceUsed",
		"the signature covers a timestamp", "carries no signature: the command meets the same refusal",
		"No API took this call: the command meets the same refusal", "needs neither nonce nor signature"
	user := url.Values{"EndUserId": {"alice"}}
	for name, test := range map[string]struct {
		call  func(w *world, acs *gatewaytest.ACS, top gatewaytest.Top) gatewaytest.Request
		says  string
		meets string // the outcome of the command; empty for that of the call
	}{
		"acs, signed": {func(w *world, acs *gatewaytest.ACS, _ gatewaytest.Top) gatewaytest.Request {
			return acs.V3(gatewaytest.Request{Method: "POST", Path: "/", Host: w.data, Query: user}, "GetAuthCode", appstreamVersion)
		}, nonce, "SignatureNonceUsed"},
		"acs, RPC": {func(w *world, acs *gatewaytest.ACS, _ gatewaytest.Top) gatewaytest.Request {
			return acs.RPC(gatewaytest.Request{Method: "POST", Path: "/", Host: w.data, Query: user}, "GetAuthCode", appstreamVersion)
		}, nonce, "SignatureNonceUsed"},
		"acs, not signed": {func(*world, *gatewaytest.ACS, gatewaytest.Top) gatewaytest.Request {
			return gatewaytest.Request{Method: "POST", Path: "/", Query: url.Values{"Action": {"ApplyToken"}, "Version": {mqttVersion}}}
		}, unsigned, ""},
		"top": {func(w *world, _ *gatewaytest.ACS, top gatewaytest.Top) gatewaytest.Request {
			return top.Sign(w.data, "alibaba.security.deepvision.proxy.security.common.token.get",
				map[string]string{"security_token_request": "{}"})
		}, timestamp, ""},
		"fabric": {func(*world, *gatewaytest.ACS, gatewaytest.Top) gatewaytest.Request {
			return gatewaytest.Request{
				Method: "POST", Path: "/apigovernance/api/oauth/tokenByAkSk", Body: `{"app_key":"x","app_secret":"y"}`,
				Header: http.Header{"Content-Type": {"application/json"}},
			}
		}, plain, ""},
		"no API": {func(*world, *gatewaytest.ACS, gatewaytest.Top) gatewaytest.Request {
			return gatewaytest.Request{Method: "POST", Path: "/nowhere"}
		}, own, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			box := w.box(t, sandbox.Default)
			app := gatewaytest.Read(box.Credentials).Top[0]
			top := gatewaytest.Top{AppKey: app.AppKey, AppSecret: app.AppSecret, Now: w.real.Now}
			w.call(t, test.call(w, w.signer(t, box), top))
			sent := w.last(t, box)
			page := w.page(t, pathOf(sent))
			page.has(t, test.says)
			page.lacks(t, "Replay</button>")
			w.curl(t, w.curlOf(t, sent))
			want := test.meets
			if want == "" {
				want = sent.Outcome
			}
			if again := w.last(t, box); again.Seq == sent.Seq || again.Outcome != want {
				t.Errorf("the command ends in %s, want %s", again.Outcome, want)
			}
		})
	}
}

// The journal keeps no secrets, so the command lacks them and names where.
func TestTheCurlCommandNamesWhatIsMasked(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	secret := gatewaytest.Read(box.Credentials).Fabric[0].AppSecret
	w.call(t, gatewaytest.Request{
		Method: "POST", Path: "/nowhere", Body: secret, Query: url.Values{"s": {secret}},
		Header: http.Header{"X-One": {secret}, "X-Two": {"nothing"}},
	})
	page := w.page(t, pathOf(w.last(t, box)))
	page.has(t, "The journal keeps no secrets. Put them back where [secret] stands, in the address, the header X-One, the body.")
	page.lacks(t, secret)
	w.post(t, "/nowhere", "text/plain", "a\x00b\xff")
	w.page(t, pathOf(w.last(t, box))).has(t, "The command does not send the same body")
	w.post(t, "/nowhere", "text/plain", "plain")
	w.page(t, pathOf(w.last(t, box))).lacks(t, "Put them back", "does not send the same body")
}

// The command goes where the data plane is, under the name that the client had for it.
func TestTheCurlCommandStaysHere(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+w.data+"/nowhere", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "onsmqtt.cn-hangzhou.aliyuncs.com"
	exchange(t, http.DefaultClient, req)
	words := shellWords(t, w.curlOf(t, w.last(t, box)))
	if !slices.Contains(words, "http://"+w.data+"/nowhere") || !slices.Contains(words, "Host: "+req.Host) {
		t.Errorf("%q", words)
	}
}

// A call that a client signed can be sent again once it is signed anew, also when its time is long over.
func TestTheCurlCommandSignedAnew(t *testing.T) {
	t.Parallel()
	user := url.Values{"EndUserId": {"alice"}}
	for name, call := range map[string]func(w *world, acs *gatewaytest.ACS, top gatewaytest.Top) gatewaytest.Request{
		"acs, V3": func(w *world, acs *gatewaytest.ACS, _ gatewaytest.Top) gatewaytest.Request {
			return acs.V3(gatewaytest.Request{Method: "POST", Path: "/", Host: w.data, Query: user}, "GetAuthCode", appstreamVersion)
		},
		"acs, RPC": func(w *world, acs *gatewaytest.ACS, _ gatewaytest.Top) gatewaytest.Request {
			return acs.RPC(gatewaytest.Request{Method: "POST", Path: "/", Host: w.data, Query: user}, "GetAuthCode", appstreamVersion)
		},
		"acs, V3 with a security token": func(w *world, acs *gatewaytest.ACS, _ gatewaytest.Top) gatewaytest.Request {
			sts := gatewaytest.Read(w.box(t, sandbox.Default).Credentials).ACS[1]
			acs.AccessKeyID, acs.AccessKeySecret, acs.SecurityToken = sts.AccessKeyID, sts.AccessKeySecret, sts.SecurityToken
			return acs.V3(gatewaytest.Request{Method: "POST", Path: "/", Host: w.data, Query: user}, "GetAuthCode", appstreamVersion)
		},
		"top": func(w *world, _ *gatewaytest.ACS, top gatewaytest.Top) gatewaytest.Request {
			return top.Sign(w.data, "alibaba.security.deepvision.proxy.security.common.token.get", map[string]string{
				"param": `{"product_code":"oss","scene_code":"s","usage_scene":"u","op_poi_id":"p","op_tenant_code":"t"}`,
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			box := w.box(t, sandbox.Default)
			app := gatewaytest.Read(box.Credentials).Top[0]
			top := gatewaytest.Top{AppKey: app.AppKey, AppSecret: app.AppSecret, Now: w.real.Now}
			w.call(t, call(w, w.signer(t, box), top))
			sent := w.last(t, box)
			if sent.Outcome != "ok" {
				t.Fatalf("the call ends in %s", sent.Outcome)
			}
			w.advance(t, box, 2*time.Hour)
			page := w.page(t, pathOf(sent))
			page.has(t, "Signed anew with the same key")
			command := pasted(t, page)
			w.curl(t, command[len(command)-2])
			if again := w.last(t, box); again.Seq == sent.Seq || again.Outcome != "ok" {
				t.Errorf("the command ends in %s: %+v", again.Outcome, again.Findings)
			}
			page.lacks(t, app.AppSecret, gatewaytest.Read(box.Credentials).ACS[0].AccessKeySecret)
		})
	}
}

// What cannot be signed here is not offered: a call without a signature, and one whose key is disabled.
func TestNothingIsSignedAnewWithoutAKey(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	disabled := gatewaytest.Read(box.Credentials).ACS[3]
	acs := &gatewaytest.ACS{
		AccessKeyID: disabled.AccessKeyID, AccessKeySecret: disabled.AccessKeySecret, Now: w.real.Now,
	}
	for _, r := range []gatewaytest.Request{
		acs.V3(gatewaytest.Request{Method: "POST", Path: "/", Host: w.data}, "GetAuthCode", appstreamVersion),
		{Method: "POST", Path: "/", Query: url.Values{"Action": {"ApplyToken"}, "Version": {mqttVersion}}},
	} {
		w.call(t, r)
		w.page(t, pathOf(w.last(t, box))).lacks(t, "Signed anew")
	}
}
