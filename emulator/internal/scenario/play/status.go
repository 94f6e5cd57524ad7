package play

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Status describes a scenario that plays and the positions of its cursors.
type Status struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Default says that the scenario plays by default and not because somebody played it.
	Default bool         `json:"default"`
	Rules   []RuleStatus `json:"rules"`
	// States are those that are set, by their names.
	States map[string]StateStatus `json:"states,omitempty"`
	// Keys are the values of fields for which rules keep cursors of their own, the newest first: at most MaxKeys.
	Keys []KeyStatus `json:"keys,omitempty"`
}

// MaxKeys is how many values of fields a status lists.
const MaxKeys = 200

// RuleStatus is the position of the cursor of a rule. Of a rule that keeps one for each value of a field, Taken is the
// sum over the values that are listed.
type RuleStatus struct {
	On string `json:"on"`
	// Per is the field for each of whose values the rule keeps a cursor; empty for one that keeps one alone.
	Per string `json:"per,omitempty"`
	CursorStatus
}

// CursorStatus is the position of a cursor.
type CursorStatus struct {
	// Taken is how many calls the rule took: those that got a step, were over the quota, or felt an effect.
	Taken int64 `json:"taken"`
	// Step is the one that the next call takes; steps count from 0. Position is how many calls took it since the rule
	// reached it.
	Step     int   `json:"step"`
	Position int64 `json:"position"`
	// Also says that the rule decides nothing, so that it has no steps.
	Also bool `json:"also,omitempty"`
	// Exhausted says that the rule takes no more calls: its script is used up and ends with Release, or it is over.
	Exhausted bool `json:"exhausted"`
	// Left is how many calls the quota still allowed after the last one. It is nil for a rule without a quota.
	Left *uint64 `json:"left,omitempty"`
	// Window is when a rule that ends began and ends; nil before the first call that it took.
	Window *WindowStatus `json:"window,omitempty"`
}

// WindowStatus is the time in which a rule takes calls.
type WindowStatus struct {
	// Ends is when it is over by the sandbox's clock, LeftSeconds how long that still takes: whole seconds, zero when it
	// is over.
	Ends        time.Time `json:"ends"`
	LeftSeconds int64     `json:"leftSeconds"`
}

// StateStatus is a state that is set.
type StateStatus struct {
	Value string `json:"value"`
	// Window is when it ends; nil for a state that does not end.
	Window *WindowStatus `json:"window,omitempty"`
}

// KeyStatus is what a scenario remembers about one value of a field.
type KeyStatus struct {
	Per    string                 `json:"per"`
	Value  string                 `json:"value"`
	States map[string]StateStatus `json:"states,omitempty"`
	Rules  []KeyRuleStatus        `json:"rules"`
}

// KeyRuleStatus is the cursor of a rule for one value; rules count from 0.
type KeyRuleStatus struct {
	Rule int `json:"rule"`
	CursorStatus
}

// Played names what was played and still plays, in the order in which it was.
func (p Player) Played(ctx context.Context) ([]string, error) {
	record, _, err := p.space.Get(ctx, PlaylistKey)
	if err != nil {
		return nil, fmt.Errorf("read what plays: %w", err)
	}
	list, err := readPlaylist(record)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, entry := range slices.Backward(list.Playing) {
		names = append(names, entry.Name)
	}
	return names, nil
}

// List returns what plays in the order in which it is asked, with what is left by the sandbox's clock: newest first,
// the defaults last. Calls that name a scenario in a header move other cursors, which are not listed.
func (p Player) List(ctx context.Context, now time.Time) ([]Status, error) {
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
		s, err := p.statusOf(ctx, &playing, now)
		if err != nil {
			return nil, fmt.Errorf("read the cursors of %s: %w", playing.name, err)
		}
		list = append(list, s)
	}
	return list, nil
}

