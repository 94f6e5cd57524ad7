package mcptools_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// agent is a client of the tools. It sees their answers and nothing else.
type agent struct {
	t       *testing.T
	session *mcp.ClientSession
}

// connect gives an agent the tools of an emulator over streamable HTTP, as the control plane serves them.
func connect(t *testing.T, em *client.Emulator) *agent {
	t.Helper()
	return dial(t, em, http.DefaultTransport)
}

func dial(t *testing.T, em *client.Emulator, transport http.RoundTripper) *agent {
	t.Helper()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(),
		&mcp.StreamableClientTransport{
			Endpoint: em.Control().URL() + "/mcp", HTTPClient: &http.Client{Transport: transport},
			DisableStandaloneSSE: true,
		}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return &agent{t, session}
}

// call calls a tool and returns its result whatever it is.
func (a *agent) call(tool string, arguments any) *mcp.CallToolResult {
	a.t.Helper()
	result, err := a.session.CallTool(context.WithoutCancel(a.t.Context()), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		a.t.Fatalf("%s %v: %v", tool, arguments, err)
	}
	return result
}

// ask calls a tool whose answer must be good, and reads what is structured of it.
func (a *agent) ask(into any, tool string, arguments any) {
	a.t.Helper()
	result := a.call(tool, arguments)
	if result.IsError {
		a.t.Fatalf("%s %v: %s", tool, arguments, textOf(result))
	}
	raw, err := json.Marshal(result.StructuredContent)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		a.t.Fatalf("%s %v: %v", tool, arguments, err)
	}
}

// refusal calls a tool that must answer with an error, and returns its text.
func (a *agent) refusal(tool string, arguments any) string {
	a.t.Helper()
	result := a.call(tool, arguments)
	if !result.IsError {
		a.t.Errorf("%s %v is answered: %s", tool, arguments, textOf(result))
	}
	return textOf(result)
}

func textOf(result *mcp.CallToolResult) string {
	all := ""
	for _, content := range result.Content {
		if text, ok := content.(*mcp.TextContent); ok {
			all += text.Text
		}
	}
	return all
}

// args are the arguments of a tool.
type args map[string]any

func start(t *testing.T) (*client.Emulator, *agent) {
	t.Helper()
	em := inprocess.Start(t)
	return em, connect(t, em)
}
