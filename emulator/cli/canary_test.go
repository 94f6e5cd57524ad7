package cli_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// canaries are secrets, one of each kind that a sandbox is given, and the control plane's token.
var canaries = []string{
	"canary-acs/secret+1", "canary-sts-secret2", "canary-bearer-token3", "canary-top-secret4", "canary-fabric-secret5",
	"canary-warrant-secret6", canaryToken,
}

const canaryToken = "canary-control-token7"

// birds are a server, a sandbox whose secrets are canaries, and the secrets that are looked for.
type birds struct {
	*server
	control *client.Client
	box     client.Sandbox
	traces  *collector
	secrets []string
}

func newBirds(t *testing.T, format string) *birds {
	t.Helper()
	traces := collect(t)
	s := serve(t, tracesTo(t, traces.url),
		"--control-token", canaryToken, "--log", format, "--access-log", format)
	b := &birds{
		server: s, control: client.New(s.control, client.WithToken(canaryToken)), traces: traces, secrets: slices.Clone(canaries),
	}
	var err error
	b.box, err = b.control.CreateSandbox(t.Context(), client.Definition{
		ID: "canaries",
		Credentials: client.Credentials{
			ACS: []client.ACSCredential{
				{AccessKeyID: "canary-id", AccessKeySecret: "canary-acs/secret+1"},
				{AccessKeyID: "canary-sts", AccessKeySecret: "canary-sts-secret2", SecurityToken: "canary-security-token"},
				{BearerToken: "canary-bearer-token3"},
			},
			Top:    []client.App{{AppKey: "555", AppSecret: "canary-top-secret4"}},
			Fabric: []client.App{{AppKey: "canary-app", AppSecret: "canary-fabric-secret5"}},
		},
		Fixtures: client.Fixtures{Warrants: []client.WarrantApp{{AppID: "w", AppSecret: "canary-warrant-secret6"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// send makes a call of either plane and returns what came back.
func send(t *testing.T, req *http.Request) (status int, body string) {
	t.Helper()
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, string(text)
}

func (s *server) host() string { return strings.TrimPrefix(s.data, "http://") }

func (s *server) signed(t *testing.T, r gatewaytest.Request) (status int, body string) {
	t.Helper()
	req, err := r.HTTP()
	if err != nil {
		t.Fatal(err)
	}
	req.RequestURI, req.URL.Scheme, req.URL.Host = "", "http", s.host()
	return send(t, req.WithContext(t.Context()))
}

var stsSecret = regexp.MustCompile(`"access_key_secret":"([0-9A-Za-z]{44})"`)

// inQuery are values of a query.
func inQuery(values []string) []string {
	var all []string
	for i, value := range values {
		all = append(all, "v"+strconv.Itoa(i)+"="+value, "e"+strconv.Itoa(i)+"="+url.QueryEscape(value))
	}
	return all
}

// issue has the server make secrets of its own, which are looked for too, and uses them.
func (b *birds) issue(t *testing.T) {
	t.Helper()
	top := gatewaytest.Top{AppKey: "555", AppSecret: "canary-top-secret4", Now: time.Now}
	_, body := b.signed(t, top.Sign(b.host(), "alibaba.security.deepvision.proxy.security.common.token.get",
		map[string]string{"param": `{"product_code":"oss","scene_code":"s","usage_scene":"upload","op_poi_id":"p","op_tenant_code":"t"}`}))
	found := stsSecret.FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("no secret in %s", body)
	}
	b.secrets = append(b.secrets, found[1])
	for _, key := range []*gatewaytest.ACS{
		{AccessKeyID: "canary-id", AccessKeySecret: "canary-acs/secret+1", Now: time.Now},
		{AccessKeyID: "canary-id", AccessKeySecret: found[1], Now: time.Now},
		{AccessKeyID: found[1], AccessKeySecret: "wrong", Now: time.Now},
	} {
		query := url.Values{"EndUserId": {found[1]}}
		b.signed(t, key.V3(gatewaytest.Request{Method: "POST", Path: "/", Host: b.host(), Query: query}, "GetAuthCode", "2021-02-18"))
		b.signed(t, key.RPC(gatewaytest.Request{Method: "POST", Path: "/", Host: b.host(), Query: query}, "GetAuthCode", "2021-02-18"))
	}
}

// misplace puts a secret where none belongs, on both planes and on the command line.
func (b *birds) misplace(t *testing.T, secret string) {
	t.Helper()
	escaped, segment := url.QueryEscape(secret), url.PathEscape(secret)
	for _, c := range []struct{ method, url, body string }{
		{"GET", b.data + "/?Action=ApplyToken&Version=2020-04-20&AccessKeyId=canary-id&Signature=" + escaped, ""},
		{"POST", b.data + "/?Action=" + escaped + "&Version=" + escaped + "&AccessKeyId=" + escaped, ""},
		{"POST", b.data + "/?Action=ApplyToken&" + strings.Repeat(escaped+"&", 1001), ""},
		{"GET", b.data + "/router/rest?method=" + escaped + "&app_key=555&sign=" + escaped, ""},
		{"POST", b.data + "/apigovernance/api/oauth/tokenByAkSk", `{"app_key":"canary-app","app_secret":"` + secret},
		{"POST", b.data + "/apigovernance/api/oauth/tokenByAkSk", strings.Repeat("[", 100) + secret},
		{"GET", b.data + "/" + segment, ""},
		{"PUT", b.data + "/nowhere?" + escaped, secret},
		{"PUT", b.data + "/nowhere?" + strings.Join(inQuery(spellings(secret)), "&"), strings.Join(spellings(secret), "\n")},
		{"POST", b.data + "/apigovernance/api/oauth/tokenByAkSk", `{"a":"` + strings.Join(spellings(secret), `","b":"`) + `"}`},
		{"POST", b.data + "/?Action=ApplyToken&Version=2020-04-20", strings.Join(inQuery(spellings(secret)), "&")},
		{"GET", b.server.control + "/v1/sandboxes/" + segment, ""},
		{"GET", b.server.control + "/v1/scenarios/" + segment, ""},
		{"POST", b.server.control + "/v1/sandboxes", `{"` + secret + `":1}`},
		{"POST", b.server.control + "/v1/sandboxes", `{"ttl":"` + secret + `"}`},
		{"PUT", b.server.control + "/v1/sandboxes/canaries/scenarios/" + segment, secret},
		{"GET", b.server.control + "/console?token=" + escaped, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, c.url, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		if strings.HasPrefix(c.url, b.server.control) {
			req.Header.Set("Authorization", "Bearer "+canaryToken)
		}
		for _, name := range []string{"Cookie", "User-Agent", "X-Tokenstage-Scenario", "Traceparent", "X-App-Key", "Referer"} {
			req.Header.Set(name, secret)
		}
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("x:"+secret)))
		for i, spelling := range spellings(secret) {
			req.Header.Set("X-Spelling-"+strconv.Itoa(i), spelling)
		}
		for _, name := range []string{secret, strings.ToUpper(secret), http.CanonicalHeaderKey(secret)} {
			if isToken.MatchString(name) {
				req.Header[name] = []string{"v"}
			}
		}
		if _, body := send(t, req); strings.HasPrefix(c.url, b.server.control) {
			b.check(t, "the answer to "+c.method+" "+c.url, body)
		}
	}
}

// isToken tells what can be the name of a header (RFC 9110, 5.6.2) of those that hold a secret.
var isToken = regexp.MustCompile(`^[A-Za-z0-9+-]+$`)

// spellings are encodings of a secret that anyone can undo: in base64 of each alphabet, padded or not, alone and behind
// a user's name; in hex; with every letter escaped.
func spellings(secret string) []string {
	var all []string
	for _, prefix := range []string{"", "u:", "us:", "user:"} {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			all = append(all, encoding.EncodeToString([]byte(prefix+secret)))
		}
	}
	all = append(all, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))))
	for _, form := range []string{"%%%02x", "%%%02X", `\u%04x`} {
		escaped := ""
		for i := range len(secret) {
			escaped += fmt.Sprintf(form, secret[i])
		}
		all = append(all, escaped)
	}
	return all
}

