package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
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
		ID: op.Name, Summary: op.Summary, Action: op.Action, Methods: op.Methods, Path: op.Path,
		Errors: convertAll(op.Errors, errorView),
	}
}

func errorView(e contract.Error) controlapi.DocumentedError {
	return controlapi.DocumentedError{
		Code: e.Code, Status: e.Status, Message: e.Message, Number: e.Number, Detail: e.Detail, Meaning: e.Meaning,
		Evidence: string(e.Evidence.Mark), Source: e.Evidence.Source, Origin: e.Origin,
	}
}

func clockView(c sandbox.Clock) controlapi.Clock {
	return controlapi.Clock{Now: c.Now, Frozen: c.Frozen}
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

func playingView(s play.Status) controlapi.Playing {
	return controlapi.Playing{
		Name: s.Name, Summary: s.Summary, Playing: true, Default: s.Default,
		Rules: convertAll(s.Rules, func(r play.RuleStatus) controlapi.PlayingRule { return controlapi.PlayingRule(r) }),
	}
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
		DurationMicros: e.DurationMicros,
		Request: controlapi.Request{
			Method: e.Request.Method, URL: e.Request.URL, Headers: headersView(e.Request.Headers), Body: e.Request.Body,
			BodyBytes: e.Request.BodyBytes, BodyTruncated: e.Request.BodyTruncated,
		},
		Response: controlapi.Response{
			Status: e.Response.Status, Headers: headersView(e.Response.Headers), Body: e.Response.Body,
			BodyBytes: e.Response.BodyBytes, BodyTruncated: e.Response.BodyTruncated,
		},
		Decision: (*controlapi.Decision)(e.Decision),
		Findings: convertAll(e.Findings, func(f wire.Finding) controlapi.Finding { return controlapi.Finding(f) }),
		Misses:   convertAll(e.Misses, func(m journal.Miss) controlapi.Miss { return controlapi.Miss(m) }),
		Panic:    e.Panic,
	}
}

// headersView is never nil, which JSON would show as null.
func headersView(headers map[string][]string) http.Header {
	if headers == nil {
		return http.Header{}
	}
	return headers
}

// credentialsView is every credential by its gateway; a gateway that has none lists none.
func credentialsView(c sandbox.Credentials, gateways []gateway.Gateway) (view controlapi.Credentials, err error) {
	all := map[string][]json.RawMessage{}
	for _, gw := range gateways {
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
	return controlapi.Fixtures{
		Instances: f.Instances, Channels: f.Channels, Users: f.Users, Warrants: convertGiven(f.Warrants, warrant),
	}
}

func sandboxFixtures(f controlapi.Fixtures) sandbox.Fixtures {
	warrant := func(w controlapi.WarrantApp) sandbox.WarrantApp { return sandbox.WarrantApp(w) }
	return sandbox.Fixtures{
		Instances: f.Instances, Channels: f.Channels, Users: f.Users, Warrants: convertGiven(f.Warrants, warrant),
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
	for i, r := range s.Rules {
		name, _, _ := strings.Cut(r.On, ".")
		if i == 0 {
			api, operation = name, r.On
		}
		if name != api {
			api = ""
		}
		if r.On != operation {
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

// nearestDetail adds the name that was probably meant to a detail; there may be none.
func nearestDetail(detail, meant string) string {
	if meant == "" {
		return detail
	}
	return detail + fmt.Sprintf("; did you mean %q?", meant)
}
