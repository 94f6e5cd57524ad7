package emulator_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// until reads the newest entry of the sandbox until it is as wanted.
func (w *world) until(t *testing.T, wanted func(*journal.Entry) bool) *journal.Entry {
	t.Helper()
	limited, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		entries := w.entries(t, w.box, 0)
		if n := len(entries); n > 0 && wanted(&entries[n-1]) {
			return &entries[n-1]
		}
		if limited.Err() != nil {
			t.Fatalf("the journal stays as it is: %d entries", len(entries))
		}
		runtime.Gosched()
	}
}

// inState is what until wants.
func inState(state journal.State) func(*journal.Entry) bool {
	return func(e *journal.Entry) bool { return e.Delivery.State == state }
}

// get makes a call and reads the reply, as far as it comes.
func get(client *http.Client, req *http.Request) (body []byte, err error) {
	response, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// begin makes a call, and hands on what the client felt once it has ended.
func (w *world) begin(ctx context.Context, t *testing.T, client *http.Client) <-chan error {
	t.Helper()
	ended, request := make(chan error, 1), w.apply(ctx, t)
	go func() {
		_, err := get(client, request)
		ended <- err
	}()
	return ended
}

// TestDelivery has a real client feel each way of a reply. Once it did, the journal says how, and that one call came.
func TestDelivery(t *testing.T) {
	t.Parallel()
	const whole, none = -1, 0
	for step, want := range map[string]struct {
		state   journal.State
		network string
		delay   int64
		bytes   int
	}{
		"pass":                                  {journal.Whole, "", 0, whole},
		"fail: ApplyTokenOverFlow":              {journal.Whole, "", 0, whole},
		"delay: 8s":                             {journal.Delayed, "", 8000, whole},
		"delay: 0s":                             {journal.Whole, "", 0, whole},
		"network: reset":                        {journal.Reset, "reset", 0, none},
		"network: close":                        {journal.Closed, "close", 0, none},
		"network: truncate":                     {journal.Truncated, "truncate", 0, whole},
		"network: drip":                         {journal.Dripped, "drip", 0, whole},
		"delay: 2s, network: reset":             {journal.Reset, "reset", 2000, none},
		"delay: 2s, network: close":             {journal.Closed, "close", 2000, none},
		"delay: 2s, network: truncate":          {journal.Truncated, "truncate", 2000, whole},
		"delay: 2s, network: drip":              {journal.Dripped, "drip", 2000, whole},
		"respond: {status: 204, offSpec: true}": {journal.Whole, "", 0, none},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			waited := &waits{}
			w := newWorldWith(t, emulator.Options{After: waited.after})
			client := w.listen(t)
			if step == "pass" {
				w.play(t, w.box, onApplyToken(step))
			} else {
				w.play(t, w.box, onApplyToken("{"+step+"}"))
			}
			body, _ := get(client, w.apply(t.Context(), t))
			entries := w.entries(t, w.box, 0)
			if len(entries) != 1 {
				t.Fatalf("%d entries of one call", len(entries))
			}
			got := entries[0].Delivery
			if want.bytes == whole {
				want.bytes = len(body)
			}
			if got.State != want.state || got.Network != want.network || got.DelayMillis != want.delay || got.Bytes != want.bytes {
				t.Errorf("got %+v after a body of %d bytes, want %+v", got, len(body), want)
			}
			if want.bytes == 0 && len(body) != 0 {
				t.Errorf("%d bytes came", len(body))
			}
			if got.DurationMicros <= 0 || got.DurationMicros < entries[0].DurationMicros {
				t.Errorf("the call took %d µs, of which %d until the reply was made", got.DurationMicros, entries[0].DurationMicros)
			}
		})
	}
}

