package scenario

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// perform is what the step does with the call.
func (c *cue) perform(q *question, t turn) Decision {
	s := t.step
	d := Decision{Scenario: c.scenario, Rule: c.index, Step: s.index, Decided: true}
	var chance *rand.Rand
	if s.Chance < 1 || s.Delay.Median > 0 || s.Respond != nil {
		chance = chanceOf(q.in.Seed, c.salt, uint64(t.number))
	}
	if s.Chance < 1 && chance.Float64() >= s.Chance {
		return d // the step is used up, and the call passes
	}
	d.Delay, d.Network = s.Delay.draw(chance), s.Network
	switch {
	case s.Fail != nil:
		d.Fault = s.fault()
	case s.Respond != nil:
		d.Reply, d.Fault = s.reply(q, chance)
	}
	return d
}

// chanceOf is the chance of one call: the same seed, rule and number always draw the same. ChaCha8 keeps neighbouring
// numbers from drawing similar values.
func chanceOf(seed, salt, number uint64) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[0:], seed)
	binary.LittleEndian.PutUint64(key[8:], salt)
	binary.LittleEndian.PutUint64(key[16:], number)
	return rand.New(rand.NewChaCha8(key))
}

// draw returns the fixed delay, or one from the log-normal distribution with that median and 99th percentile; never
// more than maxDelay.
func (d Delay) draw(chance *rand.Rand) time.Duration {
	if d.Median <= 0 {
		return min(d.Fixed, maxDelay)
	}
	const z99 = 2.3263478740408408 // the 99th percentile of the standard normal distribution
	spread := max(math.Log(float64(d.P99)/float64(d.Median))/z99, 0)
	drawn := float64(d.Median) * math.Exp(spread*chance.NormFloat64())
	return time.Duration(min(drawn, float64(maxDelay)))
}

func (s *step) fault() *wire.Fault {
	return &wire.Fault{
		Kind: wire.Documented, Code: s.Fail.Code, Message: s.message, Fill: s.Fail.Fill,
		Findings: []wire.Finding{{
			Check: "scenario", Level: wire.LevelError,
			Message: "The call failed with " + s.Fail.Code + " as scripted: " + s.says + ".",
		}},
	}
}

// reply writes the script's own reply. One that cannot be written, or that breaks the spec for this call, is a fault
// of the script and answered as an internal error.
func (s *step) reply(q *question, chance *rand.Rand) (*wire.Reply, *wire.Fault) {
	reply := &wire.Reply{Status: s.Respond.Status, Header: http.Header{}}
	if err := s.write(reply, &environment{fields: &q.callFields, now: q.in.Now, chance: chance}); err != nil {
		return nil, s.broken(err)
	}
	value, err := contract.DecodeJSON(reply.Body)
	reply.Outcome = cmp.Or(q.outcome(q.call.Gateway, reply), OutcomeRespond)
	if s.Respond.OffSpec {
		return reply, nil
	}
	reply.Value = value
	// A body without actions was held to the spec when the scenario was read.
	if op := q.in.Operation; op != nil && s.body.tree != nil {
		if err == nil {
			err = op.CheckReply(reply.Status, value)
		}
		if err != nil {
			return nil, s.broken(fmt.Errorf("%w; say offSpec: true to send it nevertheless", err))
		}
	}
	return reply, nil
}

// write runs the templates.
func (s *step) write(reply *wire.Reply, e *environment) error {
	for _, h := range s.headers {
		value, err := h.value.render(e)
		if err != nil {
			return fmt.Errorf("header %s: %w", h.name, err)
		}
		if strings.ContainsFunc(value, unicode.IsControl) {
			return fmt.Errorf("header %s: its value holds a control character", h.name)
		}
		reply.Header.Set(h.name, value)
	}
	body, err := s.body.render(e)
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	reply.Body = []byte(body)
	if content := contentOf(body); content != "" && reply.Header.Get("Content-Type") == "" {
		reply.Header.Set("Content-Type", content)
	}
	return nil
}

func (s *step) broken(err error) *wire.Fault {
	return &wire.Fault{Kind: wire.Internal, Cause: err, Findings: []wire.Finding{{
		Check: "scenario", Level: wire.LevelError,
		Message: "The scripted reply cannot be sent: " + s.says + ": " + err.Error() + ".",
	}}}
}
