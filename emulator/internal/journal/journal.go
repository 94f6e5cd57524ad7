package journal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// DefaultBound is how much a journal keeps unless told otherwise.
var DefaultBound = store.Bound{Records: 1000, Bytes: 8 << 20}

// MaxBody is how many bytes are kept of a request's and of a response's body.
const MaxBody = 64 << 10

// MaxFinding is how many bytes are kept of each text of a finding, such as a string to sign.
const MaxFinding = 16 << 10

// longestSecret is at least the length of any spelling of a secret.
const longestSecret = 48 << 10

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
	space  store.Space
	viewer *Viewer
	bound  store.Bound
}

// New returns the journal that is kept in space, within bound, and shown as the viewer shows it.
func New(space store.Space, viewer *Viewer, bound store.Bound) *Journal {
	return &Journal{space: space, viewer: viewer, bound: bound}
}

// Step is what records a call; it is carried to the space of the sandbox with whatever else its turn keeps, and then
// holds the entry's place.
func (j *Journal) Step(e *Entry) (*store.Append, error) {
	j.cut(&e.Request.Content)
	j.cut(&e.Response.Content)
	e.Request.Headers = cutHeaders(e.Request.Headers)
	e.Request.Parameters = j.cutParameters(e.Request.Parameters)
	for i := range e.Findings {
		for _, text := range append(textsOf(&e.Findings[i]), &e.Findings[i].Check) {
			*text = j.beginning(*text, MaxFinding)
		}
	}
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
	e.Seq = step.Seq
	return nil
}

// cut keeps what the journal has room for.
func (j *Journal) cut(c *Content) {
	c.BodyBytes = max(c.BodyBytes, len(c.Body))
	if len(c.Body) > MaxBody {
		c.Body = j.beginning(c.Body, MaxBody)
		c.BodyTruncated = true
	}
}

// MaxParameters is how many parameters of a path or a multipart form are kept, MaxParameter how many bytes of each name
// and value.
const (
	MaxParameters = 50
	MaxParameter  = 1 << 10
)

// cutParameters keeps the first by name.
func (j *Journal) cutParameters(all map[string]string) map[string]string {
	if len(all) == 0 {
		return nil
	}
	kept := make(map[string]string, min(len(all), MaxParameters))
	for _, name := range slices.Sorted(maps.Keys(all))[:min(len(all), MaxParameters)] {
		kept[j.beginning(name, MaxParameter)] = j.beginning(all[name], MaxParameter)
	}
	return kept
}

// MaxHeaders and MaxHeaderBytes are how many lines of a request's headers are kept, and how many bytes of them. The
// data plane takes no request with more of them, and says so.
const (
	MaxHeaders     = 200
	MaxHeaderBytes = 64 << 10
)

// cutHeaders keeps what the journal has room for, by the order of the names.
func cutHeaders(headers map[string][]string) map[string][]string {
	lines, size := 0, 0
	for name, values := range headers {
		lines, size = lines+len(values), size+sizeOfHeader(name, values)
	}
	if lines <= MaxHeaders && size <= MaxHeaderBytes {
		return headers
	}
	kept := map[string][]string{}
	lines, size = 0, 0
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		lines, size = lines+len(headers[name]), size+sizeOfHeader(name, headers[name])
		if lines > MaxHeaders || size > MaxHeaderBytes {
			break
		}
		kept[name] = headers[name]
	}
	return kept
}

func sizeOfHeader(name string, values []string) (sum int) {
	for _, value := range values {
		sum += len(name) + len(value)
	}
	return sum
}

// beginning is a text, or its beginning within limit. Half a secret would not be known as one later on, so they are
// taken out first, and what may be the first half of one goes with the rest.
func (j *Journal) beginning(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	if len(text) <= limit+longestSecret {
		masked := j.viewer.secrets.Mask(text)
		return masked[:min(len(masked), limit)]
	}
	masked := j.viewer.secrets.Mask(text[:limit+longestSecret])
	return masked[:min(max(len(masked)-longestSecret, 0), limit)]
}

