package journal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// newJournal returns the empty journal of a sandbox without secrets.
func newJournal(tb testing.TB, bound store.Bound) *journal.Journal {
	tb.Helper()
	return journal.New(memory.New().Space("one"), journal.NewViewer(sandbox.NewSecrets()), bound)
}

func add(tb testing.TB, j *journal.Journal, entries ...journal.Entry) {
	tb.Helper()
	for _, e := range entries {
		if err := j.Append(tb.Context(), &e); err != nil {
			tb.Fatalf("Append: %v", err)
		}
	}
}

// full has something in every field.
func full() journal.Entry {
	return journal.Entry{
		ID: "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E", Time: time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC),
		Arrived: time.Date(2026, 3, 2, 12, 0, 0, 1, time.UTC),
		Sandbox: "default", Gateway: "acs", API: "onsmqtt", Operation: "onsmqtt.ApplyToken",
		Credential: "LTAIfake0123456789ab", Outcome: "InvalidParameter.Resources", Status: 400, DurationMicros: 412,
		Delivery: journal.Delivery{
			State: journal.Truncated, DelayMillis: 50, Network: "truncate", Bytes: 18, DurationMicros: 50_420,
		},
		Request: journal.Request{
			Method: "POST", URL: "/?Action=ApplyToken&Resources=a%2Fb",
			Headers: map[string][]string{
				"Host": {"localhost:4010"}, "X-Twice": {"1", "2"}, "X-Acs-Version": {"2020-04-20"},
				"Authorization": {"ACS3-HMAC-SHA256 Credential=LTAIfake,SignedHeaders=host,Signature=" +
					strings.Repeat("0a", 32)},
			},
			Parameters: map[string]string{"object": "a/b.txt"},
			Content:    journal.Content{Body: "Actions=R&InstanceId=post-cn-1"},
		},
		Response: journal.Response{
			Status: 400, Headers: map[string][]string{"Content-Type": {"application/json"}},
			Content: journal.Content{Body: `{"Code":"InvalidParameter.Resources"}`},
		},
		Decision: &journal.Decision{
			Scenario: "mqtt-throttled", Rule: 1, Step: 2, Choice: new(1), Per: "credential", Key: "LTAI", LeftSeconds: 3,
			States: map[string]string{"phase": "banned"},
		},
		Also: []journal.Touch{{Scenario: "slow", Rule: 1}}, SignatureTime: "real",
		Findings: []wire.Finding{{
			Check: "signature", Level: wire.LevelError, Message: "they differ", Expected: "e", Got: "g",
			Server: "a\nb", Client: "a\nc", Marker: "b / c",
		}},
		Misses: []journal.Miss{{
			Scenario: "mqtt-throttled", Rule: 1, Condition: "when params.InstanceId", Expected: "a glob post-*", Got: "mqtt-1",
		}},
		Panic: "goroutine 1 [running]:\n",
	}
}

