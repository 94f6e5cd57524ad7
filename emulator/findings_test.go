package emulator_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// sentence is what findings say: it begins with a capital or a name as it is written, and ends with a full stop.
var sentence = regexp.MustCompile(`(?s)^([A-Z"` + "`" + `]|x-|v |[a-z]+[A-Z_-]|onsmqtt|appstream|aicontent|deepvision|ccmessaging).*[.]$`)

// twoSubjects are the marks of a sentence that was put together of two.
var twoSubjects = regexp.MustCompile(`^The (parameter|body)( \S+)? (property|value|number|string|a JSON|minimum|maximum|doesn't|there) `)

// checkSentences holds what findings say to being sentences.
func checkSentences(t *testing.T, findings []wire.Finding) {
	t.Helper()
	for _, f := range findings {
		if !sentence.MatchString(f.Message) || twoSubjects.MatchString(f.Message) || strings.Contains(f.Message, "..") {
			t.Errorf("the finding about %s is no sentence: %q", f.Check, f.Message)
		}
	}
}

// Whoever names a credential that is not known is told of the nearest one, and where those are that are.
func TestNearestCredential(t *testing.T) {
	t.Parallel()
	const alike = "The nearest credential that is known is "
	for name, tt := range map[string]struct {
		send func(t *testing.T, w *world)
		says string
	}{
		"acs": {func(t *testing.T, w *world) {
			t.Helper()
			w.acs.AccessKeyID = "LTAI-my-kye"
			w.do(t, w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20"))
		}, alike + `"LTAI-my-key", of the sandbox nearest.`},
		"acs, nothing alike": {func(t *testing.T, w *world) {
			t.Helper()
			w.acs.AccessKeyID = "quite-another-one-that-is-long"
			w.do(t, w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20"))
		}, ""},
		"top": {func(t *testing.T, w *world) {
			t.Helper()
			w.do(t, gatewaytest.Request{Method: http.MethodPost, Path: "/router/rest", Host: host, Query: url.Values{
				"method":  {"alibaba.security.deepvision.proxy.security.common.token.get"},
				"app_key": {"23456788"}, "timestamp": {instant.Format(time.DateTime)},
			}})
		}, alike + `"23456789", of the sandbox nearest.`},
		"fabric": {func(t *testing.T, w *world) {
			t.Helper()
			w.do(t, gatewaytest.Request{
				Method: http.MethodPost, Path: "/apiaccess/ccmessaging/applyToken", Host: host,
				Header: http.Header{"X-App-Key": {"my-fabrik-app"}, "Content-Type": {"application/json"}}, Body: "{}",
			})
		}, alike + `"my-fabric-app", of the sandbox nearest.`},
		"fabric, in a form": {func(t *testing.T, w *world) {
			t.Helper()
			w.do(t, gatewaytest.Request{
				Method: http.MethodPost, Path: "/apigovernance/api/oauth/tokenByAkSk", Host: host,
				Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
				Body:   "app_key=my-fabrik-app&app_secret=x",
			})
		}, alike + `"my-fabric-app", of the sandbox nearest.`},
		"fabric, in JSON": {func(t *testing.T, w *world) {
			t.Helper()
			w.do(t, gatewaytest.Request{
				Method: http.MethodPost, Path: "/apigovernance/api/oauth/tokenByAkSk", Host: host,
				Header: http.Header{"Content-Type": {"application/json"}},
				Body:   `{"app_key":"my-fabric-ap","app_secret":"x"}`,
			})
		}, alike + `"my-fabric-app", of the sandbox nearest.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, err := w.Sandboxes().Create(t.Context(), sandbox.Definition{ID: "nearest", Credentials: gatewaytest.Credentials{
				ACS: []gatewaytest.ACSCredential{{AccessKeyID: "LTAI-my-key", AccessKeySecret: "my-secret"}, {BearerToken: "my-bearer"}},
				Top: []gatewaytest.App{{AppKey: "23456789", AppSecret: "my-secret"}}, Fabric: []gatewaytest.App{{AppKey: "my-fabric-app", AppSecret: "my-secret"}},
			}.Listed()})
			if err != nil {
				t.Fatal(err)
			}
			tt.send(t, w)
			entry := w.lastEntry(t, w.Default(), 0)
			checkSentences(t, entry.Findings)
			says := textOf(entry)
			if tt.says == "" && strings.Contains(says, alike) || !strings.Contains(says, tt.says) {
				t.Errorf("the findings say %q, want %q", says, tt.says)
			}
			if !strings.Contains(name, "fabric, ") && !strings.Contains(says, "`tokenstage sandbox show ID` prints") {
				t.Errorf("the findings say %q", says)
			}
		})
	}
}

// textOf is all that the findings of an entry say.
func textOf(e *journal.Entry) string {
	var all []string
	for _, f := range e.Findings {
		all = append(all, f.Message)
	}
	return strings.Join(all, " ")
}

// The header that names a scenario is told what it did not know, and what it most likely meant.
func TestUnknownScenarioInAHeader(t *testing.T) {
	t.Parallel()
	for sent, says := range map[string]string{
		"error/onsmqtt.ApplyToken/SystemOverflo": `names "error/onsmqtt.ApplyToken/SystemOverflo", which is no known scenario. ` +
			`The nearest one is "error/onsmqtt.ApplyToken/SystemOverFlow".`,
		"nothing-like-it-anywhere": `names "nothing-like-it-anywhere", which is no known scenario. ` + "`tokenstage scenarios list`",
	} {
		t.Run(sent, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")
			r.Header.Set(scenarioHeader, sent)
			w.do(t, r)
			entry := w.lastEntry(t, w.box, 0)
			checkSentences(t, entry.Findings)
			if text := textOf(entry); !strings.Contains(text, says) {
				t.Errorf("the findings say %q, want %q", text, says)
			}
		})
	}
}

// A form where JSON is expected is told as a form, in the sandbox of the app that it names.
func TestFormInPlaceOfJSON(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ contentType, body, says string }{
		"form":        {"application/x-www-form-urlencoded", "app_key=fabric-app&app_secret=fabric-secret", "The body is a form"},
		"JSON":        {"application/x-www-form-urlencoded", `{"app_key":"fabric-app","app_secret":"fabric-secret"}`, "The body is JSON and its Content-Type does not say so"},
		"JSON, plain": {"text/plain", `{"app_key":"fabric-app","app_secret":"fabric-secret"}`, "The body is JSON and its Content-Type does not say so"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.do(t, gatewaytest.Request{
				Method: http.MethodPost, Path: "/apigovernance/api/oauth/tokenByAkSk", Host: host,
				Header: http.Header{"Content-Type": {tt.contentType}}, Body: tt.body,
			})
			entry := w.lastEntry(t, w.box, 0)
			checkSentences(t, entry.Findings)
			text := textOf(entry)
			if !strings.Contains(text, tt.says) || name == "form" && strings.Contains(text, "The body is JSON") {
				t.Errorf("the findings say %q, want %q", text, tt.says)
			}
		})
	}
}
