package trial

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// call asks the rules about one call as the data plane does: those at arrival, and then the others, unless the checks
// refuse the call between the two.
func (t *stage) call(ctx context.Context, described *scenario.DescribedCall, number uint64) (Call, error) {
	op := described.Operation
	made := Call{
		Line: described.Line, At: t.now.UTC(), AtSeconds: t.now.Sub(t.Start).Seconds(), Operation: op.Name,
		Outcome: wire.OutcomeOK, Status: http.StatusOK, Misses: []Miss{},
	}
	in, err := t.input(described, number)
	if err != nil {
		return Call{}, err
	}
	record, _, err := t.space.Get(ctx, play.PlaylistKey)
	if err != nil {
		return Call{}, err
	}
	program, err := t.engine.Program(ctx, t.space, record)
	if err != nil {
		return Call{}, err
	}
	arrived, err := program.Decide(ctx, t.space, in, scenario.AtArrival)
	if err != nil {
		return Call{}, err
	}
	effects := arrived.Effects
	made.take(&arrived, op)
	switch {
	case answers(&arrived):
	case described.Refused != "":
		made.refuse(op, described.Refused, nil)
		made.addMisses(program.NotAsked(in, described.Refused))
	default:
		decided, err := program.Decide(ctx, t.space, in, scenario.AtDecision)
		if err != nil {
			return Call{}, err
		}
		effects = effects.And(decided.Effects)
		made.take(&decided, op)
	}
	made.deliver(effects)
	return made, nil
}

// input is the call as the rules see it: parameters as text, or in the body of an operation that has one.
func (t *stage) input(described *scenario.DescribedCall, number uint64) (play.Input, error) {
	op := described.Operation
	request := &wire.Request{
		Method: http.MethodPost, Scheme: "https", Path: op.Path, Host: "localhost", Header: http.Header{},
	}
	if len(op.Methods) > 0 {
		request.Method = op.Methods[0]
	}
	for name, value := range described.Headers {
		request.Header.Set(name, value)
		if http.CanonicalHeaderKey(name) == "Host" {
			request.Host = value
		}
	}
	call := &wire.Call{
		Request: request, ID: "call-" + strconv.FormatUint(number, 10), Gateway: op.API.Gateway.Name, API: op.API.Name,
		Operation: op.ID, Text: map[string]string{},
		Credential: wire.Credential{ID: described.Credential},
	}
	body := map[string]any{}
	for name, value := range described.Params {
		if op.HasBody && !isInput(op, name) {
			body[name] = value
		} else {
			call.Text[name] = scenario.Text(value)
		}
	}
	if op.HasBody {
		raw, err := json.Marshal(body)
		if err != nil {
			return play.Input{}, fmt.Errorf("write the body: %w", err)
		}
		request.Body = raw
	}
	return play.Input{Call: call, Operation: op, Now: t.now, Seed: t.Seed}, nil
}

// isInput reports whether a parameter stands outside of the body.
func isInput(op *contract.Operation, name string) bool {
	for _, in := range op.Inputs {
		if in.Name == name {
			return true
		}
	}
	return false
}

// answers reports whether a decision answers the call, so that nothing else does.
func answers(d *scenario.Decision) bool { return d.Fault != nil || d.Reply != nil }

// take adds what the rules of a phase decided.
func (c *Call) take(d *scenario.Decision, op *contract.Operation) {
	c.addMisses(d.Misses)
	for _, touch := range d.Also {
		c.Also = append(c.Also, touch.Rule)
	}
	if !d.Decided {
		return
	}
	c.Decision = &Decision{
		Rule: d.Rule, Step: d.Step, Per: d.Per, Key: d.Key, States: d.States,
		LeftSeconds: int64((d.Left + time.Second - 1) / time.Second),
	}
	if d.Choice >= 0 {
		c.Decision.Choice = &d.Choice
	}
	switch {
	case d.Fault != nil && d.Fault.Kind == wire.Documented:
		c.refuse(op, d.Fault.Code, d.Fault)
	case d.Fault != nil: // the script itself is at fault
		c.Outcome, c.Status = string(d.Fault.Kind), http.StatusInternalServerError
		c.Message, _, _ = strings.Cut(d.Fault.Error(), "\n") // without the schema below
	case d.Reply != nil:
		c.Outcome, c.Status, c.Body = d.Reply.Outcome, d.Reply.Status, string(d.Reply.Body)
		c.setHeaders(d.Reply.Header)
	}
}

// refuse ends a call with a documented error, which a script may have given more to say.
func (c *Call) refuse(op *contract.Operation, code string, fault *wire.Fault) {
	documented, _ := op.ErrorOf(code)
	c.Outcome, c.Status, c.Message, c.Detail = code, documented.Status, documented.Message, documented.Detail
	if fault == nil {
		return
	}
	c.Outcome = contract.Fill(code, fault.Fill)
	c.Message = cmp.Or(fault.Message, contract.Fill(documented.Message, fault.Fill))
	c.Detail = cmp.Or(fault.Detail, contract.Fill(documented.Detail, fault.Fill))
	c.setHeaders(fault.Header)
}

func (c *Call) setHeaders(header http.Header) {
	for name := range header {
		if c.Headers == nil {
			c.Headers = map[string]string{}
		}
		c.Headers[name] = header.Get(name)
	}
}

func (c *Call) addMisses(misses []scenario.Miss) {
	for _, m := range misses {
		c.Misses = append(c.Misses, Miss{m.Rule, m.Condition, m.Expected, m.Got})
	}
}

// deliver adds what happens to the answer on its way.
func (c *Call) deliver(e scenario.Effects) {
	c.DelayMillis, c.BetweenMillis = e.Delay.Milliseconds(), e.Between.Milliseconds()
	c.Network, c.CutBytes, c.BytesPerSecond = e.Network, e.Flow.Cut, e.Flow.Rate
}

// compare finds in what the call did not come to what was expected.
func (c *Call) compare(e *scenario.Expectation) {
	if e == nil {
		return
	}
	check := func(what, expected, got string) {
		if expected != got {
			c.Differences = append(c.Differences, Difference{what, expected, got})
		}
	}
	if e.Outcome != "" {
		check("the outcome", e.Outcome, c.Outcome)
	}
	if e.Status != 0 {
		check("the status", strconv.Itoa(e.Status), strconv.Itoa(c.Status))
	}
	if e.Rule != 0 {
		check("the step", stepText(e.Rule, e.Step), c.stepText(e.Step != 0))
	}
	if e.Message != "" {
		check("the message", e.Message, c.Message)
	}
	if e.Detail != "" {
		check("the detail", e.Detail, c.Detail)
	}
	if e.Delay != nil {
		check("the delay", e.Delay.String(), (time.Duration(c.DelayMillis) * time.Millisecond).String())
	}
	if e.Network != nil {
		check("the network", cmp.Or(string(*e.Network), "none"), cmp.Or(string(c.Network), "none"))
	}
}

// stepText names the step that took the call, for people, who count from 1.
func (c *Call) stepText(withStep bool) string {
	switch {
	case c.Decision == nil:
		return "none"
	case withStep:
		return stepText(c.Decision.Rule+1, c.Decision.Step+1)
	}
	return stepText(c.Decision.Rule+1, 0)
}

// stepText names a step by its rule, both counted from 1; without a step, the rule alone.
func stepText(rule, step int) string {
	if step == 0 {
		return "rule " + strconv.Itoa(rule)
	}
	return fmt.Sprintf("rule %d, step %d", rule, step)
}

// TakenBy names the step that took the call, for people, who count from 1; "none" where no rule did.
func (c *Call) TakenBy() string { return c.stepText(true) }
