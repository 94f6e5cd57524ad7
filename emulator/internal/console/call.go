package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/route"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// callPage is one call, opened.
type callPage struct {
	journal.Entry
	ending

	Filter   callFilter
	Timeline timeline
	// Beside says that the call stands beside a list, which has the page's heading.
	Beside bool
	// Meaning is what the documentation says of the outcome.
	Meaning string
	// Decided is the decision; nil where no rule took the call. Touched are the rules that added to it, counted from one.
	Decided *decided
	Touched []journal.Touch
	// Findings are those of the entry, with what they compare.
	Findings []finding
	// Misses tell why rules of scenarios did not take the call, with the rule counted from one.
	Misses   []journal.Miss
	Sent     message
	Answered message
	Curl     curl
	// CanSend says that the console can send the call once more, IsSigned that it carries a signature to take apart.
	CanSend, IsSigned bool
	// CanPlay says that a scenario can be made of the call.
	CanPlay bool
	// Same is the call before of the same operation; nil where there is none.
	Same *journal.Summary
	// Issued are the tokens that the call issued.
	Issued []token.Token
	// Error is the scenario of the documented error that it ended in; empty where there is none.
	Error string
	// OverHTTP says that curl can send the call once more; packets of MQTT did not come so.
	OverHTTP bool
	// Newer and Older are the addresses of the calls beside it in its sandbox; empty where there is none.
	Newer, Older string
}

// decided is a decision with rule, step and choice counted from one, as on the page of the scenario.
type decided struct {
	journal.Decision

	// Choice is zero for a step without choices.
	Choice int
	States []playingState
	// Left is how long the quota or the window of the rule still lasted; empty where it has none.
	Left string
}

func newDecided(d *journal.Decision) *decided {
	made := &decided{Decision: *d}
	made.Rule, made.Step = d.Rule+1, d.Step+1
	if d.Choice != nil {
		made.Choice = *d.Choice + 1
	}
	for _, name := range slices.Sorted(maps.Keys(d.States)) {
		made.States = append(made.States, playingState{Name: name, Value: d.States[name]})
	}
	if d.LeftSeconds > 0 {
		made.Left = duration.Text(time.Duration(d.LeftSeconds) * time.Second)
	}
	return made
}

// finding is a remark with what it compares.
type finding struct {
	wire.Finding

	// Signed are the strings to sign, the server's to the left; Values are what was expected and what came.
	Signed *comparison
	Values *comparison
}

// message is a request or a response.
type message struct {
	Path    string
	Query   []field
	Headers []field
	Body    content
}

// call is the page of a call that the path names by its sandbox and its id.
func (c *console) call(ec echo.Context) error {
	box, id := route.Param(ec, "sandbox"), route.Param(ec, "request")
	return c.page(func(r *http.Request, l *layout) (body, error) { return c.openCall(r, l, box, id) })(ec)
}

func (c *console) openCall(r *http.Request, l *layout, box, id string) (body, error) {
	if err := c.about(r.Context(), l, box); err != nil {
		return body{}, err
	}
	l.Here = Root + "calls"
	page, err := c.callPage(r, box, id)
	l.Scope = page.Filter.Scope
	if c.mask(l); err != nil {
		return body{}, err
	}
	return body{"call", "Call " + page.ID, page}, nil
}

// callPart is a call as a list shows it beside its rows.
func (c *console) callPart(ec echo.Context) error {
	r := ec.Request()
	l, err := c.layout(r)
	if err != nil {
		return c.refuseNews(ec, err)
	}
	page, err := c.callPage(r, route.Param(ec, "sandbox"), route.Param(ec, "request"))
	if err != nil {
		return c.refuseNews(ec, err)
	}
	page.Beside, l.Path = true, page.Filter.Beside(summaryOf(&page.Entry))
	return write(ec, http.StatusOK, "call", "call", with(l, page))
}

// callPage reads a call and what surrounds it in the list that the query describes.
func (c *console) callPage(r *http.Request, name, id string) (page callPage, err error) {
	query := r.URL.Query()
	if !query.Has("sandbox") {
		query.Set("sandbox", name)
	}
	if page.Filter, err = c.readCallFilter(query); err != nil {
		return page, err
	}
	box, err := c.World.Sandboxes().Get(r.Context(), name)
	if err != nil {
		return page, err
	}
	if err := c.checkFilter(r.Context(), []*sandbox.Sandbox{box}, page.Filter); err != nil {
		return page, err
	}
	number, _ := strconv.ParseUint(query.Get("seq"), 10, 64)
	entry, err := c.entry(r.Context(), box, id, number)
	if err != nil {
		return page, err
	}
	page.Entry, page.Meaning, page.ending, page.Timeline = entry, c.meaning(&entry), endingOf(&entry), c.timelineOf(&entry)
	page.Name = c.nameOf(&entry)
	page.Sent.Headers, page.Answered.Headers = sortedFields(entry.Request.Headers), sortedFields(entry.Response.Headers)
	page.OverHTTP = strings.HasPrefix(entry.Request.URL, "http")
	if page.Curl, err = c.asCurl(r.Context(), box, &entry); err != nil {
		return page, err
	}
	if err := c.surround(r.Context(), box, &page); err != nil {
		return page, err
	}
	path, sent, _ := strings.Cut(entry.Request.URL, "?")
	page.Sent.Path, page.Sent.Query = path, readPairs(sent)
	page.Sent.Body = readContent(entry.Request.Content, contentType(entry.Request.Headers))
	page.Answered.Body = readContent(entry.Response.Content, contentType(entry.Response.Headers))
	if d := entry.Decision; d != nil {
		page.Decided = newDecided(d)
	}
	for _, a := range entry.Also {
		page.Touched = append(page.Touched, journal.Touch{Scenario: a.Scenario, Rule: a.Rule + 1})
	}
	for _, m := range entry.Misses {
		m.Rule++
		page.Misses = append(page.Misses, m)
	}
	page.compareFindings()
	return page, c.neighbours(r.Context(), box, &page)
}

