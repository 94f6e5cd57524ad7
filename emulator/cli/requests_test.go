package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/testkit/client"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t, "--now", "2030-01-01T12:34:56Z", "--frozen")
	app := box.Credentials.Fabric[0]
	for range 3 {
		s.issue(t, app, app.AppSecret)
	}
	s.issue(t, app, "wrong-secret")
	list := func(args ...string) result {
		return s.run(t, append([]string{"requests", "--sandbox", box.ID}, args...)...)
	}

	t.Run("table", func(t *testing.T) {
		t.Parallel()
		rows := columns(list().out)
		want := []string{"TIME", "OPERATION", "OUTCOME", "STATUS", "DURATION", "ID", "FINDING"}
		if !slices.Equal(rows[0], want) {
			t.Errorf("heading %q", rows[0])
		}
		if len(rows) != 5 || rows[4][0] != "12:34:56.000" || rows[4][1] != "ccmessaging.tokenByAkSk" || rows[4][2] == "ok" ||
			len(rows[4]) != 7 {
			t.Errorf("rows %q", rows)
		}
	})
	t.Run("latest", func(t *testing.T) {
		t.Parallel()
		got := list("--limit", "1").out
		if !strings.HasSuffix(got, "3 earlier entries are not shown; --limit 0 shows all\n") || len(columns(got)) != 3 ||
			columns(got)[1][2] == "ok" {
			t.Errorf("got:\n%s", got)
		}
	})
	t.Run("archive", func(t *testing.T) {
		t.Parallel()
		for args, want := range map[string]int{"--har": 4, "--har --limit 1": 1, "--har --outcome ok --limit 0": 3} {
			var archive struct {
				Log struct {
					Creator struct{ Name string }
					Entries []struct {
						Outcome string `json:"_outcome"`
					}
				}
			}
			got := list(strings.Fields(args)...)
			if err := json.Unmarshal([]byte(got.out), &archive); err != nil || archive.Log.Creator.Name != "Tokenstage" ||
				len(archive.Log.Entries) != want {
				t.Errorf("%s: %v\n%s", args, err, got.out)
			}
		}
		if got := list("--har", "--json"); got.code != 2 || !strings.Contains(got.err, "--har cannot be used with") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("filters", func(t *testing.T) {
		t.Parallel()
		if got := list("--outcome", "ok", "--api", "ccmessaging", "--operation", "tokenByAkSk").out; len(columns(got)) != 4 {
			t.Errorf("got:\n%s", got)
		}
		if got := list("--outcome", "SystemOverFlow").out; got != "no matching requests in the sandbox "+box.ID+"\n" {
			t.Errorf("got:\n%s", got)
		}
	})
	t.Run("whole", func(t *testing.T) {
		t.Parallel()
		got := list("--verbose", "--limit", "1").out
		order := regexp.MustCompile(`(?s)^id +\S+\ntime +2030-01-01T12:34:56Z\n.*` +
			`\nerror: .*\nrequest\n  POST http.*\nresponse\n  4\d\d `)
		if !order.MatchString(got) || strings.Contains(got, app.AppSecret) {
			t.Errorf("got:\n%s", got)
		}
	})
	t.Run("one by its id", func(t *testing.T) {
		t.Parallel()
		id := columns(list().out)[1][5]
		if got := list(id); got.code != 0 || !strings.HasPrefix(got.out, "id          "+id+"\n") {
			t.Errorf("got %+v", got)
		}
		var entry client.Entry
		s.decode(t, &entry, "requests", id, "--sandbox", box.ID, "--json")
		if entry.ID != id || entry.Outcome != "ok" {
			t.Errorf("got %+v", entry)
		}
		if got := list("1-2-3"); got.code != 1 || !strings.HasSuffix(got.err, "; see: tokenstage requests\n") {
			t.Errorf("got %+v", got)
		}
	})
}

// TestFollow resets the sandbox in between, after which the journal counts from 1 again.
func TestFollow(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t)
	app := box.Credentials.Fabric[0]
	env := map[string]string{"TOKENSTAGE_CONTROL": s.control, "TOKENSTAGE_SANDBOX": box.ID}

	for range 3 {
		s.issue(t, app, app.AppSecret)
	}
	following := start(t, env, "requests", "--follow", "--limit", "2")
	following.await(t, `(?m)^TIME .*\n(.* ok .*\n){2}`)
	s.issue(t, app, "wrong-secret")
	following.await(t, `(?m)^TIME .*\n(.* ok .*\n){2}.* 40\d .*\n`)
	if got := s.run(t, "sandbox", "reset", box.ID); got.code != 0 {
		t.Fatalf("got %+v", got)
	}
	s.issue(t, app, app.AppSecret)
	following.await(t, `(?m)^TIME .*\n(.* ok .*\n){2}.* 40\d .*\n.* ok .*\n`)
	if code := following.end(); code != 0 {
		t.Errorf("exit code %d: %s", code, following.err)
	}
}

