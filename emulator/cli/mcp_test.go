package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/cli"
)

// message is what the command writes: an answer, or an error.
type message struct {
	ID     any
	Result *struct {
		IsError bool
		Content []struct{ Text string }
		Tools   []struct{ Name string }

		StructuredContent map[string]any
	}
	Error *struct {
		Code    int
		Message string
	}
}

// text is what a tool said.
func (m message) text() string {
	if m.Result == nil || len(m.Result.Content) == 0 {
		return ""
	}
	return m.Result.Content[0].Text
}

const greeting = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},` +
	`"clientInfo":{"name":"test","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
`

// toolCall is a line that calls a tool.
func toolCall(id int, tool, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s}}`+"\n", id, tool, arguments)
}

// speak gives the command a whole input, and returns its answers by their ids; those to what is no call have -1.
func speak(t *testing.T, env map[string]string, input string) (result, map[int]message) {
	t.Helper()
	limited, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, err bytes.Buffer
	code := cli.Run(limited, cli.Env{
		Stdin: strings.NewReader(input), Stdout: &out, Stderr: &err, LookupEnv: lookup(env),
	}, "mcp")
	answers := map[int]message{}
	for line := range strings.Lines(out.String()) {
		m := readMessage(t, line)
		id := -1
		if number, ok := m.ID.(float64); ok {
			id = int(number)
		}
		answers[id] = m
	}
	return result{code, out.String(), err.String()}, answers
}

func readMessage(t *testing.T, line string) message {
	t.Helper()
	var m message
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return m
}

// TestAgentsGetTools: a session over a pipe. All that was asked before the end of the input is answered.
func TestAgentsGetTools(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t, "--id", "agents")
	s.issue(t, box.Credentials.Fabric[0], "wrong-secret")
	got, answers := speak(t, map[string]string{"TOKENSTAGE_CONTROL": s.control}, greeting+
		`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`+"\n"+
		toolCall(2, "explain_call", `{"sandbox":"agents"}`)+
		toolCall(3, "calls", `{"sandbox":"agents","limit":5}`)+
		strings.TrimSpace(toolCall(4, "clock", `{"advance":"1h"}`)))
	if got.code != 0 || got.err != "" || len(answers) != 5 {
		t.Fatalf("%+v", got)
	}
	if n := len(answers[1].Result.Tools); n < 10 || n > 12 {
		t.Errorf("%d tools", n)
	}
	for id, want := range map[int]string{2: `"refused":true`, 3: `"sandbox":"agents"`, 4: `"now":`} {
		if m := answers[id]; m.Result == nil || m.Result.IsError || len(m.Result.StructuredContent) == 0 ||
			!strings.Contains(m.text(), want) {
			t.Errorf("%d: %+v", id, m)
		}
	}
}

// TestAgentsSurviveMissingServer: the tools say how to start one, and work once it is there.
func TestAgentsSurviveMissingServer(t *testing.T) {
	t.Parallel()
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	_ = free.Close()
	in, input := io.Pipe()
	output, out := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- cli.Run(t.Context(), cli.Env{
			Stdin: in, Stdout: out, Stderr: io.Discard, LookupEnv: lookup(map[string]string{"TOKENSTAGE_CONTROL": at}),
		}, "mcp")
		_ = out.Close()
	}()
	answers := bufio.NewReader(output)
	ask := func(line string) message {
		t.Helper()
		if _, err := io.WriteString(input, line); err != nil {
			t.Fatal(err)
		}
		answer, err := answers.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return readMessage(t, answer)
	}
	ask(greeting)
	for id, tool := range []string{"sandboxes", "clock", "calls", "coverage", "scenarios", "tokens", "explain_call"} {
		m := ask(toolCall(id+1, tool, "{}"))
		want := "no control plane at " + at + ": start one with: tokenstage serve"
		if m.Result == nil || !m.Result.IsError || m.text() != want {
			t.Errorf("%s: %+v", tool, m)
		}
	}
	start(t, nil, "serve", "--addr", "127.0.0.1:0", "--mqtt-addr", "off", "--control-addr", at).await(t, "control plane")
	if m := ask(toolCall(20, "clock", "{}")); m.Result == nil || m.Result.IsError || !strings.Contains(m.text(), `"now":`) {
		t.Errorf("with a server: %+v", m)
	}
	_ = input.Close()
	if ended := <-code; ended != 0 {
		t.Errorf("exit code %d", ended)
	}
}

