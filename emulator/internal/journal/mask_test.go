package journal_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The canaries are secrets that the server knows. One of them needs escapes wherever it goes.
const (
	canaryKey    = "CanaryAccessKeySecret0123456789"
	canaryBearer = "canary.bearer.token~with/odd+signs="
	canaryApp    = "canaryappsecret0123456789abcdef0"
	canaryOdd    = `canary "quoted" \ & <more>`
)

func canaries() []string { return []string{canaryKey, canaryBearer, canaryApp, canaryOdd} }

// knowing returns an empty journal that knows the canaries.
func knowing(tb testing.TB) *journal.Journal {
	tb.Helper()
	stores := memory.New()
	boxes := sandbox.NewRegistry(sandbox.RegistryOptions{Schemes: gateways.Schemes(), Store: stores, RealNow: time.Now().UTC})
	_, err := boxes.Create(tb.Context(), sandbox.Definition{ID: "one", Credentials: gatewaytest.Credentials{
		ACS:    []gatewaytest.ACSCredential{{AccessKeyID: "ak", AccessKeySecret: canaryKey, BearerToken: canaryBearer}},
		Top:    []gatewaytest.App{{AppKey: "top", AppSecret: canaryApp}},
		Fabric: []gatewaytest.App{{AppKey: "fabric", AppSecret: canaryOdd}},
	}.Listed()})
	if err != nil {
		tb.Fatal(err)
	}
	return journal.New(stores.Space("one"), journal.NewViewer(boxes.Secrets()), journal.DefaultBound)
}

// shown is an entry as people see it.
func shown(tb testing.TB, j *journal.Journal, e journal.Entry) journal.Entry {
	tb.Helper()
	e.ID = "r1"
	add(tb, j, e)
	got, err := j.Get(tb.Context(), "r1")
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// asked are entries with a text in each place that a client reaches.
func asked(text string) map[string]journal.Entry {
	finding := func(f wire.Finding) journal.Entry { return journal.Entry{Findings: []wire.Finding{f}} }
	request := func(r journal.Request) journal.Entry { return journal.Entry{Request: r} }
	return map[string]journal.Entry{
		"url":             request(journal.Request{URL: text}),
		"header":          request(journal.Request{Headers: map[string][]string{"X-Odd": {"a", text}}}),
		"header name":     request(journal.Request{Headers: map[string][]string{text: {"a"}}}),
		"body":            request(journal.Request{Content: journal.Content{Body: text}}),
		"parameter":       request(journal.Request{Parameters: map[string]string{"object": text}}),
		"parameter name":  request(journal.Request{Parameters: map[string]string{text: "a"}}),
		"method":          request(journal.Request{Method: text}),
		"response header": {Response: journal.Response{Headers: map[string][]string{"Location": {text}}}},
		"response body":   {Response: journal.Response{Content: journal.Content{Body: text}}},
		"credential":      {Credential: text},
		"outcome":         {Outcome: text},
		"scenario":        {Decision: &journal.Decision{Scenario: text}},
		"panic":           {Panic: text},
		"check":           finding(wire.Finding{Check: text}),
		"message":         finding(wire.Finding{Message: text}),
		"expected":        finding(wire.Finding{Expected: text}),
		"got":             finding(wire.Finding{Got: text}),
		"server":          finding(wire.Finding{Server: text}),
		"client":          finding(wire.Finding{Client: text}),
		"marker":          finding(wire.Finding{Marker: text}),
	}
}

// spelt are the ways in which a text can stand in another one.
func spelt(text string) map[string]string {
	quoted, _ := json.Marshal(text)
	twice, _ := json.Marshal(string(quoted))
	var hex, points strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&hex, "%%%02x", text[i])
		fmt.Fprintf(&points, `\u%04X`, text[i])
	}
	return map[string]string{
		"raw":               text,
		"query":             url.QueryEscape(text),
		"path":              url.PathEscape(text),
		"query, twice":      url.QueryEscape(url.QueryEscape(text)),
		"every byte":        hex.String(),
		"every byte, twice": strings.ReplaceAll(hex.String(), "%", "%25"),
		"json":              strings.Trim(string(quoted), `"`),
		"json in json":      strings.TrimSuffix(strings.TrimPrefix(string(twice), `"\"`), `\""`),
		"json, every byte":  points.String(),
		"json, signed":      url.QueryEscape(url.QueryEscape(points.String())),
	}
}

// leaks says in which spelling an entry shows text, if in any.
func leaks(e journal.Entry, text string) string {
	seen := strings.ToLower(everything(e))
	for name, spelling := range spelt(text) {
		if strings.Contains(seen, strings.ToLower(spelling)) {
			return name
		}
	}
	return ""
}

func everything(e journal.Entry) string { return fmt.Sprintf("%+v %+v", e, e.Decision) }

