package cli

import (
	"encoding/json"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// table writes aligned columns. The last one is as long as it likes.
type table struct {
	// widths are the least widths of the columns; they grow with what is written, so that rows that come later stay in
	// line.
	widths []int
}

const columnGap = "  "

// write writes rows, each with the same number of cells.
func (t *table) write(out io.Writer, rows ...[]string) {
	for _, row := range rows {
		t.fit(row)
	}
	var text strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			cell = oneLine(cell)
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", t.widths[i]-utf8.RuneCountInString(cell)) + columnGap)
			}
		}
		text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, _ = io.WriteString(out, text.String())
}

func (t *table) fit(row []string) {
	for len(t.widths) < len(row) {
		t.widths = append(t.widths, 0)
	}
	for i, cell := range row {
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(oneLine(cell)))
	}
}

// oneLine makes a text fit into a cell: what came from outside must not break lines or steer the terminal.
func oneLine(text string) string { return strings.Join(strings.Fields(printable(text)), " ") }

// printable replaces control characters but line breaks and tabs, with which a request could steer the terminal of the
// person who reads it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// shorten cuts a text to so many characters.
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

// writeLines writes each value as JSON on a line of its own.
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
