package browser_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// From a refused call to a good one: the signature is taken apart, the client's string is found, and the same request,
// signed anew, is a call of its own.
func TestASignatureIsTakenApartAndSentAnew(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.signWithPlus(t, s.sandbox(t, "default").Credentials.ACS[0])
	b := s.openCalls(t, "?sandbox=default")
	b.click(at(row, "SignatureDoesNotMatch").at("a", ""))
	b.submit(at("a", "Take its signature apart"))
	b.see(at(".verdicts .good", "The client signed blanks as +"))
	b.see(at(".parts tr", "parameter Resources"))
	if marks := get[[]string](b, `[...document.querySelectorAll(".parts mark")].filter(shown).map(m => m.textContent)`); strings.Join(marks, " ") !=
		"  %20 + +" {
		t.Errorf("marked are %q", marks)
	}
	b.click(at("summary", "As text"))
	server := get[string](b, `find(["details[open] pre", ""]).textContent`)
	b.write(at("#text", ""), strings.Replace(server, "%2520", "%2B", 1))
	b.submit(at("button", "Compare"))
	b.see(at(".verdicts .good", "This is what the client signed"))
	b.submit(at("button", "Sign anew and send"))
	b.see(at("[data-note]", "signed anew and sent"))
	b.see(at("h1", "onsmqtt.ApplyToken ok"))
}

// An answer is played again, and what was played is made into a scenario of one's own that stays listed.
func TestAnAnswerBecomesAScenario(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	first := app.gets("ok")
	b := s.openCalls(t, "?sandbox=default")
	b.click(at(row, "onsmqtt.ApplyToken").at("a", ""))
	b.submit(at("button", "Play this answer again"))
	b.see(at("[data-note]", "gets this answer until you stop it"))
	if again := app.gets("ok"); again != first {
		t.Errorf("%s after %s", again, first)
	}
	b.submit(at("nav a", "Scenarios"))
	b.click(at("#playing li", "again-ApplyToken").at("button", "Stop"))
	b.see(at("#playing .stopped li", "again-ApplyToken"))
	if other := app.gets("ok"); other == first {
		t.Error("the answer is the same after it was stopped")
	}
	b.click(at("#playing .stopped li", "again-ApplyToken").at("button", "Play"))
	b.gone(at("#playing .stopped li", ""))
	if again := app.gets("ok"); again != first {
		t.Errorf("%s after %s", again, first)
	}
}