func TestKnownSecretsNeverAppear(t *testing.T) {
	t.Parallel()
	for _, canary := range canaries() {
		for spelling, text := range spelt(canary) {
			for place, e := range asked("before " + text + " after") {
				t.Run(fmt.Sprintf("%.9s/%s/%s", canary, spelling, place), func(t *testing.T) {
					t.Parallel()
					e := shown(t, knowing(t), e)
					if how := leaks(e, canary); how != "" {
						t.Errorf("it leaks (%s): %+v", how, e)
					}
					if all := everything(e); !strings.Contains(all, sandbox.Mask) || !strings.Contains(all, "before") {
						t.Errorf("want %s and the text around it: %s", sandbox.Mask, all)
					}
				})
			}
		}
	}
}

func TestKnownSecretsInWholeRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		body string
	}{
		{"broken JSON", `{"app_key":"x","app_secret":"` + canaryApp + `","a":`},
		{"JSON that ends in the secret", `{"secret":"` + canaryApp},
		{"multipart", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n" + canaryApp + "\r\n--b--\r\n"},
		{"XML", "<a><b>" + canaryApp + "</b></a>"},
		{"nothing between", "x" + canaryApp + canaryApp + "y"},
		{"binary", "\x00\xff" + canaryApp + "\xfe"},
		{"across the cut", strings.Repeat("x", journal.MaxBody-10) + canaryApp},
		{"across the cut of much more", strings.Repeat("x", journal.MaxBody-10) + canaryApp + strings.Repeat("x", 1<<20)},
		{"all of it", strings.Repeat(canaryApp, 1<<20/len(canaryApp))},
		{"all of it, shifted", "x" + strings.Repeat(canaryApp, 1<<20/len(canaryApp))},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := shown(t, knowing(t), journal.Entry{
				Request: journal.Request{Content: journal.Content{Body: c.body}},
			})
			if strings.Contains(e.Request.Body, canaryApp[:8]) {
				t.Errorf("it leaks: %.200q", e.Request.Body)
			}
		})
	}
}

// TestManySecretFields: a call with more values of secret fields than are remembered shows none of them anywhere, and
// is read without searching for each of them.
func TestManySecretFields(t *testing.T) {
	t.Parallel()
	var form, quoted strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&form, "app_secret=hidden%04d&", i)
		fmt.Fprintf(&quoted, "hidden%04d ", i)
	}
	e := shown(t, knowing(t), journal.Entry{
		API: "onsmqtt", Outcome: "SignatureDoesNotMatch",
		Request: journal.Request{Method: "POST", URL: "/?a=" + url.QueryEscape(quoted.String()), Content: journal.Content{Body: form.String()}},
		Findings: []wire.Finding{
			{Check: "signature", Message: "no, " + quoted.String(), Server: quoted.String(), Marker: "hidd>>en3999"},
		},
	})
	if strings.Contains(everything(e), "hidden") {
		t.Errorf("it leaks: %.500s", everything(e))
	}
	if e.Outcome != "SignatureDoesNotMatch" || e.Request.Method != "POST" || e.Findings[0].Check != "signature" {
		t.Errorf("the names are gone too: %.500s", everything(e))
	}
}

func TestMarkersNextToSecrets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		finding wire.Finding
		want    string
	}{
		{"no secret", wire.Finding{Server: "a=1&b=2", Client: "a=1&b=3", Marker: "b=>>2"}, "b=>>2"},
		{"known secret", wire.Finding{Server: "a=" + canaryKey, Client: "a=x", Marker: "a=Canary>>AccessKey…"}, "[secret]"},
		{"known secret of the client", wire.Finding{Client: canaryKey, Marker: "Canary>>AccessKey…"}, "[secret]"},
		{"named field", wire.Finding{Server: "AdPassword=hidden&b", Marker: "hid>>den"}, "[secret]"},
		{"no marker", wire.Finding{Server: canaryKey}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := shown(t, knowing(t), journal.Entry{Findings: []wire.Finding{c.finding}})
			if got := e.Findings[0].Marker; got != c.want {
				t.Errorf("the marker is shown as %q, want %q", got, c.want)
			}
		})
	}
}

func TestCredentialText(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]wire.Credential{
		"ak":         {Kind: wire.AccessKey, ID: "ak"},
		"123":        {Kind: wire.TopApp, ID: "123"},
		sandbox.Mask: {Kind: wire.Bearer, ID: "unknown token", Secret: true},
		"":           {},
	} {
		if got := journal.CredentialText(c); got != want {
			t.Errorf("CredentialText(%s credential) = %q, want %q", c.Kind, got, want)
		}
	}
}

// What is kept is what was sent: a secret is taken out when it is shown, so nothing else of the text is lost.
func TestMaskingLeavesTheRest(t *testing.T) {
	t.Parallel()
	const rest = "/?a=%7E%2b+%zz&b=\\u00e4&" + "c=LzMT+XLFl5uYqg6CeJy8vGpZq/AUkMrLwBV8E3dTAxE="
	e := shown(t, knowing(t), journal.Entry{Request: journal.Request{URL: rest + "&d=" + canaryKey + "&e=%41"}})
	if want := rest + "&d=[secret]&e=%41"; e.Request.URL != want {
		t.Errorf("shown as %s, want %s", e.Request.URL, want)
	}
}
