package console

import (
	"net/http"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// coveragePage is which documented errors a sandbox has seen.
type coveragePage struct {
	journal.Coverage

	Unseen bool // only what was not seen
	Rows   []coverageRow
}

// Percent is the share of documented errors that were seen, rounded down: only all of them are 100.
func (p coveragePage) Percent() string {
	if p.Seen == 0 {
		return "0 %"
	}
	if whole := p.Seen * 100 / p.Documented; whole > 0 {
		return strconv.Itoa(whole) + " %"
	}
	return "under 1 %"
}

// coverageRow is an operation.
type coverageRow struct {
	journal.OperationCoverage

	API  string
	Seen int
	// Cells are the errors of the operation and its API, Common those that its gateway answers every operation with.
	Cells, Common []coverageCell
	// Own counts the errors of the operation and its API, also those that are left out.
	Own int
	// CommonSeen counts those of Common that were seen, also where they are left out.
	CommonSeen int
}

// coverageCell is a documented error of an operation.
type coverageCell struct {
	toggle
	journal.CodeCount

	Status  int
	Meaning string
	// Says is what the error says, where its code is a mere number.
	Says string
}

func (c *console) coverage(r *http.Request, l *layout) (body, error) {
	sum, err := c.World.Coverage(r.Context(), l.Sandbox)
	if err != nil {
		return body{}, err
	}
	list, err := c.playing(r.Context(), l.Sandbox)
	if err != nil {
		return body{}, err
	}
	page := coveragePage{Coverage: sum, Unseen: r.URL.Query().Get("show") == "unseen"}
	for _, one := range sum.Operations {
		page.Rows = append(page.Rows, c.coverageRow(one, page.Unseen, names(list)))
	}
	return body{"coverage", "Coverage", page}, nil
}

func (c *console) coverageRow(one journal.OperationCoverage, unseen bool, plays map[string]bool) coverageRow {
	row := coverageRow{OperationCoverage: one}
	op := c.World.Catalogue().Operation(one.ID)
	for _, count := range one.Errors {
		common := false
		if op != nil {
			e, _ := op.Error(count.Code)
			common = e.Origin == "gateway"
		}
		if !common {
			row.Own++
		}
		if count.Seen > 0 {
			row.Seen++
			if common {
				row.CommonSeen++
			}
			if unseen {
				continue
			}
		}
		name := errorName(one.ID, count.Code)
		cell := coverageCell{toggle: toggle{name, plays[name]}, CodeCount: count}
		if op != nil {
			e, _ := op.Error(count.Code)
			cell.Status, cell.Meaning, row.API = e.Status, e.Meaning, op.API.Name
			if _, err := strconv.Atoi(count.Code); err == nil {
				cell.Says = e.Message
			}
		}
		if common {
			row.Common = append(row.Common, cell)
		} else {
			row.Cells = append(row.Cells, cell)
		}
	}
	return row
}

// placedCell is a cell with where it stands.
type placedCell struct {
	coverageCell

	Operation, Sandbox string
}

func cellOf(cell coverageCell, operation, sandbox string) placedCell {
	return placedCell{cell, operation, sandbox}
}
