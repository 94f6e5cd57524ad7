package main_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// shellBlock finds the commands that a page tells people to run.
var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestCommandsOfContributorsAreRunByCI holds the commands of CONTRIBUTING.md to .ci/run: each stands there, or calls it
// with steps that it has.
func TestCommandsOfContributorsAreRunByCI(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 {
		t.Fatal("CONTRIBUTING.md has no commands")
	}
	for _, block := range blocks {
		for command := range strings.Lines(block[1]) {
			command = strings.TrimSpace(command)
			steps, callsScript := strings.CutPrefix(command, "bash .ci/run")
			if !callsScript && !strings.Contains(string(script), command) {
				t.Errorf(".ci/run does not run %q", command)
			}
			for _, step := range strings.Fields(steps) {
				if callsScript && !strings.Contains(string(script), "\n"+step+"() {") {
					t.Errorf(".ci/run has no step %q", step)
				}
			}
		}
	}
}
