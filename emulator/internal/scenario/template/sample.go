package template

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// RenderSample runs the template for the example request of an operation, or for an empty request if the operation is
// nil, to see what it would send. The work counts the bytes that its functions returned and those that it wrote.
func (t Template) RenderSample(op *contract.Operation) (text string, work int, err error) {
	call, err := sampleCall(op)
	if err != nil {
		return "", 0, err
	}
	key := [32]byte{0: 1, 8: 1, 16: 1}
	e := NewEnvironment(
		&scenario.CallFields{Call: call},
		time.Date(2030, time.January, 1, 0, 0, 0, 0, time.UTC),
		rand.New(rand.NewChaCha8(key)), time.Minute,
	)
	text, err = t.Render(e)
	return text, e.work + len(text), err
}

func sampleCall(op *contract.Operation) (*wire.Call, error) {
	call := &wire.Call{
		Request: &wire.Request{Method: "POST", Path: "/"}, ID: "00000000-0000-4000-8000-000000000000",
		Text: map[string]string{}, Params: map[string]any{},
	}
	if op == nil {
		return call, nil
	}
	parameters, body, err := op.RequestExample()
	if err != nil {
		return nil, fmt.Errorf("example request of %s: %w", op.Name, err)
	}
	call.API, call.Operation, call.Text, call.Request.Body = op.API.Name, op.ID, parameters, body
	call.Request.Path, call.Request.Method = op.Path, op.Methods[0]
	call.Params, _ = op.Check(contract.Values{Text: parameters, Path: parameters, Body: body})
	return call, nil
}