// check looks for the secrets, as they are and in encodings that anyone can undo.
func (b *birds) check(t *testing.T, where, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for _, secret := range b.secrets {
		quoted, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		if at := strings.Index(lower, strings.ToLower(secret)); at >= 0 {
			t.Errorf("%s shows %q in some case: …%s…", where, secret, text[max(0, at-200):min(len(text), at+200)])
		}
		for _, spelling := range append(spellings(secret),
			url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(quoted), `"`), url.QueryEscape(url.QueryEscape(secret)),
		) {
			if at := strings.Index(text, spelling); at >= 0 {
				t.Errorf("%s shows %q: …%s…", where, spelling, text[max(0, at-200):min(len(text), at+200)])
			}
		}
	}
}

// shown reads a page of the control plane with its token.
func (b *birds) shown(t *testing.T, path string) string {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.server.control+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+canaryToken)
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text := readPage(t, reply, leave)
	if reply.StatusCode != http.StatusOK || text == "" {
		t.Errorf("%s: status %d, %d bytes", path, reply.StatusCode, len(text))
	}
	return text
}

// readPage reads a reply to its end. A stream, which has none, is left a moment after its first words came.
func readPage(t *testing.T, reply *http.Response, leave func()) string {
	t.Helper()
	var first []byte
	left := false
	if strings.HasPrefix(reply.Header.Get("Content-Type"), "text/event-stream") {
		first = make([]byte, 1)
		if _, err := io.ReadFull(reply.Body, first); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(300*time.Millisecond, leave)
		defer timer.Stop()
		left = true
	}
	rest, err := io.ReadAll(reply.Body)
	if err != nil && !left {
		t.Fatal(err)
	}
	return string(first) + string(rest)
}

