package play

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/template"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// OutcomeRespond is the outcome of a scripted reply that carries no code of the provider.
const OutcomeRespond = "respond"

// Input is a call about which the scenarios are asked.
type Input struct {
	Call *wire.Call
	// Operation is nil while it is unknown, which can only be so at arrival.
	Operation *contract.Operation
	// Now is the time by the sandbox's clock. Seed is the sandbox's seed, from which all chance is drawn.
	Now  time.Time
	Seed uint64
	// Only is the value of the header X-Tokenstage-Scenario: the name of a scenario to ask before those that play.
	// Calls with this header move cursors of their own, apart from those of the playing scenarios.
	Only string
}

// Gateway is what the engine needs from the gateway of a call to send a scripted reply.
type Gateway interface {
	// ReadReply returns the outcome that a reply carries, empty if it carries none, and the value of its JSON body, nil
	// if the body is not JSON.
	ReadReply(reply wire.Reply) (outcome string, value any)
	// ContentType returns the content type for a body, empty for an empty body.
	ContentType(body []byte) string
}

// call is one call with what the steps of a script need to decide it.
type call struct {
	Input
	fields   fieldReader
	gateways map[string]Gateway
}

// decide carries out the step that the call took and returns the decision.
func (r *playingRule) decide(c *call, taken takenStep) scenario.Decision {
	s := taken.step
	var drawn drawnStep
	d := scenario.Decision{
		Scenario: r.scenario, Rule: r.index, Step: s.index, Choice: -1, Decided: true, Left: taken.left,
	}
	if taken.kept != nil {
		drawn = taken.kept.drawn
	} else {
		drawn = s.draw(c.Seed, r.salt, taken.number)
	}
	d.Choice = drawn.choice
	if drawn.passes {
		return d // the call passes, yet counts as one that took the step
	}
	d.Effects = effectsOf(s.Delay, s.Network, s.Flow, drawn.chance)
	if choice := drawn.chosen; choice != nil {
		d.Effects = d.And(effectsOf(choice.Delay, choice.Network, choice.Flow, drawn.chance))
		s = choice
	}
	var e *template.Environment
	if drawn.chance != nil {
		e = template.NewEnvironment(&c.fields.CallFields, c.Now, drawn.chance, taken.left)
	}
	switch {
	case s.Fail != nil:
		d.Fault = s.fault(e, taken.refused)
	case s.Respond != nil:
		d.Reply, d.Fault = s.reply(c, e)
	}
	return d
}

// drawnStep is what chance decides of a step before it is carried out.
type drawnStep struct {
	chance *rand.Rand // for what follows; nil for a step in which chance has no part
	passes bool       // the step does not do what it says
	choice int        // which of its choices was drawn; -1 for none
	chosen *compiledStep
}

// draw draws for the call of a number.
func (s *compiledStep) draw(seed, salt uint64, number int64) drawnStep {
	drawn := drawnStep{choice: -1}
	if s.draws {
		drawn.chance = newCallChance(seed, salt, uint64(number))
	}
	if s.Chance < 1 && drawn.chance.Float64() >= s.Chance {
		drawn.passes = true
		return drawn
	}
	if len(s.choices) == 0 {
		return drawn
	}
	total := s.weights[len(s.weights)-1]
	at, _ := slices.BinarySearch(s.weights, drawn.chance.Float64()*total)
	drawn.choice = min(at, len(s.choices)-1)
	if choice := &s.choices[drawn.choice]; choice.Chance >= 1 || drawn.chance.Float64() < choice.Chance {
		drawn.chosen = choice
	}
	return drawn
}

// effectsOf draws the effects of a step.
func effectsOf(delay scenario.Delay, network scenario.Network, flow scenario.Flow, chance *rand.Rand) scenario.Effects {
	return scenario.Effects{Delay: drawDelay(delay, chance), Between: delay.Between, Network: network, Flow: flow}
}

// newCallChance returns the source of chance for one call: the same seed, rule and number always draw the same values.
// ChaCha8 makes sure that neighbouring numbers draw unrelated ones.
func newCallChance(seed, salt, number uint64) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[0:], seed)
	binary.LittleEndian.PutUint64(key[8:], salt)
	binary.LittleEndian.PutUint64(key[16:], number)
	return rand.New(rand.NewChaCha8(key))
}

// drawDelay returns the fixed delay, or draws one from the log-normal distribution with that median and 99th
// percentile. It is never more than scenario.MaxDelay.
func drawDelay(d scenario.Delay, chance *rand.Rand) time.Duration {
	if d.Median <= 0 {
		return min(d.Fixed, scenario.MaxDelay)
	}
	const z99 = 2.3263478740408408 // the 99th percentile of the standard normal distribution
	spread := max(math.Log(float64(d.P99)/float64(d.Median))/z99, 0)
	drawn := float64(d.Median) * math.Exp(spread*chance.NormFloat64())
	return time.Duration(min(drawn, float64(scenario.MaxDelay)))
}

