package console

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/trial"
)

// tryOut is what becomes of described calls while a scenario plays, without any sandbox noticing.
type tryOut struct {
	// Calls is the document that describes them.
	Calls    string
	Problems []foundProblem
	Rows     []triedRow
	// Failed is how many calls did not come to what they were expected to.
	Failed int
	// More is how many calls are not shown.
	More int
}

// triedRow is one call, or several in a row of one entry that came to the same.
type triedRow struct {
	trial.Call

	Times int
}

// After says how long after the start the call came.
func (r triedRow) After() string { return span(int64(r.AtSeconds)) }

// Taken says which rule and step took the call, counted from one.
func (r triedRow) Taken() string {
	if r.Decision == nil {
		return "no rule"
	}
	text := fmt.Sprintf("rule %d, step %d", r.Decision.Rule+1, r.Decision.Step+1)
	if r.Decision.Choice != nil {
		text += fmt.Sprintf(", choice %d", *r.Decision.Choice+1)
	}
	if r.Decision.Key != "" {
		text += " of " + r.Decision.Per + " " + r.Decision.Key
	}
	return text
}

// Effects say what becomes of the reply on its way.
func (r triedRow) Effects() string {
	var effects []string
	if r.DelayMillis > 0 {
		effects = append(effects, "after "+shortDuration(1000*r.DelayMillis))
	}
	if r.Network != "" {
		effects = append(effects, string(r.Network))
	}
	return strings.Join(effects, ", ")
}

// same tells whether another call of the same entry came to the same.
func (r triedRow) same(other *trial.Call) bool {
	next := triedRow{Call: *other}
	return r.Entry == other.Entry && r.Outcome == other.Outcome && r.Status == other.Status && r.Taken() == next.Taken() &&
		r.Effects() == next.Effects() && len(r.Differences) == 0 && len(other.Differences) == 0
}

const (
	// maxTried is how many calls are tried, and maxTriedRows how many rows are shown.
	maxTried     = 2000
	maxTriedRows = 200
)

// firstCalls describe calls that a scenario is about.
func firstCalls(s *scenario.Scenario) string {
	on := "onsmqtt.ApplyToken"
	for _, subject := range s.Subjects() {
		if !strings.Contains(subject, "*") {
			on = subject
			break
		}
	}
	return "- {call: " + on + ", times: 3}\n- {at: 1m, call: " + on + "}\n"
}

// tryOut plays a document against calls, from the clock and the seed of a sandbox on.
func (c *console) tryOut(ctx context.Context, box *sandbox.Sandbox, source, calls string) (tryOut, error) {
	out := tryOut{Calls: calls}
	s, _ := language.Decode([]byte(source), c.World.Catalogue())
	if s == nil {
		return out, nil // its own problems are told
	}
	described, problems := language.DecodeCalls([]byte(calls), s, c.World.Catalogue())
	if len(problems) > 0 {
		out.Problems = foundIn(calls, problems)
		return out, nil
	}
	total := 0
	for _, call := range described {
		total += call.Times
	}
	if total > maxTried {
		out.Problems = []foundProblem{{Problem: scenario.Problem{Message: fmt.Sprintf(
			"there are %d calls; at most %d are tried here, tokenstage scenarios try takes more", total, maxTried)}}}
		return out, nil
	}
	clock, err := box.Clock(ctx)
	if err != nil {
		return out, err
	}
	readers := map[string]play.Gateway{}
	for _, gw := range c.World.Gateways() {
		readers[gw.Name()] = gw
	}
	result, err := trial.Run(ctx, trial.Options{
		Scenario: s, Calls: described, Gateways: readers, Seed: box.Seed, Start: clock.Now.Truncate(time.Second),
	})
	out.add(result)
	return out, err
}

// add lists the calls, equal ones in a row together.
func (o *tryOut) add(result trial.Result) {
	o.Failed = result.Failed
	for i := range result.Calls {
		call := &result.Calls[i]
		last := len(o.Rows) - 1
		switch {
		case last >= 0 && o.Rows[last].same(call):
			o.Rows[last].Times++
		case len(o.Rows) == maxTriedRows:
			o.More++
		default:
			o.Rows = append(o.Rows, triedRow{*call, 1})
		}
	}
}
