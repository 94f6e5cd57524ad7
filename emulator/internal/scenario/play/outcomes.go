package play

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/template"
)

// CanEndIn reports whether what plays can make a call end in an outcome, in which "*" stands for any text. Of a reply
// that the script writes itself only the text is known, not what a template will make of it: one that mentions the
// outcome counts.
func (p Player) CanEndIn(ctx context.Context, outcome string) (bool, error) {
	record, _, err := p.space.Get(ctx, PlaylistKey)
	if err != nil {
		return false, fmt.Errorf("read what plays: %w", err)
	}
	program, err := p.engine.Program(ctx, p.space, record)
	if err != nil {
		return false, err
	}
	parts := strings.Split(outcome, "*")
	for _, s := range program.scenarios {
		for i := range s.rules {
			if s.rules[i].mentions(parts) {
				return true, nil
			}
		}
	}
	return false, nil
}

// mentions reports whether a step of the rule has all parts of an outcome.
func (r *compiledRule) mentions(parts []string) bool {
	for i := range r.steps {
		if r.steps[i].mentions(parts) {
			return true
		}
	}
	return r.Quota != nil && r.over.mentions(parts)
}

// failsWith reports whether the code of a documented error, once it is filled, can be the outcome. Of what a template
// fills in nothing is known.
func (s *compiledStep) failsWith(parts []string) bool {
	if len(s.fill) == 0 {
		return false
	}
	if slices.ContainsFunc(s.fill, template.Template.HasActions) {
		return strings.HasPrefix(parts[0], strings.Split(s.Fail.Code, "%s")[0])
	}
	return len(parts) == 1 && contract.Fill(s.Fail.Code, s.Fail.Fill) == parts[0]
}

func (s *compiledStep) mentions(parts []string) bool {
	for i := range s.choices {
		if s.choices[i].mentions(parts) {
			return true
		}
	}
	switch {
	case s.Step == nil:
		return false
	case s.Fail != nil:
		return s.failsWith(parts)
	case s.Respond == nil:
		return false
	}
	text := OutcomeRespond + " " + strconv.Itoa(s.Respond.Status) + " " + s.Respond.Body
	for _, value := range s.Respond.Headers {
		text += " " + value
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
