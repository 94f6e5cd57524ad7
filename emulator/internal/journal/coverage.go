package journal

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Tally counts how the calls of a sandbox ended, by operation and documented error. Unlike the entries, which give way
// to later ones, it forgets nothing until the sandbox is reset.
type Tally struct {
	space   store.Space
	secrets *sandbox.Secrets
}

// NewTally returns the tally that is kept in space and never shows any of secrets.
func NewTally(space store.Space, secrets *sandbox.Secrets) Tally { return Tally{space, secrets} }

// Coverage is what was seen of the documented errors.
type Coverage struct {
	Operations []OperationCoverage `json:"operations"`
	// Calls is the number of calls of all operations.
	Calls int64 `json:"calls"`
	// Seen is how many of the documented errors, each counted once for every operation that documents it, came.
	Seen       int `json:"seen"`
	Documented int `json:"documented"`
}

// OperationCoverage is what was seen of one operation. Its calls are those that succeeded and those of all codes.
type OperationCoverage struct {
	ID    string `json:"id"`
	Calls int64  `json:"calls"`
	OK    int64  `json:"ok"`
	// Errors are the documented ones, seen or not.
	Errors []CodeCount `json:"errors"`
	// Undocumented are other outcomes: those of replies that scripts wrote themselves.
	Undocumented []CodeCount `json:"undocumented"`
}

// CodeCount is how often a code was sent.
type CodeCount struct {
	Code string `json:"code"`
	Seen int64  `json:"seen"`
}

// Step is what counts a call. It is nil for an outcome that is not documented, which CountOther counts.
func (t Tally) Step(op *contract.Operation, outcome string) store.Step {
	if outcome != wire.OutcomeOK {
		documented, ok := op.ErrorOf(outcome)
		if !ok {
			return nil
		}
		outcome = documented.Code
	}
	return &store.Increment{Key: tallyKey(op, outcome), Delta: 1}
}

// CoveragePrefix begins the keys that count how calls ended.
const CoveragePrefix = "coverage/"

func tallyKey(op *contract.Operation, code string) string {
	return CoveragePrefix + op.Name + "/" + code
}

// othersKey is that of no documented code: those have no slash.
func othersKey(op *contract.Operation) string { return CoveragePrefix + op.Name + "/other/" }

const (
	// maxOthers bounds how many undocumented outcomes of an operation are told apart.
	maxOthers = 100
	// remainder counts those beyond.
	remainder = "(others)"
)

// CountOther counts a call that ended in an outcome which is not documented.
func (t Tally) CountOther(ctx context.Context, op *contract.Operation, outcome string) error {
	return t.addOthers(ctx, op, []CodeCount{{outcome, 1}})
}

func readOthers(raw []byte) (map[string]int64, error) {
	counts := map[string]int64{}
	if raw == nil {
		return counts, nil
	}
	if err := record.Read(raw, &counts); err != nil {
		return nil, fmt.Errorf("read the undocumented outcomes: %w", err)
	}
	return counts, nil
}

// Read returns what was counted of every operation in the catalogue, in one trip.
func (t Tally) Read(ctx context.Context, catalogue *contract.Catalogue) (Coverage, error) {
	r := t.Reading(catalogue)
	if err := t.space.Do(ctx, r.Steps()...); err != nil {
		return Coverage{}, fmt.Errorf("read the coverage: %w", err)
	}
	return r.Coverage()
}

// Reading is what was counted of every operation in a catalogue, once its steps were carried out.
type Reading struct {
	tally      Tally
	operations []*counts
}

// Reading reads together with other steps.
func (t Tally) Reading(catalogue *contract.Catalogue) *Reading {
	r := &Reading{tally: t}
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			r.operations = append(r.operations, newCounts(op))
		}
	}
	return r
}

// Steps are those that read.
func (r *Reading) Steps() []store.Step {
	var steps []store.Step
	for _, one := range r.operations {
		steps = append(steps, one.steps()...)
	}
	return steps
}

// Coverage is what was read.
func (r *Reading) Coverage() (Coverage, error) {
	sum := Coverage{Operations: []OperationCoverage{}}
	for _, read := range r.operations {
		one, err := r.tally.operation(read)
		if err != nil {
			return Coverage{}, fmt.Errorf("read the coverage of %s: %w", read.op.Name, err)
		}
		sum.Operations = append(sum.Operations, one)
	}
	sum.count()
	return sum, nil
}

// count sums up the operations.
func (c *Coverage) count() {
	c.Calls, c.Documented, c.Seen = 0, 0, 0
	for i := range c.Operations {
		one := &c.Operations[i]
		c.Calls += one.Calls
		c.Documented += len(one.Errors)
		c.Seen += one.seen()
	}
}

// counts are the readings of what was counted of one operation.
type counts struct {
	op     *contract.Operation
	ok     store.Get
	errors []store.Get // in the order of op.Errors
	others store.Get
}

func newCounts(op *contract.Operation) *counts {
	c := &counts{
		op: op, ok: store.Get{Key: tallyKey(op, wire.OutcomeOK)}, errors: make([]store.Get, len(op.Errors)),
		others: store.Get{Key: othersKey(op)},
	}
	for i := range op.Errors {
		c.errors[i].Key = tallyKey(op, op.Errors[i].Code)
	}
	return c
}

func (c *counts) steps() []store.Step {
	steps := []store.Step{&c.ok, &c.others}
	for i := range c.errors {
		steps = append(steps, &c.errors[i])
	}
	return steps
}

func (t Tally) operation(read *counts) (OperationCoverage, error) {
	c := OperationCoverage{ID: read.op.Name, Errors: []CodeCount{}, Undocumented: []CodeCount{}}
	var err error
	if c.OK, err = count(&read.ok); err != nil {
		return c, err
	}
	c.Calls = c.OK
	for i := range read.errors {
		n, err := count(&read.errors[i])
		if err != nil {
			return c, err
		}
		c.Errors = append(c.Errors, CodeCount{read.op.Errors[i].Code, n})
		c.Calls += n
	}
	others, err := readOthers(read.others.Value)
	for code, n := range others {
		c.Undocumented = append(c.Undocumented, CodeCount{t.secrets.Mask(code), n})
		c.Calls += n
	}
	slices.SortFunc(c.Undocumented, func(a, b CodeCount) int { return strings.Compare(a.Code, b.Code) })
	return c, err
}

func count(read *store.Get) (int64, error) {
	if !read.Found {
		return 0, nil
	}
	return strconv.ParseInt(string(read.Value), 10, 64)
}

func (c *OperationCoverage) seen() int {
	n := 0
	for _, e := range c.Errors {
		if e.Seen > 0 {
			n++
		}
	}
	return n
}
