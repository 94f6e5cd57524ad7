package scenario

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// ErrorPrefix begins the name of each generated scenario.
const ErrorPrefix = "error/"

// Generated makes a scenario of every documented error of every operation: error/<api>.<Operation>/<Code>.
func Generated(catalogue *contract.Catalogue) []*Scenario {
	var all []*Scenario
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			for _, e := range op.Errors {
				all = append(all, generate(op, e.Code, e.Meaning))
			}
		}
	}
	return all
}

// generated makes the scenario of a documented error that has that name.
func generated(catalogue *contract.Catalogue, name string) (*Scenario, bool) {
	operation, isError := strings.CutPrefix(name, ErrorPrefix)
	operation, code, _ := strings.Cut(operation, "/")
	op := catalogue.Operation(operation)
	if !isError || op == nil {
		return nil, false
	}
	e, documented := op.Error(code)
	if !documented {
		return nil, false
	}
	return generate(op, e.Code, e.Meaning), true
}

func generatedName(op *contract.Operation, code string) string {
	return ErrorPrefix + op.Name + "/" + code
}

func generate(op *contract.Operation, code, meaning string) *Scenario {
	fail := &Fail{Code: code}
	if Placeholders(code, op) > 0 {
		fail.Fill = DefaultFill(op)
	}
	name := generatedName(op, code)
	return &Scenario{
		Name: name, Summary: meaning,
		Rules:  []Rule{{On: []string{op.Name}, Script: []Step{{Fail: fail, Times: 1, Chance: 1}}}},
		Source: generateSource(name, meaning, op.Name, fail),
	}
}

// generateSource writes the document of a generated scenario, for people who read it and build upon it.
func generateSource(name, summary, on string, fail *Fail) string {
	text := fmt.Sprintf("name: %s\nsummary: %s\nrules:\n  - on: %s\n    script:\n      - fail: %s\n",
		name, strconv.Quote(summary), on, strconv.Quote(fail.Code))
	if len(fail.Fill) > 0 {
		text += "        fill: " + strconv.Quote(fail.Fill[0]) + "\n"
	}
	return text
}

// Placeholders counts the values that a documented error takes. Code, message and detail are filled from the same
// values, so the text with the most placeholders counts.
func Placeholders(code string, ops ...*contract.Operation) int {
	most := 0
	for _, op := range ops {
		e, _ := op.Error(code)
		for _, text := range []string{e.Code, e.Message, e.Detail} {
			most = max(most, strings.Count(text, "%s"))
		}
	}
	return most
}

// DefaultFill is what goes into placeholders for which a script gives no value. Most of them stand for the name of a
// parameter, so it is the operation's first required parameter, or its first one when none is required.
func DefaultFill(op *contract.Operation) []string {
	if required := op.Required(); len(required) > 0 {
		return required[:1]
	}
	if parameters := op.Parameters(); len(parameters) > 0 {
		return []string{parameters[0].Name}
	}
	return nil
}
