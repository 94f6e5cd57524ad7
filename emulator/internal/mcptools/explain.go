package mcptools

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/testkit/client"
)

type explainIn struct {
	inSandbox
	ID string `json:"id,omitempty" jsonschema:"The request id; the newest refused call without it."`
}

// change is one thing to change in the client.
type change struct {
	Check   string `json:"check" jsonschema:"What was looked at, such as signature, timestamp or nonce."`
	Message string `json:"message" jsonschema:"What is wrong, in a sentence."`
	From    string `json:"from,omitempty" jsonschema:"What came."`
	To      string `json:"to,omitempty" jsonschema:"What is expected in its place."`
	Hint    string `json:"hint,omitempty" jsonschema:"Where to look next."`
}

// signing is how a wrong signature came about, as far as that is known.
type signing struct {
	Server     string `json:"server" jsonschema:"The string to sign: sign exactly this."`
	Client     string `json:"client,omitempty" jsonschema:"What the client must have signed, where that is known."`
	Difference string `json:"difference,omitempty" jsonschema:"The first difference between the two."`
}

type near struct {
	Given string `json:"given" jsonschema:"The name that is not known, or is missing."`
	Meant string `json:"meant" jsonschema:"The nearest one: a known name, or the misspelt one that came."`
}

type decided struct {
	Scenario string `json:"scenario"`
	Rule     int    `json:"rule" jsonschema:"Counted from 1."`
	Step     int    `json:"step" jsonschema:"Counted from 1."`
}

type missed struct {
	Scenario  string `json:"scenario"`
	Rule      int    `json:"rule" jsonschema:"Counted from 1."`
	Condition string `json:"condition" jsonschema:"What did not hold."`
	Expected  string `json:"expected,omitempty"`
	Got       string `json:"got,omitempty"`
}

type meaning struct {
	Code     string `json:"code"`
	Meaning  string `json:"meaning" jsonschema:"When it comes and what to do."`
	Evidence string `json:"evidence" jsonschema:"How sure that is: page, captured, observed or choice."`
}

type requestView struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"`
}

type replyView struct {
	Status int    `json:"status"`
	Body   string `json:"body,omitempty"`
}

type explainOut struct {
	callRow
	Refused    bool        `json:"refused"`
	Changes    []change    `json:"changes" jsonschema:"What to change so that it is not refused."`
	Signature  *signing    `json:"signature,omitempty" jsonschema:"The strings to sign, where the signature was wrong."`
	Nearest    []near      `json:"nearest,omitempty"`
	Advice     []change    `json:"advice,omitempty" jsonschema:"What did not refuse it."`
	Decided    *decided    `json:"decided,omitempty" jsonschema:"The step of a scenario that decided it."`
	Misses     []missed    `json:"misses,omitempty" jsonschema:"Rules of scenarios that did not take it."`
	Documented *meaning    `json:"documented,omitempty" jsonschema:"What the provider says of the error."`
	Request    requestView `json:"request"`
	Reply      replyView   `json:"reply"`
}

func (t *tools) explainCall(ctx context.Context, in explainIn) (explainOut, error) {
	e, err := t.entry(ctx, in)
	if err != nil {
		return explainOut{}, err
	}
	apis, err := t.control.APIs(ctx)
	if err != nil {
		return explainOut{}, err
	}
	out := explainOut{
		callRow: callView(e), Refused: e.Outcome != "ok", Changes: []change{}, Nearest: nearestNames(apis, e),
		Request: requestView{
			Method: cut(e.Request.Method, maxValue), URL: cut(e.Request.URL, maxText),
			Headers: headerView(e.Request.Headers), Body: cut(e.Request.Body, maxText),
		},
		Reply: replyView{e.Response.Status, cut(e.Response.Body, maxText)},
	}
	out.tellFindings(e)
	out.tellScenarios(e)
	if found, ok := documented(apis, e); ok && out.Refused {
		out.Documented = &meaning{found.Code, cut(found.Meaning, maxValue), found.Evidence}
	}
	return out, nil
}

// entry finds the call that is meant. One that names no known credential is in the journal of the sandbox default.
func (t *tools) entry(ctx context.Context, in explainIn) (client.Entry, error) {
	if in.ID == "" {
		found, err := t.newest(ctx, callsIn{inSandbox: in.inSandbox, Outcome: "!ok"}, 1)
		if err == nil && len(found.entries) == 0 {
			err = fmt.Errorf("no call was refused in the sandbox %s; a call that names no known credential is in the "+
				"sandbox %s", in.id(), defaultSandbox)
		}
		if err != nil {
			return client.Entry{}, err
		}
		return found.entries[0], nil
	}
	e, err := t.control.Request(ctx, in.id(), in.ID)
	if err != nil && isNotFound(err) && in.id() != defaultSandbox {
		if e, elsewhere := t.control.Request(ctx, defaultSandbox, in.ID); elsewhere == nil {
			return e, nil
		}
	}
	return e, err
}

// tellFindings says what to change: what refused the call, and beside it what did not.
func (out *explainOut) tellFindings(e client.Entry) {
	for _, f := range e.Findings {
		told := change{
			Check: cut(f.Check, maxValue), Message: cut(f.Message, maxText/4), From: cut(f.Got, maxValue),
			To: cut(f.Expected, maxValue),
		}
		if f.Server != "" && out.Signature == nil {
			out.Signature = &signing{cut(f.Server, 2*maxText), cut(f.Client, 2*maxText), cut(f.Marker, maxValue)}
			if f.Client == "" {
				told.Hint = "Compare signature.server with the string that the client signs. Where both are the same the " +
					"secret is wrong: the tool sandboxes shows the right one."
			}
		}
		if d := e.Decision; d != nil && f.Check == "scenario" {
			told.From = d.Scenario
			told.Hint = "Nothing is wrong with the client: what it does about such an answer is what is tested. The tool " +
				"stop_scenario stops the scenario."
		}
		if f.Level == client.LevelError {
			out.Changes = append(out.Changes, told)
		} else {
			out.Advice = append(out.Advice, told)
		}
	}
	out.Changes, _ = first(out.Changes, maxFindings)
	out.Advice = out.Advice[:min(len(out.Advice), maxFindings)]
}

// maxFindings is how many findings, and how many rules that did not take the call, are shown.
const maxFindings = 8

// tellScenarios says which rule decided, and which did not.
func (out *explainOut) tellScenarios(e client.Entry) {
	if d := e.Decision; d != nil {
		out.Decided = &decided{d.Scenario, d.Rule + 1, d.Step + 1}
	}
	misses, _ := first(e.Misses, maxFindings)
	for _, m := range misses {
		out.Misses = append(out.Misses, missed{
			m.Scenario, m.Rule + 1, cut(m.Condition, maxValue), cut(m.Expected, maxValue), cut(m.Got, maxValue),
		})
	}
}

// maxHeaders is how many headers of a request are shown.
const maxHeaders = 24

func headerView(headers http.Header) map[string]string {
	view := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if len(view) == maxHeaders {
			break
		}
		view[cut(name, maxValue/4)] = cut(strings.Join(headers[name], ", "), maxValue)
	}
	return view
}
