package cli

import (
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// entryRows writes entries as rows of a table, batch by batch.
type entryRows struct {
	// ofAll rows are those of several sandboxes: each names its own, and the time is the real one.
	ofAll bool
	// total is how wide a row may be; 0 leaves that open.
	total int
	// following says that more batches come.
	following bool

	view   view
	widths []int // of the view's columns, once a batch was written
}

// view is which columns a row has before its finding, and how wide some of them are.
type view struct {
	clock                 string // the layout of the time; empty for no such column
	api, status, duration bool   // api: whether operations are shown with the name of their API
	id                    int    // how much is shown of the id
	// ofAll is that of the rows.
	ofAll bool
}

const (
	wholeID = 36
	shortID = 8
)

// views are all views, the next one for a terminal on which the one before leaves too little room for the finding.
func views() []view {
	const toMillis, toSeconds = "15:04:05.000", "15:04:05"
	return []view{
		{clock: toMillis, api: true, status: true, duration: true, id: wholeID},
		{clock: toMillis, api: true, status: true, id: wholeID},
		{clock: toMillis, api: true, status: true, id: shortID},
		{clock: toMillis, api: true, id: shortID},
		{clock: toSeconds, api: true, id: shortID},
		{api: true, id: shortID},
		{id: shortID},
		{},
	}
}

// column is one cell of a row with the title of its column and the column's usual width.
type column struct {
	title, cell string
	usual       int
}

// timeOf is that of the sandbox's clock, and real time beside entries of other sandboxes.
func (v view) timeOf(e client.Entry) time.Time {
	if v.ofAll {
		return e.Arrived
	}
	return e.Time
}

// columns are those of an entry before its finding.
func (v view) columns(e client.Entry) []column {
	operation := operationOrPath(e)
	if _, short, ok := strings.Cut(e.Operation, "."); ok && !v.api {
		operation = short
	}
	all := []column{
		{"TIME", v.timeOf(e).UTC().Format(v.clock), len(v.clock)},
		{"SANDBOX", e.Sandbox, 15},
		{"OPERATION", operation, 29},
		{"OUTCOME", e.Outcome, 24},
		{"STATUS", strconv.Itoa(e.Status), 6},
		{"DURATION", duration(e), 9},
		{"ID", e.ID[:min(v.id, len(e.ID))], v.id},
	}
	shown := map[string]bool{
		"TIME": v.clock != "", "SANDBOX": v.ofAll, "OPERATION": true, "OUTCOME": true, "STATUS": v.status,
		"DURATION": v.duration, "ID": v.id > 0,
	}
	return slices.DeleteFunc(all, func(c column) bool { return !shown[c.title] })
}

// write writes a batch, the first one below the heading.
func (r *entryRows) write(out io.Writer, entries []client.Entry) {
	if len(entries) == 0 {
		return
	}
	var rows [][]string
	if r.widths == nil {
		r.choose(entries)
		var heading []string
		for _, c := range r.view.columns(client.Entry{}) {
			heading = append(heading, shorten(c.title, r.widths[len(heading)]))
		}
		rows = append(rows, append(heading, shorten("FINDING", r.room(r.widths))))
	}
	for _, e := range entries {
		var row []string
		for i, c := range r.view.columns(e) {
			if r.total > 0 {
				c.cell = shorten(oneLine(c.cell), r.widths[i])
			}
			row = append(row, c.cell)
		}
		rows = append(rows, append(row, shorten(oneLine(firstFinding(e)), r.room(r.widths))))
	}
	table{least: r.widths}.write(out, rows...)
}

// choose takes the first view that leaves enough room for the findings of a batch.
func (r *entryRows) choose(entries []client.Entry) {
	needed := 0
	for _, e := range entries {
		needed = max(needed, utf8.RuneCountInString(oneLine(firstFinding(e))))
	}
	if r.following {
		needed = maxFinding
	}
	needed = max(min(needed, r.total*2/5), len("FINDING"))
	for _, v := range views() {
		v.ofAll = r.ofAll
		r.view, r.widths = v, r.measure(v, entries)
		if r.total == 0 || r.room(r.widths) >= needed {
			return
		}
	}
	if r.room(r.widths) >= r.total/narrow {
		return
	}
	for i, width := range r.widths {
		r.widths[i] = min(width, max(r.total/narrow, 1)) // not even the last view has room
	}
}

// narrow is the part of a row that each column may have at most, one over this, where no view fits.
const narrow = 4

// measure returns the widths of a view's columns.
func (r *entryRows) measure(v view, entries []client.Entry) []int {
	var widths []int
	for _, c := range v.columns(client.Entry{}) {
		width := len(c.title)
		if r.following || r.total == 0 {
			width = max(width, c.usual) // for the batches to come
		}
		widths = append(widths, width)
	}
	for _, e := range entries {
		for i, c := range v.columns(e) {
			if !r.following {
				widths[i] = max(widths[i], utf8.RuneCountInString(oneLine(c.cell)))
			}
		}
	}
	return widths
}

// room returns how wide the finding may be.
func (r *entryRows) room(widths []int) int {
	if r.total == 0 {
		return maxFinding
	}
	left := r.total
	for _, width := range widths {
		left -= width + columnGap
	}
	return max(min(left, maxFinding), 1)
}

// The greatest lengths of cells whose text comes from clients.
const (
	maxFinding   = 100
	maxOperation = 48
)

// operationOrPath returns the operation, or method and path if the request belongs to none.
func operationOrPath(e client.Entry) string {
	if e.Operation != "" {
		return e.Operation
	}
	path := e.Request.URL
	if u, err := url.Parse(path); err == nil {
		path = u.Path
	}
	return shorten(e.Request.Method+" "+path, maxOperation)
}

// firstFinding returns the first error among the findings, or else what kept the reply from the client, or else the
// first finding.
func firstFinding(e client.Entry) string {
	all := findingsOf(e)
	i := slices.IndexFunc(all, func(f client.Finding) bool { return f.Level == client.LevelError })
	if i < 0 && deliveryNote(e) != "" {
		return deliveryNote(e)
	}
	if len(all) == 0 {
		return ""
	}
	return all[max(i, 0)].Message
}