// TestAgentsMayTalkNonsense: what is no message is answered with an error of JSON-RPC, and the session goes on.
func TestAgentsMayTalkNonsense(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	env := map[string]string{"TOKENSTAGE_CONTROL": s.control}
	for name, c := range map[string]struct {
		line string
		code int // of the error; 0 for none
	}{
		"no JSON":    {"hello", -32700},
		"half":       {`{"jsonrpc":"2.0","id":`, -32700},
		"no message": {`{"x":1}`, -32600},
		"a batch":    {`[{"jsonrpc":"2.0","id":5,"method":"ping"}]`, -32600},
		"too long":   {strings.Repeat("x", 1<<20+1), -32600},
		"nothing":    {"", 0},
		"blank":      {" \t\r", 0},
	} {
		got, answers := speak(t, env, greeting+c.line+"\n"+toolCall(2, "clock", "{}"))
		refusal, refused := answers[-1]
		if got.code != 0 || answers[2].Result == nil || answers[2].Result.IsError || refused != (c.code != 0) {
			t.Errorf("%s: %.500v", name, got)
		}
		if refused && (refusal.Error == nil || refusal.Error.Code != c.code || len(refusal.Error.Message) > 500) {
			t.Errorf("%s: %+v", name, refusal)
		}
	}
	for name, input := range map[string]string{
		"nothing at all": "", "no greeting": toolCall(1, "clock", "{}"), "no end of line": strings.TrimSpace(greeting),
		"an unknown method": `{"jsonrpc":"2.0","id":1,"method":"nope"}`, "an answer": `{"jsonrpc":"2.0","id":1,"result":{}}`,
		"an id twice": greeting + toolCall(3, "clock", "{}") + toolCall(3, "clock", "{}"),
	} {
		if got, _ := speak(t, env, input); got.code != 0 || got.err != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestAgentsThatLeave: who does not read the answers ends the session, with a failure.
func TestAgentsThatLeave(t *testing.T) {
	t.Parallel()
	var err bytes.Buffer
	code := cli.Run(t.Context(), cli.Env{
		Stdin: strings.NewReader(greeting), Stdout: full{}, Stderr: &err, LookupEnv: lookup(nil),
	}, "mcp")
	if code != 1 || !strings.Contains(err.String(), "no space left") {
		t.Errorf("exit code %d: %s", code, err.String())
	}
	ctx, stop := context.WithCancel(t.Context())
	in, input := io.Pipe()
	defer input.Close()
	stop()
	if code := cli.Run(ctx, cli.Env{Stdin: in, Stdout: io.Discard, Stderr: &err, LookupEnv: lookup(nil)}, "mcp"); code != 0 {
		t.Errorf("interrupted: exit code %d", code)
	}
}

// TestAgentsNeedTheToken of a control plane that has one.
func TestAgentsNeedTheToken(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, "--control-token", "the-token-of-agents")
	for token, want := range map[string]bool{"": true, "wrong": true, "the-token-of-agents": false} {
		env := map[string]string{"TOKENSTAGE_CONTROL": s.control, "TOKENSTAGE_CONTROL_TOKEN": token}
		_, answers := speak(t, env, greeting+toolCall(1, "clock", "{}"))
		if m := answers[1]; m.Result == nil || m.Result.IsError != want {
			t.Errorf("with the token %q: %+v", token, m)
		}
		if want && !strings.Contains(answers[1].text(), "TOKENSTAGE_CONTROL_TOKEN") {
			t.Errorf("it is not said how: %s", answers[1].text())
		}
	}
}
