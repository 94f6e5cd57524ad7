package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"maps"
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
	return newBubbleOf(t, o)
}

// newBubbleOf opens one for a benchmark too, where time passes as ever.
func newBubbleOf(t testing.TB, o emulator.Options) *bubble {
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

// follower is a browser that looks at the list of calls.
type follower struct {
	bubble *bubble
	page   string // as it was loaded
	news   string // the address of what is new
	marks  map[string]string
	clock  string
	moved  int // how often the clock was told to go otherwise

	header http.Header
	leave  context.CancelFunc
	ended  chan struct{}

	mu     sync.Mutex
	sent   bytes.Buffer
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
	return f.sent.Write(frame)
}

// breaks makes all further writes fail.
func (f *follower) breaks(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = err
}

// follow opens the list of calls, and follows what happens as its script does.
func (b *bubble) follow(t *testing.T, query string) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &follower{bubble: b, header: http.Header{}, leave: cancel, ended: make(chan struct{})}
	f.load(t, query)
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:4011/console/live", nil)
	go func() {
		defer close(f.ended)
		b.console.ServeHTTP(f, r)
	}()
	synctest.Wait() // until it follows
	t.Cleanup(func() {
		cancel()
		<-f.ended
	})
	return f
}

var (
	newsAddress = regexp.MustCompile(`data-news="([^"]+)"`)
	newsMarks   = regexp.MustCompile(`data-marks="([^"]+)"`)
	clockState  = regexp.MustCompile(`data-clock-state="([^"]+)"`)
)

// load opens the page of the list.
func (f *follower) load(t *testing.T, query string) {
	t.Helper()
	w := httptest.NewRecorder()
	f.bubble.console.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/console/calls"+query, nil))
	f.page = w.Body.String()
	found := func(pattern *regexp.Regexp) string {
		match := pattern.FindStringSubmatch(f.page)
		if match == nil {
			t.Fatalf("the page has no %s: %s", pattern, f.page)
		}
		return html.UnescapeString(match[1])
	}
	f.news, f.clock, f.marks = found(newsAddress), found(clockState), map[string]string{}
	if err := json.Unmarshal([]byte(found(newsMarks)), &f.marks); err != nil {
		t.Fatal(err)
	}
}

// callNews is what the page is told of what happened.
type callNews struct {
	Marks   map[string]string
	Rows    string
	Updated string
	Skipped int
	Cleared []string
	First   map[string]uint64
	Clock   string
	Survey  string
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

// ask asks for the news of some sandboxes, of all where none is named.
func (f *follower) ask(t *testing.T, boxes []string, survey bool) callNews {
	t.Helper()
	question, err := json.Marshal(map[string]any{"marks": f.marks, "sandboxes": boxes, "survey": survey})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	f.bubble.console.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, f.news, bytes.NewReader(question)))
	var n callNews
	if err := json.Unmarshal(w.Body.Bytes(), &n); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	for _, id := range n.Cleared {
		delete(f.marks, id)
	}
	maps.Copy(f.marks, n.Marks)
	if n.Clock != f.clock {
		f.clock = n.Clock
		f.moved++
	}
	return n
}

// frames lets time pass and returns what the stream sent meanwhile: the sandboxes that changed, and how many signs of
// life.
func (f *follower) frames(t *testing.T, d time.Duration) (changes [][]string, beats int) {
	t.Helper()
	time.Sleep(d) // of the bubble: it takes no time
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	for frame := range strings.SplitSeq(strings.TrimSuffix(f.sent.String(), "\n\n"), "\n\n") {
		data, isChange := strings.CutPrefix(frame, "event: changed\ndata: ")
		switch {
		case strings.HasPrefix(frame, "event: beat\n"):
			beats++
		case isChange:
			var boxes []string
			if err := json.Unmarshal([]byte(data), &boxes); err != nil {
				t.Fatalf("%v: %s", err, data)
			}
			changes = append(changes, boxes)
		case frame != "" && !strings.HasPrefix(frame, "event: hello\n"):
			t.Fatalf("an unknown event: %q", frame)
		}
	}
	f.sent.Reset()
	return changes, beats
}

// after lets time pass and returns what the page was told meanwhile that is of its list.
func (f *follower) after(t *testing.T, d time.Duration) (all []callNews) {
	t.Helper()
	changes, _ := f.frames(t, d)
	for _, boxes := range changes {
		n := f.ask(t, boxes, false)
		if n.Rows+n.Updated != "" || n.Skipped > 0 || len(n.Cleared) > 0 {
			all = append(all, n)
		}
	}
	return all
}

// one expects to be told once within d.
func (f *follower) one(t *testing.T, d time.Duration) callNews {
	t.Helper()
	all := f.after(t, d)
	if len(all) != 1 {
		t.Fatalf("told %d times, want once: %+v", len(all), all)
	}
	return all[0]
}

// none expects to be told nothing within d.
func (f *follower) none(t *testing.T, d time.Duration) {
	t.Helper()
	if all := f.after(t, d); len(all) != 0 {
		t.Fatalf("told %d times, want never: %+v", len(all), all)
	}
}

// shown is the page that some news make, as its script does: the ids of its rows, the newest first.
func shown(page []string, news []callNews) []string {
	for _, n := range news {
		page = slices.DeleteFunc(page, func(id string) bool {
			return slices.Contains(n.Cleared, id[strings.LastIndex(id, "_")+1:])
		})
		page = append(ids(n.Rows), page...)
	}
	return page
}
