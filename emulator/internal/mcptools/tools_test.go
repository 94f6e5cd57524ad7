package mcptools_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// maxTools is how many tools there are at most: an agent reads them all before it chooses.
const maxTools = 12

// toolsOf lists the tools by their names.
func toolsOf(a *agent) map[string]*mcp.Tool {
	a.t.Helper()
	list, err := a.session.ListTools(a.t.Context(), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	named := map[string]*mcp.Tool{}
	for _, tool := range list.Tools {
		named[tool.Name] = tool
	}
	return named
}

// TestToolsAreDescribed holds each tool to what clients and models need to choose and to use it.
func TestToolsAreDescribed(t *testing.T) {
	t.Parallel()
	_, a := start(t)
	tools := toolsOf(a)
	if len(tools) < 10 || len(tools) > maxTools {
		t.Errorf("%d tools: %q", len(tools), slices.Sorted(maps.Keys(tools)))
	}
	kinds := map[string]int{}
	for name, tool := range tools {
		n := tool.Annotations
		if tool.Title == "" || len(tool.Description) < 60 || n == nil || n.DestructiveHint == nil || n.OpenWorldHint == nil ||
			*n.OpenWorldHint {
			t.Errorf("%s is described as %+v, %+v", name, tool, n)
			continue
		}
		switch {
		case n.ReadOnlyHint && *n.DestructiveHint:
			t.Errorf("%s only reads, and destroys", name)
		case n.ReadOnlyHint:
			kinds["reads"]++
		case *n.DestructiveHint:
			kinds["destroys"]++
		}
		if n.IdempotentHint {
			kinds["idempotent"]++
		}
		checkSchema(t, name+" takes", tool.InputSchema, true)
		checkSchema(t, name+" gives", tool.OutputSchema, false)
	}
	if kinds["reads"] < 5 || kinds["destroys"] < 3 || kinds["idempotent"] == len(tools) || kinds["idempotent"] == 0 {
		t.Errorf("kinds of tools: %v", kinds)
	}
	raw, err := json.Marshal(slices.Collect(maps.Values(tools)))
	if err != nil || len(raw) > 24<<10 {
		t.Errorf("the list has %d bytes, which every agent reads first; %v", len(raw), err)
	}
}

// checkSchema wants an object, whose arguments are all described.
func checkSchema(t *testing.T, what string, schema any, described bool) {
	t.Helper()
	object, _ := schema.(map[string]any)
	properties, _ := object["properties"].(map[string]any)
	if object["type"] != "object" || len(properties) == 0 {
		t.Errorf("%s %v", what, schema)
	}
	for name, property := range properties {
		if text, _ := property.(map[string]any)["description"].(string); described && text == "" {
			t.Errorf("%s %s, which nothing describes", what, name)
		}
	}
}

// refused makes a call that is refused, with a secret in its body, and returns its request id.
func refused(t *testing.T, em *client.Emulator, box sandboxAnswer, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, em.URL()+"/apigovernance/api/oauth/tokenByAkSk",
		strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	_, _ = io.Copy(io.Discard, reply.Body)
	page, err := em.Control().Requests(t.Context(), box.Sandbox.ID, client.Filter{})
	if err != nil || len(page.Requests) == 0 {
		t.Fatalf("the call is not in the journal: %v", err)
	}
	return page.Requests[len(page.Requests)-1].ID
}

func fabricBody(box sandboxAnswer, more string) string {
	app := box.Sandbox.Credentials["fabric"][0]
	return fmt.Sprintf(`{"app_key":%q,"app_secret":%q%s}`, app["appKey"], app["appSecret"], more)
}

// TestReadOnlyToolsOnlyRead: the sandbox is the same before and after them.
func TestReadOnlyToolsOnlyRead(t *testing.T) {
	t.Parallel()
	em, a := start(t)
	var box sandboxAnswer
	a.ask(&box, "create_sandbox", args{"frozen": true})
	refused(t, em, box, fabricBody(box, ""))
	id := refused(t, em, box, fabricBody(box, `,"more":`))
	arguments := map[string]args{
		"sandboxes": {"sandbox": box.Sandbox.ID}, "check_scenario": {"document": "name: x"},
		"explain_call": {"id": id, "sandbox": box.Sandbox.ID}, "calls": {"sandbox": box.Sandbox.ID},
		"coverage": {"sandbox": box.Sandbox.ID},
	}
	snapshot := func() string {
		t.Helper()
		s, err := em.Control().Snapshot(t.Context(), box.Sandbox.ID, client.SnapshotOptions{Secrets: true})
		if err != nil {
			t.Fatal(err)
		}
		return string(s)
	}
	before := snapshot()
	read := 0
	for name, tool := range toolsOf(a) {
		if tool.Annotations.ReadOnlyHint {
			read++
			var anything any
			a.ask(&anything, name, arguments[name])
		}
	}
	if after := snapshot(); after != before || read == 0 {
		t.Errorf("%d tools only read: %s", read, cmp.Diff(before, after))
	}
}

// TestSandboxIsUsedAndCleared walks through the tools that change a sandbox.
func TestSandboxIsUsedAndCleared(t *testing.T) {
	t.Parallel()
	em, a := start(t)
	var box sandboxAnswer
	a.ask(&box, "create_sandbox", args{
		"id": "walk", "seed": 7, "now": "2030-01-01T00:00:00Z", "frozen": true, "ttl": "1h",
		"quotas": args{"onsmqtt.ApplyToken": "off"}, "scenarios": []string{"hostile-day"},
	})
	where := args{"sandbox": "walk"}
	a.ask(&playingAnswer{}, "stop_scenario", where)
	refused(t, em, box, fabricBody(box, ""))

	var tokens struct {
		Tokens []struct {
			ID, Operation, State string
			History              []string
		}
	}
	a.ask(&tokens, "tokens", where)
	if len(tokens.Tokens) != 1 || tokens.Tokens[0].State != "active" || tokens.Tokens[0].Operation != "ccmessaging.tokenByAkSk" {
		t.Fatalf("tokens %+v", tokens)
	}
	id := tokens.Tokens[0].ID
	var clock struct {
		Now    time.Time
		Frozen bool
	}
	a.ask(&clock, "clock", args{"sandbox": "walk", "advance": "2d", "frozen": true})
	if !clock.Frozen || clock.Now.Format(time.DateOnly) != "2030-01-03" {
		t.Errorf("clock %+v", clock)
	}
	a.ask(&tokens, "tokens", args{"sandbox": "walk", "id": id})
	if tokens.Tokens[0].State != "expired" {
		t.Errorf("two days later %+v", tokens)
	}
	a.ask(&clock, "clock", args{"sandbox": "walk", "set": "2030-01-01T00:00:01Z"})
	a.ask(&tokens, "tokens", args{"sandbox": "walk", "id": id, "change": "revoke"})
	if tokens.Tokens[0].State != "revoked" || len(tokens.Tokens[0].History) < 2 {
		t.Errorf("revoked %+v", tokens)
	}
	var coverage struct {
		Calls  int
		Errors []struct {
			Code, Meaning, Scenario string
			Seen                    int
		}
	}
	a.ask(&coverage, "coverage", args{"sandbox": "walk", "operation": "ccmessaging.tokenByAkSk"})
	if coverage.Calls != 1 || len(coverage.Errors) < 5 || coverage.Errors[0].Meaning == "" {
		t.Errorf("coverage %+v", coverage)
	}
	for _, e := range coverage.Errors {
		if e.Scenario == "" {
			continue
		}
		var playing playingAnswer
		a.ask(&playing, "play_scenario", args{"sandbox": "walk", "name": e.Scenario})
		refused(t, em, box, fabricBody(box, ""))
		var why explainAnswer
		a.ask(&why, "explain_call", where)
		if len(why.Changes) != 1 || why.Changes[0].Check != "scenario" || why.Changes[0].From != e.Scenario ||
			why.Changes[0].Hint == "" {
			t.Errorf("a scripted refusal is explained by %+v", why)
		}
		break
	}
	var done struct{ Done string }
	a.ask(&done, "clear_sandbox", where)
	a.ask(&coverage, "coverage", where)
	if done.Done != "reset" || coverage.Calls != 0 {
		t.Errorf("reset: %+v, %+v", done, coverage)
	}
	a.ask(&done, "clear_sandbox", args{"sandbox": "walk", "remove": true})
	if said := a.refusal("sandboxes", where); done.Done != "removed" || !strings.Contains(said, `"walk"`) {
		t.Errorf("removed: %+v, %s", done, said)
	}
}

// TestBadArgumentsAreExplained: an error says what is wrong and what was probably meant.
func TestBadArgumentsAreExplained(t *testing.T) {
	t.Parallel()
	_, a := start(t)
	a.ask(&struct{}{}, "create_sandbox", args{"id": "checkout"})
	for _, bad := range []struct {
		tool      string
		arguments args
		want      []string
	}{
		{"clock", args{"sandbx": "default"}, []string{"sandbx"}},
		{"clock", args{"advance": "soon"}, []string{"advance", `"soon"`, "1h30m"}},
		{"clock", args{"advance": "-1h"}, []string{"advance"}},
		{"clock", args{"set": "tomorrow"}, []string{"tomorrow"}},
		{"clock", args{"sandbox": "chekout"}, []string{`"chekout"`, `did you mean "checkout"`}},
		{"clear_sandbox", args{}, []string{"sandbox"}},
		{"clear_sandbox", args{"sandbox": "default", "remove": true}, []string{"default"}},
		{"create_sandbox", args{"id": "checkout"}, []string{"checkout"}},
		{"create_sandbox", args{"ttl": "soon"}, []string{"ttl", "30m"}},
		{"create_sandbox", args{"scenarios": []string{"hostile-dy"}}, []string{"hostile-day"}},
		{"create_sandbox", args{"quotas": args{"onsmqtt.AplyToken": "1/s"}}, []string{"onsmqtt.ApplyToken"}},
		{"tokens", args{"change": "expire"}, []string{"id"}},
		{"tokens", args{"id": "x", "change": "burn"}, []string{"burn", "redeem"}},
		{"tokens", args{"id": "onsmqtt-9"}, []string{"onsmqtt-9"}},
		{"calls", args{"operation": "onsmqtt.AplyToken"}, []string{`did you mean "onsmqtt.ApplyToken"`}},
		{"calls", args{"limit": "many"}, []string{"limit"}},
		{"explain_call", args{}, []string{"no call was refused"}},
		{"explain_call", args{"id": "4D6E2A3F"}, []string{"4D6E2A3F"}},
		{"explain_call", args{"id": "../../clock"}, []string{"request id"}},
		{"coverage", args{"operation": "onsmqt.ApplyToken"}, []string{`did you mean "onsmqtt.ApplyToken"`}},
		{"scenarios", args{"operation": "nothing"}, []string{"nothing", "coverage"}},
		{"scenarios", args{"name": "hostile-dy"}, []string{`did you mean "hostile-day"`}},
		{"play_scenario", args{"name": "hostile-dy"}, []string{`did you mean "hostile-day"`}},
		{"play_scenario", args{"name": "x", "document": "name: x\nrules: [{on: onsmqtt.AplyToken, script: [pas]}]"}, []string{
			"line 2, column 14", `did you mean "onsmqtt.ApplyToken"`, `did you mean "pass"`,
		}},
		{"stop_scenario", args{"name": "hostile-day"}, []string{"hostile-day"}},
		{"check_scenario", args{}, []string{"document"}},
	} {
		said := a.refusal(bad.tool, bad.arguments)
		for _, want := range bad.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s %v: %s\nwants %s", bad.tool, bad.arguments, said, want)
			}
		}
	}
}