// fault is the documented error of the script. If one of its texts cannot be written, the script is at fault and the
// call is answered with an internal error.
func (s *compiledStep) fault(e *template.Environment, refused time.Duration) *wire.Fault {
	fault := &wire.Fault{
		Kind: wire.Documented, Code: s.Fail.Code, RetryAfter: refused,
		Findings: []wire.Finding{{
			Check: "scenario", Level: wire.LevelError,
			Message: "The call failed with " + s.Fail.Code + " as scripted: " + s.location + ".",
		}},
	}
	if err := s.fillIn(fault, e); err != nil {
		return s.badReply(err)
	}
	return fault
}

// fillIn runs the templates of a documented error.
func (s *compiledStep) fillIn(fault *wire.Fault, e *template.Environment) (err error) {
	if fault.Message, err = s.message.Render(e); err != nil {
		return fmt.Errorf("message: %w", err)
	}
	if fault.Detail, err = s.detail.Render(e); err != nil {
		return fmt.Errorf("detail: %w", err)
	}
	if fault.Fill = s.Fail.Fill; slices.ContainsFunc(s.fill, template.Template.HasActions) {
		fault.Fill = make([]string, len(s.fill))
		for i, text := range s.fill {
			if fault.Fill[i], err = text.Render(e); err != nil {
				return fmt.Errorf("fill: %w", err)
			}
		}
	}
	if len(s.headers) > 0 {
		fault.Header, err = s.writeHeaders(e)
	}
	return err
}

// reply builds the reply that the script gives. If that fails, or if the reply breaks the spec, the script is at fault
// and the call is answered with an internal error.
func (s *compiledStep) reply(c *call, e *template.Environment) (*wire.Reply, *wire.Fault) {
	gateway, ok := c.gateways[c.Call.Gateway]
	if op := c.Operation; op != nil && op.API.Gateway.Packets {
		return nil, s.badReply(fmt.Errorf(
			"the answers of %s are packets: a step can let those fail, wait or be lost", op.Name))
	}
	if !ok {
		return nil, s.badReply(fmt.Errorf("the gateway %q is not known", c.Call.Gateway))
	}
	reply := &wire.Reply{Status: s.Respond.Status}
	if err := s.write(reply, e); err != nil {
		return nil, s.badReply(err)
	}
	setContentType(reply, gateway)
	outcome, value := gateway.ReadReply(*reply)
	reply.Outcome = cmp.Or(outcome, OutcomeRespond)
	if s.Respond.OffSpec {
		return reply, nil
	}
	reply.Value = value
	// Bodies without actions were already checked by the decoder of documents.
	if op := c.Operation; op != nil && s.body.HasActions() {
		if err := checkReply(op, reply); err != nil {
			return nil, s.badReply(fmt.Errorf("%w; set offSpec: true to send it nevertheless", err))
		}
	}
	return reply, nil
}

// setContentType sets the content type that the gateway gives to such a body, unless the script sets one.
func setContentType(reply *wire.Reply, gateway Gateway) {
	if reply.Header.Get("Content-Type") != "" {
		return
	}
	if content := gateway.ContentType(reply.Body); content != "" {
		reply.Header.Set("Content-Type", content)
	}
}

// checkReply checks a reply against the spec. A body without a value is decoded again to get the error.
func checkReply(op *contract.Operation, reply *wire.Reply) error {
	if reply.Value == nil {
		if _, err := contract.DecodeJSON(reply.Body); err != nil {
			return err
		}
	}
	return op.CheckReply(reply.Status, reply.Value)
}

// writeHeaders runs the templates of the headers.
func (s *compiledStep) writeHeaders(e *template.Environment) (http.Header, error) {
	header := make(http.Header, len(s.headers))
	for _, h := range s.headers {
		value, err := h.value.Render(e)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", h.name, err)
		}
		if strings.ContainsFunc(value, unicode.IsControl) {
			return nil, fmt.Errorf("header %s: its value holds a control character", h.name)
		}
		header.Set(h.name, value)
	}
	return header, nil
}

// write runs the templates of headers and body.
func (s *compiledStep) write(reply *wire.Reply, e *template.Environment) (err error) {
	if reply.Header, err = s.writeHeaders(e); err != nil {
		return err
	}
	body, err := s.body.Render(e)
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	reply.Body = []byte(body)
	return nil
}

// badReply returns the fault for a scripted reply that cannot be sent.
func (s *compiledStep) badReply(err error) *wire.Fault {
	return &wire.Fault{Kind: wire.Internal, Cause: err, Findings: []wire.Finding{{
		Check: "scenario", Level: wire.LevelError,
		Message: "The scripted reply cannot be sent: " + s.location + ": " + err.Error() + ".",
	}}}
}
