package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// table is the result of a measure. A cell is a string, an int or a number.
type table struct {
	name, about string
	columns     []string
	rows        [][]any
}

// number is a cell that shows that many digits after the decimal point.
type number struct {
	value  float64
	digits int
}

func rounded(value float64, digits int) number { return number{value, digits} }

func (n number) String() string { return strconv.FormatFloat(n.value, 'f', n.digits, 64) }

// MarshalJSON writes the number as rounded.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil } //nolint:unparam // json.Marshaler

// write writes aligned columns, or one line of JSON.
func (t table) write(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(map[string]any{"measure": t.name, "rows": t.objects()})
	}
	if _, err := fmt.Fprintf(out, "%s: %s\n\n", t.name, t.about); err != nil {
		return err
	}
	aligned := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(aligned, strings.Join(t.columns, "\t")+"\t") // an error of writing comes back from Flush
	for _, row := range t.rows {
		for _, cell := range row {
			_, _ = fmt.Fprintf(aligned, "%v\t", cell)
		}
		_, _ = fmt.Fprintln(aligned)
	}
	if err := aligned.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out)
	return err
}

// objects returns the rows as maps from column title to cell. The column without a title is called name.
func (t table) objects() []map[string]any {
	all := make([]map[string]any, len(t.rows))
	for i, row := range t.rows {
		all[i] = map[string]any{}
		for j, cell := range row {
			title := t.columns[j]
			if title == "" {
				title = "name"
			}
			all[i][title] = cell
		}
	}
	return all
}
