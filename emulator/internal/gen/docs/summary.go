package main

import (
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// tally counts facts by their marks.
type tally struct {
	facts, inPart int
	byMark        map[contract.Mark]int
}

func (t *tally) add(facts []fact) {
	for _, f := range facts {
		t.facts++
		t.byMark[f.evidence.Mark]++
		if f.evidence.Mark != contract.Choice && isOurs(f.evidence.Source) {
			t.inPart++
		}
	}
}

// isOurs reports whether a source owns up to a choice. Specs word it as "our choice", or "ours".
func isOurs(source string) bool {
	return strings.Contains(source, "our choice") || strings.Contains(source, " ours")
}

// row is the tally as a row of the summary.
func (t *tally) row(label string) string {
	choices := t.byMark[contract.Choice]
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d %% | %d |\n", label, t.facts, t.byMark[contract.Page],
		t.byMark[contract.Captured], t.byMark[contract.Observed], choices, (100*choices+t.facts/2)/t.facts, t.inPart)
}

// writeSummary counts each section that has facts, and all of them.
func writeSummary(page *strings.Builder, sections []section) {
	page.WriteString("| | Facts | page | captured | observed | choice | share | in part |\n")
	page.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|\n")
	all := tally{byMark: map[contract.Mark]int{}}
	for _, s := range sections {
		own := tally{byMark: map[contract.Mark]int{}}
		for _, t := range s.tables {
			own.add(t.facts)
			all.add(t.facts)
		}
		if own.facts > 0 {
			page.WriteString(own.row(link(s.title())))
		}
	}
	if all.facts > 0 {
		page.WriteString(all.row("all"))
	}
}
