package browser_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"reflect"
	"strings"
	"testing"
)

// row is a call in the list.
const row = "[data-rows] [role=row]"

// openCalls shows the list and waits until new calls come in by themselves.
func (s *server) openCalls(t *testing.T, query string) *tab {
	t.Helper()
	b := s.open(t, "/console/calls"+query)
	b.see(at("[data-live-state]", "Live"))
	return b
}

func TestCallAppearsWithoutReload(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.openCalls(t, "")
	b.act("document.same = true")
	s.defaultApp(t).gets("ok")
	b.see(at(row, "onsmqtt.ApplyToken"))
	b.wait("document.same")
	if n := b.count(at(row, "")); n != 1 {
		t.Errorf("%d rows for one call", n)
	}
}

// A pending call becomes what it is in its place.
func TestPendingCallIsCompleted(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.call(t, http.MethodPut, "/v1/sandboxes/default/scenarios/slow", map[string]any{
		"name": "slow", "rules": []any{map[string]any{"on": "onsmqtt.ApplyToken", "script": []any{map[string]any{"delay": "3s"}}}},
	}, nil)
	b, app := s.openCalls(t, ""), s.defaultApp(t)
	got := make(chan string, 1)
	go func() {
		_, outcome := app.apply(instance)
		got <- outcome
	}()
	b.see(at(row, "pending"))
	b.see(at(row, "delayed"))
	if outcome := <-got; outcome != "ok" {
		t.Errorf("the SDK got %s", outcome)
	}
	if n := b.count(at(row, "")); n != 1 {
		t.Errorf("%d rows for one call", n)
	}
}

// The clock in the header is right also when a test or the command line moves it.
func TestClockOfTheListFollows(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.call(t, http.MethodPatch, "/v1/sandboxes/default/clock", map[string]any{"frozen": true}, nil)
	s.defaultApp(t).gets("ok")
	b := s.openCalls(t, "")
	b.act("document.same = true")
	s.call(t, http.MethodPatch, "/v1/sandboxes/default/clock", map[string]any{"now": "2030-01-01T08:00:00Z"}, nil)
	b.see(at(".clock-chip", "2030-01-01 08:00:00"))
	s.call(t, http.MethodPatch, "/v1/sandboxes/default/clock", map[string]any{"frozen": false}, nil)
	b.see(at(".clock-chip", "running"))
	b.wait("document.same")
	if n := b.count(at(row, "")); n != 1 {
		t.Errorf("%d rows, want the one from before", n)
	}
}

func TestPauseHoldsAndGoesOn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b, app := s.openCalls(t, ""), s.defaultApp(t)
	app.gets("ok")
	b.see(at(row, ""))
	b.click(at("[data-pause]", "Pause"))
	app.gets("ok")
	app.gets("ok")
	b.see(at("[data-live-state]", "2 "))
	if n := b.count(at(row, "")); n != 1 {
		t.Errorf("%d rows while paused, want the one from before", n)
	}
	b.click(at("[data-pause]", ""))
	b.wait(at(row, "").list() + ".length === 3")
	b.see(at("[data-live-state]", "Live"))
}

func TestFiltersStandInTheAddress(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	app.gets("ok")
	s.play(t, "default", "error/onsmqtt.ApplyToken/ApplyTokenOverFlow")
	app.gets("ApplyTokenOverFlow")
	b := s.openCalls(t, "?sandbox=default")
	b.wait(at(row, "").list() + ".length === 2")
	b.act("document.same = true")
	b.choose(at("main select[name=api]", ""), "onsmqtt")
	b.wait(`new URLSearchParams(location.search).get("api") === "onsmqtt"`)
	b.write(at("main input[name=outcome]", ""), "!ok")
	b.press("\r")
	b.wait(`new URLSearchParams(location.search).get("outcome") === "!ok"`)
	b.wait("document.same")
	b.wait(`new URLSearchParams(location.search).get("sandbox") === "default"`)
	b.wait(at(row, "").list() + ".length === 1")
	b.see(at(row, "ApplyTokenOverFlow"))
	b.see(at("[data-live-state]", "Live"))

	// Others are not listed, neither now nor when they come.
	s.call(t, "DELETE", "/v1/sandboxes/default/scenarios/"+url.PathEscape("error/onsmqtt.ApplyToken/ApplyTokenOverFlow"), nil, nil)
	app.gets("ok")
	s.play(t, "default", "error/onsmqtt.ApplyToken/ApplyTokenOverFlow")
	app.gets("ApplyTokenOverFlow")
	b.wait(at(row, "").list() + ".length === 2")
	if n := b.count(at(row, "ApplyTokenOverFlow")); n != 2 {
		t.Errorf("%d rows are of the chosen outcome, want both", n)
	}
}

