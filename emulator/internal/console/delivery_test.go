package console_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// TestDeliveryInRowAndPage tells what a reply became, in each state that there is.
func TestDeliveryInRowAndPage(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	for i, c := range []struct {
		delivery    journal.Delivery
		row         string
		page        []string
		live, fault bool
	}{
		{
			journal.Delivery{State: journal.Whole, Bytes: 407, DurationMicros: 192},
			"ok 200 192 µs qa",
			[]string{"Took 192 µs", "Delivery whole", "The call was answered. The flow of this call"},
			false, false,
		},
		{
			journal.Delivery{State: journal.Delayed, DelayMillis: 8000, Bytes: 407, DurationMicros: 8_000_250},
			"ok 200 delayed 8.00 s qa",
			[]string{"Took 8.00 s", "Delivery delayed", "The call was answered. The reply was sent after a delay of 8.00 s."},
			false, false,
		},
		{
			journal.Delivery{State: journal.Dripped, DelayMillis: 20, Network: "drip", Bytes: 407, DurationMicros: 2_500_000},
			"ok 200 dripped 2.50 s qa",
			[]string{"The reply was sent after a delay of 20.0 ms, a few bytes at a time."},
			false, false,
		},
		{
			journal.Delivery{State: journal.Pending, DelayMillis: 8000, DurationMicros: 150},
			"pending ok 200 is still to come 200",
			[]string{"The call was good. The reply is still on its way: it is sent after a delay of 8.00 s."},
			true, false,
		},
		{
			journal.Delivery{State: journal.Stalled, Network: "stall", DurationMicros: 150},
			"stalled ok 200 is not sent 200",
			[]string{"The call was good. The reply is not sent, for as long as the client waits."},
			true, true,
		},
		{
			journal.Delivery{State: journal.Reset, Network: "reset", DurationMicros: 150},
			"reset instead of ok 200 200 150 µs qa",
			[]string{"Delivery reset", "The call was good. Instead of the reply the connection was reset."},
			false, true,
		},
		{
			journal.Delivery{State: journal.Closed, Network: "close", DelayMillis: 2000, DurationMicros: 2_000_150},
			"closed instead of ok 200 200 2.00 s qa",
			[]string{"Instead of the reply the connection was closed after a delay of 2.00 s."},
			false, true,
		},
		{
			journal.Delivery{State: journal.Closed, DelayMillis: 8000, DurationMicros: 300_000},
			"closed instead of ok 200 200 300.0 ms qa",
			[]string{"The emulator stopped before the reply was sent, and closed the connection."},
			false, true,
		},
		{
			journal.Delivery{State: journal.Truncated, Network: "truncate", Bytes: 203, DurationMicros: 150},
			"truncated 203 of 407 bytes of ok 200 200 150 µs qa",
			[]string{"Of the body 203 of 407 bytes were sent, then the connection was closed."},
			false, true,
		},
		{
			journal.Delivery{State: journal.Abandoned, DelayMillis: 8000, DurationMicros: 1_500_000},
			"abandoned instead of ok 200 200 1.50 s qa",
			[]string{"The client left after 1.50 s, before it had the reply."},
			false, true,
		},
	} {
		entry := journal.Entry{
			ID: fmt.Sprint("call-", i), Time: start, Arrived: start.Add(time.Duration(i) * time.Second), Sandbox: box.ID,
			Operation: "onsmqtt.ApplyToken", Outcome: "ok", Status: 200, DurationMicros: 150, Delivery: c.delivery,
			Response: journal.Response{Status: 200, Content: journal.Content{BodyBytes: 407}},
		}
		if err := w.Journal(box).Append(t.Context(), &entry); err != nil {
			t.Fatal(err)
		}
		list := w.page(t, "/console/calls?sandbox=qa")
		list.has(t, "onsmqtt.ApplyToken "+c.row)
		page := w.open(t, box)
		page.has(t, c.page...)
		if got := strings.Contains(page.body, `data-changes="qa"`); got != c.live {
			t.Errorf("%s: the page follows: %t", c.delivery.State, got)
		}
		class := "is-ok"
		if c.live {
			class = "is-open"
		} else if c.fault {
			class = "is-lost"
		}
		if !strings.Contains(list.body, `class="call `+class+`" id="call-`+fmt.Sprint(entry.Arrived.UnixNano())) {
			t.Errorf("%s: the row is not %s", c.delivery.State, class)
		}
		if err := w.ClearJournal(t.Context(), box); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDeliveryReachesThePage in place of the row that was pending, and tells nobody of calls that the list leaves out.
func TestDeliveryReachesThePage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, emulator.Options{})
		source := "name: slow\nrules: [{on: ccmessaging.tokenByAkSk, script: [{delay: 8s}, pass]}]"
		if err := b.Play(t.Context(), b.box, play.Playing{Source: source}); err != nil {
			t.Fatal(err)
		}
		f, others := b.follow(t, ""), b.follow(t, "?outcome=!ok")
		go b.call(t, b.box)
		slow := []string{place(1, 1, "default")}
		if e := f.one(t, settleTime); !cmp.Equal(ids(e.Rows), slow) || e.Updated != "" || !strings.Contains(e.Rows, "pending") {
			t.Errorf("a pending call comes as %+v", e)
		}
		b.call(t, b.box)
		if e := f.one(t, settleTime); len(ids(e.Rows)) != 1 || e.Updated != "" {
			t.Errorf("a call beside it comes as %+v", e)
		}
		if e := f.one(t, 10*time.Second); e.Rows != "" || !cmp.Equal(ids(e.Updated), slow) || !strings.Contains(e.Updated, "delayed") {
			t.Errorf("its delivery comes as %+v", e)
		}
		f.none(t, settleTime)
		others.none(t, settleTime)
		if again := b.follow(t, ""); !strings.Contains(again.page, "delayed ") {
			t.Errorf("a page that comes again has %s", again.page)
		}
	})
}
