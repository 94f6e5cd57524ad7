package dataplane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// serve answers a request; deliver writes what it returns. A sandbox that was reset or removed while the call was in
// it is left without a trace, and the call begins anew: it counts as one that came after that.
func (p *Plane) serve(ctx context.Context, in arrival) delivery {
	gw := p.gatewayOf(in.request)
	if gw == nil {
		return p.answerUnclaimed(ctx, in)
	}
	if asked, ok := gw.(gateway.Preflighter); ok && in.unread == nil {
		if reply, ok := asked.Preflight(in.request); ok {
			return p.answerOutside(ctx, in, gw.Name(), reply, nil)
		}
	}
	const tries = 8
	for try := 1; ; try++ {
		answered, gone := p.serveIn(ctx, gw, in)
		if !gone || try == tries {
			return answered
		}
	}
}

// serveIn is the life of a request from top to bottom, in the sandbox that its credential names. It reports whether
// the sandbox was reset or removed meanwhile.
func (p *Plane) serveIn(ctx context.Context, gw gateway.Gateway, in arrival) (_ delivery, gone bool) {
	steps := p.newTimeline()
	steps.begin(stepRoute)
	exchange, err := gw.Read(in.request)
	if in.unread != nil {
		err = in.unread.fault()
	}
	playlist := store.Get{Key: play.PlaylistKey}
	turn, failure := p.world.Begin(ctx, exchange.Call().Credential, &playlist)
	if failure != nil {
		turn, err = p.emergencyTurn(exchange.Call().Credential), failure
	}
	exchange.Call().ID = exchange.NewID(turn)

	var v verdict
	if err == nil {
		v, err = p.answer(ctx, exchange, turn, playlist.Value, steps)
	}
	var besides verdict
	if failure == nil {
		besides, failure = p.spend(ctx, exchange, turn, v.handled)
		err = cmp.Or(failure, err)
	}
	if err != nil {
		gone = errors.Is(err, sandbox.ErrGone)
		steps.begin(stepRefuse)
		turn.Discard()
		v = v.and(p.refuse(exchange, err)).and(p.alike(turn, exchange.Call().Credential))
		v.findings = withRemarks(v.findings, gateway.NotUTF8(exchange.Call().Text))
		v.nameRefusal()
	}
	v = v.and(besides)
	steps.begin(stepCheck)
	v, brokeSpec := p.checkReply(exchange.Operation(), v)
	if len(v.reply.Header["Date"]) == 0 { // else a script says another one
		v.reply.Header["Date"] = p.dates.at(turn.Now)
	}
	steps.begin(stepJournal)
	entry := p.entryOf(in, turn, exchange, v)
	err = p.world.Record(ctx, turn, entry, exchange.Operation())
	if gone = gone || errors.Is(err, sandbox.ErrGone); err != nil && !gone {
		if v.issued {
			v = v.and(p.refuse(exchange, err)) // nobody may hold what is not known
			entry = p.entryOf(in, turn, exchange, v)
		}
		p.journalFailed(turn, entry, exchange.Operation(), err)
	}
	seen := observationOf(in, entry, exchange.Operation())
	seen.BrokeSpec, seen.Steps = brokeSpec, steps.steps
	return delivery{Reply: *v.reply, effects: v.effects, seen: seen, turn: turn, seq: entry.Seq}, gone
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
		v.misses = append(v.misses, p.notAsked(ctx, x, turn, playlist)...)
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

// spend does what counts whatever became of a call, where it ended before the operation's code.
func (p *Plane) spend(
	ctx context.Context, x gateway.Exchange, turn *sandbox.Turn, handled bool,
) (verdict, error) {
	if handled || x.Operation() == nil || p.spent[x.Operation().Name] == nil {
		return verdict{}, nil
	}
	findings, err := p.spent[x.Operation().Name](ctx, turn, x.Call())
	return verdict{findings: findings}, err
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
		return verdict{handled: true}, err
	}
	reply := x.Reply(result)
	return verdict{reply: &reply, findings: result.Findings, handled: true, issued: turn.HasWrites()}, nil
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
		return wire.Result{Status: op.Success, Body: body, Findings: []wire.Finding{{
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
	turn.Spend(op.Name, op.Quota.Rate, func(limit contract.Rate, left time.Duration) error {
		return &wire.Fault{Kind: wire.Documented, Code: op.Quota.Code, RetryAfter: left, Findings: []wire.Finding{{
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
