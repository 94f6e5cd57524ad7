package scorer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/speech"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// act is one frame of a client as scenarios and the journal see it.
type act struct {
	client    *client
	operation *contract.Operation
	call      *wire.Call
	arrived   time.Time
	turn      *sandbox.Turn
	playlist  []byte
	world.Verdict
}

// newAct describes a frame. Its parameters stand in its URL too, where those who read the journal look for them.
func (c *client) newAct(operation string, raw []byte) *act {
	query, text, params := url.Values{}, map[string]string{}, map[string]any{}
	add := func(name, value string, typed any) {
		if value != "" {
			query.Set(name, value)
			text[name], params[name] = value, typed
		}
	}
	add("applicationId", c.app.ApplicationID, c.app.ApplicationID)
	add("userId", c.app.UserID, c.app.UserID)
	add("warrantId", c.app.WarrantID, c.app.WarrantID)
	if c.request != nil && operation != speech.Connect {
		add("coreType", c.request.CoreType, c.request.CoreType)
		add("refText", c.request.RefText, c.request.RefText)
	}
	if operation == speech.Stop {
		add("bytes", strconv.Itoa(c.audio), int64(c.audio))
	}
	return &act{
		client: c, operation: c.scorer.api.Operation(operation), arrived: c.scorer.options.World.RealNow(),
		call: &wire.Call{
			Gateway: speech.Name, API: speech.Name, Operation: operation, Text: text, Params: params,
			Request: &wire.Request{
				Method: operation, Path: "/", RawQuery: query.Encode(), Header: http.Header{}, Body: raw,
			},
		},
	}
}

// refuse ends the act in a documented error, with the sentence that explains it.
func (a *act) refuse(code, check, why string) {
	a.Fail(&wire.Fault{Kind: wire.Documented, Code: code, Findings: []wire.Finding{
		{Check: check, Level: wire.LevelError, Message: why},
	}})
}

// answer judges a frame, with what scenarios say before and after, answers it and journals it. It reports whether the
// connection goes on. A nil reply is none.
func (a *act) answer(judge func(), reply func() []byte) bool {
	ctx := a.client.scorer.ctx
	if err := a.begin(ctx); err != nil {
		if ctx.Err() == nil {
			a.client.scorer.options.Log.Error("a frame could not be served", "error", err)
		}
		return false
	}
	if !a.ask(ctx, scenario.AtArrival) {
		if judge(); a.Fault == nil {
			a.ask(ctx, scenario.AtDecision)
		}
	}
	var sent []byte
	answer := gateway.Answer{Name: wire.OutcomeOK}
	switch {
	case a.Fault != nil:
		answer = speech.Table.Answer(a.operation.API.Gateway, a.operation, a.Fault)
		sent = speech.Refusal(answer)
	case reply != nil:
		sent = reply()
	}
	if err := a.record(ctx, answer, sent); err != nil {
		return false // what is not known of has no answer
	}
	return a.deliver(ctx, sent) && a.Fault == nil
}

// begin starts the turn of the act, in the sandbox of the warrant.
func (a *act) begin(ctx context.Context) error {
	playlist := store.Get{Key: play.PlaylistKey}
	credential := wire.Credential{Kind: wire.IssuedToken, ID: a.client.app.WarrantID}
	turn, err := a.client.scorer.options.World.Begin(ctx, credential, &playlist)
	if err != nil {
		return err
	}
	a.turn, a.playlist, a.call.Credential = turn, playlist.Value, credential
	return nil
}

// judge holds the client to its warrant, which a connect may come without, and to its signature: without a warrant
// nobody knows whose secret that needs.
func (a *act) judge(needsWarrant bool) {
	app, warrants := a.client.app, a.client.scorer.options.Warrants
	switch {
	case app.WarrantID == "" && needsWarrant:
		a.refuse(speech.NoWarrant, "param.app.warrantId", "Neither connect nor start carried a warrantId.")
	case app.WarrantID == "":
	case !warrants.GoodSig(a.turn.Sandbox, app.ApplicationID, app.Timestamp, app.Sig):
		a.refuse(speech.WrongSignature, "param.app.sig",
			"sig is neither the SHA-1 of application, timestamp and secret nor the MD5 of secret and timestamp.")
	default:
		if err := a.judgeWarrant(a.client.scorer.ctx, app); err != nil {
			a.Fail(err)
		}
	}
}

