package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// BenchmarkFind opens the list of 20,000 calls with what somebody looks for.
func BenchmarkFind(b *testing.B) {
	w := newBubbleOf(b, emulator.Options{Journal: store.Bound{Records: 30_000, Bytes: 200 << 20}})
	const calls = 20_000
	for i := range calls {
		e := journal.Entry{
			ID: fmt.Sprintf("id-%d", i), Time: start, Arrived: start.Add(time.Duration(i) * time.Millisecond), Sandbox: "default",
			Gateway: "acs", API: "onsmqtt", Operation: "onsmqtt.ApplyToken", Credential: "LTAIfakeDefault", Outcome: "ok", Status: 200,
			Request: journal.Request{
				Method: "POST", URL: "http://127.0.0.1:4010/?Action=ApplyToken&InstanceId=post-cn-" + fmt.Sprint(i) + "&Resources=Topic%20A",
				Headers: map[string][]string{"Host": {"127.0.0.1:4010"}, "User-Agent": {"sdk"}, "Authorization": {"ACS3-HMAC-SHA256 Credential=LTAIfakeDefault"}},
			},
			Response: journal.Response{Status: 200, Content: journal.Content{Body: fmt.Sprintf(`{"Token":"LzMT%064d","RequestId":"x"}`, i)}},
		}
		if err := w.Journal(w.box).Append(b.Context(), &e); err != nil {
			b.Fatal(err)
		}
	}
	for name, query := range map[string]string{
		"all": "", "one": "?q=post-cn-777", "decoded": "?q=%22topic+a%22+post-cn-777", "none": "?q=nothing-of-ours",
		"everywhere": "?q=instanceid", "names": "?q=applytoken", "kind": "?kind=failed",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rec := httptest.NewRecorder()
				w.console.ServeHTTP(rec, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/console/calls"+query, nil))
				if rec.Code != http.StatusOK {
					b.Fatal(rec.Body)
				}
			}
		})
	}
}
