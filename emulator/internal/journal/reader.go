package journal

import (
	"bytes"
	"context"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Reader reads a journal on from where it left off. It is for one goroutine.
type Reader struct {
	journal *Journal
	after   uint64 // the sequence number that was read last
	last    []byte // the record that was read last, by which it is known again
	begun   bool
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
}

// Record is an entry as the journal keeps it.
type Record struct {
	journal *Journal
	kept    store.Record
}

// Entry is the whole entry.
func (r Record) Entry() (Entry, error) { return r.journal.show(r.kept) }

// Summary is the entry as in a list.
func (r Record) Summary() (Summary, error) { return r.journal.summary(r.kept) }

// Reader returns a reader of the entries behind after; zero means all.
func (j *Journal) Reader(after uint64) *Reader { return &Reader{journal: j, after: after} }

// Next returns what is new, without waiting for it. One reading returns at most MaxLimit records; the next goes on
// behind them.
func (r *Reader) Next(ctx context.Context) (Changes, error) {
	page, err := r.read(ctx, r.after)
	if err != nil {
		return Changes{}, err
	}
	var c Changes
	if r.cleared(page) {
		c.Cleared, r.after, r.last = true, 0, nil
		if page, err = r.read(ctx, 0); err != nil {
			return Changes{}, err
		}
	} else if r.begun && page.First > r.after+1 {
		c.Missed = page.First - r.after - 1
	}
	for _, kept := range page.Records {
		if kept.Seq > r.after {
			c.Records = append(c.Records, Record{r.journal, kept})
		}
		r.after, r.last = kept.Seq, kept.Data
	}
	r.after = max(r.after, page.First-1) // what was dropped is behind us
	r.first, r.dropped, r.begun = page.First, page.Dropped, true
	return c, nil
}

// read returns what comes after, with the record of that number itself before it when that is still there.
func (r *Reader) read(ctx context.Context, after uint64) (store.Page, error) {
	page, err := r.journal.space.Range(ctx, logName, max(after, 1)-1, MaxLimit+1)
	if err != nil {
		return store.Page{}, fmt.Errorf("read the journal: %w", err)
	}
	return page, nil
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
	return n > 0 && page.Records[0].Seq == r.after && !bytes.Equal(page.Records[0].Data, r.last)
}