// TestPendingDelivery shows in the journal while the reply waits, and says how long that was.
func TestPendingDelivery(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]journal.State{
		"{delay: 8s}": journal.Delayed, "{delay: 8s, network: reset}": journal.Reset, "{network: drip}": journal.Dripped,
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			over := make(chan time.Time)
			w := newWorldWith(t, emulator.Options{After: func(time.Duration) <-chan time.Time { return over }})
			client := w.listen(t)
			w.play(t, w.box, onApplyToken(step))
			ended := w.begin(t.Context(), t, client)
			open := w.until(t, inState(journal.Pending))
			if open.Outcome != "ok" || open.Delivery.Bytes != 0 || open.Delivery.DurationMicros <= 0 {
				t.Errorf("a pending call reads %s, %+v", open.Outcome, open.Delivery)
			}
			close(over)
			if err := <-ended; (err != nil) != (want == journal.Reset) {
				t.Errorf("the client felt %v", err)
			}
			closed := w.until(t, inState(want))
			if closed.Seq != open.Seq || closed.ID != open.ID || closed.Delivery.DurationMicros <= open.Delivery.DurationMicros {
				t.Errorf("it became entry %d, %+v", closed.Seq, closed.Delivery)
			}
		})
	}
}

// TestAbandonedDelivery is that of a client that left before it had the reply.
func TestAbandonedDelivery(t *testing.T) {
	t.Parallel()
	for step, open := range map[string]journal.State{
		"{delay: 1h}": journal.Pending, "{network: stall}": journal.Stalled, "{delay: 1h, network: stall}": journal.Stalled,
		"{delay: 1h, network: reset}": journal.Pending, "{network: drip}": journal.Pending,
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorldWith(t, emulator.Options{After: func(time.Duration) <-chan time.Time { return nil }})
			client := w.listen(t)
			w.play(t, w.box, onApplyToken(step))
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			ended := w.begin(ctx, t, client)
			w.until(t, inState(open))
			leave()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("the client felt %v", err)
			}
			got := w.until(t, inState(journal.Abandoned))
			if drips := strings.Contains(step, "drip"); got.Delivery.Bytes > 0 != drips {
				t.Errorf("%d bytes were sent", got.Delivery.Bytes)
			}
		})
	}
}

// TestDeliveryWhenTheEmulatorStops leaves nothing pending.
func TestDeliveryWhenTheEmulatorStops(t *testing.T) {
	t.Parallel()
	for step, open := range map[string]journal.State{
		"{delay: 1h}": journal.Pending, "{network: stall}": journal.Stalled, "{network: drip}": journal.Pending,
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorldWith(t, emulator.Options{After: func(time.Duration) <-chan time.Time { return nil }})
			client := w.listen(t)
			w.play(t, w.box, onApplyToken(step))
			ended := w.begin(t.Context(), t, client)
			w.until(t, inState(open))
			w.Stop()
			if err := <-ended; err == nil {
				t.Error("the client felt nothing of the stop")
			}
			w.until(t, inState(journal.Closed))
		})
	}
}

// TestDeliveryOfAJournalThatIsGone is not that of the call that has its number now.
func TestDeliveryOfAJournalThatIsGone(t *testing.T) {
	t.Parallel()
	over := make(chan time.Time)
	w := newWorldWith(t, emulator.Options{After: func(time.Duration) <-chan time.Time { return over }})
	client := w.listen(t)
	w.play(t, w.box, onApplyToken("{delay: 8s}"))
	ended := w.begin(t.Context(), t, client)
	w.until(t, inState(journal.Pending))
	if err := w.Reset(t.Context(), w.box); err != nil {
		t.Fatal(err)
	}
	w.do(t, w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20"))
	close(over)
	if err := <-ended; err != nil {
		t.Errorf("the client felt %v", err)
	}
	if got := w.entries(t, w.box, 0); len(got) != 1 || got[0].Delivery.State != journal.Whole {
		t.Errorf("%d entries after the reset: %+v", len(got), got)
	}
}

// TestDeliveryOfWhatNoGatewayClaims is in the journal of the default sandbox.
func TestDeliveryOfWhatNoGatewayClaims(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for method, sent := range map[string]bool{http.MethodGet: true, http.MethodHead: false} {
		got := w.do(t, gatewaytest.Request{Method: method, Path: "/nowhere", Host: "127.0.0.1:4010"})
		entry := w.lastEntry(t, w.Default(), 0)
		if d := entry.Delivery; d.State != journal.Whole || d.Bytes > 0 != sent {
			t.Errorf("%s: %+v of %d bytes", method, d, len(got.body))
		}
	}
}