func TestFollowAsJSON(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t)
	app := box.Credentials.Fabric[0]
	env := map[string]string{"TOKENSTAGE_CONTROL": s.control, "TOKENSTAGE_SANDBOX": box.ID}
	following := start(t, env, "requests", "-f", "--json")
	s.issue(t, app, app.AppSecret)
	s.issue(t, app, app.AppSecret)
	following.await(t, `(?m)(^\{.*\}\n){2}`)
	for line := range strings.Lines(following.out.String()) {
		var entry client.Entry
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Outcome != "ok" {
			t.Errorf("%v in %s", err, line)
		}
	}
}

// restarting is a control plane that stops after its first stream, and is back with another journal or the same one.
type restarting struct {
	mu       sync.Mutex
	same     bool
	streams  int // that were asked for
	refusals int // of calls while it is away
	after    []string
}

func (p *restarting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	entries := []client.Entry{{ID: "one", Seq: 1, Time: at}, {ID: "two", Seq: 2, Time: at}, {ID: "three", Seq: 3, Time: at}}
	if p.streams > 0 && !p.same {
		entries = []client.Entry{{ID: "one", Seq: 1, Time: at.Add(time.Hour)}, {ID: "anew", Seq: 2, Time: at.Add(time.Hour)}}
	}
	after := r.URL.Query().Get("after")
	behind, _ := strconv.Atoi(after)
	switch {
	case strings.HasSuffix(r.URL.Path, "/events"):
		p.streams, p.after = p.streams+1, append(p.after, after)
		for _, e := range entries[behind:min(len(entries), behind+p.streams)] {
			_ = eventOf(w, e)
		}
		_ = http.NewResponseController(w).Flush()
		if p.streams > 1 {
			p.mu.Unlock()
			<-r.Context().Done()
			p.mu.Lock()
		}
	case p.streams > 0 && p.refusals < 2: // it is away
		p.refusals++
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	case p.streams == 0:
		_ = json.NewEncoder(w).Encode(client.Page{Requests: entries[:1]})
	default:
		_ = json.NewEncoder(w).Encode(client.Page{Requests: entries[behind : behind+1]})
	}
}

func eventOf(w io.Writer, e client.Entry) error {
	raw, err := json.Marshal(e)
	if err == nil {
		_, err = fmt.Fprintf(w, "event: request\ndata: %s\n\n", raw)
	}
	return err
}

// TestFollowSurvivesARestart goes on where it was, or from the start of a new journal.
func TestFollowSurvivesARestart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		same  bool
		shown string
		after []string
	}{
		"another journal": {false, `^TIME .*\n.* one\n.* two\n.* one\n.* anew\n$`, []string{"1", ""}},
		"the same one":    {true, `^TIME .*\n.* one\n.* two\n.* three\n$`, []string{"1", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plane := &restarting{same: c.same}
			server := httptest.NewServer(plane)
			t.Cleanup(server.Close)
			following := start(t, nil, "requests", "--follow", "--control", server.URL)
			following.await(t, c.shown)
			if code := following.end(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			said := "the emulator at " + server.URL
			if want := said + " stopped: waiting for it to be started again\n" + said + " is back\n"; following.err.String() != want {
				t.Errorf("says %s", following.err)
			}
			plane.mu.Lock()
			defer plane.mu.Unlock()
			if !slices.Equal(plane.after, c.after) || plane.refusals != 2 {
				t.Errorf("asked for what is behind %q, %d refusals", plane.after, plane.refusals)
			}
		})
	}
}

// TestFollowWaitsForTheServer can be interrupted while it does.
func TestFollowWaitsForTheServer(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.issue(t, client.App{AppKey: "nobody"}, "wrong-secret")
	following := start(t, map[string]string{"TOKENSTAGE_CONTROL": s.control}, "requests", "--follow")
	following.await(t, "TIME")
	s.issue(t, client.App{AppKey: "nobody"}, "wrong-secret")
	following.await(t, `TIME(.*\n){2}.* 40\d `)
	s.end()
	following.saidInLog(t, "the emulator at "+s.control+" stopped: waiting")
	if code := following.end(); code != 0 {
		t.Errorf("exit code %d: %s", code, following.err)
	}
}

// stream is a control plane with an empty journal whose events are written in a test.
func stream(events string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/events") {
			_ = json.NewEncoder(w).Encode(client.Page{Requests: []client.Entry{}})
			return
		}
		_, _ = io.WriteString(w, events)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
}

