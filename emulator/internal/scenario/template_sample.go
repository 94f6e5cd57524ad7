package scenario

import (
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// renderSample runs a template over the operation's example request, to see what it would send; the operation may be
// nil. The work is that of its functions and its output, in bytes.
func renderSample(op *contract.Operation, t template) (body string, work int, err error) {
	call := &wire.Call{
		Request: &wire.Request{Method: "POST", Path: "/"}, ID: "00000000-0000-4000-8000-000000000000",
		Text: map[string]string{}, Params: map[string]any{},
	}
	if op != nil {
		values, err := exampleOf(op)
		if err != nil {
			return "", 0, err
		}
		call.API, call.Operation, call.Text, call.Request.Body = op.API.Name, op.ID, values.Text, values.Body
		call.Request.Path, call.Request.Method = op.Path, op.Methods[0]
		call.Params, _ = op.Check(values)
	}
	now := time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC)
	e := &environment{fields: &callFields{call: call}, now: now, chance: chanceOf(1, 1, 1)}
	body, err = t.render(e)
	return body, e.work + len(body), err
}

func exampleOf(op *contract.Operation) (contract.Values, error) {
	text, body, err := op.RequestExample()
	if err != nil {
		return contract.Values{}, fmt.Errorf("example request of %s: %w", op.Name, err)
	}
	return contract.Values{Text: text, Path: text, Body: body}, nil
}