// TestFull keeps TestEntryComesBackWhole honest: a field that full leaves empty could get lost unnoticed.
func TestFull(t *testing.T) {
	t.Parallel()
	set := map[string]bool{"Seq": true, "BodyBytes": true, "BodyTruncated": true} // by the journal
	var check func(path string, v reflect.Value)
	check = func(path string, v reflect.Value) {
		switch {
		case set[path[strings.LastIndex(path, ".")+1:]]:
		case v.IsZero():
			t.Errorf("%s is empty", path)
		case v.Kind() == reflect.Pointer:
			check(path, v.Elem())
		case v.Kind() == reflect.Slice:
			check(path, v.Index(0))
		case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
			for i := range v.NumField() {
				check(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	check("Entry", reflect.ValueOf(full()))
}

func TestEntryComesBackWhole(t *testing.T) {
	t.Parallel()
	j := newJournal(t, journal.DefaultBound)
	add(t, j, full())
	got, err := j.Get(t.Context(), full().ID)
	if err != nil {
		t.Fatal(err)
	}
	want := full()
	want.Seq = 1
	want.Request.BodyBytes, want.Response.BodyBytes = len(want.Request.Body), len(want.Response.Body)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the entry changed (-want +got):\n%s", diff)
	}
	if page := list(t, j, journal.Filter{}); !cmp.Equal(page.Requests, []journal.Entry{want}) {
		t.Errorf("List differs from Get:\n%s", cmp.Diff([]journal.Entry{want}, page.Requests))
	}
}

func TestJSONNames(t *testing.T) {
	t.Parallel()
	j := newJournal(t, journal.DefaultBound)
	add(t, j, journal.Entry{ID: "r1", Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)})
	got, err := json.Marshal(list(t, j, journal.Filter{}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"requests":[{"id":"r1","seq":1,"time":"2026-03-01T12:00:00Z","arrived":"0001-01-01T00:00:00Z","sandbox":"","gateway":"","api":"",` +
		`"operation":"","credential":"","outcome":"","status":0,"durationMicros":0,` +
		`"delivery":{"state":"","delayMillis":0,"network":"","bytes":0,"durationMicros":0},` +
		`"request":{"method":"","url":"","headers":{},"body":"","bodyBytes":0,"bodyTruncated":false},` +
		`"response":{"status":0,"headers":{},"body":"","bodyBytes":0,"bodyTruncated":false},` +
		`"decision":null,"misses":[],"findings":[]}],"dropped":0,"next":null}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("a page as JSON (-want +got):\n%s", diff)
	}
	empty, err := json.Marshal(list(t, newJournal(t, journal.DefaultBound), journal.Filter{}))
	if want := `{"requests":[],"dropped":0,"next":null}`; err != nil || string(empty) != want {
		t.Errorf("an empty page = %s, %v, want %s", empty, err, want)
	}
}

func TestLongBodiesAreCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		size      int
		kept      int
		truncated bool
	}{
		{"none", 0, 0, false},
		{"just fits", journal.MaxBody, journal.MaxBody, false},
		{"one over", journal.MaxBody + 1, journal.MaxBody, true},
		{"far over", 1 << 20, journal.MaxBody, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := newJournal(t, journal.DefaultBound)
			content := journal.Content{Body: strings.Repeat("b", c.size)}
			add(t, j, journal.Entry{
				ID: "r1", Request: journal.Request{Content: content}, Response: journal.Response{Content: content},
			})
			e, err := j.Get(t.Context(), "r1")
			if err != nil {
				t.Fatal(err)
			}
			for name, got := range map[string]journal.Content{"request": e.Request.Content, "response": e.Response.Content} {
				if got.BodyBytes != c.size || len(got.Body) != c.kept || got.BodyTruncated != c.truncated {
					t.Errorf("%s: %d bytes, %d kept, truncated %v, want %d, %d, %v", name,
						got.BodyBytes, len(got.Body), got.BodyTruncated, c.size, c.kept, c.truncated)
				}
			}
		})
	}
}

// Strings to sign of long requests would push everything else out of the journal.
func TestLongFindingsAreCut(t *testing.T) {
	t.Parallel()
	j := newJournal(t, journal.DefaultBound)
	long := strings.Repeat("f", 1<<20)
	add(t, j, journal.Entry{ID: "r1", Findings: []wire.Finding{
		{Check: "signature", Message: "short", Server: long, Client: long[:journal.MaxFinding], Expected: long, Got: long},
	}})
	e, err := j.Get(t.Context(), "r1")
	if err != nil {
		t.Fatal(err)
	}
	f := e.Findings[0]
	for name, text := range map[string]string{"server": f.Server, "client": f.Client, "expected": f.Expected, "got": f.Got} {
		if len(text) != journal.MaxFinding {
			t.Errorf("%s has %d bytes", name, len(text))
		}
	}
	if f.Message != "short" {
		t.Errorf("the message is %q", f.Message)
	}
}

func TestBrokenTextIsShownWhole(t *testing.T) {
	t.Parallel()
	j := newJournal(t, journal.DefaultBound)
	add(t, j, journal.Entry{
		ID: "r1", Outcome: "\xff", Request: journal.Request{
			Method: "P\xffT", URL: "/\xfe", Headers: map[string][]string{"X-\xfd": {"a\xfcb"}},
			Content: journal.Content{Body: "\xfb\xfaä"},
		},
	})
	e, err := j.Get(t.Context(), "r1")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(e.Outcome, e.Request.Method, e.Request.URL, e.Request.Headers, e.Request.Body)
	if want := "\uFFFDP\uFFFDT/\uFFFDmap[X-\uFFFD:[a\uFFFDb]]\uFFFDä"; got != want {
		t.Errorf("shown as %q, want %q", got, want)
	}
	if e.Request.BodyBytes != 4 {
		t.Errorf("bodyBytes %d, want the 4 that came", e.Request.BodyBytes)
	}
}

func TestStoreThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	j := journal.New(brokenSpace(down), journal.NewViewer(sandbox.NewSecrets()), journal.DefaultBound)
	_, listErr := j.List(t.Context(), journal.Filter{})
	_, getErr := j.Get(t.Context(), "r1")
	for name, err := range map[string]error{
		"Append": j.Append(t.Context(), new(full())), "List": listErr, "Get": getErr, "Clear": j.Clear(t.Context()),
	} {
		if !errors.Is(err, down) {
			t.Errorf("%s = %v, want the store's error", name, err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	j, e := newJournal(b, journal.DefaultBound), full()
	e.Findings, e.Panic, e.Decision = nil, "", nil
	b.ReportAllocs()
	for b.Loop() {
		if err := j.Append(b.Context(), &e); err != nil {
			b.Fatal(err)
		}
	}
}

// TestAnEntryThatCannotBeReadHidesNoOther: what the store holds can be damaged, or of another build.
func TestAnEntryThatCannotBeReadHidesNoOther(t *testing.T) {
	t.Parallel()
	space := memory.New().Space("box")
	j := journal.New(space, journal.NewViewer(sandbox.NewSecrets()), journal.DefaultBound)
	add(t, j, journal.Entry{ID: "before", API: "onsmqtt", Outcome: "ok"})
	damaged := store.Append{Log: "journal", ID: "damaged", Record: []byte("no CBOR"), Bound: journal.DefaultBound}
	if err := space.Do(t.Context(), &damaged); err != nil {
		t.Fatal(err)
	}
	add(t, j, journal.Entry{ID: "after", API: "onsmqtt", Outcome: "ok"})
	page, err := j.List(t.Context(), journal.Filter{})
	if err != nil || len(page.Requests) != 3 {
		t.Fatalf("%d entries, %v", len(page.Requests), err)
	}
	if e := page.Requests[1]; e.Seq != 2 || e.Outcome != "unreadable" || len(e.Findings) != 1 {
		t.Errorf("the damaged entry is shown as %+v", e)
	}
	if e, err := j.Get(t.Context(), "damaged"); err != nil || e.Outcome != "unreadable" {
		t.Errorf("the damaged entry alone is shown as %+v, %v", e, err)
	}
	if page, err := j.List(t.Context(), journal.Filter{API: "onsmqtt"}); err != nil || len(page.Requests) != 2 {
		t.Errorf("%d entries of the API, %v", len(page.Requests), err)
	}
	if calls, _, err := j.Recent(t.Context(), journal.Filter{}, 0); err != nil || len(calls) != 3 || calls[1].Outcome != "unreadable" {
		t.Errorf("recent calls %+v, %v", calls, err)
	}
}

// TestKeptHeadersAreBounded: a head of 131,080 lines was journaled whole, and could not be read back.
func TestKeptHeadersAreBounded(t *testing.T) {
	t.Parallel()
	many, long := map[string][]string{}, map[string][]string{}
	for i := range 140_000 {
		many[fmt.Sprintf("X-%06d", i)] = []string{"v"}
	}
	for i := range 100 {
		long[fmt.Sprintf("X-%06d", i)] = []string{strings.Repeat("v", 10_000)}
	}
	for name, headers := range map[string]map[string][]string{"many": many, "long": long} {
		j := knowing(t)
		add(t, j, journal.Entry{ID: "r1", Request: journal.Request{Headers: headers}})
		e, err := j.Get(t.Context(), "r1")
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for name, values := range e.Request.Headers {
			size += len(name) + len(values[0])
		}
		if n := len(e.Request.Headers); n == 0 || n > journal.MaxHeaders || size > journal.MaxHeaderBytes {
			t.Errorf("%s: %d headers are kept, of %d bytes", name, n, size)
		}
		if _, first := e.Request.Headers["X-000000"]; !first {
			t.Errorf("%s: the first header is not kept", name)
		}
	}
}
