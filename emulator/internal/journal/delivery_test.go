package journal_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// pending makes entries whose delivery is still to come.
func (l log) pending(ids ...string) {
	l.Helper()
	for _, id := range ids {
		entry := journal.Entry{ID: id, Outcome: "ok", Delivery: journal.Delivery{State: journal.Pending, DelayMillis: 8000}}
		l.must(l.Append(l.Context(), &entry))
	}
}

// deliver says what became of the reply of an entry, by its place.
func (l log) deliver(seq uint64, state journal.State) {
	l.Helper()
	d := journal.Delivered{Seq: seq, Delivery: journal.Delivery{State: state, DelayMillis: 8000, Bytes: 7}}
	l.must(l.Deliver(l.Context(), d, l.space.Do))
}

// expectStates looks at the journal in each way that there is, and wants these states everywhere, oldest first.
func (l log) expectStates(want ...journal.State) {
	l.Helper()
	page, err := l.List(l.Context(), journal.Filter{})
	l.must(err)
	recent, _, err := l.Recent(l.Context(), journal.Filter{}, 0)
	l.must(err)
	read, err := l.Reader(0).Next(l.Context())
	l.must(err)
	var listed, latest, each, followed []journal.State
	for i, e := range page.Requests {
		listed = append(listed, e.Delivery.State)
		latest = append(latest, recent[len(recent)-1-i].Delivery.State)
		got, err := l.Get(l.Context(), e.ID)
		l.must(err)
		each = append(each, got.Delivery.State)
	}
	for _, record := range read.Records {
		followed = append(followed, record.Summary().Delivery.State)
	}
	for name, got := range map[string][]journal.State{"List": listed, "Recent": latest, "Get": each, "Reader": followed} {
		if !slices.Equal(got, want) {
			l.Errorf("%s shows %q, want %q", name, got, want)
		}
	}
}

func TestDeliveryCompletesTheEntry(t *testing.T) {
	t.Parallel()
	l := newLog(t, 10)
	l.pending("a", "b", "c")
	l.expectStates(journal.Pending, journal.Pending, journal.Pending)
	l.deliver(2, journal.Delayed)
	l.deliver(1, journal.Delayed)
	l.deliver(1, journal.Abandoned) // the last word counts
	l.expectStates(journal.Abandoned, journal.Delayed, journal.Pending)
	got, err := l.Get(t.Context(), "b")
	l.must(err)
	if want := (journal.Delivery{State: journal.Delayed, DelayMillis: 8000, Bytes: 7}); got.Delivery != want || got.Seq != 2 {
		t.Errorf("entry %d has the delivery %+v", got.Seq, got.Delivery)
	}
}

// TestDeliveriesAreKeptAsLongAsTheirEntries has many that give way, in an order of their own, around those that stay.
func TestDeliveriesAreKeptAsLongAsTheirEntries(t *testing.T) {
	t.Parallel()
	const records, gone = 4, 100
	l := newLog(t, records)
	for i := range gone {
		l.pending(fmt.Sprint(i))
	}
	for i := range records {
		l.deliver(uint64(gone-i), journal.Delayed)
	}
	for i := range gone - records {
		l.deliver(uint64(i+1), journal.Delayed) // of entries that gave way
	}
	l.expectStates(journal.Delayed, journal.Delayed, journal.Delayed, journal.Delayed)
	l.must(l.Clear(t.Context()))
	l.deliver(gone, journal.Abandoned) // too late
	l.expectStates()
	l.must(l.space.Clear(t.Context()))
	l.pending("anew")
	l.expectStates(journal.Pending)
}

// TestReaderTellsOfDeliveries reads entries in their order and each once, and what became of them beside that.
func TestReaderTellsOfDeliveries(t *testing.T) {
	t.Parallel()
	l := newLog(t, 10)
	r := l.Reader(0)
	l.pending("a", "b")
	l.expect(r, false, 0, "a", "b")
	l.deliver(1, journal.Delayed)
	l.pending("c")
	l.deliver(3, journal.Reset)
	got, err := r.Next(t.Context())
	l.must(err)
	l.expectDelivered(got.Delivered, "a delayed")
	if len(got.Records) != 1 {
		t.Fatalf("%d new entries", len(got.Records))
	}
	if e := got.Records[0].Entry(); e.Seq != 3 || e.Delivery.State != journal.Reset {
		t.Errorf("entry %d, %q", e.Seq, e.Delivery.State)
	}
	late := l.Reader(2) // begins behind two
	got, err = late.Next(t.Context())
	l.must(err)
	l.expectDelivered(got.Delivered, "a delayed")
	for _, reader := range []*journal.Reader{r, late} {
		l.expect(reader, false, 0)
	}
	l.deliver(2, journal.Abandoned)
	for _, reader := range []*journal.Reader{r, late} {
		got, err := reader.Next(t.Context())
		l.must(err)
		l.expectDelivered(got.Delivered, "b abandoned")
	}
	l.must(l.Clear(t.Context()))
	l.expect(r, true, 0)
}

// TestReaderOfManyDeliveries knows those of entries that it reads later on.
func TestReaderOfManyDeliveries(t *testing.T) {
	t.Parallel()
	const calls = journal.MaxLimit + 10
	l := newLog(t, calls)
	for i := range calls {
		l.pending(fmt.Sprint(i))
		l.deliver(uint64(i+1), journal.Delayed)
	}
	r, seen := l.Reader(0), 0
	for range 2 {
		got, err := r.Next(t.Context())
		l.must(err)
		l.expectDelivered(got.Delivered)
		for _, record := range got.Records {
			if s := record.Summary(); s.Delivery.State != journal.Delayed {
				t.Fatalf("entry %d is %q", s.Seq, s.Delivery.State)
			}
			seen++
		}
	}
	if seen != calls {
		t.Errorf("%d entries", seen)
	}
}

// expectDelivered compares what a reader tells of earlier entries.
func (l log) expectDelivered(got []journal.Delivered, want ...string) {
	l.Helper()
	records, err := l.At(l.Context(), got...)
	l.must(err)
	var shown []string
	for _, record := range records {
		e := record.Entry()
		shown = append(shown, e.ID+" "+string(e.Delivery.State))
	}
	if !slices.Equal(shown, want) {
		l.Errorf("told %q, want %q", shown, want)
	}
}
