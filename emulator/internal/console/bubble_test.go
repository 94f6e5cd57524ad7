package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/clocktest"
	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

// bubble is an emulator with its console in which time passes only while everything waits (testing/synctest): streams
// can be held to their pauses. There is no network in it.
type bubble struct {
	*emulator.Emulator
	*steer.World
	console *echo.Echo
	real    *clocktest.Clock
	box     *sandbox.Sandbox // the default one
}

// newBubble opens a world inside a synctest.Test.
func newBubble(t *testing.T, o emulator.Options) *bubble {
	t.Helper()
	b := &bubble{real: clocktest.New()}
	o.RealNow, o.Chance, o.Log = b.real.Now, rand.NewPCG(1, 2), discard
	o.Violation = func(err error) { t.Error(err) }
	var err error
	if b.Emulator, err = emulator.New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	b.World = b.Emulator.World()
	t.Cleanup(b.Stop)
	if b.box, err = b.Sandboxes().Get(t.Context(), sandbox.Default); err != nil {
		t.Fatal(err)
	}
	b.console = echo.New()
	console.Register(b.console, console.Options{World: b.World, Data: "127.0.0.1:4010", Log: discard})
	return b
}

func (b *bubble) create(t *testing.T, d sandbox.Definition) *sandbox.Sandbox {
	t.Helper()
	box, err := b.CreateSandbox(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// call asks for an access token of gateway fabric, a millisecond after the call before.
func (b *bubble) call(t *testing.T, box *sandbox.Sandbox) {
	t.Helper()
	b.real.Pass(time.Millisecond)
	app := gatewaytest.Read(box.Credentials).Fabric[0]
	body, err := json.Marshal(map[string]string{"app_key": app.AppKey, "app_secret": app.AppSecret})
	if err != nil {
		t.Error(err)
		return
	}
	b.send(t, "/apigovernance/api/oauth/tokenByAkSk", string(body), http.StatusOK)
}

// stray makes a call that no API takes, which the default sandbox journals.
func (b *bubble) stray(t *testing.T) {
	t.Helper()
	b.real.Pass(time.Millisecond)
	b.send(t, "/nowhere", "", http.StatusNotFound)
}

func (b *bubble) send(t *testing.T, path, body string, want int) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:4010"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	if w.Code != want {
		t.Errorf("%s: %d %s", path, w.Code, w.Body)
	}
}

// follower is a browser that follows a stream.
type follower struct {
	header http.Header
	leave  context.CancelFunc
	ended  chan struct{}

	mu     sync.Mutex
	sent   bytes.Buffer
	writes int // since the last look
	broken error
}

func (f *follower) Header() http.Header { return f.header }
func (f *follower) WriteHeader(int)     {}
func (f *follower) Flush()              {}

func (f *follower) SetReadDeadline(time.Time) error  { return nil }
func (f *follower) SetWriteDeadline(time.Time) error { return nil }

func (f *follower) Write(frame []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return 0, f.broken
	}
	f.writes++
	return f.sent.Write(frame)
}

// breaks makes all further writes fail.
func (f *follower) breaks(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = err
}

// follow opens the stream of calls.
func (b *bubble) follow(t *testing.T, query string) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &follower{header: http.Header{}, leave: cancel, ended: make(chan struct{})}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:4011/console/calls/events"+query, nil)
	go func() {
		defer close(f.ended)
		b.console.ServeHTTP(f, r)
	}()
	t.Cleanup(func() {
		cancel()
		<-f.ended
	})
	return f
}

// callEvent is an event of the stream of calls as the page reads it.
type callEvent struct {
	Begin   bool
	Older   string
	Kept    map[string]string
	Rows    string
	Updated string
	Skipped int
	Cleared []string
}

var rowID = regexp.MustCompile(`id="call-([^"]+)"`)

// ids are the rows of an event or page, by their ids.
func ids(rows string) []string {
	all := []string{}
	for _, found := range rowID.FindAllStringSubmatch(rows, -1) {
		all = append(all, html.UnescapeString(found[1]))
	}
	return all
}

// after lets time pass and returns what was sent meanwhile: the events, and how many comments.
func (f *follower) after(t *testing.T, d time.Duration) (events []callEvent, comments int) {
	t.Helper()
	time.Sleep(d) // of the bubble: it takes no time
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	for frame := range strings.SplitSeq(strings.TrimSuffix(f.sent.String(), "\n\n"), "\n\n") {
		data, isEvent := strings.CutPrefix(frame, "event: calls\ndata: ")
		switch {
		case strings.HasPrefix(frame, ":"):
			comments++
		case isEvent:
			var e callEvent
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				t.Fatalf("%v: %s", err, data)
			}
			events = append(events, e)
		case frame != "":
			t.Fatalf("neither event nor comment: %q", frame)
		}
	}
	f.sent.Reset()
	return events, comments
}

// one expects a single event within d.
func (f *follower) one(t *testing.T, d time.Duration) callEvent {
	t.Helper()
	events, _ := f.after(t, d)
	if len(events) != 1 {
		t.Fatalf("%d events, want one: %+v", len(events), events)
	}
	return events[0]
}

// none expects no event within d.
func (f *follower) none(t *testing.T, d time.Duration) {
	t.Helper()
	if events, _ := f.after(t, d); len(events) != 0 {
		t.Fatalf("%d events, want none: %+v", len(events), events)
	}
}

// changes lets time pass and counts how often the page was told that its clock goes otherwise.
func (f *follower) changes(t *testing.T, d time.Duration) int {
	t.Helper()
	time.Sleep(d) // of the bubble: it takes no time
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Count(f.sent.String(), "event: change\ndata:\n\n")
}

// shown is the page that some events make, as its script does: the ids of its rows, the newest first.
func shown(page []string, events []callEvent) []string {
	for _, e := range events {
		if e.Begin {
			page = nil
		}
		page = slices.DeleteFunc(page, func(id string) bool {
			return slices.Contains(e.Cleared, id[strings.LastIndex(id, "_")+1:])
		})
		page = append(ids(e.Rows), page...)
	}
	return page
}
