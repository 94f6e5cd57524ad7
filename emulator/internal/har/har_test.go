package har_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/har"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// TestOf holds an archive to HAR 1.2: its members, what browsers need to read it, and what is our own.
func TestOf(t *testing.T) {
	t.Parallel()
	call := journal.Entry{
		ID: "id-1", Sandbox: "qa", Operation: "onsmqtt.ApplyToken", Outcome: "ok", Status: 200,
		Arrived: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), Delivery: journal.Delivery{State: journal.Whole, DurationMicros: 1500, Bytes: 2},
		Request: journal.Request{
			Method: "POST", URL: "http://h/x?b=%2B&a=1%zz", Headers: map[string][]string{"B": {"2", "3"}, "Content-Type": {"text/plain"}, "A": {"1"}},
			Content: journal.Content{Body: "hello", BodyBytes: 9, BodyTruncated: true},
		},
		Response: journal.Response{
			Status: 200, Headers: map[string][]string{"Content-Type": {"application/json"}}, Content: journal.Content{Body: "{}", BodyBytes: 2},
		},
		Findings: []wire.Finding{{Message: "A remark."}},
	}
	reset := call
	reset.Delivery = journal.Delivery{State: journal.Reset}
	packet := call
	packet.Request.URL = "mqtt://h/CONNECT"
	archive := har.Of(call, reset, packet)
	if len(archive.Log.Entries) != 2 || archive.Log.Version != "1.2" || archive.Log.Creator.Version == "" {
		t.Fatalf("%+v", archive.Log)
	}
	e := archive.Log.Entries[0]
	if want := []har.Pair{{"b", "+"}, {"a", "1%zz"}}; !slices.Equal(e.Request.QueryString, want) {
		t.Errorf("query %v", e.Request.QueryString)
	}
	if want := []har.Pair{{"A", "1"}, {"B", "2"}, {"B", "3"}, {"Content-Type", "text/plain"}}; !slices.Equal(e.Request.Headers, want) {
		t.Errorf("headers %v", e.Request.Headers)
	}
	if p := e.Request.PostData; p == nil || p.Text != "hello" || p.MimeType != "text/plain" || p.Comment == "" {
		t.Errorf("body %+v", p)
	}
	if e.Time != 1.5 || e.Timings.Wait != 1.5 || e.Response.Content.Text != "{}" || e.Findings[0] != "A remark." {
		t.Errorf("%+v", e)
	}
	if got := archive.Log.Entries[1]; got.Response.Status != 0 || got.Comment != "onsmqtt.ApplyToken ended in ok, its reply was reset." {
		t.Errorf("a reply that nobody got: %+v", got)
	}
	raw, err := json.Marshal(har.Of(call))
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Log struct{ Entries []map[string]json.RawMessage }
	}
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"startedDateTime", "time", "request", "response", "cache", "timings"} {
		if read.Log.Entries[0][name] == nil {
			t.Errorf("an entry has no %s: %s", name, raw)
		}
	}
	if string(read.Log.Entries[0]["startedDateTime"]) != `"2030-01-02T03:04:05Z"` {
		t.Errorf("started at %s", read.Log.Entries[0]["startedDateTime"])
	}
}
