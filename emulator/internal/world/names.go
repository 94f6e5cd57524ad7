package world

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Names are what people and tests select calls by. What is empty selects all.
type Names struct {
	API, Operation, Outcome, Parameter, Credential string
	// Kind is what became of a call.
	Kind journal.Kind
	// Patterns says that the names are those of a claim: "*" stands for any text in them, and an operation goes by its
	// full name alone. In a filter the part behind the dot is enough, and an outcome can have a ! before it.
	Patterns bool
}

// UnknownNameError says that there is nothing of a name, so that whoever selects by it selects nothing, whatever comes.
type UnknownNameError struct {
	// Field is the name of the filter, such as "outcome".
	Field string
	// Said says what is unknown, Meant is the known name nearest to it; empty where none is near.
	Said, Meant string
}

// Error says what is unknown and what was probably meant.
func (e *UnknownNameError) Error() string { return nearest.Ask(e.Said, e.Meant) }

// CheckNames refuses names that select no call of the sandboxes, now or later, with an *UnknownNameError. A filter that
// is misspelt would otherwise be satisfied by any journal.
func (w *World) CheckNames(ctx context.Context, boxes []*sandbox.Sandbox, n Names) error {
	if err := w.checkAPI(n); err != nil {
		return err
	}
	if err := checkKind(n.Kind); err != nil {
		return err
	}
	operations, err := w.namedOperations(n)
	if err != nil {
		return err
	}
	if err := w.checkParameter(n, operations); err != nil {
		return err
	}
	if err := w.checkCredential(boxes, n); err != nil {
		return err
	}
	return w.checkOutcome(ctx, boxes, n, operations)
}

func (w *World) checkAPI(n Names) error {
	var known []string
	for _, api := range w.options.Catalogue.APIs {
		known = append(known, api.Name)
	}
	if n.API == "" || slices.Contains(known, n.API) {
		return nil
	}
	return &UnknownNameError{
		Field: "api", Said: fmt.Sprintf("no API is named %q", n.API), Meant: nearest.Name(n.API, known),
	}
}

// checkKind refuses a kind that no call is of.
func checkKind(kind journal.Kind) error {
	if kind == "" || slices.Contains(journal.Kinds(), kind) {
		return nil
	}
	var known []string
	for _, k := range journal.Kinds() {
		known = append(known, string(k))
	}
	return &UnknownNameError{
		Field: "kind", Said: fmt.Sprintf("no calls are of the kind %q", kind), Meant: nearest.Name(string(kind), known),
	}
}

// namedOperations are the operations whose names the other names must be: for a claim those that it is about, for a
// filter all, whose parts may contradict each other.
func (w *World) namedOperations(n Names) ([]*contract.Operation, error) {
	var all []*contract.Operation
	for _, api := range w.options.Catalogue.APIs {
		all = append(all, api.Operations...)
	}
	if n.Operation == "" {
		return all, nil
	}
	named := matcher(n.Operation, n.Patterns)
	var selected []*contract.Operation
	for _, op := range all {
		if named(op.Name) || !n.Patterns && op.ID == n.Operation {
			selected = append(selected, op)
		}
	}
	if len(selected) == 0 {
		return nil, &UnknownNameError{
			Field: "operation", Said: fmt.Sprintf("no operation is named %q", n.Operation), Meant: nearestOperation(n, all),
		}
	}
	if !n.Patterns {
		return all, nil
	}
	return selected, nil
}

// nearestOperation is the operation that was probably meant, for a pattern perhaps all those of an API.
func nearestOperation(n Names, all []*contract.Operation) string {
	var known []string
	for _, op := range all {
		whole := op.API.Name + scenario.WholeAPI
		if n.Patterns && strings.HasSuffix(n.Operation, scenario.WholeAPI) && !slices.Contains(known, whole) {
			known = append(known, whole)
		}
	}
	if meant := nearest.Name(n.Operation, known); meant != "" {
		return meant
	}
	known = nil
	for _, op := range all {
		known = append(known, op.Name)
	}
	return nearest.Dotted(n.Operation, known)
}

func (w *World) checkParameter(n Names, operations []*contract.Operation) error {
	if n.Parameter == "" {
		return nil
	}
	var known []string
	for _, op := range operations {
		known = append(known, w.parametersOf(op)...)
	}
	if slices.Contains(known, n.Parameter) {
		return nil
	}
	return &UnknownNameError{
		Field: "parameter", Said: fmt.Sprintf("no parameter%s is named %q", of(n), n.Parameter),
		Meant: nearest.Dotted(n.Parameter, known),
	}
}

// parametersOf are the names of the parameters that a call of the operation can carry.
func (w *World) parametersOf(op *contract.Operation) []string {
	var names []string
	for _, p := range op.Parameters() {
		names = append(names, strings.ReplaceAll(p.Name, "[]", "")) // elements of a list share its name
	}
	for _, g := range w.options.Gateways {
		if g.Name() == op.API.Gateway.Name {
			names = append(names, g.CommonParameters()...)
		}
	}
	return names
}

