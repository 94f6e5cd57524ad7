package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

// bubble is an emulator with its control plane in which time passes only while everything waits (testing/synctest).
// There is no network in it.
type bubble struct {
	*emulator.Emulator
	*steer.World
	plane http.Handler
	box   *sandbox.Sandbox
}

func newBubble(t *testing.T, o emulator.Options) *bubble {
	t.Helper()
	o.RealNow, o.Chance, o.Log = func() time.Time { return start }, rand.NewPCG(1, 2), discard
	e, err := emulator.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	box, err := e.World().CreateSandbox(t.Context(), sandbox.Definition{ID: "qa"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &bubble{e, e.World(), control.New(control.Options{World: e.World(), Loopback: true, Log: discard}), box}
}

// call asks for an access token of gateway fabric, with a wrong secret when it is to fail.
func (b *bubble) call(t *testing.T, fails bool) {
	t.Helper()
	app := gatewaytest.Read(b.box.Credentials).Fabric[0]
	if fails {
		app.AppSecret = "wrong"
	}
	body, err := json.Marshal(map[string]string{"app_key": app.AppKey, "app_secret": app.AppSecret})
	if err != nil {
		t.Error(err)
		return
	}
	const path = "http://127.0.0.1:4010/apigovernance/api/oauth/tokenByAkSk"
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	b.Handler().ServeHTTP(httptest.NewRecorder(), r)
}

// follower follows the events of sandbox qa.
type follower struct {
	*httptest.ResponseRecorder
	leave context.CancelFunc
	ended chan struct{}

	mu     sync.Mutex
	sent   strings.Builder
	broken error
	gate   chan struct{} // writes wait until it is closed
}

func (f *follower) SetReadDeadline(time.Time) error  { return nil }
func (f *follower) SetWriteDeadline(time.Time) error { return nil }

func (f *follower) Write(frame []byte) (int, error) {
	if f.gate != nil {
		<-f.gate
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return 0, f.broken
	}
	return f.sent.Write(frame)
}

// follow opens the stream; last is the Last-Event-ID of a follower that comes again.
func (b *bubble) follow(t *testing.T, query, last string) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &follower{ResponseRecorder: httptest.NewRecorder(), leave: cancel, ended: make(chan struct{})}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:4011/v1/sandboxes/qa/events"+query, nil)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	go func() {
		defer close(f.ended)
		b.plane.ServeHTTP(f, r)
	}()
	t.Cleanup(func() {
		cancel()
		<-f.ended
	})
	return f
}

// after lets time pass and returns what was sent meanwhile, shortened: "request 3", "cleared", "missed 5", ":".
func (f *follower) after(t *testing.T, d time.Duration) (events []string) {
	t.Helper()
	time.Sleep(d) // of the bubble: it takes no time
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	for frame := range strings.SplitSeq(strings.TrimSuffix(f.sent.String(), "\n\n"), "\n\n") {
		if frame != "" {
			events = append(events, short(t, frame))
		}
	}
	f.sent.Reset()
	return events
}

// short holds an event to its form, and its entry to the contract.
func short(t *testing.T, frame string) string {
	t.Helper()
	if strings.HasPrefix(frame, ":") {
		return ":"
	}
	fields := map[string]string{}
	for line := range strings.SplitSeq(frame, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		fields[name] = value
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(fields["data"]), &data); err != nil {
		t.Fatalf("%v: %s", err, frame)
	}
	if err := eventSchema(t, fields["event"]).VisitJSON(data); err != nil {
		t.Errorf("an event breaks the contract: %v", err)
	}
	switch event := fields["event"]; event {
	case "request":
		if number := strconv.FormatFloat(data["seq"].(float64), 'f', -1, 64); number != fields["id"] {
			t.Errorf("entry %s has the id %s", number, fields["id"])
		}
		return "request " + fields["id"]
	case "delivery":
		if _, hasID := fields["id"]; hasID {
			t.Errorf("it would move the place of a follower: %s", frame)
		}
		state, _ := data["delivery"].(map[string]any)["state"].(string)
		return "delivery " + strconv.FormatFloat(data["seq"].(float64), 'f', -1, 64) + " " + state
	case "missed":
		return "missed " + strconv.FormatFloat(data["missed"].(float64), 'f', -1, 64)
	default:
		if _, hasID := fields["id"]; hasID || len(data) != 0 {
			t.Errorf("event %s is %s", event, frame)
		}
		return event
	}
}