// surround finds what a call leads to: its documented error, the tokens that it issued, the call before it, and what
// can be made of it.
func (c *console) surround(ctx context.Context, box *sandbox.Sandbox, page *callPage) (err error) {
	page.Error = c.errorScenario(&page.Entry)
	page.CanPlay = c.canPlayAgain(&page.Entry)
	page.CanSend = page.Curl.Signed != "" || canSend(&page.Entry)
	page.IsSigned = isSigned(&page.Entry)
	if page.Issued, err = c.issuedBy(ctx, box, &page.Entry); err != nil {
		return err
	}
	page.Same, err = c.sameBefore(ctx, box, &page.Entry)
	return err
}

// entry finds a call by its number where an id was given twice, as after a reset.
func (c *console) entry(
	ctx context.Context, box *sandbox.Sandbox, id string, number uint64,
) (journal.Entry, error) {
	j := c.World.Journal(box)
	if entry, ok := numbered(ctx, j, id, number); ok {
		return entry, nil
	}
	entry, err := j.Get(ctx, id)
	if errors.Is(err, journal.ErrUnknown) {
		return entry, &problem{http.StatusNotFound, fmt.Sprintf("The journal of sandbox %s has no call %q. It may have been "+
			"cleared, or have given way to later calls.", box.ID, id)}
	}
	return entry, err
}

// numbered is the call of this number if it has that id.
func numbered(ctx context.Context, j *journal.Journal, id string, number uint64) (journal.Entry, bool) {
	if number == 0 {
		return journal.Entry{}, false
	}
	changes, err := j.Reader(number - 1).Next(ctx)
	if err != nil || len(changes.Records) == 0 {
		return journal.Entry{}, false
	}
	entry := changes.Records[0].Entry()
	return entry, entry.Seq == number && entry.ID == id
}

// neighbours are the calls before and after this one that the filter selects, in its sandbox.
func (c *console) neighbours(ctx context.Context, box *sandbox.Sandbox, page *callPage) error {
	look, err := c.World.Journal(box).Look(ctx)
	if err != nil {
		return err
	}
	filter := page.Filter.journal()
	near := func(record journal.Record) string {
		if s := record.Summary(); filter.SelectsCall(record, &s) {
			return page.Filter.Open(s)
		}
		return ""
	}
	at, _ := slices.BinarySearchFunc(look.Records, page.Seq, func(r journal.Record, seq uint64) int {
		return cmp.Compare(r.Seq(), seq)
	})
	for i := at - 1; i >= 0 && page.Older == ""; i-- {
		page.Older = near(look.Records[i])
	}
	for i := at + 1; i < len(look.Records) && page.Newer == ""; i++ {
		page.Newer = near(look.Records[i])
	}
	return ctx.Err()
}

// sameBefore is the call of the same operation before this one.
func (c *console) sameBefore(
	ctx context.Context, box *sandbox.Sandbox, e *journal.Entry,
) (*journal.Summary, error) {
	if e.Operation == "" {
		return nil, nil
	}
	calls, _, err := c.World.Journal(box).Recent(ctx, journal.Filter{Operation: e.Operation, Limit: 1}, e.Seq)
	if err != nil || len(calls) == 0 {
		return nil, err
	}
	return &calls[0], nil
}

// compareFindings lays out what the findings compare.
func (p *callPage) compareFindings() {
	for _, f := range p.Entry.Findings {
		shown := finding{Finding: f}
		if f.Server != "" && f.Client != "" {
			signed := compareTexts(f.Server, f.Client)
			shown.Signed = &signed
		}
		if f.Expected != "" && f.Got != "" && f.Marker != "" {
			values := compareTexts(f.Expected, f.Got)
			shown.Values = &values
		}
		p.Findings = append(p.Findings, shown)
	}
}

func contentType(headers map[string][]string) string {
	if values := headers["Content-Type"]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// sortedFields are headers by name, one for each value.
func sortedFields(headers map[string][]string) []field {
	var fields []field
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		for _, value := range headers[name] {
			fields = append(fields, field{name, value})
		}
	}
	return fields
}
