package browser_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// tabTo presses Tab until the focus is on something, and fails when it does not come there.
func (b *tab) tabTo(s spot, most int) {
	b.t.Helper()
	b.see(s)
	for range most {
		b.press("\t")
		if get[bool](b, "document.activeElement === "+s.js()) {
			if !get[bool](b, `document.activeElement.matches(":focus-visible")`) {
				b.t.Errorf("%v does not show that it has the focus", s)
			}
			return
		}
	}
	b.t.Fatalf("Tab did not come to %v", s)
}

// Nothing but keys: search, play, stop.
func TestPlayByKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	b := s.open(t, "/console/scenarios?sandbox=default")
	b.press("\t")
	b.see(at("a", "Skip to the page"))
	b.press("\r")
	b.tabTo(at("input[name=q]", ""), 20)
	b.do(typed(overflow))
	b.see(at("#found", "1 of "))
	b.tabTo(scenario().at("button", "Play"), 30)
	b.press("\r")
	b.see(scenario().at("button", "Stop"))
	app.gets(overflow)
	b.wait("document.activeElement === " + scenario().at("button", "Stop").js()) // the focus is kept
	b.press(" ")
	b.see(scenario().at("button", "Play"))
	app.gets("ok")
}

// The clock of the header, and a call of the list.
func TestClockAndCallByKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.defaultApp(t).gets("ok")
	b := s.openCalls(t, "?sandbox=default")
	b.tabTo(at(".clock button", "Change the clock"), 20)
	b.press("\r")
	b.tabTo(at("#clock-panel button", "Freeze"), 10)
	b.press("\r")
	b.see(at(".clock-chip", "frozen"))
	b.show("/console/calls?sandbox=default")
	b.tabTo(at(row, "").at("a", ""), 40)
	b.press("\r")
	b.see(at("[data-beside] h2", "onsmqtt.ApplyToken"))
}

// Whoever goes backwards sees where the focus is: the header, which stays, does not lie over it.
func TestHeaderDoesNotCoverTheFocus(t *testing.T) {
	t.Parallel()
	b := serve(t).open(t, "/console/scenarios?sandbox=default&q=onsmqtt.ApplyToken")
	b.act(`all("main button").at(-1).focus()`)
	const covered = `(e => {
		const box = e.getBoundingClientRect();
		return document.elementFromPoint(box.x + box.width / 2, box.y + 2).closest(".top") ? e.outerHTML : "";
	})(document.activeElement)`
	const many = 60
	for range many {
		b.do(chromedp.KeyEvent("\t", chromedp.KeyModifiers(chromedp.ModifierShift)))
		if got := get[string](b, covered); got != "" {
			t.Fatalf("the header covers %s", got)
		}
	}
	b.wait("scrollY < document.documentElement.scrollHeight - innerHeight") // or nothing was tried
}

// withoutScript is a browser with scripts switched off.
func withoutScript() action {
	return raw(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// What matters works by forms and links alone.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	issued := app.gets("ok")
	b := s.open(t, "/console/calls?sandbox=default", withoutScript())
	b.submit(at(row, "onsmqtt.ApplyToken").at("a", ""))
	b.see(at("h1", "onsmqtt.ApplyToken"))
	b.gone(at("button", "Copy"))

	b.submit(at("nav a", "Scenarios"))
	b.write(at("input[name=q]", ""), overflow)
	b.submit(at("button", "Search"))
	b.submit(scenario().at("button", "Play"))
	b.see(at("[data-note]", overflowName))
	app.gets(overflow)
	b.submit(scenario().at("button", "Stop"))
	b.submit(at("nav a", "Coverage"))
	b.see(at("#coverage .total", "1 of "))

	b.submit(at("nav a", "Tokens"))
	b.submit(at(token, "active").at("button", "Revoke"))
	b.see(at(token, "revoked"))
	if app.isGood(issued) {
		t.Error("the token is good after it was revoked")
	}

	b.click(at(".clock button", "Change the clock"))
	b.submit(at("#clock-panel button", "Freeze"))
	b.see(at(".clock-chip", "frozen"))
	b.submit(at("nav a", "Clock"))
	b.write(at("input[name=advance]", ""), "2h")
	b.submit(at("main button", "Advance"))
	b.see(at("#clock-facts", "ahead of real time"))
}

func TestSandboxesWithoutScript(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.open(t, "/console/sandboxes", withoutScript())
	b.write(at("input[name=id]", ""), "plain")
	b.submit(at("main button", "Create"))
	key := keyPattern.FindStringSubmatch(b.text(at("main table.secrets", "")))
	if key == nil {
		t.Fatalf("no key of gateway acs: %s", b.describe())
	}
	s.app(t, acsKey{ID: key[1], Secret: key[2]}).gets("ok")
	b.submit(at("nav a", "Calls"))
	b.see(at(row, "onsmqtt.ApplyToken"))
	b.show("/console/sandboxes/plain")
	confirm(b, "Remove")
	b.gone(at("#sandboxes tr", "plain"))
}

func TestEditorWithoutScript(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.open(t, "/console/scenarios/edit?sandbox=default", withoutScript())
	b.expect("the server responded with a status of 422")
	b.write(at("textarea", ""), "name: mine\nrules:\n  - on: onsmqtt.ApplyToken\n    scrip:\n      - pass\n")
	b.submit(at("button", "Check"))
	b.see(at("#verdict", "Line 4"))
	b.write(at("textarea", ""), "name: mine\nrules:\n  - on: onsmqtt.ApplyToken\n    script:\n      - fail: ApplyTokenOverFlow\n")
	b.submit(at("button", "Play it"))
	b.see(at("main [role=status]", "mine"))
	s.defaultApp(t).gets(overflow)
}
