package journal_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The values are at least as short as a person's password and no secrets of the server.
func TestSecretFieldsNeverAppear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, want string }{
		{"form", "a=1&AdPassword=pw&b=2", "a=1&AdPassword=[secret]&b=2"},
		{"form, as it is written", "a=%7e+&AdPassword=p%20w%26+&b=%zz", "a=%7e+&AdPassword=[secret]&b=%zz"},
		{"form, unescaped value", `a=1&AdPassword=p w"'<{&b=2`, "a=1&AdPassword=[secret]&b=2"},
		{"form, other case", "accesskeysecret=pw&ADPASSWORD=pw", "accesskeysecret=[secret]&ADPASSWORD=[secret]"},
		{"form, escaped name", "a=1&app%5Fsecret=pw", "a=1&app%5Fsecret=[secret]"},
		{"form, name with a prefix", "User.1.AdPassword=pw", "User.1.AdPassword=[secret]"},
		{"form, empty value", "AdPassword=&b=2", "AdPassword=&b=2"},
		{"form, no value", "AdPassword&b=2", "AdPassword&b=2"},
		{"form, other name", "AdPasswordHint=pw", "AdPasswordHint=pw"},
		{"JSON", `{"app_secret":"pw","b":2}`, `{"app_secret":"[secret]","b":2}`},
		{"JSON with blanks", "{\n \"AccessKeySecret\" :\t\"pw\" }", "{\n \"AccessKeySecret\" :\t\"[secret]\" }"},
		{"JSON, other case", `{"APP_SECRET":"pw"}`, `{"APP_SECRET":"[secret]"}`},
		{"JSON, escaped quote", `{"AdPassword":"p\"w\\","b":2}`, `{"AdPassword":"[secret]","b":2}`},
		{"JSON, not a string", `{"AdPassword":1234,"b":[2]}`, `{"AdPassword":[secret],"b":[2]}`},
		{"JSON, null", `{"AdPassword":null}`, `{"AdPassword":null}`},
		{"JSON, cut in the value", `{"AdPassword":"p\"w`, `{"AdPassword":"[secret]`},
		{"JSON, cut in an escape", `{"AdPassword":"pw\`, `{"AdPassword":"[secret]\`},
		{"JSON, no closing quote", `{"AdPassword":"pw,"b":"c"}`, `{"AdPassword":"[secret]"b":"c"}`},
		{"JSON, no opening quotes", `{AdPassword:pw,b:2}`, `{AdPassword:[secret],b:2}`},
		{"JSON, single quotes", `{'AdPassword':'p,w','b':2}`, `{'AdPassword':'[secret]','b':2}`},
		{"JSON in JSON", `{"a":"{\"AdPassword\":\"p\\\"w\",\"b\":2}"}`, `{"a":"{\"AdPassword\":\"[secret]\",\"b\":2}"}`},
		{"JSON twice in JSON", `"\\\"AdPassword\\\":\\\"pw\\\""`, `"\\\"AdPassword\\\":\\\"[secret]""`},
		{"JSON, a quoted value is no string to sign", `{"AdPassword":"p%26w"}`, `{"AdPassword":"[secret]"}`},
		{"JSON, bearer token", `{"BearerToken":"pw"}`, `{"BearerToken":"[secret]"}`},
		{"XML", "<x><app_secret>pw</app_secret></x>", "<x><app_secret>[secret]</app_secret></x>"},
		{"XML, empty", "<app_secret>\n</app_secret>", "<app_secret>\n</app_secret>"},
		{
			"multipart", "--b\r\ncontent-disposition: form-data; name=\"AdPassword\"\r\nX: y\r\n\r\np\r\nw\r\n--b--",
			"--b\r\ncontent-disposition: form-data; name=\"AdPassword\"\r\nX: y\r\n\r\n[secret]\r\n--b--",
		},
		{"multipart, cut", "--b\nC: d; name=AdPassword\n\npw", "--b\nC: d; name=AdPassword\n\n[secret]"},
		{"already masked", `{"AdPassword":"[secret]"} AdPassword=[secret]`, `{"AdPassword":"[secret]"} AdPassword=[secret]`},
		{"a name alone", `["AdPassword", "AccessKeySecret"]`, `["AdPassword", "AccessKeySecret"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := shown(t, knowing(t), journal.Entry{
				Request:  journal.Request{Content: journal.Content{Body: c.body}},
				Response: journal.Response{Content: journal.Content{Body: c.body}},
			})
			if e.Request.Body != c.want {
				t.Errorf("request body\n got %s\nwant %s", e.Request.Body, c.want)
			}
			if e.Response.Body != c.want {
				t.Errorf("response body\n got %s\nwant %s", e.Response.Body, c.want)
			}
		})
	}
}

func TestSecretFieldsOfURLs(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"/?Action=GetAuthCode&AdPassword=p%20w&b=%7e": "/?Action=GetAuthCode&AdPassword=[secret]&b=%7e",
		`/?AdPassword=p"w'&app%5fsecret=pw`:           "/?AdPassword=[secret]&app%5fsecret=[secret]",
		"/?BearerToken=pw":                            "/?BearerToken=[secret]",
		"/?bearertoken=pw&x":                          "/?bearertoken=[secret]&x",
		"/apigovernance/x?app_secret=a?b=c&d":         "/apigovernance/x?app_secret=[secret]&d",
		"/AccessKeySecret=pw/x":                       "/AccessKeySecret=[secret]",
		"/AdPassword?AdPasswordHint=1&Token=2":        "/AdPassword?AdPasswordHint=1&Token=2",
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			if e := shown(t, knowing(t), journal.Entry{Request: journal.Request{URL: url}}); e.Request.URL != want {
				t.Errorf("shown as %s, want %s", e.Request.URL, want)
			}
		})
	}
}

