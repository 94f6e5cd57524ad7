package world

import (
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// DecisionOf is a decision as the journal keeps it.
func DecisionOf(d scenario.Decision) *journal.Decision {
	kept := &journal.Decision{
		Scenario: d.Scenario, Rule: d.Rule, Step: d.Step, Per: d.Per, Key: d.Key, States: d.States,
		LeftSeconds: int64((d.Left + time.Second - 1) / time.Second),
	}
	if d.Choice >= 0 {
		kept.Choice = &d.Choice
	}
	return kept
}

// TouchesOf are the rules that had an effect on a call, as the journal keeps them.
func TouchesOf(touches []scenario.Touch) []journal.Touch {
	var kept []journal.Touch
	for _, t := range touches {
		kept = append(kept, journal.Touch(t))
	}
	return kept
}

// MissesOf are the rules that did not take a call, as the journal keeps them.
func MissesOf(misses []scenario.Miss) []journal.Miss {
	var kept []journal.Miss
	for _, m := range misses {
		kept = append(kept, journal.Miss(m))
	}
	return kept
}
