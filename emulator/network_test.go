package emulator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// listen serves the data plane, and returns a client whose every request goes there on a connection of its own.
func (w *world) listen(t *testing.T) *http.Client {
	t.Helper()
	server, err := listen.Open(t.Context(), listen.Options{Addr: "127.0.0.1:0", Handler: w.handler, Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Stop()
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, DisableCompression: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Addr())
		},
	}}
}

// untilJournaled ends when the journal has one more entry: the call is then on its way to its delay or fault.
func (w *world) untilJournaled(t *testing.T, box *sandbox.Sandbox) context.Context {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	before := w.written(ctx, box)
	go func() {
		defer leave()
		for ctx.Err() == nil && w.written(ctx, box) == before {
			runtime.Gosched()
		}
	}()
	return ctx
}

// written counts the entries of a journal.
func (w *world) written(ctx context.Context, box *sandbox.Sandbox) int {
	page, err := w.Journal(box).List(ctx, journal.Filter{Limit: journal.MaxLimit})
	if err != nil {
		return -1
	}
	return len(page.Requests)
}

// apply is a good call of ApplyToken, signed anew.
func (w *world) apply(ctx context.Context, t *testing.T) *http.Request {
	t.Helper()
	req, err := w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20").HTTP()
	if err != nil {
		t.Fatal(err)
	}
	req.RequestURI = ""
	return req.WithContext(ctx)
}

// play starts a document in the sandbox.
func (w *world) play(t *testing.T, box *sandbox.Sandbox, source string) {
	t.Helper()
	if err := w.Player(box).Play(t.Context(), play.Playing{Source: source}); err != nil {
		t.Fatal(err)
	}
}

// onApplyToken is a scenario of one step for ApplyToken.
func onApplyToken(step string) string {
	return "name: one-step\nrules: [{on: onsmqtt.ApplyToken, script: [" + step + "]}]"
}

// TestNetworkFaults has a real client feel each fault.
func TestNetworkFaults(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]error{
		"reset": syscall.ECONNRESET, "close": io.EOF, "truncate": io.ErrUnexpectedEOF, "drip": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			waited := &waits{}
			w := newWorldWith(t, emulator.Options{After: waited.after})
			client := w.listen(t)
			w.play(t, w.box, onApplyToken("{network: "+name+"}"))
			response, err := client.Do(w.apply(t.Context(), t))
			var body []byte
			if err == nil {
				defer response.Body.Close()
				body, err = io.ReadAll(response.Body)
			}
			if !errors.Is(err, want) {
				t.Fatalf("the client felt %v, want %v", err, want)
			}
			if name == "truncate" && int64(len(body)) >= response.ContentLength {
				t.Errorf("%d of %d bytes came", len(body), response.ContentLength)
			}
			if name == "drip" && (!strings.Contains(string(body), `"Token":"`) || len(waited.all()) < 2) {
				t.Errorf("it did not come whole, and slowly: %q, %v", body, waited.all())
			}
		})
	}
}

// TestStallEndsWithItsClient wants another call answered meanwhile, and no goroutine left behind. It is not parallel
// to other tests, whose goroutines it would take for its own.
func TestStallEndsWithItsClient(t *testing.T) {
	w := newWorld(t)
	client := w.listen(t)
	w.play(t, w.box, onApplyToken("{network: stall}, pass"))
	before := goleak.IgnoreCurrent() // with the server, which goes on

	ctx, leave := context.WithCancel(t.Context())
	stalled := make(chan error, 1)
	request := w.apply(ctx, t)
	arrived := w.untilJournaled(t, w.box)
	go func() {
		_, err := client.Do(request) //nolint:bodyclose // there is no answer
		stalled <- err
	}()
	<-arrived.Done()

	response, err := client.Do(w.apply(t.Context(), t))
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("another call was not answered: %v", err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-stalled:
		t.Fatalf("the stall ended by itself: %v", err)
	default:
	}
	leave()
	if err := <-stalled; !errors.Is(err, context.Canceled) {
		t.Errorf("the client felt %v", err)
	}
	goleak.VerifyNone(t, before)
}

// TestStopEnds wants a stall and a long delay to end with the emulator, the connection closed without an answer.
func TestStopEnds(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"{network: stall}", "{delay: 1h}", "{network: drip}"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			never := func(time.Duration) <-chan time.Time { return nil }
			w := newWorldWith(t, emulator.Options{After: never})
			client := w.listen(t)
			w.play(t, w.box, onApplyToken(step))
			request, arrived := w.apply(t.Context(), t), w.untilJournaled(t, w.box)
			ended := make(chan error, 1)
			go func() {
				response, err := client.Do(request)
				if err == nil {
					_, err = io.ReadAll(response.Body)
					_ = response.Body.Close()
				}
				ended <- err
			}()
			<-arrived.Done()
			w.Stop()
			if err := <-ended; !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("the client felt %v", err)
			}
		})
	}
}

// TestDelays are waited for before the answer, fixed or drawn from the seed.
func TestDelays(t *testing.T) {
	t.Parallel()
	var first []string
	for range 2 {
		waited := &waits{}
		w := newWorldWith(t, emulator.Options{After: waited.after})
		w.play(t, w.box, onApplyToken("{delay: 150ms}, {delay: {median: 400ms, p99: 3s}, times: 4}, pass"))
		for range 6 {
			if got := w.do(t, w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")); got.status != http.StatusOK {
				t.Fatal(got.body)
			}
		}
		got := waited.all()
		if len(got) != 5 || got[0] != "150ms" {
			t.Fatalf("waited %v", got)
		}
		if first != nil && strings.Join(first, " ") != strings.Join(got, " ") {
			t.Errorf("the same seed drew %v and %v", first, got)
		}
		first = got
	}
}