// TestCanaries plants secrets everywhere and reads everything that comes out: the control plane, the console, metrics,
// logs, traces and commands.
func TestCanaries(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			b := newBirds(t, format)
			b.issue(t)
			for _, secret := range b.secrets {
				b.misplace(t, secret)
			}
			paths := []string{"/v1/sandboxes", "/v1/apis", "/v1/scenarios", "/metrics", "/healthz", "/openapi.yaml"}
			paths = append(paths, "/v1/requests?limit=1000", "/v1/events", "/v1/coverage")
			for _, id := range []string{"canaries", "default"} {
				for _, page := range []string{"/requests?limit=1000", "/events", "/tokens", "/clock", "/coverage", "/scenarios"} {
					paths = append(paths, "/v1/sandboxes/"+id+page)
				}
			}
			for _, path := range paths {
				b.check(t, path, b.shown(t, path))
			}
			b.browser(t).load(t)
			env := map[string]string{"TOKENSTAGE_CONTROL": b.server.control, "TOKENSTAGE_CONTROL_TOKEN": canaryToken}
			for _, args := range [][]string{
				{"requests", "--sandbox", "canaries"},
				{"requests", "--sandbox", "canaries", "--json"},
				{"requests", "--json"},
				{"sandbox", "list"},
				{"sandbox", "list", "--json"},
				{"coverage", "--sandbox", "canaries"},
				{"coverage", "--all"},
				{"requests", "--all"},
				{"clock", "--sandbox", "canaries"},
				{"play", "no-such", "--sandbox", "canaries"},
				{"apis"},
				{"healthcheck"},
				{"clock", "--control", "http://127.0.0.1:1"},
				{"sandbox", "new", "--id", "canaries"},
			} {
				got := run(t, env, args...)
				b.check(t, "tokenstage "+strings.Join(args, " "), got.out+got.err)
			}
			if code := b.end(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			b.check(t, "what was traced", b.traces.text())
			if !strings.Contains(b.traces.text(), "POST ccmessaging.tokenByAkSk") {
				t.Error("no traces were sent")
			}
			b.check(t, "standard output of serve", b.out.String())
			b.check(t, "the log", b.err.String())
			if n := strings.Count(b.err.String(), "\n"); n < 60 {
				t.Errorf("the log has %d lines: the calls are not in it", n)
			}
		})
	}
}
