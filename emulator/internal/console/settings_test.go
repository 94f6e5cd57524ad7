package console_test

import (
	"encoding/json"
	"html"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// pasted are the texts of a page that are there to be pasted.
func (r reply) pasted() []string {
	var texts []string
	for _, found := range regexp.MustCompile(`(?s)<div class="paste"><pre[^>]*>(.*?)</pre>`).FindAllStringSubmatch(r.body, -1) {
		texts = append(texts, html.UnescapeString(found[1]))
	}
	return texts
}

// paste is the text to paste that holds a mark.
func (r reply) paste(t *testing.T, mark string) string {
	t.Helper()
	for _, text := range r.pasted() {
		if strings.Contains(text, mark) {
			return text
		}
	}
	t.Fatalf("the page has no text to paste with %q: %q", mark, r.pasted())
	return ""
}

func TestSettingsOfTheDefaultSandbox(t *testing.T) {
	t.Parallel()
	w := open(t)
	page := w.page(t, "/console/sandboxes/default")
	host, port, _ := strings.Cut(w.data, ":")
	for mark, want := range map[string][]string{
		"openapi.Config{":  {`tea.String("` + w.data + `")`, `tea.String("http")`, `tea.String("LTAIfakeDefault")`, `tea.String("fake-default-access-key-secret")`},
		"BearerToken:":     {`tea.String("fake-default-bearer-token")`, `tea.String("http")`},
		"sdk.NewConfig()":  {`request.Domain = "` + w.data + `"`, `request.Scheme = "http"`, `request.Domain, request.Port = "` + host + `", "` + port + `"`},
		"new Config({":     {`endpoint: '` + w.data + `'`, `protocol: 'http'`, `accessKeyId: 'LTAIfakeDefault'`},
		"new RPCClient({":  {`endpoint: 'http://` + w.data + `'`, `method: 'POST'`},
		"server URL":       {"http://" + w.data + "/router/rest", "10000001", "fake-default-top-app-secret"},
		"new ApiClient({":  {`url: 'http://` + w.data + `/router/rest'`, `appkey: '10000001'`},
		"REST_URL":         {`'http://` + w.data + `/router/rest'`},
		"host         ":    {host, "port         " + port},
		"TOKENSTAGE_DATA=": {"tokenstage env --sandbox default --control http://" + w.control, "export AICC_URL=http://" + w.data},
	} {
		text := page.paste(t, mark)
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("the text with %q does not have %q: %s", mark, part, text)
			}
		}
	}
	page.lacks(t, "Over HTTPS", "Secrets were shown")
	page.has(t, "LTAIfakeDisabled fake-disabled-access-key-secret disabled", "Instances post-* mqtt-*")
}

// The commands do what they say, pasted as they stand.
func TestSettingsOfCurl(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	w := open(t)
	const hostile = `it's "so" $HOME \ <b>`
	if _, err := w.CreateSandbox(t.Context(), sandbox.Definition{ID: "odd", Credentials: gatewaytest.Credentials{
		ACS:    []gatewaytest.ACSCredential{{BearerToken: hostile}},
		Fabric: []gatewaytest.App{{AppKey: "odd-key", AppSecret: hostile}},
	}.Listed()}, nil); err != nil {
		t.Fatal(err)
	}
	// What the page of a created sandbox shows once.
	req := w.request(t, http.MethodGet, "/console/sandboxes/odd", nil)
	_, port, _ := strings.Cut(w.control, ":")
	req.AddCookie(&http.Cookie{Name: "tokenstage_created_" + port, Value: "odd"})
	page := w.send(t, req)
	for mark, member := range map[string]string{"x-acs-bearer-token": "AuthModel", "applyToken": "token"} {
		command := page.paste(t, mark)
		raw, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output()
		var answer map[string]any
		if err != nil || json.Unmarshal(raw, &answer) != nil || answer[member] == nil {
			t.Errorf("%s\nanswers %s, %v", command, raw, err)
		}
	}
}