// maxAnswer is how long an answer may be, its text and what is structured of it each.
const maxAnswer = 48 << 10

// TestAnswersAreBounded: however much there is, an answer stays short and says that there is more.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	em, a := start(t)
	var box sandboxAnswer
	a.ask(&box, "create_sandbox", args{"id": "much"})
	for i := range 60 {
		if _, err := em.Control().CreateSandbox(t.Context(), client.Definition{ID: fmt.Sprintf("box-%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Repeat("<&世", 1000)
	more, err := json.Marshal(long)
	if err != nil {
		t.Fatal(err)
	}
	for range 15 {
		refused(t, em, box, fabricBody(box, `,"more":`+string(more)))
		p := good(rpc, box)
		p.secret, p.params["Resources"], p.action = "wrong", long[:500], "ApplyToken"
		p.send(t, time.Now())
	}
	arguments := map[string][]args{
		"sandboxes": {{}, {"sandbox": "much"}}, "calls": {{"sandbox": "much", "limit": 1000}, {"all": true, "limit": 50}},
		"explain_call": {{"sandbox": "much"}}, "coverage": {{}, {"operation": "onsmqtt.ApplyToken"}},
		"scenarios": {{}, {"operation": "onsmqtt.ApplyToken"}, {"name": "hostile-day"}},
		"tokens":    {{"sandbox": "much"}}, "clock": {{"sandbox": "much"}}, "create_sandbox": {{}},
		"check_scenario": {{"document": "name: x\nrules:\n" + strings.Repeat("  - {on: "+strings.Repeat("y", 200)+"}\n", 90)}},
		"play_scenario":  {{"sandbox": "much", "name": "hostile-day"}}, "stop_scenario": {{"sandbox": "much"}},
		"clear_sandbox": {{"sandbox": "box-1"}},
	}
	var listed struct {
		Sandboxes []any
		More      int
	}
	a.ask(&listed, "sandboxes", args{})
	if len(listed.Sandboxes) != 50 || listed.More != 12 {
		t.Errorf("of 62 sandboxes %d are listed, and %d more", len(listed.Sandboxes), listed.More)
	}
	var seen struct {
		Calls   []any
		Earlier int
	}
	a.ask(&seen, "calls", args{"sandbox": "much"})
	if len(seen.Calls) != 20 || seen.Earlier != 10 {
		t.Errorf("of 30 calls %d are listed, and %d earlier", len(seen.Calls), seen.Earlier)
	}
	for name := range toolsOf(a) {
		if len(arguments[name]) == 0 {
			t.Errorf("nothing is asked of %s", name)
		}
		for _, asked := range arguments[name] {
			result := a.call(name, asked)
			raw, err := json.Marshal(result.StructuredContent)
			if text := textOf(result); err != nil || result.IsError || len(raw) > maxAnswer || len(text) > maxAnswer {
				t.Errorf("%s %.200v: %d and %d bytes, %v: %.300s", name, asked, len(raw), len(text), err, text)
			}
		}
	}
	said := a.refusal("play_scenario", args{"name": "x", "document": arguments["check_scenario"][0]["document"]})
	if len(said) > 8<<10 || !strings.Contains(said, "more") {
		t.Errorf("an error of %d bytes: %.300s", len(said), said)
	}
}

// TestSecretsAreMasked: what a client sent is shown without the secrets in it; those of a sandbox stand where they are
// asked for alone.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	em, a := start(t)
	var box sandboxAnswer
	a.ask(&box, "create_sandbox", args{"id": "masked"})
	secret := box.Sandbox.Credentials["fabric"][0]["appSecret"]
	id := refused(t, em, box, strings.Replace(fabricBody(box, `,"again":"`+secret+`"`), secret, "wrong", 1))
	for tool, asked := range map[string]args{
		"explain_call": {"sandbox": "masked", "id": id}, "calls": {"sandbox": "masked"}, "tokens": {"sandbox": "masked"},
		"sandboxes": {}, "coverage": {"sandbox": "masked"}, "check_scenario": {"document": "name: " + secret + "\nrules: [" + secret + "]"},
	} {
		result := a.call(tool, asked)
		raw, err := json.Marshal(result)
		if err != nil || result.IsError {
			t.Errorf("%s: %s, %v", tool, raw, err)
		}
		if bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s shows the secret: %s", tool, raw)
		}
	}
	if raw := textOf(a.call("explain_call", args{"sandbox": "masked", "id": id})); !strings.Contains(raw, "[secret]") {
		t.Errorf("nothing is masked in %s", raw)
	}
}

// withToken sends the control plane's token, as clients are told to.
type withToken string

func (w withToken) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+string(w))
	return http.DefaultTransport.RoundTrip(req)
}

