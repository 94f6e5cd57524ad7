package broker

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// act is one packet of a client, or the end of its connection, as scenarios and the journal see it.
type act struct {
	broker    *Broker
	operation *contract.Operation
	call      *wire.Call
	arrived   time.Time
	url       string
	turn      *sandbox.Turn
	playlist  []byte
	world.Verdict

	// notice is the payload of the notice that tells the client of the fault; nil where none does.
	notice []byte
}

// parameter is one of an act, under the name that the spec gives it.
type parameter struct {
	name  string
	value any // string, int64 or bool
}

// newAct describes a packet. The parameters stand in its URL too, where the journal and those who read it look for
// parameters of any call.
func (b *Broker) newAct(c *conn, operation string, body []byte, all ...parameter) *act {
	op := b.api.Operation(operation)
	query, text, params, header := url.Values{}, map[string]string{}, map[string]any{}, http.Header{}
	for _, p := range all {
		written := scenario.Text(p.value)
		if flag, ok := p.value.(bool); ok {
			written = strconv.FormatBool(flag)
		}
		query.Set(p.name, written)
		header.Set(p.name, written)
		text[p.name], params[p.name] = written, p.value
	}
	return &act{
		broker: b, operation: op, arrived: b.world.RealNow(), url: c.scheme + "://" + c.address + "/?" + query.Encode(),
		call: &wire.Call{
			Gateway: mqtt.Name, API: b.api.Name, Operation: operation, Text: text, Params: params,
			Request: &wire.Request{
				Method: operation, Scheme: c.scheme, Host: c.address, Path: "/", RawQuery: query.Encode(), Header: header,
				Body: body,
			},
		},
	}
}

// refuse makes a fault of a documented code with the sentence that explains it.
func refuse(code, check, message string) *wire.Fault {
	return &wire.Fault{Kind: wire.Documented, Code: code, Findings: []wire.Finding{{
		Check: check, Level: wire.LevelError, Message: message,
	}}}
}

// advise adds a remark that refuses nothing.
func (a *act) advise(check, message string) {
	a.Findings = append(a.Findings, wire.Finding{Check: check, Level: wire.LevelAdvice, Message: message})
}

// decide judges the packet, with what the scenarios say before and after.
func (a *act) decide(ctx context.Context, judge func()) {
	if a.ask(ctx, scenario.AtArrival) {
		return
	}
	if judge(); a.Fault == nil {
		a.ask(ctx, scenario.AtDecision)
		return
	}
	if program, err := a.broker.world.Scenarios().Program(ctx, a.turn.Space(), a.playlist); err == nil {
		answer, _ := a.answer()
		unasked := program.NotAsked(play.Input{Call: a.call, Operation: a.operation}, answer.Name)
		a.Misses = append(a.Misses, world.MissesOf(unasked)...)
	}
}

// ask lets the scenarios of a phase speak, and reports whether they decided the answer.
func (a *act) ask(ctx context.Context, phase scenario.Phase) bool {
	about := play.Input{Call: a.call, Operation: a.operation}
	return a.Ask(ctx, a.broker.world, a.turn, a.playlist, about, phase)
}

// answer is the documented error in which the act ends; false where it is good.
func (a *act) answer() (gateway.Answer, bool) {
	if a.Fault == nil {
		return gateway.Answer{Name: wire.OutcomeOK}, false
	}
	return mqtt.Table.Answer(a.operation.API.Gateway, a.operation, a.Fault), true
}

// record writes the act to the journal.
func (a *act) record(ctx context.Context) error {
	answer, failed := a.answer()
	status, header := http.StatusOK, http.Header{}
	if failed {
		status = answer.Status
		header.Set("Code", answer.Name)
		if answer.Number != 0 {
			header.Set("Reason-Code", strconv.Itoa(answer.Number))
		}
	}
	now := a.broker.world.RealNow()
	e := &journal.Entry{
		ID: a.turn.UUID(), Time: a.turn.Now, Arrived: a.arrived, Sandbox: a.turn.ID, Gateway: mqtt.Name, API: a.call.API,
		Operation: a.operation.Name, Credential: journal.CredentialText(a.call.Credential), Outcome: answer.Name,
		Status: status, DurationMicros: now.Sub(a.arrived).Microseconds(), Delivery: a.delivery(),
		Request: journal.Request{
			Method: a.call.Request.Method, URL: a.url, Headers: a.call.Request.Header,
			Content: journal.Content{Body: string(a.call.Request.Body)},
		},
		Response: journal.Response{
			Status: status, Headers: header, Content: journal.Content{Body: string(a.notice)},
		},
		Decision: a.Decision, Also: a.Also, Misses: a.Misses, Findings: a.Findings,
	}
	e.Delivery.DurationMicros = e.DurationMicros
	a.call.ID = e.ID
	err := a.broker.world.Record(ctx, a.turn, e, a.operation)
	if err != nil && !errors.Is(err, sandbox.ErrGone) {
		a.broker.options.Log.Error("the journal did not take an entry", "request", e.ID, "error", err)
	}
	if a.broker.options.Observe != nil {
		a.broker.options.Observe(ctx, Observation{Entry: e, Operation: a.operation, Request: a.call.Request})
	}
	return err
}

// delivery is how the answer reaches the client.
func (a *act) delivery() journal.Delivery {
	d := journal.Delivery{
		State: journal.Whole, DelayMillis: a.Effects.Delay.Milliseconds(), Network: string(a.Effects.Network),
		Bytes: len(a.notice),
	}
	switch a.Effects.Network {
	case scenario.Reset:
		d.State = journal.Reset
	case scenario.Close:
		d.State = journal.Closed
	case scenario.Stall, scenario.Late:
		d.State = journal.Stalled
	default:
		if a.Effects.Delay > 0 {
			d.State = journal.Delayed
		}
	}
	return d
}

// capitalize begins a sentence.
func capitalize(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// joined is a parameter whose values are joined by commas.
func joined(values []string) string { return strings.Join(values, ",") }