func (a *act) judgeWarrant(ctx context.Context, app speech.App) error {
	found, known, err := a.client.scorer.options.Warrants.Find(ctx, a.turn, app.WarrantID)
	if err != nil {
		return err
	}
	if !known {
		a.refuse(speech.UnknownWarrant, "param.app.warrantId", "No sandbox created this warrant, or it was reset since.")
		return nil
	}
	state, err := a.turn.TokenState(ctx, found.Claims)
	switch id := found.Claims.ID(); {
	case err != nil:
		return err
	case state == token.Expired:
		a.refuse(speech.ExpiredWarrant, "param.app.warrantId", fmt.Sprintf(
			"The warrant %s ended at %s, or was expired by the control plane; the sandbox clock reads %s.", id,
			found.Claims.Ends().Format(wire.InstantLayout), a.turn.Now.UTC().Format(wire.InstantLayout)))
	case state != token.Active:
		a.refuse(speech.UnknownWarrant, "param.app.warrantId", fmt.Sprintf("The warrant %s is %s.", id, state))
	case found.UserID != "" && app.UserID != "" && app.UserID != found.UserID:
		a.refuse(speech.WrongUser, "param.app.userId", fmt.Sprintf(
			"The warrant %s was created for the user %q; %q uses it.", id, found.UserID, app.UserID))
	case found.AppID != "" && app.ApplicationID != "" && app.ApplicationID != found.AppID:
		a.refuse(speech.WrongApp, "param.app.applicationId", fmt.Sprintf(
			"The warrant %s was created for the application %q; %q uses it.", id, found.AppID, app.ApplicationID))
	}
	return nil
}

// ask lets the scenarios of a phase speak, and reports whether they decided the answer.
func (a *act) ask(ctx context.Context, phase scenario.Phase) bool {
	about := play.Input{Call: a.call, Operation: a.operation}
	return a.Ask(ctx, a.client.scorer.options.World, a.turn, a.playlist, about, phase)
}

// record writes the act to the journal.
func (a *act) record(ctx context.Context, answer gateway.Answer, sent []byte) error {
	s := a.client.scorer
	status := http.StatusOK
	if a.Fault != nil {
		status = answer.Status
	}
	entry := &journal.Entry{
		ID: a.turn.UUID(), Time: a.turn.Now, Arrived: a.arrived, Sandbox: a.turn.ID, Gateway: speech.Name,
		API: speech.Name, Operation: a.operation.Name, Outcome: answer.Name, Status: status,
		DurationMicros: s.options.World.RealNow().Sub(a.arrived).Microseconds(),
		Delivery:       a.delivery(len(sent)),
		Request: journal.Request{
			Method: a.call.Request.Method, URL: a.client.url + "?" + a.call.Request.RawQuery,
			Headers: a.call.Request.Header, Content: journal.Content{Body: string(a.call.Request.Body)},
		},
		Response: journal.Response{Status: status, Headers: http.Header{}, Content: journal.Content{Body: string(sent)}},
		Decision: a.Decision, Also: a.Also, Misses: a.Misses, Findings: a.Findings,
	}
	a.call.ID = entry.ID
	err := s.options.World.Record(ctx, a.turn, entry, a.operation)
	if err != nil && !errors.Is(err, sandbox.ErrGone) && ctx.Err() == nil {
		s.options.Log.Error("the journal did not take an entry", "request", entry.ID, "error", err)
	}
	if s.options.Observe != nil {
		s.options.Observe(ctx, Observation{Entry: entry, Operation: a.operation, Request: a.call.Request})
	}
	return err
}

// delivery is how the answer reaches the client.
func (a *act) delivery(bytes int) journal.Delivery {
	d := journal.Delivery{
		State: journal.Whole, DelayMillis: a.Effects.Delay.Milliseconds(), Network: string(a.Effects.Network), Bytes: bytes,
	}
	switch a.Effects.Network {
	case "":
		if a.Effects.Delay > 0 {
			d.State = journal.Delayed
		}
	case scenario.Stall, scenario.Late:
		d.State = journal.Stalled
	default:
		d.State = journal.Closed
	}
	return d
}

// deliver sends an answer as scripted, and reports whether the connection goes on.
func (a *act) deliver(ctx context.Context, sent []byte) bool {
	if a.Effects.Delay > 0 {
		select {
		case <-ctx.Done():
			return false
		case <-a.client.scorer.options.After(a.Effects.Delay):
		}
	}
	switch a.Effects.Network {
	case "":
	case scenario.Stall, scenario.Late:
		return true // nothing is sent, and the client waits
	default:
		return false
	}
	if len(sent) == 0 {
		return true
	}
	return a.client.socket.WriteMessage(websocket.TextMessage, sent) == nil
}
