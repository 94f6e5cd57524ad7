package browser_test

import (
	"regexp"
	"strings"
	"testing"
)

// token is a row on the page of tokens.
const token = "#tokens tbody tr"

func TestTokenExpiresWhenTheClockIsAdvanced(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.defaultApp(t).gets("ok")
	b := s.open(t, "/console/tokens?sandbox=default")
	b.see(at(token, "active"))
	b.see(at(token, "onsmqtt.ApplyToken"))
	b.click(at(".clock button", "Change the clock")) // in the header of every page
	b.click(at("#clock-panel button", "+1 h"))
	b.see(at(token, "expired"))
	b.gone(at(token, "").at("button", "Revoke"))
	b.see(at("[data-note]", ""))
}

func TestClockPage(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.defaultApp(t).gets("ok")
	b := s.open(t, "/console/clock?sandbox=default")
	b.click(at("#clock-steps button", "Freeze"))
	b.see(at("#clock-facts", "frozen"))
	b.write(at("input[name=now]", ""), "2030-01-01T08:00:00Z")
	b.submit(at("main button", "Set"))
	b.see(at("#clock-facts time", "2030-01-01 08:00:00"))
	b.see(at(".clock-chip", "2030-01-01 08:00:00"))
	b.write(at("input[name=advance]", ""), "59m")
	b.leave(func() { b.press("\r") })
	b.see(at("#clock-facts time", "2030-01-01 08:59:00"))
	b.see(at("#clock-facts", "ahead of real time"))
	b.show("/console/tokens?sandbox=default")
	b.see(at(token, "expired"))
	b.show("/console/clock?sandbox=default")
	b.click(at("#clock-steps button", "Back to now"))
	b.gone(at("#clock-facts", "ahead of real time"))
}

// The reading runs on the page as the sandbox's clock does.
func TestClockRuns(t *testing.T) {
	t.Parallel()
	b := serve(t).open(t, "/console/clock?sandbox=default")
	first := b.text(at("#clock-facts time", ""))
	b.wait(`said(` + at("#clock-facts time", "").js() + `) > ` + quote(first))
}

func TestTokenIsRevoked(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	issued := app.gets("ok")
	if !app.isGood(issued) {
		t.Fatal("a new token is not good")
	}
	b := s.open(t, "/console/tokens?sandbox=default")
	b.click(at(token, "").at("button", "Revoke"))
	b.see(at(token, "revoked"))
	if app.isGood(issued) {
		t.Error("the token is good after it was revoked on the page")
	}
	b.click(at(token, "").at("summary", ""))
	b.see(at(token, "").at(".history li", "revoked"))
}

var keyPattern = regexp.MustCompile(`acs\s+(LTAI\w+)\s+(\S+)`)

func TestSandboxIsCreatedResetAndRemoved(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.open(t, "/console/sandboxes")
	b.write(at("input[name=id]", ""), "qa-one")
	b.submit(at("main button", "Create"))
	b.see(at("h1", "qa-one"))
	key := keyPattern.FindStringSubmatch(b.text(at("main table.secrets", "")))
	if key == nil {
		t.Fatalf("no key of gateway acs: %s", b.describe())
	}
	app := s.app(t, acsKey{ID: key[1], Secret: key[2]})
	app.gets("ok")
	b.see(at("#box-facts dd", "1 kept"))

	b.show("/console/sandboxes/qa-one")
	if text := b.text(at("body", "")); strings.Contains(text, key[2]) {
		t.Error("the secret is shown again")
	}

	confirm(b, "Reset")
	b.see(at("[data-note]", "qa-one"))
	b.see(at("#box-facts dd", "0 kept"))
	app.gets("ok") // the credentials stay

	confirm(b, "Remove")
	b.see(at("[data-note]", "qa-one is removed"))
	b.gone(at("#sandboxes tr", "qa-one"))
	app.gets("InvalidAccessKeyId.NotFound")
}

// confirm presses a button that asks back.
func confirm(b *tab, label string) {
	b.t.Helper()
	b.click(at("main button", label+"…"))
	b.submit(at("main [popover] button", label))
}
