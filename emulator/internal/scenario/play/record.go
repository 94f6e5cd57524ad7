package play

import (
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// ruleRecord is what the rules of a scenario that keep cursors for the same field remember, for one value of it: states
// and, by the number of the rule, cursors.
type ruleRecord struct {
	States map[string]heldState `cbor:"1,keyasint,omitempty"`
	Rules  map[int]*ruleCursor  `cbor:"2,keyasint,omitempty"`
}

// heldState is the value of a state, until Ends where that is set.
type heldState struct {
	Value string    `cbor:"1,keyasint"`
	Ends  time.Time `cbor:"2,keyasint,omitzero"`
}

// ruleCursor is how far a rule is.
type ruleCursor struct {
	// Taken counts the calls that the rule took.
	Taken int64 `cbor:"1,keyasint,omitempty"`
	// Since is when it took the first of them.
	Since time.Time `cbor:"2,keyasint,omitzero"`
	// Fits counts the calls that chance was asked about, the first of which came at First.
	Fits  int64     `cbor:"3,keyasint,omitempty"`
	First time.Time `cbor:"4,keyasint,omitzero"`
	// Bucket is that of a quota that flows, Day that of one of the calendar.
	Bucket *bucket `cbor:"5,keyasint,omitempty"`
	Day    *day    `cbor:"6,keyasint,omitempty"`
}

func readRuleRecord(raw []byte) (*ruleRecord, error) {
	kept := &ruleRecord{}
	if raw != nil {
		if err := record.Read(raw, kept); err != nil {
			return nil, fmt.Errorf("read the states and cursors: %w", err)
		}
	}
	if kept.Rules == nil {
		kept.Rules = map[int]*ruleCursor{}
	}
	if kept.States == nil {
		kept.States = map[string]heldState{}
	}
	return kept, nil
}

// cursor returns the cursor of a rule, to be changed.
func (k *ruleRecord) cursor(rule int) *ruleCursor {
	if k.Rules[rule] == nil {
		k.Rules[rule] = &ruleCursor{}
	}
	return k.Rules[rule]
}

// state returns the value of a state, and when it ends, zero for one that does not end.
func (k *ruleRecord) state(name string, now time.Time) (value string, ends time.Time, isSet bool) {
	held, ok := k.States[name]
	if !ok || !held.Ends.IsZero() && !now.Before(held.Ends) {
		return "", time.Time{}, false
	}
	return held.Value, held.Ends, true
}

// set sets states.
func (k *ruleRecord) set(all []compiledSetting, now time.Time) {
	for _, s := range all {
		held := heldState{Value: s.Value}
		if s.For > 0 {
			held.Ends = duration.Dated(now.Add(s.For))
		} else if !s.Until.IsZero() {
			held.Ends = s.Until.After(now, s.zone)
		}
		k.States[s.State] = held
	}
}

// values returns the states that are set.
func (k *ruleRecord) values(now time.Time) map[string]string {
	var all map[string]string
	for name := range k.States {
		if value, _, isSet := k.state(name, now); isSet {
			if all == nil {
				all = map[string]string{}
			}
			all[name] = value
		}
	}
	return all
}

// windowEnd returns when the rule ends that took its first call at an instant, zero for one that does not end, or whose
// end is not known before it took a call.
func (r *compiledRule) windowEnd(since time.Time) time.Time {
	switch {
	case !r.Until.IsZero() && !r.Until.Daily:
		return r.Until.At
	case since.IsZero():
		return time.Time{}
	case r.For > 0:
		return duration.Dated(since.Add(r.For))
	case !r.Until.IsZero():
		return r.Until.After(since, r.zone)
	}
	return time.Time{}
}

// chanceAt is the probability with which the rule takes a call at an instant, when the first that fit came at another.
func chanceAt(c scenario.Chance, first, now time.Time) float64 {
	if c.Over <= 0 {
		return c.To
	}
	elapsed := max(now.Sub(first), 0)
	switch {
	case elapsed < c.Over:
		return c.From + (c.To-c.From)*float64(elapsed)/float64(c.Over)
	case c.Back <= 0:
		return c.To
	}
	return c.To + (c.From-c.To)*min(float64(elapsed-c.Over)/float64(c.Back), 1)
}
