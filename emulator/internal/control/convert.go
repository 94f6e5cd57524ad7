package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// The functions of this file turn what the emulator knows into the types of the control API and back. Everything that
// leaves as JSON passes through here, so the compiler finds what the contract and the emulator do not share.

// convertAll converts a list. Its result is never nil, which JSON would show as null.
func convertAll[From, To any](list []From, convert func(From) To) []To {
	converted := make([]To, len(list))
	for i, element := range list {
		converted[i] = convert(element)
	}
	return converted
}

// convertGiven converts a list and keeps the difference between one that was left out and an empty one.
func convertGiven[From, To any](list []From, convert func(From) To) []To {
	if list == nil {
		return nil
	}
	return convertAll(list, convert)
}

func apiView(a *contract.API) controlapi.API {
	return controlapi.API{
		Name: a.Name, Title: a.Title, Gateway: a.Gateway.Name, Version: a.Version, Product: a.Product,
		Operations: convertAll(a.Operations, operationView),
	}
}

func operationView(op *contract.Operation) controlapi.Operation {
	return controlapi.Operation{
		ID: op.Name, Summary: op.Summary, Action: op.Action, Version: op.Version, Methods: op.Methods, Path: op.Path,
		Errors: convertAll(op.Errors, errorView),
	}
}

func errorView(e contract.Error) controlapi.DocumentedError {
	return controlapi.DocumentedError{
		Code: e.Code, Status: e.Status, Message: e.Message, Number: e.Number, Detail: e.Detail, Meaning: e.Meaning,
		Evidence: string(e.Evidence.Mark), Source: e.Evidence.Source, Origin: e.Origin,
	}
}

func clockView(c sandbox.Clock, signing []world.Signing) controlapi.Clock {
	return controlapi.Clock{Now: c.Now, Frozen: c.Frozen, Warning: signingWarning(signing)}
}

// signingWarning says which clients are refused by the time that they sign with; it is empty where none is.
func signingWarning(signing []world.Signing) string {
	var gateways []string
	who, whose, rule := "real time", "this clock", sandbox.ByClock
	for _, s := range signing {
		if s.TakesReal && s.TakesClock {
			continue
		}
		if s.TakesReal {
			who, whose, rule = "this clock", "real time", sandbox.ByReal
		}
		gateways = append(gateways, fmt.Sprintf("%s (more than %s)", s.Gateway, duration.Text(s.Window)))
	}
	if len(gateways) == 0 {
		return ""
	}
	return fmt.Sprintf("Clients that sign with %s are refused now, as they are too far from %s: by %s. The sandbox has "+
		"signatureTime %s; with either it would take them.", who, whose, strings.Join(gateways, " and "), rule)
}

func tokenView(t token.Token) controlapi.Token {
	return controlapi.Token{
		ID: t.ID, API: t.API, Operation: t.Operation, State: controlapi.TokenState(t.State), Subject: t.Subject,
		IssuedAt: t.IssuedAt, ExpiresAt: t.ExpiresAt, SingleUse: t.SingleUse,
		History: convertAll(t.History, func(e token.Event) controlapi.TokenEvent {
			return controlapi.TokenEvent{Time: e.Time, State: controlapi.TokenState(e.State), Note: e.Note}
		}),
	}
}

// playingView says of what plays what the control API shows. The values of fields can be secrets that a caller sent.
func playingView(secrets *sandbox.Secrets) func(play.Status) controlapi.Playing {
	return func(s play.Status) controlapi.Playing {
		return controlapi.Playing{
			Name: s.Name, Summary: s.Summary, Playing: true, Default: s.Default,
			Rules: convertAll(s.Rules, playingRule), States: playingStates(s.States, secrets),
			Keys: convertGiven(s.Keys, func(k play.KeyStatus) controlapi.PlayingKey {
				return controlapi.PlayingKey{
					Per: k.Per, Value: secrets.Mask(k.Value), States: playingStates(k.States, secrets),
					Rules: convertAll(k.Rules, playingKeyRule),
				}
			}),
		}
	}
}