// TestControlPlaneGuardsTheTools: by HTTP they are behind the same token, hosts and origins as all else.
func TestControlPlaneGuardsTheTools(t *testing.T) {
	t.Parallel()
	em, err := emulator.New(t.Context(), emulator.Options{ControlToken: "the-token"})
	if err != nil {
		t.Fatal(err)
	}
	if err := em.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = em.Close(t.Context()) })
	url := "http://" + em.ControlAddr()
	a := dial(t, client.NewEmulator(client.New(url), em.Addr()), withToken("the-token"))
	var box struct{ Sandbox struct{ ID string } }
	a.ask(&box, "sandboxes", args{"sandbox": "default"})
	if box.Sandbox.ID != "default" {
		t.Errorf("got %+v", box)
	}
	const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	for name, c := range map[string]struct {
		method, token, body string
		change              func(*http.Request)
		want                int
	}{
		"good":          {"POST", "the-token", list, nil, 200},
		"no token":      {"POST", "", list, nil, 401},
		"wrong token":   {"POST", "another", list, nil, 401},
		"foreign host":  {"POST", "the-token", list, func(r *http.Request) { r.Host = "example.com" }, 403},
		"foreign page":  {"POST", "the-token", list, func(r *http.Request) { r.Header.Set("Origin", "http://example.com") }, 403},
		"a page":        {"GET", "the-token", "", nil, 405},
		"end":           {"DELETE", "the-token", "", nil, 405},
		"no JSON":       {"POST", "the-token", "hello", nil, 400},
		"no message":    {"POST", "the-token", "{}", nil, 400},
		"nothing":       {"POST", "the-token", "", nil, 400},
		"too much":      {"POST", "the-token", `{"a":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413},
		"of what type?": {"POST", "the-token", list, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, url+"/mcp", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		if c.token != "" {
			req.Header.Set("Authorization", "Bearer "+c.token)
		}
		if c.change != nil {
			c.change(req)
		}
		reply, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(reply.Body)
		reply.Body.Close()
		if reply.StatusCode != c.want || reply.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: status %d, want %d; %v %.200s", name, reply.StatusCode, c.want, reply.Header, body)
		}
	}
}

// TestExplainFindsCallsOfUnknownKeys: they are in the sandbox default, and the answer says where.
func TestExplainFindsCallsOfUnknownKeys(t *testing.T) {
	t.Parallel()
	_, a := start(t)
	var box sandboxAnswer
	a.ask(&box, "create_sandbox", args{})
	p := good(rpc, box)
	p.keyID += "-of-nobody"
	_, _, id := p.send(t, time.Now())
	if said := a.refusal("explain_call", args{"sandbox": box.Sandbox.ID}); !strings.Contains(said, "sandbox default") {
		t.Errorf("said %s", said)
	}
	var why explainAnswer
	a.ask(&why, "explain_call", args{"sandbox": box.Sandbox.ID, "id": id})
	if why.Sandbox != "default" || why.Outcome != "InvalidAccessKeyId.NotFound" {
		t.Errorf("got %+v", why)
	}
}

// TestPagesNameTheTools: the page for agents and llms.txt name each tool, the page also its kind, and no other.
func TestPagesNameTheTools(t *testing.T) {
	t.Parallel()
	_, a := start(t)
	tools := toolsOf(a)
	page := readPage(t, "docs/agents.md")
	_, table, _ := strings.Cut(page, "\n## The tools\n")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| .+ \\| (\\w+) \\|$").FindAllStringSubmatch(table, -1)
	var named []string
	for _, row := range rows {
		named = append(named, row[1])
		tool := tools[row[1]]
		if tool == nil {
			continue
		}
		kind := "adds"
		switch n := tool.Annotations; {
		case n.ReadOnlyHint:
			kind = "reads"
		case *n.DestructiveHint:
			kind = "destroys"
		}
		if row[2] != kind {
			t.Errorf("the page says that %s %s: it %s", row[1], row[2], kind)
		}
	}
	slices.Sort(named)
	if known := slices.Sorted(maps.Keys(tools)); !slices.Equal(named, known) {
		t.Errorf("the page names %q, there are %q", named, known)
	}
	_, list, _ := strings.Cut(readPage(t, "llms.txt"), "The tools:")
	list, _, _ = strings.Cut(list, ".\n")
	named = nil
	for _, found := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(list, -1) {
		named = append(named, found[1])
	}
	slices.Sort(named)
	if known := slices.Sorted(maps.Keys(tools)); !slices.Equal(named, known) {
		t.Errorf("llms.txt names %q, there are %q", named, known)
	}
}

func readPage(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile("../../../" + page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