func TestFollowLosesNothingSilently(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(stream(`: still here

event: request
id: 1
data: {"id":"one","outcome":"ok"}

event: cleared
data: {}

event: later
data: {"what":"is not known yet"}

event: missed
data: {"missed":3}

event: request
data: {"id":"five","outcome":"ok"}

event: removed
data: {}

`))
	t.Cleanup(server.Close)
	following := start(t, nil, "requests", "--follow", "--control", server.URL)
	code := <-following.code
	following.await(t, `^TIME .*\n.* one\n3 entries were dropped before they could be shown: .*\n.* five\n$`)
	if code != 1 || !strings.Contains(following.err.String(), "the sandbox default was removed") {
		t.Errorf("exit code %d: %s", code, following.err)
	}
}

// paged is a control plane with a journal that it gives in pages of two.
type paged struct {
	entries []client.Entry
	dropped uint64
}

// ServeHTTP answers with the page behind the place that is asked for.
func (p paged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	page := client.Page{Requests: []client.Entry{}, Dropped: p.dropped}
	for _, e := range p.entries {
		switch {
		case e.Seq <= after:
		case len(page.Requests) == 2:
			page.Next = &page.Requests[1].Seq
		default:
			page.Requests = append(page.Requests, e)
		}
	}
	_ = json.NewEncoder(w).Encode(page)
}

func TestRequestsSayWhatWasDropped(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(paged{
		dropped: 2, entries: []client.Entry{{ID: "three", Seq: 3}, {ID: "four", Seq: 4}, {ID: "five", Seq: 5}},
	})
	t.Cleanup(server.Close)
	got := run(t, nil, "requests", "--control", server.URL)
	rows := columns(got.out)
	if len(rows) != 5 || !strings.HasSuffix(got.out, "\n2 entries were dropped: the journal keeps only the latest\n") {
		t.Errorf("got %+v", got)
	}
}

// TestFindingsThatRefusedComeFirst has advice before the error.
func TestFindingsThatRefusedComeFirst(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(paged{entries: []client.Entry{
		{ID: "a", Seq: 1, Findings: []client.Finding{
			{Level: client.LevelAdvice, Message: "could be better"}, {Level: client.LevelError, Message: "is wrong"},
		}},
		{ID: "b", Seq: 2, Findings: []client.Finding{{Level: client.LevelAdvice, Message: strings.Repeat("long ", 30)}}},
		{ID: "c", Seq: 3, Misses: []client.Miss{{Scenario: "mine", Condition: "quota"}}},
	}})
	t.Cleanup(server.Close)
	got := run(t, nil, "requests", "--control", server.URL)
	for _, want := range []string{"  is wrong\n", "  " + strings.Repeat("long ", 19) + "long…\n", "  The rule did not take the call: quota.\n"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("does not say %q in:\n%s", want, got.out)
		}
	}
}

// TestRulesThatDidNotTakeTheCall stand behind what refused it.
func TestRulesThatDidNotTakeTheCall(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(paged{entries: []client.Entry{{
		ID: "a", Seq: 1, Findings: []client.Finding{{Check: "quota", Level: client.LevelError, Message: "is spent"}},
		Misses: []client.Miss{
			{Scenario: "mine", Rule: 1, Condition: "when params.InstanceId", Expected: "a glob post-*", Got: "pre-1"},
		},
	}}})
	t.Cleanup(server.Close)
	const want = `
error: quota
  is spent

advice: scenario mine, rule 2
  The rule did not take the call: when params.InstanceId.
  expected
    a glob post-*
  got
    pre-1

request
`
	if got := run(t, nil, "requests", "--verbose", "--control", server.URL); !strings.Contains(got.out, want) {
		t.Errorf("got:\n%s\nwant in it:\n%s", got.out, want)
	}
}

// TestForeignTextDoesNotSteerTheTerminal has escape sequences wherever a request can put them.
func TestForeignTextDoesNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b[2Jb\u009bc\rd"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entry := client.Entry{
			ID: "1-2", Seq: 1, Outcome: evil, Credential: evil, Panic: evil,
			Request: client.Request{
				Method: evil, URL: "http://x/" + evil, Headers: http.Header{evil: {evil}},
				Body: evil, BodyBytes: 99, BodyTruncated: true,
			},
			Response: client.Response{Headers: http.Header{"X": {evil}}, Body: evil},
			Decision: &client.Decision{Scenario: evil},
			Misses:   []client.Miss{{Scenario: evil, Condition: evil, Expected: evil, Got: evil}},
			Findings: []client.Finding{{Check: evil, Level: "error", Message: evil, Expected: evil, Server: evil + "\n" + evil}},
		}
		if strings.HasSuffix(r.URL.Path, "/1-2") {
			_ = json.NewEncoder(w).Encode(entry)
			return
		}
		_ = json.NewEncoder(w).Encode(client.Page{Requests: []client.Entry{entry}})
	}))
	t.Cleanup(server.Close)
	for _, args := range []string{"requests", "requests --verbose", "requests 1-2"} {
		got := run(t, nil, append(strings.Split(args, " "), "--control", server.URL)...)
		if got.code != 0 || strings.ContainsAny(got.out, "\x1b\u009b\r") {
			t.Errorf("%s: %q", args, got.out)
		}
	}
}