// eventSchema is what the contract says of the data of an event.
func eventSchema(t *testing.T, event string) *openapi3.Schema {
	t.Helper()
	contract, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	stream := contract.doc.Paths.Find("/v1/sandboxes/{sandbox}/events").Get.Responses.Value("200").Value
	events, _ := stream.Extensions["x-events"].(map[string]any)
	named, _ := events[event].(map[string]any)
	ref, _ := named["$ref"].(string)
	schema := contract.doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
	if schema == nil {
		t.Fatalf("the contract says nothing of the event %q", event)
	}
	return schema.Value
}

// expect expects exactly these events within a second.
func (f *follower) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := f.after(t, time.Second); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

func TestWhatIsKeptComesBeforeWhatIsNew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		b.call(t, false)
		b.call(t, true)
		f := b.follow(t, "", "")
		f.expect(t, "request 1", "request 2")
		b.call(t, false)
		f.expect(t, "request 3")
		f.expect(t)
		if h := f.Header(); h.Get("Content-Type") != "text/event-stream; charset=utf-8" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("headers %v", h)
		}
	})
}

func TestEventsKeepToTheirFilter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query, last string
		want        []string // of three calls before and one after, of which the second and fourth fail
	}{
		"none":                   {"", "", []string{"request 1", "request 2", "request 3", "request 4"}},
		"outcome":                {"?outcome=ok", "", []string{"request 1", "request 3"}},
		"any but ok":             {"?outcome=!ok", "", []string{"request 2", "request 4"}},
		"API":                    {"?api=onsmqtt", "", nil},
		"operation":              {"?operation=tokenByAkSk&outcome=ok", "", []string{"request 1", "request 3"}},
		"behind one":             {"?after=2", "", []string{"request 3", "request 4"}},
		"come again":             {"", "3", []string{"request 4"}},
		"come again with a from": {"?after=1", "3", []string{"request 4"}},
		"come again with filter": {"?outcome=!ok", "1", []string{"request 2", "request 4"}},
		"behind the last":        {"?after=3", "", []string{"request 4"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, emulator.Options{})
				for _, fails := range []bool{false, true, false} {
					b.call(t, fails)
				}
				f := b.follow(t, test.query, test.last)
				events := f.after(t, time.Second)
				b.call(t, true)
				if events = append(events, f.after(t, time.Second)...); !slices.Equal(events, test.want) {
					t.Errorf("events %q, want %q", events, test.want)
				}
			})
		})
	}
}

// TestEventsTellOfDeliveries leaves places and order of the entries as they are, also to who comes again.
func TestEventsTellOfDeliveries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		source := "name: slow\nrules: [{on: ccmessaging.tokenByAkSk, script: [{delay: 8s}, pass]}]"
		if err := b.Play(t.Context(), b.box, play.Playing{Source: source}); err != nil {
			t.Fatal(err)
		}
		all, others := b.follow(t, "", ""), b.follow(t, "?outcome=!ok", "")
		go b.call(t, false)
		all.expect(t, "request 1")
		b.call(t, true)
		all.expect(t, "request 2")
		late := b.follow(t, "?after=1", "")
		late.expect(t, "request 2")
		if got := all.after(t, 10*time.Second); !slices.Equal(got, []string{"delivery 1 delayed"}) {
			t.Errorf("events %q", got)
		}
		late.expect(t, "delivery 1 delayed")
		others.expect(t, "request 2")
		b.follow(t, "", "1").expect(t, "delivery 1 delayed", "request 2")
		b.follow(t, "", "").expect(t, "request 1", "request 2")
	})
}

