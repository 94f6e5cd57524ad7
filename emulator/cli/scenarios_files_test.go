package cli_test

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// besides answers every sign-in with the body of a file beside it.
const besides = `name: besides
rules:
  - on: ccmessaging.tokenByAkSk
    script:
      - respond: {status: 418, bodyFile: reply.json, offSpec: true}
`

// TestBodyFile checks, plays and serves a document whose body stands in a file beside it.
func TestBodyFile(t *testing.T) {
	t.Parallel()
	path := file(t, "mine.yaml", besides)
	reply := filepath.Join(filepath.Dir(path), "reply.json")
	if got := run(t, nil, "scenarios", "check", path); got.code != 1 || !strings.Contains(got.out,
		`mine.yaml:5:42: the file "reply.json" cannot be put into the body: there is no such file beside the scenario`) {
		t.Errorf("without the file: %+v", got)
	}
	write(t, reply, `{"from": "{{ requestId }}"`+"\n}")
	if got := run(t, nil, "scenarios", "check", path); got.code != 0 {
		t.Errorf("check: %+v", got)
	}
	s := serve(t, nil, "--scenario", path)
	if got := s.issue(t, defaultApp, defaultApp.AppSecret); got != http.StatusTeapot {
		t.Errorf("served: status %d", got)
	}
	write(t, reply, "{}")
	s.saidInLog(t, `level=INFO msg="scenario reloaded" file=\S+mine.yaml scenario=besides`)
	box := s.box(t)
	if got := s.run(t, "play", path, "--sandbox", box.ID); got.code != 0 {
		t.Errorf("play: %+v", got)
	}
}

// TestNeverIsTold wants check to refuse what can never happen, and play and serve to tell of it and play it all the same.
func TestNeverIsTold(t *testing.T) {
	t.Parallel()
	path := file(t, "mine.yaml", "name: mine\nrules:\n  - {on: '*', script: [pass]}\n  - {on: onsmqtt.*, script: [pass]}\n")
	const says = "mine.yaml:4:5: rule 2 can never take a call: rule 1 (line 3) takes every call that it fits"
	if got := run(t, nil, "scenarios", "check", path); got.code != 1 || !strings.Contains(got.out, says) {
		t.Errorf("check: %+v", got)
	}
	s := serve(t, nil, "--scenario", path)
	s.saidInLog(t, `level=WARN msg="scenario plays, with advice" scenario=mine advice=".*`+regexp.QuoteMeta(says))
	got := s.run(t, "play", path)
	if got.code != 0 || !strings.Contains(got.err, strings.Replace(says, ":5: ", ":5: advice: ", 1)) {
		t.Errorf("play: %+v", got)
	}
	write(t, path, "name: mine\nrules:\n  - {on: onsmqtt.*, script: [pass], until: 2020-01-01T00:00:00Z}\n")
	s.saidInLog(t, `level=WARN msg="scenario plays, with advice" scenario=mine advice=".*:3:44: 2020-01-01T00:00:00Z lies in `)
}
