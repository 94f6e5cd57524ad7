package contract

import "strings"

// Error is a documented error.
type Error struct {
	// Code is the name by which scenarios and journal know it; it may hold one placeholder, %s.
	Code string
	// Status is the HTTP status.
	Status  int
	Message string
	// Number is the numeric code of gateway top, and Detail its sub_msg; zero and empty elsewhere.
	Number int
	Detail string
	// Meaning says in our words when it comes and what to do.
	Meaning  string
	Evidence Evidence
	// Origin is "operation", "api" or "gateway": where it is documented.
	Origin string
	// Signature says that a call is refused with it only by the check of its signature, the time and the token in that,
	// so before anything else is asked.
	Signature bool
}

const placeholder = "%s"

// CutPlaceholder returns what stands before the placeholder of a code, and whether it has one.
func CutPlaceholder(code string) (before string, has bool) {
	before, _, has = strings.Cut(code, placeholder)
	return before, has
}

// Filled returns what an outcome has in the place of the code's placeholder: InvalidParameter.Actions has Actions for
// the code InvalidParameter.%s. It is false when the outcome does not have the form of the code.
func (e *Error) Filled(outcome string) (value string, ok bool) {
	before, after, has := strings.Cut(e.Code, placeholder)
	if !has || len(outcome) < len(before)+len(after) {
		return "", false
	}
	value, begins := strings.CutPrefix(outcome, before)
	value, ends := strings.CutSuffix(value, after)
	return value, begins && ends
}

// FindError returns the documented error that an outcome stands for: the one with exactly that code, else of those
// codes whose placeholder the outcome fills the longest.
func FindError(documented []Error, outcome string) (Error, bool) {
	var best *Error
	for i := range documented {
		e := &documented[i]
		if e.Code == outcome {
			return *e, true
		}
		if _, ok := e.Filled(outcome); ok && (best == nil || len(e.Code) > len(best.Code)) {
			best = e
		}
	}
	if best == nil {
		return Error{}, false
	}
	return *best, true
}

// ErrorOf returns the documented error that an outcome of the operation stands for, as FindError finds it.
func (op *Operation) ErrorOf(outcome string) (Error, bool) {
	if e, ok := op.byCode[outcome]; ok {
		return *e, true
	}
	return FindError(op.Errors, outcome)
}

// ErrorOf returns the documented error that an outcome stands for where the operation of the call is not known.
func (g *Gateway) ErrorOf(outcome string) (Error, bool) { return FindError(g.Errors, outcome) }

// Error returns the documented error with exactly that code.
func (op *Operation) Error(code string) (Error, bool) {
	if e, ok := op.byCode[code]; ok {
		return *e, true
	}
	return Error{}, false
}

// Error returns the gateway's own documented error with exactly that code.
func (g *Gateway) Error(code string) (Error, bool) {
	if e, ok := g.byCode[code]; ok {
		return *e, true
	}
	return Error{}, false
}

// Fill puts values into the placeholders of a code or message, one each from the left; a placeholder without a
// value is removed.
func Fill(text string, values []string) string {
	parts := strings.Split(text, placeholder)
	var b strings.Builder
	b.WriteString(parts[0])
	for i, part := range parts[1:] {
		if i < len(values) {
			b.WriteString(values[i])
		}
		b.WriteString(part)
	}
	return b.String()
}
