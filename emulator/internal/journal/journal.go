package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// DefaultBound is how much a journal keeps unless told otherwise.
var DefaultBound = store.Bound{Records: 1000, Bytes: 8 << 20}

// MaxBody is how many bytes are kept of a request's and of a response's body.
const MaxBody = 64 << 10

// Limits of a page.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)

// logName is the log in the sandbox's space.
const logName = "journal"

// ErrUnknown says that the journal has no such entry, or not any more.
var ErrUnknown = errors.New("no such request in the journal")

// Journal is the journal of one sandbox.
type Journal struct {
	space   store.Space
	secrets *sandbox.Secrets
	bound   store.Bound
}

// New returns the journal that is kept in space, within bound, and never shows any of secrets.
func New(space store.Space, secrets *sandbox.Secrets, bound store.Bound) *Journal {
	return &Journal{space: space, secrets: secrets, bound: bound}
}

// Step is what records a call; it is carried to the space of the sandbox with whatever else its turn keeps.
func (j *Journal) Step(e *Entry) (store.Step, error) {
	j.cut(&e.Request.Content)
	j.cut(&e.Response.Content)
	raw, err := record.Write(e)
	if err != nil {
		return nil, fmt.Errorf("encode request %s for the journal: %w", e.ID, err)
	}
	return &store.Append{Log: logName, ID: e.ID, Record: raw, Bound: j.bound}, nil
}

// Append records a call by itself.
func (j *Journal) Append(ctx context.Context, e *Entry) error {
	step, err := j.Step(e)
	if err != nil {
		return err
	}
	if err := j.space.Do(ctx, step); err != nil {
		return fmt.Errorf("append request %s to the journal: %w", e.ID, err)
	}
	return nil
}

// cut keeps what the journal has room for. Half a secret would not be known as one later on, so they are taken out
// first.
func (j *Journal) cut(c *Content) {
	c.BodyBytes = max(c.BodyBytes, len(c.Body))
	if len(c.Body) > MaxBody {
		masked := j.secrets.Mask(c.Body)
		c.Body = masked[:min(len(masked), MaxBody)]
		c.BodyTruncated = true
	}
}

// Filter selects entries; what is left zero selects all.
type Filter struct {
	API string
	// Operation is a full name, "onsmqtt.ApplyToken", or the part behind the dot.
	Operation string
	// Outcome is ok or a code; with ! before it, all but that.
	Outcome string
	// After is the Next of the page before.
	After uint64
	// Limit is the number of entries on a page: DefaultLimit when it is not positive, at most MaxLimit.
	Limit int
}

// Page is a run of entries, oldest first.
type Page struct {
	Requests []Entry `json:"requests"`
	// Dropped is how many entries came and gave way to later ones, since the journal began or was cleared.
	Dropped uint64 `json:"dropped"`
	// Next goes into Filter.After; nil at the end.
	Next *uint64 `json:"next"`
}

// List returns the first entries that the filter selects, as they were at one instant.
func (j *Journal) List(ctx context.Context, f Filter) (Page, error) {
	limit := f.limit()
	kept, err := j.space.Range(ctx, logName, f.After, j.bound.Records)
	if err != nil {
		return Page{}, fmt.Errorf("read the journal: %w", err)
	}
	page := Page{Requests: []Entry{}, Dropped: kept.Dropped}
	for _, r := range kept.Records {
		selected, err := f.selects(r)
		if err != nil {
			return Page{}, err
		}
		if !selected {
			continue
		}
		if len(page.Requests) == limit {
			page.Next = &page.Requests[limit-1].Seq
			break
		}
		e, err := j.show(r)
		if err != nil {
			return Page{}, err
		}
		page.Requests = append(page.Requests, e)
	}
	return page, nil
}

// Selects tells whether the filter selects a record, whatever After and Limit say.
func (f Filter) Selects(r Record) (bool, error) { return f.selects(r.kept) }

func (f Filter) limit() int {
	if f.Limit <= 0 {
		return DefaultLimit
	}
	return min(f.Limit, MaxLimit)
}

func (f Filter) selects(kept store.Record) (bool, error) {
	if f.API == "" && f.Operation == "" && f.Outcome == "" {
		return true, nil
	}
	var s Summary
	if err := decode(kept, &s); err != nil {
		return false, err
	}
	return f.matches(&s), nil
}

func (f Filter) matches(s *Summary) bool {
	_, short, _ := strings.Cut(s.Operation, ".")
	outcome, not := strings.CutPrefix(f.Outcome, "!")
	return (f.API == "" || f.API == s.API) &&
		(f.Operation == "" || f.Operation == s.Operation || f.Operation == short) &&
		(outcome == "" || (outcome == s.Outcome) != not)
}

// Get returns the entry of that request id, the latest where several have it, or ErrUnknown.
func (j *Journal) Get(ctx context.Context, id string) (Entry, error) {
	find := store.Find{Log: logName, ID: id}
	if err := j.space.Do(ctx, &find); err != nil {
		return Entry{}, fmt.Errorf("read the journal: %w", err)
	}
	if !find.Found {
		return Entry{}, fmt.Errorf("%w: %q", ErrUnknown, j.secrets.Mask(id))
	}
	return j.show(find.Record)
}

// Clear drops every entry; numbers go on. What a person cleared does not count as dropped.
func (j *Journal) Clear(ctx context.Context) error {
	if err := j.space.Truncate(ctx, logName); err != nil {
		return fmt.Errorf("clear the journal: %w", err)
	}
	return nil
}

// show decodes an entry as people may see it.
func (j *Journal) show(kept store.Record) (Entry, error) {
	e := Entry{Seq: kept.Seq}
	if err := decode(kept, &e); err != nil {
		return Entry{}, err
	}
	mask(&e, j.secrets)
	return e, nil
}

func decode(kept store.Record, into any) error {
	if err := record.Read(kept.Data, into); err != nil {
		return fmt.Errorf("decode entry %d of the journal: %w", kept.Seq, err)
	}
	return nil
}
