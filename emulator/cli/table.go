package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// table writes aligned columns; the last one has no fixed width.
type table struct {
	// least are the least widths of the columns, for tables that are written in parts.
	least []int
}

// columnGap is the number of spaces between two columns.
const columnGap = 2

// write writes rows, each with the same number of cells.
func (t table) write(out io.Writer, rows ...[]string) {
	var aligned strings.Builder
	w := tabwriter.NewWriter(&aligned, 0, 0, columnGap, ' ', 0)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = oneLine(cell)
			if i < len(t.least) {
				cells[i] = fmt.Sprintf("%-*s", t.least[i], cells[i])
			}
		}
		printf(w, "%s\n", strings.Join(cells, "\t"))
	}
	_ = w.Flush() // a strings.Builder takes everything
	var text strings.Builder
	for line := range strings.Lines(aligned.String()) {
		text.WriteString(strings.TrimRight(line, " \n") + "\n") // without the padding before empty cells
	}
	_, _ = io.WriteString(out, text.String())
}

// oneLine puts text from clients on one line, without control characters that the terminal would obey.
func oneLine(text string) string { return strings.Join(strings.Fields(printable(text)), " ") }

// printable replaces control characters except line breaks and tabs: a request could use them to control the terminal
// on which it is shown.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// shorten cuts text to at most length characters.
func shorten(text string, length int) string {
	runes := []rune(text)
	if len(runes) <= length {
		return text
	}
	return string(runes[:length-1]) + "…"
}

// writeJSON writes a value as indented JSON.
func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// writeLines writes each value as one line of JSON.
func writeLines[T any](out io.Writer, values []T) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, value := range values {
		if err := encoder.Encode(value); err != nil {
			return err
		}
	}
	return nil
}