func (p Player) statusOf(ctx context.Context, playing *playingScenario, now time.Time) (Status, error) {
	s := Status{
		Name: playing.name, Summary: playing.summary, Default: playing.byDefault,
		Rules: make([]RuleStatus, len(playing.rules)),
	}
	kept, err := p.readRecord(ctx, recordKey(playing.prefix))
	if err != nil {
		return s, err
	}
	s.States = kept.statesAt(now)
	if s.Keys, err = p.keysOf(ctx, playing, now); err != nil {
		return s, err
	}
	apart, err := p.cursorsApart(ctx, playing)
	if err != nil {
		return s, err
	}
	for i := range playing.rules {
		r := &playing.rules[i]
		s.Rules[i] = RuleStatus{On: r.OnText(), Per: r.Per}
		switch {
		case r.Per != "":
			s.Rules[i].CursorStatus = sumOf(s.Keys, r)
		case playing.inRecord[""]:
			s.Rules[i].CursorStatus = r.statusAt(kept.cursor(i), now)
		default:
			if s.Rules[i].CursorStatus, err = r.status(apart[i].Value); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

// cursorsApart reads the cursors that the rules of a scenario keep outside of records, by the index of their rule, in
// one trip.
func (p Player) cursorsApart(ctx context.Context, playing *playingScenario) ([]store.Get, error) {
	if playing.inRecord[""] {
		return nil, nil
	}
	cursors := make([]store.Get, len(playing.rules))
	var steps []store.Step
	for i := range playing.rules {
		if playing.rules[i].Per == "" {
			cursors[i].Key = cursorKey(playing.prefix, i)
			steps = append(steps, &cursors[i])
		}
	}
	if len(steps) == 0 {
		return cursors, nil
	}
	return cursors, p.space.Do(ctx, steps...)
}

func (p Player) readRecord(ctx context.Context, key string) (*ruleRecord, error) {
	raw, _, err := p.space.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	return readRuleRecord(raw)
}

// keysOf lists the values for which the rules of a scenario keep cursors, newest first.
func (p Player) keysOf(ctx context.Context, playing *playingScenario, now time.Time) ([]KeyStatus, error) {
	if !slices.ContainsFunc(playing.rules, func(r compiledRule) bool { return r.Per != "" }) {
		return nil, nil
	}
	names := store.Keys{Prefix: valuePrefix(playing.prefix)}
	if err := p.space.Do(ctx, &names); err != nil {
		return nil, err
	}
	newest := names.Keys[max(len(names.Keys)-MaxKeys, 0):]
	var list []KeyStatus
	for _, key := range slices.Backward(newest) {
		raw, found, err := p.space.Get(ctx, key)
		if err != nil {
			return nil, err
		}
		var name keptName
		if !found {
			continue
		}
		if err := record.Read(raw, &name); err != nil {
			return nil, err
		}
		kept, err := p.readRecord(ctx, name.Key)
		if err != nil {
			return nil, err
		}
		list = append(list, keyStatus(playing, name, kept, now))
	}
	return list, nil
}

func keyStatus(playing *playingScenario, name keptName, kept *ruleRecord, now time.Time) KeyStatus {
	s := KeyStatus{Per: name.Per, Value: name.Shown, States: kept.statesAt(now)}
	for i := range playing.rules {
		if r := &playing.rules[i]; r.Per == name.Per {
			s.Rules = append(s.Rules, KeyRuleStatus{Rule: i, CursorStatus: r.statusAt(kept.cursor(i), now)})
		}
	}
	return s
}

// sumOf adds up the calls that a rule took for the values that are listed.
func sumOf(keys []KeyStatus, r *compiledRule) (sum CursorStatus) {
	for _, key := range keys {
		for _, kept := range key.Rules {
			if kept.Rule == r.index {
				sum.Taken += kept.Taken
			}
		}
	}
	return sum
}

// statesAt describes the states that are set.
func (k *ruleRecord) statesAt(now time.Time) map[string]StateStatus {
	var all map[string]StateStatus
	for name := range k.States {
		value, ends, isSet := k.state(name, now)
		if !isSet {
			continue
		}
		if all == nil {
			all = map[string]StateStatus{}
		}
		all[name] = StateStatus{Value: value, Window: windowAt(ends, now)}
	}
	return all
}

// windowAt is a window that ends at an instant; nil for one that does not end.
func windowAt(ends, now time.Time) *WindowStatus {
	if ends.IsZero() {
		return nil
	}
	left := max(ends.Sub(now), 0)
	return &WindowStatus{Ends: ends.UTC(), LeftSeconds: int64((left + time.Second - 1) / time.Second)}
}

// statusAt reads the cursor of a rule that keeps it in a record.
func (r *compiledRule) statusAt(cursor *ruleCursor, now time.Time) CursorStatus {
	s := CursorStatus{Taken: cursor.Taken, Also: r.Also != nil}
	switch {
	case s.Also:
	case r.day != nil:
		left := uint64(r.Quota.Calls)
		if d := cursor.Day; d != nil && now.Before(d.Ends) {
			left -= min(d.Used, left)
		}
		s.Left = &left
	case r.Quota != nil:
		left := uint64(r.Quota.Burst)
		if cursor.Bucket != nil {
			left = cursor.Bucket.Tokens
		}
		s.Left = &left
	default:
		s = r.scriptStatus(cursor.Taken)
	}
	s.Window = windowAt(r.windowEnd(cursor.Since), now)
	s.Exhausted = s.Exhausted || s.Window != nil && s.Window.LeftSeconds == 0
	return s
}

// status reads a rule's cursor as the store keeps it. It is nil for a rule that no call has reached.
func (r *compiledRule) status(raw []byte) (CursorStatus, error) {
	if r.Quota != nil {
		b, err := readBucket(raw, r.Quota, time.Time{})
		return CursorStatus{Taken: int64(b.Over), Left: &b.Tokens}, err
	}
	count, _ := strconv.ParseInt(string(raw), 10, 64)
	return r.scriptStatus(count), nil
}

// scriptStatus is where the cursor of a script stands that so many calls have moved.
func (r *compiledRule) scriptStatus(count int64) CursorStatus {
	s := CursorStatus{Taken: count}
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
	return s
}