// Not before an outcome selects all others.
const Not = "!"

// Filter selects entries; what is left zero selects all.
type Filter struct {
	API string
	// Operation is a full name, "onsmqtt.ApplyToken", or the part behind the dot.
	Operation string
	// Outcome is ok or a code; with Not before it, all but that.
	Outcome string
	// Kind is what became of a call.
	Kind Kind
	// Text is looked for in everything that people can read of a call: all its words must be there, in any order and
	// case, and what stands between quotes as one.
	Text string
	// From and Until bound the arrival in real time: From is within, Until is not.
	From, Until time.Time
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
	kept := store.Range{Log: logName, After: f.After, Limit: j.bound.Records}
	records, err := j.read(ctx, &kept)
	if err != nil {
		return Page{}, err
	}
	page := Page{Requests: []Entry{}, Dropped: kept.Page.Dropped}
	for _, r := range records {
		if !f.Selects(r) {
			continue
		}
		if len(page.Requests) == limit {
			page.Next = &page.Requests[limit-1].Seq
			break
		}
		if err := ctx.Err(); err != nil {
			return Page{}, err // nobody waits for the page any more
		}
		page.Requests = append(page.Requests, r.Entry())
	}
	return page, nil
}

// Selects tells whether the filter selects a record, whatever After and Limit say.
func (f Filter) Selects(r Record) bool {
	if f.selectsAll() {
		return true
	}
	s := r.Summary()
	return f.SelectsCall(r, &s)
}

func (f Filter) selectsAll() bool {
	return f.API == "" && f.Operation == "" && f.Outcome == "" && f.Kind == "" && f.Text == "" &&
		f.From.IsZero() && f.Until.IsZero()
}

// SelectsCall is Selects for a record whose summary was read already.
func (f Filter) SelectsCall(r Record, s *Summary) bool {
	return f.matches(s) && (f.Text == "" || r.holds(Words(f.Text), s))
}

func (f Filter) limit() int {
	if f.Limit <= 0 {
		return DefaultLimit
	}
	return min(f.Limit, MaxLimit)
}

func (f Filter) matches(s *Summary) bool {
	_, short, _ := strings.Cut(s.Operation, ".")
	outcome, not := strings.CutPrefix(f.Outcome, Not)
	return (f.API == "" || f.API == s.API) &&
		(f.Operation == "" || f.Operation == s.Operation || f.Operation == short) &&
		(outcome == "" || (outcome == s.Outcome) != not) &&
		(f.Kind == "" || s.Is(f.Kind)) && during(s.Arrived, f.From, f.Until)
}

// Get returns the entry of that request id, the latest where several have it, or ErrUnknown.
func (j *Journal) Get(ctx context.Context, id string) (Entry, error) {
	find, deliveries := store.Find{Log: logName, ID: id}, j.deliveriesAfter(0)
	if err := j.space.Do(ctx, &find, &deliveries); err != nil {
		return Entry{}, fmt.Errorf("read the journal: %w", err)
	}
	if !find.Found {
		return Entry{}, fmt.Errorf("%w: %q", ErrUnknown, j.viewer.secrets.Mask(id))
	}
	known, err := readDeliveries(deliveries.Page)
	if err != nil {
		return Entry{}, err
	}
	return Record{j, find.Record, latest(known)[find.Record.Seq]}.Entry(), nil
}

// Clear drops every entry; numbers go on. What a person cleared does not count as dropped.
func (j *Journal) Clear(ctx context.Context) error {
	if err := j.space.Do(ctx, &store.Truncate{Log: logName}, &store.Truncate{Log: deliveriesName}); err != nil {
		return fmt.Errorf("clear the journal: %w", err)
	}
	return nil
}

func decode(kept store.Record, into any) error {
	if err := record.Read(kept.Data, into); err != nil {
		return fmt.Errorf("decode entry %d of the journal: %w", kept.Seq, err)
	}
	return nil
}
