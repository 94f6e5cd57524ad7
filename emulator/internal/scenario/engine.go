package scenario

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Stage is what the sandboxes share: the scenarios that are known, read and compiled once. It is safe for concurrent
// use and holds nothing that a sandbox could notice.
type Stage struct {
	options  Options
	defaults []*script
	idle     *program // what plays where nothing was played: the defaults
	scripts  cache[*script]
	programs cache[*program]
	plays    atomic.Uint64
}

// Options say which scenarios a Stage knows.
type Options struct {
	// Lookup finds a scenario by name. What it finds must not change.
	Lookup func(name string) (*Scenario, bool)
	// Decode reads a document that somebody plays; its error is handed on as it is.
	Decode func(source []byte) (*Scenario, error)
	// Outcome reads the provider's code back from a reply of the named gateway; empty when the
	// reply carries none. Nil reads none.
	Outcome func(gateway string, reply *wire.Reply) string
	// Defaults play in every sandbox that did not switch them off. Whatever is played wins over them.
	Defaults []*Scenario
}

// Errors of a Player.
var (
	// ErrUnknown says that no scenario has that name.
	ErrUnknown = errors.New("no scenario has that name")
	// ErrNotPlaying says that the scenario to stop does not play.
	ErrNotPlaying = errors.New("the scenario does not play")
	// ErrFull says that too many scenarios play already.
	ErrFull = fmt.Errorf("%d scenarios play already, and no more can", MaxPlaying)
)

// MaxPlaying is how many scenarios can play in one sandbox beside the defaults.
const MaxPlaying = 50

// NewStage compiles the defaults.
func NewStage(options Options) (*Stage, error) {
	if options.Outcome == nil {
		options.Outcome = func(string, *wire.Reply) string { return "" }
	}
	s := &Stage{options: options}
	for _, d := range options.Defaults {
		made, err := compile(d, d.Name)
		if err != nil {
			return nil, fmt.Errorf("on by default: %w", err)
		}
		s.defaults = append(s.defaults, made)
	}
	idle, err := s.compose(playlist{}, nil)
	if err != nil {
		return nil, err
	}
	s.idle = idle
	return s, nil
}

// Player plays in the sandbox whose state is kept in that space.
func (s *Stage) Player(space store.Space) Player { return Player{stage: s, space: space} }

// Player is what plays in one sandbox. All its state is in the sandbox's space: players of one space are the same.
type Player struct {
	stage *Stage
	space store.Space
}

// Input is a call about which the scenarios are asked.
type Input struct {
	Call *wire.Call
	// Operation is nil while it is unknown, which happens at arrival alone.
	Operation *contract.Operation
	// Now is the sandbox's clock, Seed its chance.
	Now  time.Time
	Seed uint64
	// Only names a scenario to ask before those that play, as the header X-Tokenstage-Scenario does. There it has
	// cursors of its own, apart from those it has when it is played.
	Only string
}

// Decide asks the rules of what plays, newest scenario first, and lets the first that takes the call decide. An error
// means that the store did not answer, or is ErrUnknown for Input.Only.
func (p Player) Decide(ctx context.Context, in Input, phase Phase) (Decision, error) {
	playing, err := p.program(ctx)
	if err != nil {
		return Decision{}, err
	}
	cues := playing.concerning(in, phase)
	if in.Only == "" && len(cues) == 0 {
		return Decision{}, nil
	}
	q := question{callFields: callFields{call: in.Call}, in: in, space: p.space, outcome: p.stage.options.Outcome}
	if in.Only != "" {
		asked, err := p.asked(playing, in.Only)
		if err != nil {
			return Decision{}, err
		}
		if decision, err := q.put(ctx, asked.concerning(in, phase)); err != nil || decision.Decided {
			return decision, err
		}
	}
	return q.put(ctx, cues)
}

// question is one call on its way through the rules.
type question struct {
	callFields
	in      Input
	space   store.Space
	outcome func(gateway string, reply *wire.Reply) string
	misses  []Miss
}

// maxMisses bounds what is explained about one call.
const maxMisses = 20

// put asks rules in their order.
func (q *question) put(ctx context.Context, cues []*cue) (Decision, error) {
	for _, c := range cues {
		if !q.holds(c) {
			continue
		}
		turn, err := c.take(ctx, q.space, q.in.Now)
		if err != nil {
			return Decision{}, fmt.Errorf("scenario %s, rule %d: %w", c.scenario, c.index, err)
		}
		if !turn.taken {
			q.miss(c, turn.condition, turn.expected, turn.got)
			continue
		}
		decision := c.perform(q, turn)
		decision.Misses = q.misses
		return decision, nil
	}
	return Decision{Misses: q.misses}, nil
}

// holds reports whether every condition of the rule holds.
func (q *question) holds(c *cue) bool {
	for i := range c.conditions {
		condition := &c.conditions[i]
		text, present := q.text(condition)
		if !condition.Test(text, present) {
			q.miss(c, condition.label, condition.Expected, q.shown(condition, text, present))
			return false
		}
	}
	return true
}

// miss notes why a rule did not take the call. The defaults stay silent: they play everywhere and nobody asked for
// them, so their explanations would fill every entry of every journal.
func (q *question) miss(c *cue, condition, expected, got string) {
	if c.byDefault || len(q.misses) == maxMisses {
		return
	}
	q.misses = append(q.misses, Miss{
		Scenario: c.scenario, Rule: c.index, Condition: condition, Expected: expected, Got: got,
	})
}
