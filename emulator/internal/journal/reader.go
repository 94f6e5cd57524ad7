package journal

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Reader reads a journal on from where it left off. It is for one goroutine.
type Reader struct {
	journal *Journal
	after   uint64 // the sequence number that was read last
	last    uint64 // the sum of the record that was read last, by which it is known again
	begun   bool
	// delivered is the last delivery that was read, by its number in the log of deliveries.
	delivered uint64
	// ahead are deliveries of entries that are still to be read, by their place.
	ahead map[uint64]*Delivery
	// first and dropped are those of the log at the last look.
	first, dropped uint64
}

// Changes are what happened in a journal since a Reader looked last.
type Changes struct {
	// Cleared says that what was read before is no longer there: the journal was cleared, or its sandbox reset.
	Cleared bool
	// Missed counts the entries that came and gave way to later ones before they could be read.
	Missed uint64
	// Records are the entries that came, oldest first.
	Records []Record
	// Delivered is what became known of the delivery of earlier entries, which were read before. The first reading has
	// that of all earlier entries that were pending or stalled when they were made.
	Delivered []Delivered
}

// Record is an entry as the journal keeps it.
type Record struct {
	journal *Journal
	kept    store.Record
	// delivery is what became known after the record was made; nil when nothing did.
	delivery *Delivery
}

// Seq is the record's place in the journal.
func (r Record) Seq() uint64 { return r.kept.Seq }

// Entry is the whole entry, as people may see it. Others may look at the same one: what it points to must not change.
func (r Record) Entry() Entry {
	e := r.journal.viewer.entry(r.kept)
	if r.delivery != nil {
		e.Delivery = *r.delivery
	}
	return e
}

// Reader returns a reader of the entries behind after; zero means all.
func (j *Journal) Reader(after uint64) *Reader { return &Reader{journal: j, after: after} }

// Next returns what is new, without waiting for it. One reading returns at most MaxLimit records; the next goes on
// behind them.
func (r *Reader) Next(ctx context.Context) (Changes, error) {
	page, known, err := r.read(ctx, r.after)
	if err != nil {
		return Changes{}, err
	}
	var c Changes
	if r.cleared(page) {
		c.Cleared, r.after, r.last, r.delivered, r.ahead = true, 0, 0, 0, nil
		if page, known, err = r.read(ctx, 0); err != nil {
			return Changes{}, err
		}
	} else if r.begun && page.First > r.after+1 {
		c.Missed = page.First - r.after - 1
	}
	for _, d := range known {
		if d.Seq > r.after {
			r.keepAhead(d)
		} else if d.Seq >= page.First {
			c.Delivered = append(c.Delivered, d)
		}
	}
	for _, kept := range page.Records {
		if kept.Seq > r.after {
			c.Records = append(c.Records, Record{r.journal, kept, r.ahead[kept.Seq]})
		}
		r.after = kept.Seq
	}
	if n := len(page.Records); n > 0 {
		r.last = sum(page.Records[n-1].Data)
	}
	r.after = max(r.after, page.First-1) // what was dropped is behind us
	maps.DeleteFunc(r.ahead, func(seq uint64, _ *Delivery) bool { return seq <= r.after })
	r.first, r.dropped, r.begun = page.First, page.Dropped, true
	return c, nil
}

// keepAhead keeps a delivery until its entry is read.
func (r *Reader) keepAhead(d Delivered) {
	if r.ahead == nil {
		r.ahead = map[uint64]*Delivery{}
	}
	r.ahead[d.Seq] = &d.Delivery
}

// read returns what comes after, with the record of that number itself before it when that is still there, and the
// deliveries that became known. These are read first, so that each is of an entry that is there already.
func (r *Reader) read(ctx context.Context, after uint64) (store.Page, []Delivered, error) {
	deliveries := r.journal.deliveriesAfter(r.delivered)
	entries := store.Range{Log: logName, After: max(after, 1) - 1, Limit: MaxLimit + 1}
	if err := r.journal.space.Do(ctx, &deliveries, &entries); err != nil {
		return store.Page{}, nil, fmt.Errorf("read the journal: %w", err)
	}
	known, err := readDeliveries(deliveries.Page)
	if n := len(deliveries.Page.Records); n > 0 {
		r.delivered = deliveries.Page.Records[n-1].Seq
	}
	return entries.Page, known, err
}

// cleared tells whether the log was truncated or began anew since the last look: a log that did neither only grows,
// loses its oldest records to the bound alone, and keeps what it has as it is.
func (r *Reader) cleared(page store.Page) bool {
	if !r.begun {
		return page.Last < r.after
	}
	if page.Last < r.after || page.Dropped < r.dropped || page.First-r.first > page.Dropped-r.dropped {
		return true
	}
	n := len(page.Records)
	return n > 0 && page.Records[0].Seq == r.after && sum(page.Records[0].Data) != r.last
}

// sum tells records of one place apart.
func sum(raw []byte) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write(raw)
	return hash.Sum64()
}

// markForm is how a mark is written.
const markForm = "%d.%d.%d.%d.%x"

// Mark is how far the reader is, as text: another one can go on from there, in any process. Reading to the end comes
// first: what a reader holds back is not in it.
func (r *Reader) Mark() string {
	return fmt.Sprintf(markForm, r.after, r.delivered, r.first, r.dropped, r.last)
}

// First is the number of the oldest entry that there was at the last look, or of the next one where there was none.
func (r *Reader) First() uint64 { return r.first }

// ReaderAt returns a reader that goes on from a mark. What is no mark is that of one who has read nothing.
func (j *Journal) ReaderAt(mark string) *Reader {
	r := j.Reader(0)
	if _, err := fmt.Sscanf(mark, markForm, &r.after, &r.delivered, &r.first, &r.dropped, &r.last); err != nil {
		return j.Reader(0)
	}
	r.begun = true
	return r
}