func TestSettingsOverTLS(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *settings) {
		s.console.TLS, s.console.Token, s.control.Token = "127.0.0.1:4443", "a-long-enough-token", "a-long-enough-token"
	})
	w.send(t, w.request(t, http.MethodGet, "/console/?token=a-long-enough-token", nil))
	page := w.page(t, "/console/sandboxes/default")
	page.has(t, "Over HTTPS")
	if text := page.paste(t, "ca.pem"); !strings.Contains(text, "https://127.0.0.1:4443") ||
		!strings.Contains(text, `-H "Authorization: Bearer $TOKENSTAGE_CONTROL_TOKEN"`) {
		t.Errorf("the settings are %s", text)
	}
	if text := page.paste(t, "tokenstage env"); !strings.HasPrefix(text, "# needs TOKENSTAGE_CONTROL_TOKEN") {
		t.Errorf("nothing about the token in %s", text)
	}
	page.lacks(t, "a-long-enough-token")
	w.create(t, "other")
	if text := w.page(t, "/console/sandboxes/other?secrets=show").paste(t, "/v1/sandboxes/other"); !strings.Contains(text, "Bearer $TOKENSTAGE") {
		t.Errorf("no token in %s", text)
	}
}

// A sandbox without credentials of a gateway has no settings for it.
func TestSettingsWithoutCredentials(t *testing.T) {
	t.Parallel()
	w := open(t)
	if _, err := w.CreateSandbox(t.Context(), sandbox.Definition{ID: "bare", Credentials: gatewaytest.Credentials{
		ACS: []gatewaytest.ACSCredential{{AccessKeyID: "LTAIsts", AccessKeySecret: "secret-of-sts", SecurityToken: "sts-token"}},
		Top: []gatewaytest.App{}, Fabric: []gatewaytest.App{},
	}.Listed()}, nil); err != nil {
		t.Fatal(err)
	}
	page := w.page(t, "/console/sandboxes/bare")
	page.lacks(t, "Taobao", "Huawei", "without signatures", "secret-of-sts")
	for _, mark := range []string{"openapi.Config{", "NewStsTokenCredential", "new Config({", "ALIBABA_CLOUD_SECURITY_TOKEN="} {
		if text := page.paste(t, mark); !strings.Contains(text, "sts-token") || !strings.Contains(text, "<access key secret>") {
			t.Errorf("no security token in %s", text)
		}
	}
}

// The programs of settings answer with a token, pasted as they stand, in every language that this machine has.
func TestSettingsRun(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *settings) { s.emulator.RealNow = nil }) // programs sign with real time
	page := w.page(t, "/console/sandboxes/default")
	for name, c := range map[string]struct {
		mark, file string
		command    []string
		before     string
	}{
		"node":        {"await fetch(", "tokens.mjs", []string{"node"}, ""},
		"python":      {"json.load(answer)", "tokens.py", []string{"python3"}, ""},
		"java":        {"public class Tokens", "Tokens.java", []string{"java"}, ""},
		"php":         {"<?php", "tokens.php", []string{"php"}, ""},
		"ruby":        {"puts client['token']", "tokens.rb", []string{"ruby"}, ""},
		"ruby, top":   {"OpenSSL::HMAC", "top.rb", []string{"ruby"}, rubyParam},
		"python, top": {"hmac.new(", "top.py", []string{"python3"}, pythonParam},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(c.command[0]); err != nil {
				t.Skip("there is no " + c.command[0])
			}
			path := filepath.Join(t.TempDir(), c.file)
			program := c.before + page.paste(t, c.mark)
			if err := os.WriteFile(path, []byte(program), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), c.command[0], append(c.command[1:], path)...).CombinedOutput()
			if err != nil || len(strings.TrimSpace(string(out))) < 20 || strings.Contains(string(out), "error_response") {
				t.Errorf("%s\n%s, %v", program, out, err)
			}
		})
	}
}

const (
	rubyParam = "param = { product_code: 'vision', scene_code: 'inspection', usage_scene: 'upload', " +
		"op_poi_id: 'poi-1', op_tenant_code: 'tenant-1' }\n"
	pythonParam = "param = {'product_code': 'vision', 'scene_code': 'inspection', 'usage_scene': 'upload', " +
		"'op_poi_id': 'poi-1', 'op_tenant_code': 'tenant-1'}\n"
)