func TestSecretHeaders(t *testing.T) {
	t.Parallel()
	const v3 = "ACS3-HMAC-SHA256 Credential=ak,SignedHeaders=host,Signature=00ff"
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:password"))
	for _, c := range []struct{ name, value, want string }{
		{"X-Acs-Bearer-Token", "pw", "[secret]"},
		{"x-acs-bearer-token", "p w,q", "[secret]"},
		{"Authorization", basic, "[secret]"},
		{"Authorization", "bASIC  cHc=", "[secret]"},
		{"Authorization", "Bearer pw", "[secret]"},
		{"Authorization", v3, v3},
		{"Proxy-Authorization", basic, "[secret]"},
		{"X-App-Secret", "pw", "[secret]"},
		{"Adpassword", "pw", "[secret]"},
		{"Referer", "http://h/?app_secret=pw&x=1", "http://h/?app_secret=[secret]&x=1"},
		{"X-Acs-Signature-Nonce", "pw", "pw"},
	} {
		t.Run(c.name+" "+c.value, func(t *testing.T) {
			t.Parallel()
			e := shown(t, knowing(t), journal.Entry{
				Request:  journal.Request{Headers: map[string][]string{c.name: {c.value}}},
				Response: journal.Response{Headers: map[string][]string{c.name: {c.value}}},
			})
			for _, got := range [][]string{e.Request.Headers[c.name], e.Response.Headers[c.name]} {
				if len(got) != 1 || got[0] != c.want {
					t.Errorf("%s: %s is shown as %q, want %s", c.name, c.value, got, c.want)
				}
			}
		})
	}
}

// What a field's name gives away is masked in the rest of the entry too: messages quote parameters, strings to sign
// hold them.
func TestSecretFieldsAreMaskedWhereTheyAreQuoted(t *testing.T) {
	t.Parallel()
	const unknown = `unknown "pass"/word+1`
	for name, request := range map[string]journal.Request{
		"form":   {Content: journal.Content{Body: "AdPassword=" + url.QueryEscape(unknown)}},
		"query":  {URL: "/?AdPassword=" + url.QueryEscape(unknown)},
		"strict": {URL: "/?AdPassword=" + url.PathEscape(unknown)},
		"JSON":   {Content: journal.Content{Body: `{"app_secret":"unknown \"pass\"/word+1"}`}},
		"header": {Headers: map[string][]string{"X-Acs-Bearer-Token": {unknown}}},
		"bearer": {Headers: map[string][]string{"Authorization": {"Bearer " + unknown}}},
		"JSON in a form": {
			Content: journal.Content{Body: "x=" + url.QueryEscape(`{"AdPassword":"unknown \"pass\"/word+1"}`)},
		},
		"JSON in JSON": {Content: journal.Content{Body: `"{\"AdPassword\":\"unknown \\\"pass\\\"/word+1\"}"`}},
		"a cut JSON":   {Content: journal.Content{Body: `{"AdPassword":"unknown \"pass\"/word+1, `}},
	} {
		for spelling, text := range spelt(unknown) {
			for place, e := range asked("before " + text + " after") {
				if strings.HasSuffix(place, "url") || strings.HasSuffix(place, "body") || strings.HasPrefix(place, "header") {
					continue // taken by the request that gives the value away
				}
				t.Run(name+"/"+spelling+"/"+place, func(t *testing.T) {
					t.Parallel()
					method := e.Request.Method
					e.Request = request
					e.Request.Method = method
					e = shown(t, knowing(t), e)
					if how := leaks(e, unknown); how != "" {
						t.Errorf("it leaks (%s): %+v", how, e)
					}
				})
			}
		}
	}
}

func TestSentencesAreLeftAlone(t *testing.T) {
	t.Parallel()
	const message = "AccessKeySecret: the client signed with another one"
	e := shown(t, knowing(t), journal.Entry{Findings: []wire.Finding{{Message: message}}})
	if got := e.Findings[0].Message; got != message {
		t.Errorf("shown as %q, want %q", got, message)
	}
}

func TestSecretFieldsOfStringsToSign(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"GET&%2F&AdPassword%3Dpw%26Format%3DJSON":     "GET&%2F&AdPassword%3D[secret]%26Format%3DJSON",
		"GET\n/\nAdPassword=pw&b=2\nhost:h":           "GET\n/\nAdPassword=[secret]&b=2\nhost:h",
		"host:h\nx-acs-bearer-token:pw\nx-acs-date:d": "host:h\nx-acs-bearer-token:[secret]\nx-acs-date:d",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			f := shown(t, knowing(t), journal.Entry{Findings: []wire.Finding{{Server: text, Client: text}}}).Findings[0]
			if f.Server != want || f.Client != want {
				t.Errorf("shown as %q and %q, want %q", f.Server, f.Client, want)
			}
		})
	}
}

func TestValueWithoutItsClosingQuote(t *testing.T) {
	t.Parallel()
	e := shown(t, knowing(t), journal.Entry{
		Outcome: "refused hiddenword", Request: journal.Request{
			Content: journal.Content{Body: `{"AdPassword":"hiddenword, "b":1}`},
		},
	})
	if e.Outcome != "refused [secret]" {
		t.Errorf("the value is shown elsewhere: %q", e.Outcome)
	}
}