// The editor offers what the schema allows at the caret, plays with Ctrl+Enter, and tries the document out.
func TestTheEditorHelps(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.open(t, "/console/scenarios/edit?sandbox=default")
	text := at("#source", "")
	word := func(text string) spot { return at("[data-words] button", text) }
	b.write(text, "name: mine\nrules:\n  - on: onsmqtt.Apply")
	b.see(word("onsmqtt.ApplyToken"))
	b.do(chromedp.KeyEvent(" ", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.wait(`document.activeElement.matches("[data-words] button")`)
	b.press("\r")
	b.wait(`find(["#source", ""]).value.endsWith("on: onsmqtt.ApplyToken") && document.activeElement.id === "source"`)
	b.do(typed("\n    scr"))
	b.see(word("script"))
	b.gone(word("times"))
	b.do(typed("ipt:\n      - fa"))
	b.click(word("fail"))
	b.do(typed("ApplyTokenO"))
	b.click(word(overflow))
	b.do(typed("\n        times: 2\n      - pass: {}\n    when:\n      params.Inst"))
	b.see(word("params.InstanceId"))
	b.do(typed("anceId: post-*\n"))
	b.see(at("#verdict", "No problem."))
	b.click(at("summary", "Try it out"))
	b.write(at("#calls", ""), "- {call: onsmqtt.ApplyToken, params: {InstanceId: post-1}, times: 3}")
	b.submit(at("button", "Try it"))
	b.see(at(".tried tr", "rule 1, step 1 ApplyTokenOverFlow"))
	b.see(at(".tried tr", "rule 1, step 2 ok"))
	b.click(text)
	b.leave(func() { b.do(chromedp.KeyEvent("\r", chromedp.KeyModifiers(chromedp.ModifierCtrl))) })
	b.see(at("main [role=status]", "mine plays in default"))
	s.defaultApp(t).gets(overflow)
}

// Which token an app holds is told where one pastes it, without a script too.
func TestAPastedTokenIsTold(t *testing.T) {
	t.Parallel()
	s := serve(t)
	token := s.defaultApp(t).gets("ok")
	for _, before := range [][]action{nil, {withoutScript()}} {
		b := s.open(t, "/console/tokens", before...)
		b.write(at("input[name=text]", ""), token)
		b.submit(at("button", "Tell"))
		b.see(at(".done", "of the sandbox default"))
		b.see(at(".facts", "active"))
		b.submit(at("a", "the call"))
		b.see(at("h1", "onsmqtt.ApplyToken ok"))
		b.submit(at("main a", "onsmqtt-1"))
		b.see(at("tr", "onsmqtt-1"))
	}
}

// Many sandboxes go at once, secrets come on demand, and a sandbox that was saved is loaded again.
func TestSandboxesByTheHundred(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, id := range []string{"ci-1", "ci-2", "keep"} {
		s.box(t, map[string]any{"id": id})
	}
	b := s.open(t, "/console/sandboxes")
	b.write(at("input[name=find]", ""), "ci-")
	b.gone(at("#sandboxes tr", "keep"))
	b.click(at("[data-pick-all]", ""))
	b.click(at("button", "Remove the ticked…"))
	b.submit(at("#remove-picked button", "Remove the ticked"))
	b.see(at("[data-note]", "2 sandboxes are removed."))
	b.show("/console/sandboxes/keep")
	secret := s.sandbox(t, "keep").Credentials.ACS[0].Secret
	b.gone(at("main", secret))
	b.submit(at("a", "Show the secrets"))
	b.see(at("main", secret))
	saved := getAsync[string](b, `fetch("/console/sandboxes/keep/snapshot?secrets=true").then(r => r.text())`)
	file := filepath.Join(t.TempDir(), "keep.json")
	if err := os.WriteFile(file, []byte(saved), 0o600); err != nil {
		t.Fatal(err)
	}
	confirm(b, "Remove")
	b.gone(at("#sandboxes tr", "keep"))
	b.do(chromedp.SetUploadFiles(`input[type="file"]`, []string{file}))
	b.submit(at("button", "Load it"))
	b.see(at("[data-note]", "Sandbox keep goes on as it was saved."))
	if again := s.sandbox(t, "keep").Credentials.ACS[0].Secret; again != secret {
		t.Errorf("the secret is %s, was %s", again, secret)
	}
}

// Theme and zone are chosen once and hold on every page; times say what they are in UTC.
func TestColoursAndTimeZone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.call(t, "PATCH", "/v1/sandboxes/default/clock", map[string]any{"now": "2030-01-01T23:30:00Z", "frozen": true}, nil)
	s.fabric(t, http.StatusOK, s.sandbox(t, "default").Credentials.Fabric[0])
	b := s.openCalls(t, "?sandbox=default")
	choose := func(label string) {
		b.click(at(".look button", ""))
		b.submit(at("#look-panel button", label))
	}
	b.look("light", wide)
	choose("Dark")
	b.wait(`getComputedStyle(document.body).backgroundColor === "rgb(20, 24, 27)"`)
	choose("GMT+8")
	b.see(at(".clock-chip", "2030-01-02 07:30:00 GMT+8"))
	b.see(at(row, "2030-01-02 07:30:00"))
	b.wait(`find([".call time", ""]).title.startsWith("2030-01-01 23:30:00")`)
	b.submit(at("nav a", "Tokens"))
	b.see(at("tr", "2030-01-02 07:30:00"))
	s.call(t, "POST", "/v1/sandboxes/default/tokens/ccmessaging-1/expire", nil, nil)
	b.see(at("tr", "expired"))
	b.see(at("tr", "2030-01-02 07:30:00"))
	choose("UTC")
	b.see(at("tr", "2030-01-01 23:30:00"))
}

// A refused change of the clock keeps the page and what was typed.
func TestARefusedClockKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.open(t, "/console/clock?sandbox=default")
	b.expect("the server responded with a status of 422")
	b.write(at("input[name=advance]", ""), "59 minutes or so")
	b.submit(at("main button", "Advance"))
	b.see(at(".refusal", "such as 59m or 1h30m"))
	b.see(at("h1", "Clock of default"))
	b.see(at("input[name=advance]", "59 minutes or so"))
}