func playingRule(r play.RuleStatus) controlapi.PlayingRule {
	return controlapi.PlayingRule{
		On: r.On, Per: r.Per, Taken: r.Taken, Step: r.Step, Position: r.Position, Exhausted: r.Exhausted, Also: r.Also,
		Left: r.Left, Window: playingWindow(r.Window),
	}
}

func playingKeyRule(r play.KeyRuleStatus) controlapi.PlayingKeyRule {
	return controlapi.PlayingKeyRule{
		Rule: r.Rule, Taken: r.Taken, Step: r.Step, Position: r.Position, Exhausted: r.Exhausted, Also: r.Also,
		Left: r.Left, Window: playingWindow(r.Window),
	}
}

func playingWindow(w *play.WindowStatus) *controlapi.PlayingWindow {
	return (*controlapi.PlayingWindow)(w)
}

func playingStates(states map[string]play.StateStatus, secrets *sandbox.Secrets) map[string]controlapi.PlayingState {
	var all map[string]controlapi.PlayingState
	for name, s := range states {
		if all == nil {
			all = map[string]controlapi.PlayingState{}
		}
		all[name] = controlapi.PlayingState{Value: secrets.Mask(s.Value), Window: playingWindow(s.Window)}
	}
	return all
}

func problemView(p scenario.Problem) controlapi.ScenarioProblem { return controlapi.ScenarioProblem(p) }

func coverageView(c journal.Coverage) controlapi.Coverage {
	count := func(c journal.CodeCount) controlapi.CodeCount { return controlapi.CodeCount(c) }
	return controlapi.Coverage{
		Calls: c.Calls, Seen: c.Seen, Documented: c.Documented,
		Operations: convertAll(c.Operations, func(op journal.OperationCoverage) controlapi.OperationCoverage {
			return controlapi.OperationCoverage{
				ID: op.ID, Calls: op.Calls, OK: op.OK,
				Errors: convertAll(op.Errors, count), Undocumented: convertAll(op.Undocumented, count),
			}
		}),
	}
}

func pageView(p journal.Page) controlapi.EntryPage {
	return controlapi.EntryPage{Requests: convertAll(p.Requests, entryView), Dropped: p.Dropped, Next: p.Next}
}

func entryView(e journal.Entry) controlapi.Entry {
	return controlapi.Entry{
		ID: e.ID, Seq: e.Seq, Time: e.Time, Arrived: e.Arrived, Sandbox: e.Sandbox, Gateway: e.Gateway, API: e.API,
		Operation: e.Operation, Credential: e.Credential, Outcome: e.Outcome, Status: e.Status,
		DurationMicros: e.DurationMicros, Delivery: deliveryView(e.Delivery),
		SignatureTime: controlapi.SignatureTime(e.SignatureTime),
		Request: controlapi.Request{
			Method: e.Request.Method, URL: e.Request.URL, Headers: headersView(e.Request.Headers), Body: e.Request.Body,
			Parameters: e.Request.Parameters, BodyBytes: e.Request.BodyBytes, BodyTruncated: e.Request.BodyTruncated,
		},
		Response: controlapi.Response{
			Status: e.Response.Status, Headers: headersView(e.Response.Headers), Body: e.Response.Body,
			BodyBytes: e.Response.BodyBytes, BodyTruncated: e.Response.BodyTruncated,
		},
		Decision: (*controlapi.Decision)(e.Decision),
		Findings: convertAll(e.Findings, func(f wire.Finding) controlapi.Finding { return controlapi.Finding(f) }),
		Also:     convertGiven(e.Also, touchView),
		Misses:   convertAll(e.Misses, func(m journal.Miss) controlapi.Miss { return controlapi.Miss(m) }),
		Panic:    e.Panic,
	}
}

func touchView(t journal.Touch) controlapi.Touch {
	return controlapi.Touch{Scenario: t.Scenario, Rule: t.Rule}
}

