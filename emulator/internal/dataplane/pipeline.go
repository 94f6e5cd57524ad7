package dataplane

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// serve answers a request. It is the life of a request from top to bottom; deliver writes what it returns.
func (p *Plane) serve(ctx context.Context, in arrival) delivery {
	gw := p.gatewayOf(in.request)
	if gw == nil {
		return p.answerUnclaimed(ctx, in)
	}
	steps := p.newTimeline()
	steps.begin(stepRoute)
	exchange, err := gw.Read(in.request)
	if in.unread != nil {
		err = in.unread.fault()
	}
	playlist := store.Get{Key: play.PlaylistKey}
	turn, failure := p.world.Begin(ctx, exchange.Call().Credential, &playlist)
	if failure != nil {
		turn, err = p.emergencyTurn(), failure
	}
	exchange.Call().ID = exchange.NewID(turn)

	var v verdict
	if err == nil {
		v, err = p.answer(ctx, exchange, turn, playlist.Value, steps)
	}
	if err != nil {
		steps.begin(stepRefuse)
		turn.Discard()
		v = v.and(p.refuse(exchange, err))
	}
	steps.begin(stepCheck)
	v, brokeSpec := p.checkReply(exchange.Operation(), v)
	v.reply.Header["Date"] = p.dates.at(turn.Now)
	steps.begin(stepJournal)
	entry := p.entryOf(in, turn, exchange, v)
	if err := p.world.Record(ctx, turn, entry, exchange.Operation()); err != nil {
		p.options.Log.Error("the journal did not take an entry", "request", entry.ID, "error", err)
		if v.issued {
			v = v.and(p.refuse(exchange, err)) // nobody may hold what is not known
		}
	}
	seen := observationOf(in, entry, exchange.Operation())
	seen.ResponseBytes, seen.Network = len(v.reply.Body), string(v.network)
	seen.BrokeSpec, seen.Steps = brokeSpec, steps.steps
	return delivery{Reply: *v.reply, delay: v.delay, network: v.network, seen: seen}
}

// answer lets the scenarios speak, authenticates, validates and behaves. A panic becomes a fault like any other.
func (p *Plane) answer(
	ctx context.Context, x gateway.Exchange, turn *sandbox.Turn, playlist []byte, steps *timeline,
) (v verdict, err error) {
	defer func() {
		if found := recover(); found != nil {
			err = &wire.Fault{Kind: wire.Internal, Cause: &panicError{value: found, stack: debug.Stack()}}
		}
	}()
	steps.begin(stepArrival)
	if v, err = p.askScenarios(ctx, x, turn, playlist, scenario.AtArrival); err != nil || v.reply != nil {
		return v, err
	}
	steps.begin(stepAuthenticate)
	advice, err := x.Authenticate(ctx, turn)
	v.findings = append(v.findings, advice...)
	if err == nil {
		steps.begin(stepValidate)
		err = x.Validate()
	}
	if err != nil {
		if late := turn.Settle(ctx); late != nil {
			err = late // a nonce is judged before what came after it
		}
		return v, err
	}
	steps.begin(stepDecide)
	decided, err := p.askScenarios(ctx, x, turn, playlist, scenario.AtDecision)
	if v = v.and(decided); err != nil || v.reply != nil {
		return v, err
	}
	steps.begin(stepBehave)
	behaved, err := p.behave(ctx, x, turn)
	return v.and(behaved), err
}

// behave counts the call against its quota, and runs the operation's code, or answers from its spec when it has none.
func (p *Plane) behave(ctx context.Context, x gateway.Exchange, turn *sandbox.Turn) (verdict, error) {
	op := x.Operation()
	spendQuota(turn, op)
	handler, ok := p.handlers[op.Name]
	if !ok {
		handler = sample(op)
	}
	result, err := handler(ctx, turn, x.Call())
	if late := turn.Settle(ctx); late != nil {
		err = late // nonce and quota are judged before what the operation found
	}
	if err != nil {
		return verdict{}, err
	}
	reply := x.Reply(result)
	return verdict{reply: &reply, findings: result.Findings, issued: turn.HasWrites()}, nil
}

// sample answers from the spec of an operation that has no code.
func sample(op *contract.Operation) func(context.Context, *sandbox.Turn, *wire.Call) (wire.Result, error) {
	return func(_ context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
		body := gateway.Ordered(op.Sample(turn.Chance(), turn.Now))
		for i, m := range body {
			if strings.EqualFold(m.Name, "RequestId") {
				body[i].Value = call.ID // as in the headers, whatever the example says
			}
		}
		return wire.Result{Body: body, Findings: []wire.Finding{{
			Check: "operation", Level: wire.LevelAdvice,
			Message: op.Name + " has a spec but no code: the reply comes from the spec.",
		}}}, nil
	}
}

// spendQuota counts the call against the documented rate limit of its operation.
func spendQuota(turn *sandbox.Turn, op *contract.Operation) {
	if op.Quota == nil {
		return
	}
	turn.Spend(op.Name, op.Quota.Rate, func(limit contract.Rate) error {
		return &wire.Fault{Kind: wire.Documented, Code: op.Quota.Code, Findings: []wire.Finding{{
			Check: "quota", Level: wire.LevelError, Message: fmt.Sprintf(
				"More than %d calls of %s in %s of the sandbox's clock. A sandbox can change or switch off its quotas.",
				limit.Calls, op.Name, limit.Per),
		}}}
	})
}

func (p *Plane) gatewayOf(req *wire.Request) gateway.Gateway {
	for _, gw := range p.world.Gateways() {
		if gw.Claims(req) {
			return gw
		}
	}
	return nil
}

// checkReply holds the reply to the spec, and reports whether it breaks it, which is the emulator's own bug.
func (p *Plane) checkReply(op *contract.Operation, v verdict) (_ verdict, broken bool) {
	if op == nil || v.reply.Value == nil {
		return v, false
	}
	err := op.CheckReply(v.reply.Status, v.reply.Value)
	if err == nil {
		return v, false
	}
	v.findings = append(v.findings, wire.Finding{
		Check: "reply", Level: wire.LevelError, Message: "A bug of the emulator, please report it: " + err.Error(),
	})
	p.options.Log.Error("reply breaks its spec", "error", err)
	if p.options.Violation != nil {
		p.options.Violation(err)
	}
	return v, true
}