func TestEventsOfClearedJournals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		b.call(t, false)
		f := b.follow(t, "", "")
		f.expect(t, "request 1")
		if err := b.ClearJournal(t.Context(), b.box); err != nil {
			t.Fatal(err)
		}
		f.expect(t, "cleared")
		b.call(t, false)
		f.expect(t, "request 2") // numbers go on
		if err := b.Reset(t.Context(), b.box); err != nil {
			t.Fatal(err)
		}
		f.expect(t, "cleared")
		b.call(t, false)
		f.expect(t, "request 1") // after a reset they begin anew
		if err := b.RemoveSandbox(t.Context(), "qa"); err != nil {
			t.Fatal(err)
		}
		if got := f.after(t, time.Second); len(got) == 0 || got[len(got)-1] != "removed" {
			t.Errorf("at its end %q", got)
		}
		<-f.ended
	})
}

// Entries that gave way before they were read are counted; together with those that came, none is lost.
func TestEventsCountWhatWasMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{Journal: store.Bound{Records: 10}})
		b.call(t, false)
		f := b.follow(t, "", "")
		f.expect(t, "request 1")
		f.gate = make(chan struct{}) // the follower is slow
		b.call(t, false)
		synctest.Wait()
		for range 30 {
			b.call(t, false)
		}
		close(f.gate)
		got := f.after(t, time.Second)
		missed, came := 0, 0
		for _, event := range got {
			if number, ok := strings.CutPrefix(event, "missed "); ok {
				n, err := strconv.Atoi(number)
				if err != nil {
					t.Fatal(err)
				}
				missed += n
			} else {
				came++
			}
		}
		if missed+came != 31 || missed == 0 || got[len(got)-1] != "request 32" {
			t.Errorf("%d missed and %d came of 31: %q", missed, came, got)
		}
	})
}

func TestASilentFollowerHearsThatTheStreamIsThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		f := b.follow(t, "", "")
		if got := f.after(t, 46*time.Second); !slices.Equal(got, []string{":", ":", ":"}) {
			t.Errorf("in 46 seconds %q", got)
		}
		// What happens in other sandboxes puts it off for nobody.
		other, err := b.CreateSandbox(t.Context(), sandbox.Definition{ID: "other"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for range 5 {
			if err := b.ClearJournal(t.Context(), other); err != nil {
				t.Fatal(err)
			}
			got = append(got, f.after(t, 10*time.Second)...)
		}
		if !slices.Equal(got, []string{":", ":", ":"}) {
			t.Errorf("in 50 seconds %q", got)
		}
	})
}

func TestEventsEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(b *bubble, f *follower){
		"with the follower": func(_ *bubble, f *follower) { f.leave() },
		"with the emulator": func(b *bubble, _ *follower) { b.Stop() },
		"with the connection": func(_ *bubble, f *follower) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.broken = errors.New("broken pipe")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, emulator.Options{})
				f := b.follow(t, "", "")
				f.expect(t)
				end(b, f)
				b.call(t, false)
				f.expect(t)
				select {
				case <-f.ended:
				default:
					t.Error("the stream goes on")
				}
			})
		})
	}
}

func TestBadQueriesOfEvents(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, query := range map[string]string{
		"limit": "?limit=5", "unknown": "?none=1", "no number": "?after=x", "below zero": "?after=-1", "twice": "?api=a&api=b",
		"unreadable": "?api=%zz",
	} {
		if p := w.refused(t, http.MethodGet, "/v1/sandboxes/default/events"+query, "", http.StatusBadRequest); p.Detail == "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	w.refused(t, http.MethodGet, "/v1/sandboxes/none/events", "", http.StatusNotFound)
	req := w.request(t, http.MethodGet, "/v1/sandboxes/default/events", "")
	req.Header.Set("Last-Event-ID", "x")
	if got := exchange(t, http.DefaultClient, req); got.status != http.StatusBadRequest {
		t.Errorf("a bad Last-Event-ID: %d %s", got.status, got.body)
	}
}
