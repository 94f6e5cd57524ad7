package cli

import (
	"io"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// entryRows writes entries as rows of a table, batch by batch.
type entryRows struct{ begun bool }

// write writes a batch, the first one below the heading.
func (r *entryRows) write(out io.Writer, entries []client.Entry) {
	if len(entries) == 0 {
		return
	}
	var rows [][]string
	if !r.begun {
		rows = append(rows, []string{"TIME", "OPERATION", "OUTCOME", "STATUS", "DURATION", "ID", "FINDING"})
	}
	r.begun = true
	for _, e := range entries {
		rows = append(rows, []string{
			e.Time.UTC().Format("15:04:05.000"), operationOrPath(e), e.Outcome, strconv.Itoa(e.Status), duration(e), e.ID,
			shorten(firstFinding(e), maxFinding),
		})
	}
	// Wide enough for most values, so that the columns of all batches are aligned.
	table{least: []int{12, 29, 24, 6, 8, 36}}.write(out, rows...)
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

func duration(e client.Entry) string {
	return (time.Duration(e.DurationMicros) * time.Microsecond).String()
}

// firstFinding returns the first error among the findings, or else the first finding.
func firstFinding(e client.Entry) string {
	all := findingsOf(e)
	i := slices.IndexFunc(all, func(f client.Finding) bool { return f.Level == client.LevelError })
	if len(all) == 0 {
		return ""
	}
	return all[max(i, 0)].Message
}
