package cli_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// TestEveryCommandPrintsJSON ranges over the commands that help lists: each prints one value with --json, but those
// that print no data, or JSON anyway.
func TestEveryCommandPrintsJSON(t *testing.T) {
	t.Parallel()
	without := map[string]bool{"serve": true, "mcp": true, "completion": true, "help": true, "scenarios schema": true, "sandbox save": true}
	arguments := map[string]string{
		"scenarios show": "magic-values", "scenarios check": file(t, "good.yaml", fails),
		"scenarios explain": "magic-values",
		"scenarios try":     file(t, "tried.yaml", fails) + " --calls " + file(t, "calls.yaml", "- {call: onsmqtt.ApplyToken}\n"),
		"play":              "mqtt-throttled-then-fine", "stop": "--all", "sandbox show": "default",
		"sandbox reset": "default", "sandbox rm": "spare", "sandbox save": "spare",
		"sandbox load":  file(t, "saved.json", saved(t)),
		"tokens expire": "ccmessaging-1", "tokens revoke": "ccmessaging-2", "tokens redeem": "appstream-3",
		"clients cut": "mqtt-1",
	}
	commands := commandsOf(t, "")
	if len(commands) < 20 {
		t.Errorf("only %q", commands)
	}
	for _, command := range commands {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			s := serve(t, map[string]string{"HOME": t.TempDir()})
			for range 2 {
				s.issue(t, defaultApp, defaultApp.AppSecret)
			}
			s.box(t, "--id", "spare")
			if without[command] {
				if help := run(t, nil, append(strings.Fields(command), "--help")...); strings.Contains(help.out, "--json") {
					t.Error("takes --json, which it should not need")
				}
				return
			}
			env := map[string]string{"TOKENSTAGE_CONTROL": s.control, "HOME": t.TempDir()}
			if command == "ca" {
				delete(env, "TOKENSTAGE_CONTROL")
			}
			got := run(t, env, strings.Fields(command+" "+arguments[command]+" --json")...)
			if command == "tokens redeem" || command == "clients cut" {
				if got.code != 1 || got.out != "" {
					t.Errorf("of what there is none: %+v", got)
				}
				return
			}
			if got.code != 0 || !json.Valid([]byte(got.out)) || len(got.out) < 3 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// commandsOf returns the commands that help lists, those of groups with the group's name.
func commandsOf(t *testing.T, group string) []string {
	t.Helper()
	_, list, _ := strings.Cut(run(t, nil, append(strings.Fields(group), "--help")...).out, "\nCommands:\n")
	var all []string
	for _, found := range regexp.MustCompile(`(?m)^  ([a-z][a-z ]*?)(?: \(.*?\))?(?: <[a-z|]+>.*?| \[.*?)?(?: {2,}.*)?$`).
		FindAllStringSubmatch(list, -1) {
		name := found[1]
		if below := commandsOf(t, name); len(below) > 0 {
			all = append(all, below...)
		} else {
			all = append(all, name)
		}
	}
	return all
}

func TestJSONOfWhatNoControlAPIHas(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	var variables map[string]*string
	s.decode(t, &variables, "env", "--json")
	if got := variables["TOKENSTAGE_SANDBOX"]; got == nil || *got != "default" {
		t.Errorf("variables %v", variables)
	}
	if unset, known := variables["ALIBABA_CLOUD_SECURITY_TOKEN"]; !known || unset != nil {
		t.Errorf("variables %v", variables)
	}
	bad := file(t, "bad.yaml", slip)
	got := run(t, nil, "scenarios", "check", "--json", bad)
	var found struct {
		Problems []struct {
			File, Message, Meant string
			Line, Column         int
		}
	}
	if err := json.Unmarshal([]byte(got.out), &found); err != nil || got.code != 1 || len(found.Problems) != 1 ||
		found.Problems[0].File != bad || found.Problems[0].Line != 3 || found.Problems[0].Meant != "ccmessaging.tokenByAkSk" {
		t.Errorf("%v: got %+v", err, got)
	}
	var version struct{ Go, Platform string }
	s.decode(t, &version, "version", "--json")
	if !strings.HasPrefix(version.Go, "go1.") || !strings.Contains(version.Platform, "/") {
		t.Errorf("version %+v", version)
	}
	var ca struct {
		Certificate, File string
		Trust             map[string]string
	}
	dir := t.TempDir()
	got = run(t, nil, "ca", "--json", "--trust", "node", "--state-dir", dir)
	if err := json.Unmarshal([]byte(got.out), &ca); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	onlyCertificate(t, ca.Certificate)
	if _, err := os.Stat(filepath.Join(dir, "ca", "ca.pem")); err != nil || !strings.Contains(ca.Trust["node"], ca.File) {
		t.Errorf("%v: ca %+v", err, ca)
	}
}

// TestWithoutAServer reads what ships although no emulator runs at the default address.
func TestWithoutAServer(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	if err := client.New("http://127.0.0.1:4011").Health(t.Context()); err == nil {
		t.Skip("an emulator runs at the default address")
	}
	for _, args := range []string{
		"apis", "apis --json", "apis onsmqtt.ApplyToken", "scenarios", "scenarios list --all", "scenarios --json",
		"scenarios show mqtt-throttled-then-fine",
	} {
		words := strings.Split(args, " ")
		with, without := s.run(t, words...), run(t, nil, words...)
		const note = "no emulator runs at http://127.0.0.1:4011: this is what ships\n"
		if without.code != 0 || without.out != with.out || without.err != note {
			t.Errorf("%s: without a server %+v\nwith one %+v", args, without, with)
		}
	}
	got := run(t, nil, "scenarios", "show", "mqtt-throttled-than-fine")
	if got.code != 1 || !strings.Contains(got.err, `did you mean "mqtt-throttled-then-fine"?`) {
		t.Errorf("got %+v", got)
	}
}

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for shell, want := range map[string]string{
		"bash": "complete -o default -C ", "zsh": "bashcompinit", "fish": "complete -c tokenstage",
	} {
		for _, got := range []result{
			run(t, nil, "completion", shell),
			run(t, map[string]string{"SHELL": "/usr/bin/" + shell}, "completion"),
		} {
			if got.code != 0 || !strings.Contains(got.out, want) || strings.Contains(got.out, "{bin}") {
				t.Errorf("%s: got %+v", shell, got)
			}
		}
	}
	if got := run(t, nil, "completion"); got.code != 2 || got.err != "tokenstage: name your shell: bash, zsh or fish\n" {
		t.Errorf("got %+v", got)
	}
}

func TestCoverageOfOneAPIAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t)
	in := []string{"--sandbox", box.ID}
	if got := s.issue(t, box.Credentials.Fabric[0], "wrong-secret"); got != http.StatusForbidden {
		t.Fatalf("status %d", got)
	}
	var all, part, missing client.Coverage
	s.decode(t, &all, append([]string{"coverage"}, append(in, "--json")...)...)
	s.decode(t, &part, append([]string{"coverage"}, append(in, "--api", "ccmessaging", "--json")...)...)
	s.decode(t, &missing, append([]string{"coverage"}, append(in, "--api", "ccmessaging", "--missing", "--format", "json")...)...)
	if part.Calls != 1 || part.Seen != 1 || part.Documented == 0 || part.Documented >= all.Documented || len(part.Operations) == 0 {
		t.Errorf("part %+v", part)
	}
	for _, op := range part.Operations {
		if !strings.HasPrefix(op.ID, "ccmessaging.") {
			t.Errorf("%s is part of ccmessaging", op.ID)
		}
	}
	if missing.Seen != 1 || missing.Documented != part.Documented {
		t.Errorf("missing %+v", missing)
	}
	left := 0
	for _, op := range missing.Operations {
		left += len(op.Errors)
	}
	if left != part.Documented-1 {
		t.Errorf("%d errors are missing of %d", left, part.Documented)
	}
	got := s.run(t, append([]string{"coverage"}, append(in, "--api", "ccmessaging", "--missing")...)...)
	if got.code != 0 || strings.Contains(got.out, "onsmqtt") || regexp.MustCompile(`(?m)^ccmessaging.tokenByAkSk +(ok|403) `).
		MatchString(got.out) || !regexp.MustCompile(`(?m)^ccmessaging.tokenByAkSk +401 +0$`).MatchString(got.out) {
		t.Errorf("got %+v", got)
	}
	got = s.run(t, append([]string{"coverage"}, append(in, "--api", "onsmqtt")...)...)
	if got.code != 1 || !strings.Contains(got.err, "no calls") {
		t.Errorf("of an API without calls: %+v", got)
	}
	want := result{2, "", "tokenstage: no API \"onsmqt\", did you mean \"onsmqtt\"?\n"}
	if got := s.run(t, append([]string{"coverage"}, append(in, "--api", "onsmqt")...)...); got != want {
		t.Errorf("got %+v", got)
	}
}

// saved is a sandbox of another server.
func saved(t *testing.T) string {
	t.Helper()
	s := serve(t, map[string]string{"HOME": t.TempDir()})
	s.box(t, "--id", "saved")
	return s.run(t, "sandbox", "save", "saved").out
}
