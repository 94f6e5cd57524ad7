package play

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// Status describes a scenario that plays and the positions of its cursors.
type Status struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Default says that the scenario plays by default and not because somebody played it.
	Default bool         `json:"default"`
	Rules   []RuleStatus `json:"rules"`
}

// RuleStatus is the position of the cursor of a rule.
type RuleStatus struct {
	On string `json:"on"`
	// Taken is how many calls the rule took: those that got a step, or were over the quota.
	Taken int64 `json:"taken"`
	// Step is the one that the next call takes; steps count from 0. Position is how many calls took it since the rule
	// reached it.
	Step     int   `json:"step"`
	Position int64 `json:"position"`
	// Exhausted says that the rule takes no more calls: its script is used up and ends with Release.
	Exhausted bool `json:"exhausted"`
	// Left is how many calls the quota still allowed after the last one. It is nil for a rule without a quota.
	Left *uint64 `json:"left,omitempty"`
}

// List returns what plays in the order in which it is asked: newest first, the defaults last. Calls that name a
// scenario in a header move other cursors, which are not listed.
func (p Player) List(ctx context.Context) ([]Status, error) {
	record, _, err := p.space.Get(ctx, PlaylistKey)
	if err != nil {
		return nil, fmt.Errorf("read what plays: %w", err)
	}
	program, err := p.engine.Program(ctx, p.space, record)
	if err != nil {
		return nil, err
	}
	list := make([]Status, 0, len(program.scenarios))
	for _, playing := range program.scenarios {
		s := Status{
			Name: playing.name, Summary: playing.summary, Default: playing.byDefault,
			Rules: make([]RuleStatus, len(playing.rules)),
		}
		for i := range playing.rules {
			raw, _, err := p.space.Get(ctx, cursorKey(playing.id, i))
			if err != nil {
				return nil, fmt.Errorf("read the cursors of %s: %w", playing.name, err)
			}
			if s.Rules[i], err = playing.rules[i].status(raw); err != nil {
				return nil, fmt.Errorf("read the cursors of %s: %w", playing.name, err)
			}
		}
		list = append(list, s)
	}
	return list, nil
}

// status reads a rule's cursor as the store keeps it. It is nil for a rule that no call has reached.
func (r *compiledRule) status(raw []byte) (RuleStatus, error) {
	if r.Quota != nil {
		b, err := readBucket(raw, r.Quota, time.Time{})
		return RuleStatus{On: r.On, Taken: int64(b.Over), Left: &b.Tokens}, err
	}
	count, _ := strconv.ParseInt(string(raw), 10, 64)
	s := RuleStatus{On: r.On, Taken: count}
	total := r.ends[len(r.ends)-1]
	next, ok := r.stepAt(count + 1)
	if !ok {
		s.Taken, s.Exhausted = total, true
		next, count = len(r.ends)-1, total
	}
	if r.End == scenario.Cycle {
		count %= total
	}
	s.Step, s.Position = next, count
	if next > 0 {
		s.Position -= r.ends[next-1]
	}
	return s, nil
}
