package language

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// DecodeCalls reads the calls with which a scenario is tried from YAML, as strictly as the scenario itself.
func DecodeCalls(
	source []byte, s *scenario.Scenario, catalogue *contract.Catalogue,
) ([]scenario.DescribedCall, scenario.Problems) {
	r := newReport(source)
	r.content = content{needs: "a list of calls", holds: "one list of calls"}
	if !checkText(source, r) {
		return nil, r.problems
	}
	root := parse(bytes.TrimPrefix(source, []byte(byteOrderMark)), r)
	if root == nil {
		return nil, r.sorted()
	}
	var written []callDoc
	d := &decoder{report: r, types: map[reflect.Type]docType{}}
	d.value(root, reflect.ValueOf(&written).Elem(), `key:"calls" min:"1" max:"1000"`)
	calls := (&callChecker{checker{report: r, catalogue: catalogue}, s}).calls(written)
	if r.found > 0 {
		return nil, r.sorted()
	}
	return calls, nil
}

// callChecker turns decoded calls into what they describe.
type callChecker struct {
	checker
	scenario *scenario.Scenario
}

func (c *callChecker) calls(written []callDoc) []scenario.DescribedCall {
	list := make([]scenario.DescribedCall, len(written))
	times := 0
	for i := range written {
		list[i] = c.call(&written[i])
		if times += list[i].Times; times > maxDescribed {
			c.add(written[i].of("times"), "the document describes more than %d calls", maxDescribed)
			return nil
		}
	}
	return list
}

func (c *callChecker) call(written *callDoc) scenario.DescribedCall {
	at, _ := parseOffset(written.At)
	call := scenario.DescribedCall{
		Line: written.line, At: at.since, Instant: at.at, Unset: !written.has("at"), Operation: c.operation(written),
		Params: map[string]any{}, Headers: map[string]string{}, Credential: written.Credential,
		Times: max(written.Times, 1), Refused: written.Refused,
	}
	for _, p := range written.Params {
		call.Params[p.Name] = p.Value.value
		c.parameter(p.Name, p.Position, call.Operation)
	}
	for _, h := range written.Headers {
		if !isToken(h.Name) {
			c.add(h.Position, "%s is not a header name", quote(h.Name))
		}
		call.Headers[h.Name] = h.Value
	}
	if written.Refused != "" && call.Operation != nil {
		if _, ok := call.Operation.ErrorOf(written.Refused); !ok {
			c.addUnknown(written.of("refused"), written.Refused, codesOf(call.Operation), "%s is not a documented error of %s",
				quote(written.Refused), call.Operation.Name)
		}
	}
	if written.Expect != nil {
		call.Expect = c.expectation(written.Expect, call.Operation)
	}
	return call
}

// operation finds the operation that is called.
func (c *callChecker) operation(written *callDoc) *contract.Operation {
	if written.Call == "" {
		return nil // reported already
	}
	named := scenario.OperationsOn(written.Call, c.catalogue)
	if len(named) == 1 && named[0].Name == written.Call {
		return named[0]
	}
	all := scenario.OperationsOn(scenario.AllOperations, c.catalogue)
	if len(named) > 0 {
		c.add(written.of("call"), "%s stands for several operations; a call is of one", quote(written.Call))
		return nil
	}
	known := make([]string, len(all))
	meant := ""
	for i, op := range all {
		known[i] = op.Name
		if op.Action == written.Call {
			meant = op.Name
		}
	}
	c.addMeant(written.of("call"), cmp.Or(meant, nearest.Dotted(written.Call, known)), "no operation is named %s",
		quote(written.Call))
	return nil
}

// parameter reports a parameter that neither the operation knows nor the scenario reads: it would change nothing.
func (c *callChecker) parameter(name string, at position, op *contract.Operation) {
	if op == nil || strings.Contains(c.scenario.Source, `param "`+name+`"`) {
		return
	}
	var known []string
	for _, p := range op.Parameters() {
		if p.In != "header" {
			first, _, _ := strings.Cut(p.Name, ".")
			known = append(known, strings.TrimSuffix(first, "[]"))
		}
	}
	if !slices.Contains(known, name) {
		c.addUnknown(at, name, known, "%s has no parameter %s, and the scenario reads none of that name", op.Name,
			quote(name))
	}
}

// expectation checks what a call must come to.
func (c *callChecker) expectation(written *expectDoc, op *contract.Operation) *scenario.Expectation {
	expected := &scenario.Expectation{
		Outcome: cmp.Or(written.Outcome, written.Fixed), Status: written.Status, Rule: written.Rule, Step: written.Step,
		Message: written.Message, Detail: written.Detail,
	}
	if written.has("delay") {
		expected.Delay = new(delayOf(written.Delay))
	}
	if written.has("network") {
		expected.Network = new(scenario.Network(strings.TrimPrefix(written.Network, "none")))
	}
	if written.Rule > len(c.scenario.Rules) {
		c.add(written.of("rule"), "no rule has the number %d: the last one is %d", written.Rule, len(c.scenario.Rules))
	}
	known := []string{outcomeOK, outcomeRespond}
	if expected.Outcome == "" || op == nil || slices.Contains(known, expected.Outcome) ||
		strings.Contains(c.scenario.Source, expected.Outcome) {
		return expected
	}
	if _, ok := op.ErrorOf(expected.Outcome); !ok {
		at := written.of("outcome")
		c.addUnknown(at, expected.Outcome, append(known, codesOf(op)...), "%s is not an outcome of %s: neither ok, respond "+
			"nor a documented error", quote(expected.Outcome), op.Name)
	}
	return expected
}

// The outcomes that are no errors: that of a call which works, and that of a scripted reply which names none.
const (
	outcomeOK      = "ok"
	outcomeRespond = "respond"
)

func codesOf(op *contract.Operation) []string {
	codes := make([]string, len(op.Errors))
	for i, e := range op.Errors {
		codes[i] = e.Code
	}
	return codes
}
