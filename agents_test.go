package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/cli"
	"github.com/tokenstage/tokenstage/emulator/cli/clitest"
)

// pagesForAgents are read by those who believe every word.
var pagesForAgents = []string{"llms.txt", "AGENTS.md", "docs/agents.md"}

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	linked    = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	toldToRun = regexp.MustCompile("`tokenstage ([^`]+)`")
	testRun   = regexp.MustCompile("`go test (\\S+)`")
	stepRun   = regexp.MustCompile("`bash .ci/run ([^`]+)`")
	quoted    = regexp.MustCompile("`([a-z]+(?:/[a-zA-Z.]+)+)`")
)

// TestPagesForAgentsAreTrue: what they link to exists, and what they tell to run can be run.
func TestPagesForAgentsAreTrue(t *testing.T) {
	t.Parallel()
	links, commands := 0, 0
	for _, page := range pagesForAgents {
		text := read(t, page)
		for _, found := range linked.FindAllStringSubmatch(text, -1) {
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), found[1])); err != nil {
				t.Errorf("%s links to %s: %v", page, found[1], err)
			}
		}
		for _, found := range toldToRun.FindAllStringSubmatch(text, -1) {
			commands++
			checkCommand(t, page, strings.Fields(found[1]))
		}
		for _, found := range testRun.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(strings.TrimSuffix(found[1], "/...")); err != nil {
				t.Errorf("%s tests %v", page, err)
			}
		}
		for _, found := range stepRun.FindAllStringSubmatch(text, -1) {
			for step := range strings.FieldsSeq(found[1]) {
				if !strings.Contains(read(t, ".ci/run"), "\n"+step+"() {") {
					t.Errorf("%s: .ci/run has no step %q", page, step)
				}
			}
		}
	}
	if links < 20 || commands < 10 {
		t.Errorf("only %d links and %d commands were found", links, commands)
	}
	for _, found := range quoted.FindAllStringSubmatch(read(t, "AGENTS.md"), -1) {
		if _, err := os.Stat(found[1]); err != nil {
			t.Errorf("AGENTS.md names %v", err)
		}
	}
}

// checkCommand lets the command line judge: with the flag for help at its end it gets no further than that.
func checkCommand(t *testing.T, page string, words []string) {
	t.Helper()
	run := func(words ...string) (int, string) {
		var out, err bytes.Buffer
		env := cli.Env{Stdout: &out, Stderr: &err, LookupEnv: func(string) (string, bool) { return "", false }}
		code := cli.Run(t.Context(), env, words...)
		return code, out.String() + err.String()
	}
	// Commands are lower case; what follows them are values and flags, which their help names.
	last := slices.IndexFunc(words, func(w string) bool { return !regexp.MustCompile(`^[a-z]+$`).MatchString(w) })
	if last < 0 {
		last = len(words)
	}
	code, help := run(append(slices.Clone(words[:last]), "--help")...)
	if code != 0 || last == 0 {
		t.Errorf("%s: tokenstage %s: %s", page, strings.Join(words, " "), help)
	}
	for _, word := range words[last:] {
		if strings.HasPrefix(word, "--") && !strings.Contains(help, word) {
			t.Errorf("%s: tokenstage %s has no flag %s", page, strings.Join(words[:last], " "), word)
		}
	}
	for _, word := range words[last:] {
		if name, isError := strings.CutPrefix(word, "error/"); isError {
			if code, said := run("scenarios", "show", word); code != 0 {
				t.Errorf("%s: no scenario %s: %s", page, name, said)
			}
		}
	}
}

// TestLLMsTextHasItsForm: a heading, a summary as a quotation, then sections of links (https://llmstxt.org).
func TestLLMsTextHasItsForm(t *testing.T) {
	t.Parallel()
	text := read(t, "llms.txt")
	if !regexp.MustCompile(`^# \S+\n\n(> .+\n)+\n`).MatchString(text) {
		t.Errorf("it begins with\n%.300s", text)
	}
	sections := strings.Split(text, "\n## ")[1:]
	if len(sections) < 2 || !strings.HasPrefix(sections[len(sections)-1], "Optional\n") {
		t.Errorf("%d sections", len(sections))
	}
	for _, section := range sections {
		title, list, _ := strings.Cut(section, "\n")
		for line := range strings.Lines(strings.TrimSpace(list)) {
			if !regexp.MustCompile(`^(- \[.+\]\(.+\)(: .+)?|  .+)\n?$`).MatchString(line) {
				t.Errorf("%s: no link: %s", title, line)
			}
		}
	}
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if !strings.Contains(text, "("+page+")") && page != "docs/dependencies.md" && page != "docs/performance.md" {
			t.Errorf("it does not name %s", page)
		}
	}
}

// TestSessionOfThePageForAgents runs the session of docs/agents.md against a server.
func TestSessionOfThePageForAgents(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh on this machine")
	}
	s := serve(t)
	blocks := shellBlocks(t, "docs/agents.md", "Connect one")
	run := exec.CommandContext(context.WithoutCancel(t.Context()), shell, "-c", `tokenstage() { "$SELF" "$@"; }; `+strings.Join(blocks, ""))
	run.Env = clitest.Environ("SELF="+clitest.Self(t), "TOKENSTAGE_CONTROL="+s.URL)
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	want := regexp.MustCompile("The second answer has `(.+)` in it").FindStringSubmatch(read(t, "docs/agents.md"))
	if len(lines) != 2 || want == nil || !strings.Contains(lines[1], want[1]) {
		t.Errorf("%q\nwants %q", lines, want)
	}
	var settings struct {
		MCPServers map[string]struct {
			Command string
			Args    []string
			URL     string
		}
	}
	for _, found := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(read(t, "docs/agents.md"), -1) {
		if err := json.Unmarshal([]byte(found[1]), &settings); err != nil {
			t.Errorf("%v in %s", err, found[1])
		}
		if one := settings.MCPServers["tokenstage"]; one.URL == "" {
			checkCommand(t, "docs/agents.md", one.Args)
		} else if one.URL != "http://127.0.0.1:4011/mcp" {
			t.Errorf("the tools are not at %s", one.URL)
		}
	}
}