// checkCredential refuses what no call of the sandboxes can be signed with. Calls of any credential come to the default
// sandbox.
func (w *World) checkCredential(boxes []*sandbox.Sandbox, n Names) error {
	if n.Credential == "" {
		return nil
	}
	named := matcher(n.Credential, n.Patterns)
	known := []string{}
	for _, box := range boxes {
		ids := box.CredentialIDs()
		if box.ID == sandbox.Default || slices.ContainsFunc(ids, named) || box.IssuedCredential(n.Credential) {
			return nil
		}
		known = append(known, ids...)
	}
	if named("") || named(sandbox.Mask) {
		return nil
	}
	return &UnknownNameError{
		Field: "credential", Said: fmt.Sprintf("no credential of the sandbox is named %q", n.Credential),
		Meant: nearest.Name(n.Credential, known),
	}
}

// of says which operations a claim is about.
func of(n Names) string {
	if n.Operation == "" || !n.Patterns {
		return ""
	}
	return " of " + n.Operation
}

// ownOutcome is that of a call which no gateway took.
var ownOutcome = regexp.MustCompile(`^` + regexp.QuoteMeta(wire.OwnOutcome) + `[1-5][0-9][0-9]$`)

// checkOutcome refuses an outcome that the operations do not document, that no call of the sandboxes had, and that no
// script which plays there can make.
func (w *World) checkOutcome(
	ctx context.Context, boxes []*sandbox.Sandbox, n Names, operations []*contract.Operation,
) error {
	outcome := n.Outcome
	if !n.Patterns {
		outcome = strings.TrimPrefix(outcome, journal.Not)
	}
	if n.Outcome == "" || ownOutcome.MatchString(outcome) {
		return nil
	}
	if outcome == "" {
		return &UnknownNameError{Field: "outcome", Said: "no outcome is named after the " + journal.Not}
	}
	named := matcher(outcome, n.Patterns)
	known := w.documentedOutcomes(operations)
	if slices.ContainsFunc(known, named) || documents(operations, outcome, n.Patterns) {
		return nil
	}
	for _, box := range boxes {
		if can, err := w.canEndIn(ctx, box, outcome, named); err != nil || can {
			return err
		}
	}
	return &UnknownNameError{
		Field: "outcome", Said: fmt.Sprintf("no call%s can end in %q", of(n), outcome),
		Meant: nearest.Name(outcome, known),
	}
}

// documentedOutcomes are what calls of the operations can end in by their specs, sorted. A code with a placeholder
// stands for the outcomes that the parameters' names make of it.
func (w *World) documentedOutcomes(operations []*contract.Operation) []string {
	codes := map[string]bool{wire.OutcomeOK: true}
	for _, op := range operations {
		for i := range op.Errors {
			code := op.Errors[i].Code
			if _, open := contract.CutPlaceholder(code); !open {
				codes[code] = true
				continue
			}
			for _, name := range w.parametersOf(op) {
				codes[contract.Fill(code, []string{name})] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(codes))
}

// documents reports whether an outcome has the form of a code that any text completes.
func documents(operations []*contract.Operation, outcome string, pattern bool) bool {
	return slices.ContainsFunc(operations, func(op *contract.Operation) bool {
		if e, ok := op.ErrorOf(outcome); ok {
			before, open := contract.CutPlaceholder(e.Code)
			return !open || strings.HasSuffix(before, ":") && e.Code != outcome
		}
		return pattern && slices.ContainsFunc(op.Errors, func(e contract.Error) bool {
			before, open := contract.CutPlaceholder(e.Code)
			return open && overlap(outcome, before)
		})
	})
}

// overlap reports whether a text that begins in a given way can match a pattern.
func overlap(pattern, beginning string) bool {
	start, _, open := strings.Cut(pattern, "*")
	return open && (strings.HasPrefix(beginning, start) || strings.HasPrefix(start, beginning))
}

// canEndIn reports whether a call of the sandbox had an outcome that no spec documents, or can have it by a script.
func (w *World) canEndIn(
	ctx context.Context, box *sandbox.Sandbox, outcome string, named func(string) bool,
) (bool, error) {
	if can, err := w.Player(box).CanEndIn(ctx, outcome); err != nil || can {
		return can, err
	}
	counted, err := w.Coverage(ctx, box)
	if err != nil {
		return false, err
	}
	for _, op := range counted.Operations {
		if slices.ContainsFunc(op.Undocumented, func(c journal.CodeCount) bool { return named(c.Code) }) {
			return true, nil
		}
	}
	kept, _, err := w.Journal(box).Recent(ctx, journal.Filter{Outcome: outcome, Limit: 1}, 0)
	return len(kept) > 0, err
}

// matcher returns what tells whether a text is the name, in which "*" can stand for any text.
func matcher(name string, pattern bool) func(text string) bool {
	if !pattern || !strings.Contains(name, "*") {
		return func(text string) bool { return text == name }
	}
	expression := strings.ReplaceAll(regexp.QuoteMeta(name), `\*`, "(?s:.*)")
	return regexp.MustCompile("^" + expression + "$").MatchString
}

// checkQuotas refuses the name of an operation that has no quota: a slip there would switch nothing off.
func (w *World) checkQuotas(quotas map[string]string) error {
	var known []string
	for _, api := range w.options.Catalogue.APIs {
		for _, op := range api.Operations {
			if op.Quota != nil {
				known = append(known, op.Name)
			}
		}
	}
	for name := range quotas {
		if !slices.Contains(known, name) {
			return &sandbox.InvalidError{
				Field:  "quotas." + name,
				Reason: nearest.Ask("no operation of that name has a quota", nearest.Dotted(name, known)),
			}
		}
	}
	return nil
}