// TestRowsFitTheTerminal: whatever its width, no row is wider, and the finding keeps a good part of it.
func TestRowsFitTheTerminal(t *testing.T) {
	t.Parallel()
	const finding = "The string that the client signed names another host: it has been sent through a proxy that writes Host anew."
	entries := paged{entries: []client.Entry{
		{ID: "484A8891-A9F8-4EFD-BA20-1B19C3E0F588", Seq: 1, Operation: "ccmessaging.tokenByAkSk", Outcome: "ok", Status: 200},
		{
			ID: "5B9C8891-A9F8-4EFD-BA20-1B19C3E0F588", Seq: 2, Operation: "onsmqtt.ApplyToken", Outcome: "SignatureDoesNotMatch",
			Status: 400, DurationMicros: 12345, Findings: []client.Finding{{Level: client.LevelError, Message: finding}},
		},
	}}
	server := httptest.NewServer(entries)
	t.Cleanup(server.Close)
	for _, c := range []struct {
		columns       string
		finding       int // how much of it is there at least
		with, without string
	}{
		{"", 99, " 484A8891-A9F8-4EFD-BA20-1B19C3E0F588\n", "none"},
		{"220", 99, " 484A8891-A9F8-4EFD-BA20-1B19C3E0F588\n", "none"},
		{"160", 60, "  400     5B9C8891  ", "DURATION"},
		{"120", 45, " 5B9C8891 ", "A9F8-4EFD"},
		{"100", 38, " 5B9C8891 ", "STATUS"},
		{"80", 30, "\nApplyToken ", "TIME"},
		{"40", 10, "Signature…", "TIME"},
		{"20", 3, "\nAppl…", "TIME"},
	} {
		got := run(t, map[string]string{"COLUMNS": c.columns}, "requests", "--control", server.URL)
		if got.code != 0 || !strings.Contains(got.out, finding[:c.finding]) ||
			!strings.Contains(got.out, c.with) || strings.Contains(got.out, c.without) {
			t.Errorf("%s columns:\n%s%s", c.columns, got.out, got.err)
		}
		width, _ := strconv.Atoi(c.columns)
		for line := range strings.Lines(got.out) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > 0 && n > width {
				t.Errorf("%s columns: %d in %s", c.columns, n, line)
			}
		}
	}
	fine := httptest.NewServer(paged{entries: entries.entries[:1]})
	t.Cleanup(fine.Close)
	got := run(t, map[string]string{"COLUMNS": "80"}, "requests", "--control", fine.URL)
	if !strings.Contains(got.out, "TIME ") || !strings.Contains(got.out, " 200 ") || !strings.Contains(got.out, " 484A8891\n") {
		t.Errorf("nothing needs to be left out for a finding that is not there:\n%s", got.out)
	}
}

// TestFollowFitsTheTerminal: rows of later batches have the widths of the first.
func TestFollowFitsTheTerminal(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(stream(`event: request
data: {"id":"one","outcome":"ok","operation":"onsmqtt.ApplyToken"}

event: request
data: {"id":"two","outcome":"AnOutcomeThatIsMuchLongerThanAllOthers","operation":"onsmqtt.AnOperationThatIsMuchLongerThanAllOthers","findings":[{"level":"error","message":"It is refused for a reason that takes some more words than there is room for."}]}

`))
	t.Cleanup(server.Close)
	following := start(t, map[string]string{"COLUMNS": "90"}, "requests", "--follow", "--control", server.URL)
	following.await(t, `AnOutcome.*It is refused for`)
	for line := range strings.Lines(following.out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 90 {
			t.Errorf("%d in %s", n, line)
		}
	}
}

// TestRequestByTheBeginningOfItsID takes what rows on a narrow terminal show.
func TestRequestByTheBeginningOfItsID(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for range 2 {
		s.issue(t, defaultApp, defaultApp.AppSecret)
	}
	var page client.Page
	s.decode(t, &page, "requests", "--json")
	id := page.Requests[0].ID
	whole := s.run(t, "requests", id)
	if got := s.run(t, "requests", strings.ToUpper(id[:8])); got != whole || got.code != 0 {
		t.Errorf("got %+v, want %+v", got, whole)
	}
	for _, beginning := range []string{id[:4], "ffffffff-ffff"} {
		if got := s.run(t, "requests", beginning); got.code != 1 || !strings.HasSuffix(got.err, "see: tokenstage requests\n") {
			t.Errorf("%s: got %+v", beginning, got)
		}
	}
}