func TestCallOpensWithItsFindings(t *testing.T) {
	t.Parallel()
	s := serve(t)
	key := s.sandbox(t, "default").Credentials.ACS[0]
	key.Secret += "x"
	b := s.openCalls(t, "")
	s.app(t, key).gets("SignatureDoesNotMatch")
	b.click(at(row, "SignatureDoesNotMatch").at("a", ""))
	for _, want := range []string{"LTAIfakeDefault", "Specified signature", "POST&%2F&AccessKeyId"} {
		b.see(at("main", want))
	}
	b.see(at("main .finding", "signature"))
	b.see(at("main #request", ""))
	b.see(at("main #response", ""))
	b.see(at("main #curl", ""))
	if strings.Contains(b.text(at("body", "")), key.Secret) {
		t.Error("the page shows the secret")
	}
}

// A client that writes blanks as "+" is told so: both strings to sign, and the first difference marked in each.
func TestFirstDifferenceIsMarked(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.openCalls(t, "")
	s.signWithPlus(t, s.sandbox(t, "default").Credentials.ACS[0])
	b.click(at(row, "SignatureDoesNotMatch").at("a", ""))
	if got := b.text(at("main [data-side=Server] mark", "")); got != "%2520" {
		t.Errorf("marked in the server's string: %q", got)
	}
	if got := b.text(at("main [data-side=Client] mark", "")); got != "%2B" {
		t.Errorf("marked in the client's string: %q", got)
	}
}

// The command of the first minute is run by a shell exactly as the page's button copies it.
func TestFirstMinute(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.openCalls(t, "")
	b.act("document.same = true")
	out := b.runCopied(t, at("[data-empty]", ""))
	if !json.Valid(out) {
		t.Fatalf("%s", out)
	}
	b.see(at(row, "ccmessaging.tokenByAkSk"))
	b.see(at(row, "ok"))
	b.gone(at("[data-empty]", ""))
	b.wait("document.same")
}

// What a call's page copies sends the same once more, whatever a shell could make of it.
func TestCallIsCopiedAsCurl(t *testing.T) {
	t.Parallel()
	s := serve(t)
	header := http.Header{"Content-Type": {"text/plain"}, "X-Note": {`it's "$HOME" \n $(id)`}, "X-Empty": {""}}
	send(t, http.MethodPut, "http://"+s.data+"/nothing/../of[1-3]/ours?q='+%27{a,b}&$(id)", header,
		strings.NewReader("it's\n\"$HOME\" \\ `id`!\n@file\n"))
	first := s.journal(t, "default")[0]
	b := s.open(t, "/console/calls/default/"+first.ID)
	b.runCopied(t, at("section[aria-labelledby=curl]", ""))
	sent := s.journal(t, "default")
	if len(sent) != 2 {
		t.Fatalf("%d calls, want the first and its copy", len(sent))
	}
	if again := sent[1].Request; !reflect.DeepEqual(again, first.Request) {
		t.Errorf("copied\n%+v\nfrom\n%+v", again, first.Request)
	}
}

// runCopied presses the button that copies a command, and gives it to a shell.
func (b *tab) runCopied(t *testing.T, where spot) (out []byte) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		need(t, "there is no curl on this machine")
	}
	b.allowClipboard()
	b.click(where.at("button", "Copy"))
	b.see(where.at("button", "Copied"))
	text := getAsync[string](b, "navigator.clipboard.readText()")
	command := exec.CommandContext(t.Context(), "sh", "-c", text)
	command.Dir = t.TempDir()
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s\n%v: %s", text, err, out)
	}
	return out
}
