package journal_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const hidden = "a-very-secret-word"

// searched is a journal of three calls that differ in everything that can be looked for.
func searched(t *testing.T) *journal.Journal {
	t.Helper()
	viewer := journal.NewViewer(sandbox.NewSecrets(hidden))
	j := journal.New(memory.New().Space("box"), viewer, store.Bound{Records: 10, Bytes: 1 << 20})
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, e := range []journal.Entry{
		{
			ID: "one", Operation: "onsmqtt.ApplyToken", API: "onsmqtt", Gateway: "acs", Sandbox: "box", Credential: "LTAIone",
			Outcome: "ok", Status: 200,
			Request:  journal.Request{Method: "POST", URL: "http://x/?Resources=Topic%20A&Owner=J%C3%B6rg+M", Headers: map[string][]string{"User-Agent": {"Mine/1.0"}}},
			Response: journal.Response{Status: 200, Content: journal.Content{Body: `{"Token":"LzMT-4711"}`}},
		},
		{
			ID: "two", Outcome: "SignatureDoesNotMatch", Status: 400, Request: journal.Request{Method: "GET", URL: "http://x/two"},
			Findings: []wire.Finding{{Check: "signature", Level: wire.LevelError, Message: "The client signed blanks as +.", Expected: "%2520"}},
			Misses:   []journal.Miss{{Scenario: "slow-hour", Condition: "when params.InstanceId", Expected: "post-cn-1", Got: "post-cn-2"}},
		},
		{
			ID: "three", Outcome: "ok", Status: 200, Decision: &journal.Decision{Scenario: "busy-day"},
			Request:  journal.Request{Method: "PUT", URL: "http://x/three?app_secret=unknown-secret-value", Content: journal.Content{Body: "word=" + hidden + "&name=Ann+B"}},
			Delivery: journal.Delivery{State: journal.Reset},
		},
	} {
		e.Arrived = noon.Add(time.Duration(i) * time.Minute)
		if e.Delivery.State == "" {
			e.Delivery.State = journal.Whole
		}
		if err := j.Append(t.Context(), &e); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

func TestFind(t *testing.T) {
	t.Parallel()
	j := searched(t)
	minute := func(n int) time.Time { return time.Date(2026, 3, 1, 12, n, 0, 0, time.UTC) }
	for _, test := range []struct {
		filter journal.Filter
		want   string
	}{
		{journal.Filter{Text: ""}, "one two three"},
		{journal.Filter{Text: "  "}, "one two three"},
		{journal.Filter{Text: "applytoken"}, "one"},       // an operation
		{journal.Filter{Text: "LTAIone"}, "one"},          // a credential
		{journal.Filter{Text: "topic a"}, "one"},          // a parameter, decoded
		{journal.Filter{Text: "Topic%20A"}, "one"},        // and as it was sent
		{journal.Filter{Text: `"Jörg m"`}, "one"},         // a blank that came as +
		{journal.Filter{Text: `"JÖrg m"`}, ""},            // letters that are no English ones count as written
		{journal.Filter{Text: "mine/1.0 post"}, "one"},    // a header and the method
		{journal.Filter{Text: "lzmt-4711"}, "one"},        // an answer
		{journal.Filter{Text: "blanks signed"}, "two"},    // words of a finding in any order
		{journal.Filter{Text: `"signed blanks"`}, "two"},  // as one
		{journal.Filter{Text: `"blanks signed"`}, ""},     // which stand otherwise
		{journal.Filter{Text: "slow-hour"}, "two"},        // a rule that did not take it
		{journal.Filter{Text: "400"}, "two"},              // a status
		{journal.Filter{Text: "busy-day reset"}, "three"}, // the scenario and the delivery
		{journal.Filter{Text: "three put"}, "three"},      // the id
		{journal.Filter{Text: "ann"}, "three"},            // a form
		{journal.Filter{Text: hidden}, ""},                // nobody finds a secret,
		{journal.Filter{Text: "very-secret"}, ""},         // nor a part of one,
		{journal.Filter{Text: "word=a-very"}, ""},         // nor its beginning,
		{journal.Filter{Text: "unknown-secret"}, ""},      // nor one that its name gives away
		{journal.Filter{Text: "word=[secret]"}, "three"},  // but where one stood
		{journal.Filter{Text: "nothing"}, ""},
		{journal.Filter{Kind: journal.Failed}, "two three"},
		{journal.Filter{Kind: journal.Refused}, "two"},
		{journal.Filter{Kind: journal.Scripted}, "three"},
		{journal.Filter{Kind: journal.Undelivered}, "three"},
		{journal.Filter{Kind: journal.Open}, ""},
		{journal.Filter{Kind: journal.Failed, Text: "two", Outcome: "!ok"}, "two"},
		{journal.Filter{From: minute(1)}, "two three"},
		{journal.Filter{Until: minute(1)}, "one"},
		{journal.Filter{From: minute(1), Until: minute(2)}, "two"},
	} {
		for range 2 { // the second time texts are known
			page, err := j.List(t.Context(), test.filter)
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(page); got != test.want {
				t.Errorf("%+v finds %q, want %q", test.filter, got, test.want)
			}
		}
	}
}

// A secret that becomes known later is not found either.
func TestFindAfterASecretWasLearned(t *testing.T) {
	t.Parallel()
	secrets := sandbox.NewSecrets()
	j := journal.New(memory.New().Space("box"), journal.NewViewer(secrets), store.Bound{Records: 10, Bytes: 1 << 20})
	e := journal.Entry{ID: "one", Outcome: "ok", Request: journal.Request{Method: "GET", URL: "http://x/?a=" + hidden}}
	if err := j.Append(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		page, err := j.List(t.Context(), journal.Filter{Text: "very-secret"})
		if err != nil || len(page.Requests) != want {
			t.Errorf("%d calls, want %d: %v", len(page.Requests), want, err)
		}
		secrets.Keep(hidden)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"": nil, `a  B`: {"a", "b"}, `"a b" c`: {"a b", "c"}, `"a b`: {"a b"}, `""`: nil, `x"y"z`: {"x", "y", "z"},
	} {
		if got := journal.Words(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A mark leads another reader to where the first one left off.
func TestMarks(t *testing.T) {
	t.Parallel()
	l := newLog(t, 10)
	l.pending("a", "b")
	r := l.Reader(0)
	l.expect(r, false, 0, "a", "b")
	look, err := l.Look(t.Context())
	l.must(err)
	if look.Mark != r.Mark() || len(look.Records) != 2 {
		t.Errorf("the look's mark is %q, the reader's %q", look.Mark, r.Mark())
	}
	l.pending("c")
	l.deliver(1, journal.Delayed)
	next := l.ReaderAt(look.Mark)
	changes, err := next.Next(t.Context())
	l.must(err)
	l.expectDelivered(changes.Delivered, "a delayed")
	if n := len(changes.Records); n != 1 || changes.Records[0].Seq() != 3 || changes.Cleared || next.First() != 1 {
		t.Errorf("read %+v", changes)
	}
	l.expect(l.ReaderAt(next.Mark()), false, 0)
	l.must(l.Clear(t.Context()))
	l.pending("d")
	l.expect(l.ReaderAt(next.Mark()), true, 0, "d")
	for _, broken := range []string{"", "x", "1.2", "-1.0.0.0.0", "1.1.1.1.zz"} {
		l.expect(l.ReaderAt(broken), false, 0, "d")
	}
}

// A call uses what an earlier one gave, also where nobody may see it, and however it is written.
func TestUses(t *testing.T) {
	t.Parallel()
	l := newLog(t, 10)
	const token, code = "LzMT0123456789+/abcdef==", "0123456789abcdef0123456789abcdef"
	get := func(url, answer string, headers map[string][]string) journal.Entry {
		return journal.Entry{
			Request:  journal.Request{Method: "GET", URL: url, Headers: headers},
			Response: journal.Response{Content: journal.Content{Body: answer}},
		}
	}
	for i, e := range []journal.Entry{
		get("http://x/", `{"a":"`+code+`"}`, nil),
		get("http://x/", `{"Token":"`+token+`"}`, map[string][]string{"Authorization": {"Bearer " + code}}),
		get("http://x/?t=LzMT0123456789%2B%2Fabcdef%3D%3D", "", nil),
		get("http://x/?a=short", `{"a":"`+code+`","b":"short"}`, nil), // given by another one before
		get("http://x/?a=short&c="+code, "", nil),
	} {
		e.ID = string(rune('a' + i))
		l.must(l.Append(t.Context(), &e))
	}
	look, err := l.Look(t.Context())
	l.must(err)
	if diff := cmp.Diff([][]int{nil, {0}, {1}, nil, {0}}, journal.Uses(look.Records)); diff != "" {
		t.Error(diff)
	}
}
