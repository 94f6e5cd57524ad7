package emulator

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// serve answers one request that was read whole at that time, or whose reading failed with a Fault. It is the life of a
// request from top to bottom; deliver writes what it returns.
func (e *Emulator) serve(ctx context.Context, req *wire.Request, unread *wire.Fault, started time.Time) delivery {
	gw := e.gatewayOf(req)
	if gw == nil {
		return e.ownVoice(ctx, req, unread, started)
	}
	v := &verdict{seen: Observation{Arrived: started}}
	e.step(&v.seen, stepRoute)
	exchange, err := gw.Read(req)
	if unread != nil {
		err = unread
	}
	call := exchange.Call()
	turn, failure := e.sandboxOf(call.Credential).Begin(ctx)
	if failure != nil {
		turn, err = e.emergencyTurn(), failure
	}
	call.ID = exchange.NewID(turn)
	v.entry = newEntry(turn, req, call)
	if op := exchange.Operation(); op != nil {
		v.entry.Operation = op.Name
	}

	if err == nil {
		err = e.answer(ctx, exchange, turn, v)
	}
	if err != nil {
		e.step(&v.seen, stepRefuse)
		fault := gateway.AsFault(err)
		v.reply = exchange.Refuse(fault)
		explain(&v.entry, fault)
	}
	e.step(&v.seen, stepCheck)
	v.seen.BrokeSpec = !e.checkReply(exchange.Operation(), v.reply, &v.entry)
	v.reply.Header["Date"] = e.dates.at(turn.Now)
	e.step(&v.seen, stepJournal)
	e.record(ctx, turn.Sandbox, &v.entry, v.reply, started)
	e.count(ctx, turn.Sandbox, exchange.Operation(), v.reply.Outcome)
	return delivery{
		Reply: v.reply, delay: v.delay, network: v.network, seen: v.observed(req, exchange.Operation()),
	}
}

// verdict is what becomes of a call on its way through the pipeline.
type verdict struct {
	reply   wire.Reply
	delay   time.Duration
	network scenario.Network
	entry   journal.Entry
	decided bool // a scenario answered with a reply of its own
	seen    Observation
}

// answer lets the scenarios speak, authenticates, validates and behaves. A panic becomes a fault like any other.
func (e *Emulator) answer(ctx context.Context, x gateway.Exchange, turn *sandbox.Turn, v *verdict) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &wire.Fault{Kind: wire.Internal, Cause: &panicError{value: p, stack: debug.Stack()}}
		}
	}()
	e.step(&v.seen, stepArrival)
	if err = e.direct(ctx, x, turn, scenario.AtArrival, v); err != nil || v.decided {
		return err
	}
	e.step(&v.seen, stepAuthenticate)
	advice, err := x.Authenticate(ctx, turn)
	if err != nil {
		return err
	}
	v.entry.Findings = append(v.entry.Findings, advice...)
	e.step(&v.seen, stepValidate)
	if err = x.Validate(); err != nil {
		return err
	}
	e.step(&v.seen, stepDecide)
	if err = e.direct(ctx, x, turn, scenario.AtDecision, v); err != nil || v.decided {
		return err
	}
	e.step(&v.seen, stepBehave)
	if err = spendQuota(ctx, turn, x.Operation()); err != nil {
		return err
	}
	result, err := e.behave(ctx, x, turn)
	if err != nil {
		return err
	}
	v.reply = x.Reply(result)
	v.entry.Findings = append(v.entry.Findings, result.Findings...)
	return nil
}

// behave runs the operation's code, or answers from its spec when it has none.
func (e *Emulator) behave(ctx context.Context, x gateway.Exchange, turn *sandbox.Turn) (wire.Result, error) {
	op := x.Operation()
	if handler, ok := e.handlers[op.Name]; ok {
		return handler(ctx, turn, x.Call())
	}
	body := gateway.Ordered(op.Sample(turn.Chance(), turn.Now))
	for i, m := range body {
		if strings.EqualFold(m.Name, "RequestId") {
			body[i].Value = x.Call().ID // as in the headers, whatever the example says
		}
	}
	return wire.Result{Body: body, Findings: []wire.Finding{{
		Check: "operation", Level: wire.LevelAdvice,
		Message: op.Name + " has a spec but no code: the reply comes from the spec.",
	}}}, nil
}

// spendQuota counts the call against the documented rate limit of its operation.
func spendQuota(ctx context.Context, turn *sandbox.Turn, op *contract.Operation) error {
	if op.Quota == nil {
		return nil
	}
	within, limit, err := turn.Spend(ctx, op.Name, op.Quota.Rate)
	if err != nil || within {
		return err
	}
	return &wire.Fault{Kind: wire.Documented, Code: op.Quota.Code, Findings: []wire.Finding{{
		Check: "quota", Level: wire.LevelError, Message: fmt.Sprintf(
			"More than %d calls of %s in %s of the sandbox's clock. A sandbox can change or switch off its quotas.",
			limit.Calls, op.Name, limit.Per),
	}}}
}

func (e *Emulator) gatewayOf(req *wire.Request) gateway.Gateway {
	for _, gw := range e.gateways {
		if gw.Claims(req) {
			return gw
		}
	}
	return nil
}

// sandboxOf finds the sandbox by the credential that the request names. An unknown one goes to the default sandbox,
// which refuses it.
func (e *Emulator) sandboxOf(c wire.Credential) *sandbox.Sandbox {
	if box, ok := e.registry.Find(c); ok {
		return box
	}
	return e.fallback
}

// emergencyTurn stands in when the store does not answer, so that the failure can be sent in the provider's shape.
func (e *Emulator) emergencyTurn() *sandbox.Turn {
	return &sandbox.Turn{Sandbox: e.fallback, Now: e.options.RealNow()}
}

// checkReply holds the reply to the spec, and reports whether it keeps to it. A violation is the emulator's own bug.
func (e *Emulator) checkReply(op *contract.Operation, reply wire.Reply, entry *journal.Entry) bool {
	if op == nil || reply.Value == nil {
		return true
	}
	err := op.CheckReply(reply.Status, reply.Value)
	if err == nil {
		return true
	}
	entry.Findings = append(entry.Findings, wire.Finding{
		Check: "reply", Level: wire.LevelError, Message: "A bug of the emulator, please report it: " + err.Error(),
	})
	e.options.Log.Error("reply breaks its spec", "error", err)
	if e.options.Violation != nil {
		e.options.Violation(err)
	}
	return false
}

// panicError is a panic of an operation as an error that remembers where it came from.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }
