package cli_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// fails lets every sign-in to the AICC fail with a documented status.
const fails = `name: no-sign-in
rules:
  - on: ccmessaging.tokenByAkSk
    script:
      - fail: "500"
`

// slip has an operation that is misspelled on line 3.
const slip = `name: no-sign-in
rules:
  - on: ccmessaging.tokenByAkSK
    script: [pass]
`

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	write(t, path, text)
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestScenariosList(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	got := s.run(t, "scenarios", "list")
	if !strings.HasPrefix(got.out, "NAME ") || !strings.Contains(got.out, "\nmqtt-throttled-then-fine  ") ||
		!regexp.MustCompile(`(?m)^and \d+ for documented errors, error/API.OPERATION/CODE; --all lists them$`).MatchString(got.out) ||
		strings.Contains(got.out, "error/onsmqtt") {
		t.Errorf("%+v", got)
	}
	if got := s.run(t, "scenarios", "list", "--all"); !strings.Contains(got.out, "error/onsmqtt.ApplyToken/InvalidParameter.%s ") {
		t.Errorf("%+v", got)
	}
	var list struct{ Scenarios []client.ScenarioInfo }
	s.decode(t, &list, "scenarios", "list", "--json")
	if len(list.Scenarios) < 50 {
		t.Errorf("%d scenarios", len(list.Scenarios))
	}
}

func TestScenariosShow(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	got := s.run(t, "scenarios", "show", "error/onsmqtt.ApplyToken/InvalidParameter.%s")
	path := file(t, "shown.yaml", got.out)
	if check := run(t, nil, "scenarios", "check", path); check.code != 0 || check.out != "1 file checked, no problems\n" {
		t.Errorf("%+v: %+v", got, check)
	}
	got = s.run(t, "scenarios", "show", "mqtt-throtled-then-fine")
	if got.code != 1 || !strings.Contains(got.err, `did you mean "mqtt-throttled-then-fine"? see: tokenstage scenarios list`) {
		t.Errorf("%+v", got)
	}
}

func TestScenariosCheck(t *testing.T) {
	t.Parallel()
	good, bad := file(t, "good.yaml", fails), file(t, "bad.yaml", slip)
	got := run(t, nil, "scenarios", "check", good, bad)
	want := bad + `:3:9: no operation is named "ccmessaging.tokenByAkSK" (did you mean "ccmessaging.tokenByAkSk"?)` + "\n"
	if got.code != 1 || got.out != want || got.err != "tokenstage: 1 problem found\n" {
		t.Errorf("%+v, want %s", got, want)
	}
	if got := run(t, nil, "scenarios", "check", "none.yaml"); got.code != 1 || got.err != "tokenstage: no such file: none.yaml\n" {
		t.Errorf("%+v", got)
	}
}

func TestScenariosSchema(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	got := run(t, nil, "scenarios", "schema")
	if err := json.Unmarshal([]byte(got.out), &schema); err != nil || schema["title"] != "A Tokenstage scenario" {
		t.Errorf("%v: %+v", err, got)
	}
}

func TestPlayAndStop(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	for name, what := range map[string]string{
		"error/ccmessaging.tokenByAkSk/500": "error/ccmessaging.tokenByAkSk/500", "no-sign-in": file(t, "mine.yaml", fails),
	} {
		box := s.box(t)
		app := box.Credentials.Fabric[0]
		got := s.run(t, "play", what, "--sandbox", box.ID)
		if got.out != name+" is playing in the sandbox "+box.ID+"\n" {
			t.Fatalf("%+v", got)
		}
		if code := s.issue(t, app, app.AppSecret); code != http.StatusInternalServerError {
			t.Errorf("%s: status %d", name, code)
		}
		detail := s.run(t, "requests", "--verbose", "--sandbox", box.ID)
		if !strings.Contains(detail.out, "scenario    "+name+", rule 1, step 1\n") {
			t.Errorf("no decision in:\n%s", detail.out)
		}
		if got := s.run(t, "stop", name, "--sandbox", box.ID); got.code != 0 {
			t.Errorf("%+v", got)
		}
		if code := s.issue(t, app, app.AppSecret); code != http.StatusOK {
			t.Errorf("%s stopped: status %d", name, code)
		}
		if got := s.run(t, "stop", name, "--sandbox", box.ID); got.code != 1 ||
			!strings.HasSuffix(got.err, `does not play: "`+name+`"; playing in the sandbox `+box.ID+": magic-values\n") {
			t.Errorf("%+v", got)
		}
	}
	if got := s.run(t, "stop", "x", "--sandbox", "none"); got.code != 1 || !strings.Contains(got.err, "no such sandbox") {
		t.Errorf("%+v", got)
	}
}

func TestPlayWhatIsNotGood(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	bad := file(t, "bad.yaml", slip)
	for what, want := range map[string]string{
		bad: bad + `:3:9: no operation is named "ccmessaging.tokenByAkSK" (did you mean "ccmessaging.tokenByAkSk"?)`,
		"mqtt-throttled-than-fine": `no scenario has that name: "mqtt-throttled-than-fine"; ` +
			`did you mean "mqtt-throttled-then-fine"? see: tokenstage scenarios list`,
		"none.yaml": "no such file: none.yaml",
		"ApplyTokenOverFlow": `no scenario has that name: "ApplyTokenOverFlow"; ` +
			`did you mean "error/onsmqtt.ApplyToken/ApplyTokenOverFlow"? see: tokenstage scenarios list`,
	} {
		if got := s.run(t, "play", what); got.code != 1 || got.err != "tokenstage: "+want+"\n" {
			t.Errorf("%+v, want %s", got, want)
		}
	}
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	box := s.box(t)
	app := box.Credentials.Fabric[0]
	got := s.run(t, "coverage", "--sandbox", box.ID)
	if got.code != 1 || !strings.Contains(got.err, "no calls in the sandbox "+box.ID) {
		t.Errorf("zero calls: %+v", got)
	}
	s.issue(t, app, app.AppSecret)
	if got := s.run(t, "coverage", "--sandbox", box.ID); !strings.Contains(got.out, "\n1 call; 0 of ") {
		t.Errorf("%+v", got)
	}
	s.issue(t, app, "wrong-secret")
	got = s.run(t, "coverage", "--sandbox", box.ID)
	for _, want := range []string{
		`(?m)^ccmessaging.tokenByAkSk +ok +1$`, `(?m)^ccmessaging.tokenByAkSk +403 +1$`,
		`(?m)^2 calls; 1 of \d+ \([0-9.]+%\) of the documented errors were seen$`,
	} {
		if got.code != 0 || !regexp.MustCompile(want).MatchString(got.out) {
			t.Errorf("no %s in: %+v", want, got)
		}
	}
	if got := s.run(t, "coverage", "--sandbox", box.ID, "--min", "0.01"); got.code != 0 {
		t.Errorf("%+v", got)
	}
	got = s.run(t, "coverage", "--sandbox", box.ID, "--min", "50.5")
	if got.code != 1 || !strings.Contains(got.err, "were seen, fewer than --min 50.5%") {
		t.Errorf("%+v", got)
	}
	if got := s.run(t, "coverage", "--min", "101"); got.code != 2 || !strings.Contains(got.err, "--min: must be a number from 0 to 100") {
		t.Errorf("%+v", got)
	}
	var all client.Coverage
	s.decode(t, &all, "coverage", "--sandbox", box.ID, "--format", "json")
	if all.Calls != 2 || all.Seen != 1 {
		t.Errorf("coverage %+v", all)
	}
	var report struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Cases []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	got = s.run(t, "coverage", "--sandbox", box.ID, "--format", "junit")
	if err := xml.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	if report.Tests != all.Documented || report.Failures != all.Documented-1 || len(report.Suites) != len(all.Operations) {
		t.Errorf("report %+v", report)
	}
	var ctrf struct {
		ReportFormat string
		Results      struct {
			Summary struct{ Tests, Passed, Failed, Suites int }
			Tests   []struct {
				Name, Status, Message string
				Suite                 []string
			}
		}
	}
	s.decode(t, &ctrf, "coverage", "--sandbox", box.ID, "--format", "ctrf")
	if got := ctrf.Results.Summary; ctrf.ReportFormat != "CTRF" || got.Tests != all.Documented || got.Passed != 1 ||
		got.Failed != all.Documented-1 || got.Suites != len(all.Operations) {
		t.Errorf("report %+v", ctrf)
	}
	passed := 0
	for _, test := range ctrf.Results.Tests {
		if test.Name == "" || len(test.Suite) != 1 || (test.Status == "failed") != (test.Message == "never seen") {
			t.Errorf("%+v", test)
		}
		if test.Status == "passed" {
			passed++
		}
	}
	if passed != 1 {
		t.Errorf("%d tests passed, want that of the error that was seen", passed)
	}
}

// defaultApp is the application of the default sandbox.
var defaultApp = client.App{
	AppKey: "11111111-2222-4333-8444-555555555555", AppSecret: "fake-default-fabric-app-secret",
}

// logLimit is long enough for several looks at a file on a busy machine.
const logLimit = 20 * time.Second

// saidInLog waits until the log matches.
func (r *running) saidInLog(t *testing.T, pattern string) {
	t.Helper()
	want := regexp.MustCompile(pattern)
	for {
		text, grew := r.err.read()
		if want.MatchString(text) {
			return
		}
		select {
		case <-grew:
		case <-time.After(logLimit):
			t.Fatalf("the log does not say %s:\n%s", pattern, text)
		}
	}
}

func TestServePlaysFilesAndReloadsThem(t *testing.T) {
	t.Parallel()
	path := file(t, "mine.yaml", fails)
	s := serve(t, nil, "--scenario", path)
	expect := func(when string, want int) {
		t.Helper()
		if got := s.issue(t, defaultApp, defaultApp.AppSecret); got != want {
			t.Errorf("%s: status %d, want %d", when, got, want)
		}
	}
	expect("at the start", http.StatusInternalServerError)
	s.run(t, "sandbox", "reset", "default")
	expect("after a reset", http.StatusInternalServerError)

	write(t, path, slip)
	s.saidInLog(t, `level=WARN msg="scenario not reloaded, the last good one keeps playing" scenario=no-sign-in `+
		`problem=".*mine.yaml:3:9: no operation is named .*\(did you mean `)
	expect("after a broken edit", http.StatusInternalServerError)

	write(t, path, strings.Replace(fails, `"500"`, `"413"`, 1))
	s.saidInLog(t, `level=INFO msg="scenario reloaded" file=\S+mine.yaml scenario=no-sign-in`)
	expect("after an edit", http.StatusRequestEntityTooLarge)

	write(t, path, strings.Replace(fails, "no-sign-in", "renamed", 1))
	s.saidInLog(t, `scenario=renamed`)
	playing, err := client.New(s.control).Playing(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range playing {
		if p.Name == "no-sign-in" {
			t.Error("the scenario plays on under its old name")
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.saidInLog(t, `msg="scenario not reloaded, the last good one keeps playing" file=\S+mine.yaml error="no such file`)
	expect("after the file is gone", http.StatusInternalServerError)
}

// TestServePlaysKnownScenarios plays one by its name, also after a reset.
func TestServePlaysKnownScenarios(t *testing.T) {
	t.Parallel()
	s := serve(t, nil, "--scenario", "error/ccmessaging.tokenByAkSk/500", "--scenario", "mqtt-throttled-then-fine")
	for _, when := range []string{"at the start", "after a reset"} {
		if got := s.issue(t, defaultApp, defaultApp.AppSecret); got != http.StatusInternalServerError {
			t.Errorf("%s: status %d", when, got)
		}
		s.run(t, "sandbox", "reset", "default")
	}
	if got := s.run(t, "sandbox", "show", "default"); !strings.Contains(got.out, "plays      mqtt-throttled-then-fine\n") {
		t.Errorf("got %+v", got)
	}
}

func TestServeRefusesBadFiles(t *testing.T) {
	t.Parallel()
	bad := file(t, "bad.yaml", slip)
	for path, want := range map[string]string{
		bad:                        bad + `:3:9: no operation is named "ccmessaging.tokenByAkSK" (did you mean "ccmessaging.tokenByAkSk"?)`,
		"none.yaml":                "no such file: none.yaml",
		"mqtt-throttled-than-fine": `no file and no scenario is named "mqtt-throttled-than-fine", did you mean "mqtt-throttled-then-fine"?`,
		"something":                `no file and no scenario is named "something"; see: tokenstage scenarios`,
	} {
		got := run(t, nil, "serve", "--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--scenario", path)
		if got.code != 2 || got.err != "tokenstage: --scenario: "+want+"\n" {
			t.Errorf("%+v, want %s", got, want)
		}
	}
}

// TestServeEndsScriptedStalls has a client that waits for an answer that never comes.
func TestServeEndsScriptedStalls(t *testing.T) {
	t.Parallel()
	stall := strings.Replace(fails, `fail: "500"`, "network: stall", 1)
	s := serve(t, nil, "--scenario", file(t, "stall.yaml", stall))
	ended := make(chan error, 1)
	go func() {
		body := `{"app_key":"` + defaultApp.AppKey + `","app_secret":"` + defaultApp.AppSecret + `"}`
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			s.data+"/apigovernance/api/oauth/tokenByAkSk", strings.NewReader(body))
		if err != nil {
			ended <- err
			return
		}
		reply, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = reply.Body.Close()
		}
		ended <- err
	}()
	for { // until the call has been journaled, and so stalls
		page, err := client.New(s.control).Requests(t.Context(), "default", client.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Requests) > 0 {
			break
		}
	}
	if code := s.end(); code != 0 || strings.Contains(s.err.String(), "cut off") {
		t.Errorf("exit code %d: %s", code, s.err)
	}
	if err := <-ended; err == nil {
		t.Error("the stalled call was answered")
	}
}
