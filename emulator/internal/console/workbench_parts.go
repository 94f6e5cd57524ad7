package console

import (
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
)

// sendLimit is how long the console waits for the answer to a call that it sends, as a client would.
const sendLimit = 10 * time.Second

// partsCompared are the parts of one string to sign beside those of another.
type partsCompared struct {
	// Both says that there are two strings. Else all rows are in Same, with nothing to the right.
	Both bool
	// Differing are the parts that are not the same in both, Same the others.
	Differing, Same []partRow
	// Moved names the first part that stands in another place; empty where the order is the same.
	Moved string
}

// Count is how many parts there are.
func (c partsCompared) Count() int { return len(c.Differing) + len(c.Same) }

// partTable are rows with the heads of their columns; Right is empty for a table of one string.
type partTable struct {
	Rows        []partRow
	Left, Right string
}

// partRow is a part of a string to sign.
type partRow struct {
	Name string
	// Left and Right are what it means; RawLeft and RawRight how it is signed, where that is not the same.
	Left, Right, RawLeft, RawRight []piece
	// OnlyLeft and OnlyRight say that the other string has no such part.
	OnlyLeft, OnlyRight bool
}

// compareParts pairs parts by their names, in the order of the left.
func compareParts(left, right []gateway.Part, both bool) partsCompared {
	c := partsCompared{Both: both}
	rest := slices.Clone(right)
	var order []string // of the parts that both have, as the left has them
	for _, l := range left {
		at := slices.IndexFunc(rest, func(r gateway.Part) bool { return r.Name == l.Name })
		switch {
		case !both:
			c.Same = append(c.Same, rowOf(l, l))
			continue
		case at < 0:
			row := rowOf(l, l)
			row.Right, row.RawRight, row.OnlyLeft = nil, nil, true
			c.Differing = append(c.Differing, row)
			continue
		case rest[at] == l:
			c.Same = append(c.Same, rowOf(l, l))
		default:
			c.Differing = append(c.Differing, rowOf(l, rest[at]))
		}
		order = append(order, l.Name)
		rest = slices.Delete(rest, at, at+1)
	}
	for _, r := range rest {
		row := rowOf(r, r)
		row.Left, row.RawLeft, row.OnlyRight = nil, nil, true
		c.Differing = append(c.Differing, row)
	}
	c.Moved = firstMoved(order, right)
	return c
}

// firstMoved is the first name that stands elsewhere in the right than in the order of the left.
func firstMoved(order []string, right []gateway.Part) string {
	at := 0
	for _, r := range right {
		if at < len(order) && slices.Contains(order[at:], r.Name) {
			if order[at] != r.Name {
				return r.Name
			}
			at++
		}
	}
	return ""
}

// rowOf lays a part beside another of the same name.
func rowOf(l, r gateway.Part) partRow {
	row := partRow{Name: l.Name}
	row.Left, row.Right = comparePieces(l.Value, r.Value)
	if l.Raw != l.Value || r.Raw != r.Value {
		row.RawLeft, row.RawRight = comparePieces(l.Raw, r.Raw)
	}
	return row
}

// partsOf are fields as parts that mean what they are.
func partsOf(fields []field) []gateway.Part {
	parts := make([]gateway.Part, len(fields))
	for i, f := range fields {
		parts[i] = gateway.Part{Name: f.Name, Raw: f.Value, Value: f.Value}
	}
	return parts
}
