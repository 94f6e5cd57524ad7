// Package mcptools has the tools by which agents use the emulator over the Model Context Protocol. Each calls the
// control API and cuts what comes to what an agent can read. The package alone knows the SDK of that protocol.
package mcptools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// Options say where the tools work.
type Options struct {
	// Client calls the control plane.
	Client *client.Client
	// Explain says what to do about a call that no control plane answered; nil leaves the error as it is.
	Explain func(error) error
}

// tools are the handlers of all tools.
type tools struct {
	control *client.Client
	explain func(error) error
}

// instructions are what an agent is told once, before it chooses a tool.
const instructions = `Tokenstage emulates cloud APIs that issue access tokens.
An app under test calls its data plane with the credentials of a sandbox; these tools steer and look at the sandboxes.

A call was refused: calls lists it, explain_call says why and what to change. The right secret, endpoint and clock are
in sandboxes. Another answer is wanted: write a scenario, check_scenario until it has no problems, then play_scenario.
The documented errors that a scenario can fail with are in coverage.`

// newServer returns a server with all tools.
func newServer(o Options) *mcp.Server {
	t := &tools{control: o.Client, explain: o.Explain}
	self := &mcp.Implementation{Name: "tokenstage", Title: "Tokenstage", Version: version()}
	s := mcp.NewServer(self, &mcp.ServerOptions{
		Instructions: instructions,
		Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}}, // the list never changes
	})
	t.addSandboxTools(s)
	t.addScenarioTools(s)
	t.addCallTools(s)
	return s
}

// version is what the go command wrote into the binary; the protocol wants one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

// maxMessage bounds one message of an agent, by HTTP and on standard input.
const maxMessage = 1 << 20

// Handler serves the tools over streamable HTTP. It keeps no sessions, so that every server of a shared store answers
// any call. Whoever may reach the control plane is decided before. The tools are made with the first request.
func Handler(o Options) http.Handler {
	handler := sync.OnceValue(func() http.Handler {
		server := newServer(o)
		return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{
			Stateless: true, JSONResponse: true, MaxRequestBodyBytes: maxMessage, DisableLocalhostProtection: true,
			PropagateRequestCancellation: true,
		})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler().ServeHTTP(w, r) })
}

// Kinds of tools, as clients are told before they ask people for leave.
var (
	no       = false
	yes      = true
	readOnly = mcp.ToolAnnotations{
		ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &no, OpenWorldHint: &no,
	}
	adding      = mcp.ToolAnnotations{DestructiveHint: &no, OpenWorldHint: &no}
	setting     = mcp.ToolAnnotations{DestructiveHint: &no, OpenWorldHint: &no, IdempotentHint: true}
	destructive = mcp.ToolAnnotations{DestructiveHint: &yes, OpenWorldHint: &no, IdempotentHint: true}
)

// add adds a tool whose schemas are those of the types In and Out.
func add[In, Out any](
	s *mcp.Server, t *tools, kind mcp.ToolAnnotations, name, title, description string,
	do func(context.Context, In) (Out, error),
) {
	tool := &mcp.Tool{Name: name, Title: title, Description: description, Annotations: &kind}
	mcp.AddTool(s, tool, func(ctx context.Context, _ *mcp.CallToolRequest, in In) (*mcp.CallToolResult, Out, error) {
		out, err := do(ctx, in)
		if err == nil {
			err = checkSize(out)
		}
		if err != nil {
			var none Out
			return nil, none, t.failure(err)
		}
		return nil, out, nil
	})
}

// maxAnswer is how long an answer may be as JSON. What the tools cut stays below it; names of great length together
// could still come to more.
const maxAnswer = 48 << 10

func checkSize(answer any) error {
	raw, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	if len(raw) > maxAnswer {
		return fmt.Errorf("the answer has %d bytes, more than the %d that a tool gives: ask for less, with a filter, a "+
			"name or a lower limit", len(raw), maxAnswer)
	}
	return nil
}

// maxProblems is how many problems an error names one by one.
const maxProblems = 20

// failure says in one text what went wrong, where, and what to do about it.
func (t *tools) failure(err error) error {
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || p.Type == "" { // what is no problem of a control plane has none
		if t.explain != nil {
			return t.explain(err)
		}
		return err
	}
	text := p.Detail
	if p.Field != "" && !strings.Contains(text, p.Field) {
		text += " (field " + p.Field + ")"
	}
	if p.Line > 0 {
		text += fmt.Sprintf(" (line %d, column %d)", p.Line, p.Column)
	}
	shown, more := first(p.Problems, maxProblems)
	for _, each := range shown {
		text += fmt.Sprintf("\nline %d, column %d: %s", each.Line, each.Column, each.Message)
		if each.Meant != "" {
			text += fmt.Sprintf(" (did you mean %q?)", each.Meant)
		}
	}
	if more > 0 {
		text += fmt.Sprintf("\nand %d more", more)
	}
	return errors.New(cut(text, maxText))
}