func deliveryView(d journal.Delivery) controlapi.Delivery {
	return controlapi.Delivery{
		State: controlapi.DeliveryState(d.State), DelayMillis: d.DelayMillis, Network: d.Network, Bytes: d.Bytes,
		DurationMicros: d.DurationMicros,
	}
}

// headersView is never nil, which JSON would show as null.
func headersView(headers map[string][]string) http.Header {
	if headers == nil {
		return http.Header{}
	}
	return headers
}

// credentialsView is every credential by its gateway; a gateway that has none lists none, and one without credentials
// of its own is left out.
func credentialsView(c sandbox.Credentials, gateways []gateway.Gateway) (view controlapi.Credentials, err error) {
	all := map[string][]json.RawMessage{}
	for _, gw := range gateways {
		if gw.Scheme() == nil {
			continue
		}
		all[gw.Name()] = append([]json.RawMessage{}, c[gw.Name()]...)
	}
	raw, err := json.Marshal(all)
	if err == nil {
		err = json.Unmarshal(raw, &view)
	}
	return view, err
}

// endpointsView turns endpoints by the names of planes and gateways into those that the contract of the API lists.
func endpointsView(all map[string]string) (view controlapi.Endpoints, err error) {
	raw, err := json.Marshal(all)
	if err == nil {
		err = json.Unmarshal(raw, &view)
	}
	return view, err
}

func fixturesView(f sandbox.Fixtures) controlapi.Fixtures {
	warrant := func(w sandbox.WarrantApp) controlapi.WarrantApp { return controlapi.WarrantApp(w) }
	line := func(l sandbox.ChatLine) controlapi.ChatLine { return controlapi.ChatLine(l) }
	score := func(s sandbox.Score) controlapi.Score { return controlapi.Score(s) }
	return controlapi.Fixtures{
		Instances: f.Instances, Channels: f.Channels, Users: f.Users, Warrants: convertGiven(f.Warrants, warrant),
		Chat: convertGiven(f.Chat, line), Push: (*controlapi.Push)(f.Push),
		Scores: convertGiven(f.Scores, score),
	}
}

func sandboxFixtures(f controlapi.Fixtures) sandbox.Fixtures {
	warrant := func(w controlapi.WarrantApp) sandbox.WarrantApp { return sandbox.WarrantApp(w) }
	line := func(l controlapi.ChatLine) sandbox.ChatLine { return sandbox.ChatLine(l) }
	score := func(s controlapi.Score) sandbox.Score { return sandbox.Score(s) }
	return sandbox.Fixtures{
		Instances: f.Instances, Channels: f.Channels, Users: f.Users, Warrants: convertGiven(f.Warrants, warrant),
		Chat: convertGiven(f.Chat, line), Push: (*sandbox.Push)(f.Push),
		Scores: convertGiven(f.Scores, score),
	}
}

// scenarioView says of a scenario what a list shows.
func scenarioView(s *scenario.Scenario, isDefault bool) controlapi.ScenarioSummary {
	view := controlapi.ScenarioSummary{
		Name: s.Name, Summary: s.Summary, Generated: s.Rules[0].Line == 0, Default: isDefault,
	}
	view.API, view.Operation = subject(s)
	if view.Generated {
		view.Code = s.Rules[0].Script[0].Fail.Code
	}
	return view
}

// subject names the API and the operation that all rules are about; each is empty where they are about several.
func subject(s *scenario.Scenario) (api, operation string) {
	for i, on := range s.Subjects() {
		name, _, _ := strings.Cut(on, ".")
		if i == 0 {
			api, operation = name, on
		}
		if name != api {
			api = ""
		}
		if on != operation {
			operation = ""
		}
	}
	if api == "*" {
		api = ""
	}
	if strings.HasSuffix(operation, "*") {
		operation = ""
	}
	return api, operation
}

// enumerate lists names as in a sentence.
func enumerate(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
