package journal_test

import (
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// FuzzMask plants secrets into arbitrary text: one that the server knows, and one that only its field gives away.
func FuzzMask(f *testing.F) {
	for _, around := range []string{
		"", "&", "{", `{"a":"`, `\`, `\\"`, "%", "%2", "a=b&c=%zz", "\x00\xff", "<a>", "--b\r\n",
		"name=\"x\"\r\n\r\n", "[secret",
		`\u00`, `{"AdPassword":"`, "AccessKeySecret=", "x-acs-bearer-token:", "%26", "?", "\n",
	} {
		f.Add(around, around, []byte("pass"))
	}
	f.Fuzz(func(t *testing.T, before, after string, random []byte) {
		hidden := "hidden" + hex.EncodeToString(random) + `"\&=%+/`
		quoted, err := json.Marshal(hidden)
		if err != nil {
			t.Skip(err)
		}
		for name, field := range map[string]string{
			"form": "&AdPassword=" + url.QueryEscape(hidden) + "&",
			"JSON": `,"AccessKeySecret":` + string(quoted) + ",",
		} {
			if opensField(before) {
				break // what stands in another field's value may hide the planted one's name
			}
			e := shown(t, knowing(t), journal.Entry{
				Request:  journal.Request{URL: "/?" + before + field + after},
				Response: journal.Response{Content: journal.Content{Body: before + field + after}},
			})
			if strings.Contains(e.Request.URL+e.Response.Body, "hidden"+hex.EncodeToString(random)) {
				t.Errorf("%s: the field's value is shown: %+v", name, e)
			}
		}
		planted := before + canaryKey + after
		e := shown(t, knowing(t), journal.Entry{
			Request:  journal.Request{URL: planted, Content: journal.Content{Body: planted}},
			Response: journal.Response{Headers: map[string][]string{"X": {planted}}},
		})
		if how := leaks(e, canaryKey); how != "" {
			t.Errorf("a known secret is shown (%s): %+v", how, e)
		}
	})
}

func opensField(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "secret") || strings.Contains(text, "password") || strings.Contains(text, "token")
}
