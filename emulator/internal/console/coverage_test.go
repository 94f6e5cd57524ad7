package console_test

import (
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

func TestCoverageFills(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	all := strconv.Itoa(w.documented(""))
	w.page(t, "/console/coverage").has(t, "0 of "+all+" documented errors seen", "0 %", "0 calls", "not seen: ApplyTokenOverFlow")

	w.submit(t, "/console/coverage", scenariosPage, url.Values{"play": {overflow}}).
		has(t, "not seen: ApplyTokenOverFlow Stop "+overflow)
	for _, seen := range []string{"seen 1 time: ApplyTokenOverFlow", "seen 2 times: ApplyTokenOverFlow"} {
		w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
		w.page(t, "/console/coverage").has(t, seen)
	}
	w.submit(t, "/console/coverage", scenariosPage, url.Values{"stop": {overflow}})
	w.applyToken(t, box)

	page := w.page(t, "/console/coverage")
	page.has(t, "1 of "+all+" documented errors seen", "under 1 %", "3 calls", "seen 2 times: ApplyTokenOverFlow")
	page.lacks(t, `value="`+overflow+`"`)
	page.part(t, "of-onsmqtt.ApplyToken", "</section>").has(t,
		"1 of "+strconv.Itoa(w.documented("onsmqtt.ApplyToken"))+" seen", "3 calls, 1 ok")

	unseen := w.page(t, "/console/coverage?show=unseen").part(t, "of-onsmqtt.ApplyToken", "</section>")
	unseen.lacks(t, ">ApplyTokenOverFlow<")
	unseen.has(t, "not seen: SystemOverFlow Play error/onsmqtt.ApplyToken/SystemOverFlow")
}

// documented counts the documented errors of an operation, or those of all where none is named.
func (w *world) documented(operation string) int {
	count := 0
	for _, api := range w.Catalogue().APIs {
		for _, op := range api.Operations {
			if operation == "" || operation == op.Name {
				count += len(op.Errors)
			}
		}
	}
	return count
}

func TestUndocumentedOutcomesAreShown(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.play(t, box, play.Playing{Source: "name: own\nrules:\n  - on: onsmqtt.ApplyToken\n    script:\n" +
		`      - respond: {status: 400, offSpec: true, body: '{"Code":"<b>Mine</b>","Message":"x"}'}` + "\n"})
	w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
	page := w.page(t, "/console/coverage")
	page.has(t, "Other outcomes, from replies that scripts wrote themselves: <b>Mine</b> (1)")
	page.lacks(t, "<b>Mine")
}

func TestCoverageIsOfOneSandbox(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.applyToken(t, w.create(t, "busy"))
	w.page(t, "/console/coverage?sandbox=busy").has(t, "Coverage of busy", "1 call")
	w.page(t, "/console/coverage").has(t, "Coverage of default", "0 calls")
	w.pageOf(t, "/console/coverage?sandbox=none", 404)
}

// What was seen leads to the calls that met it, and errors with numbers say their names.
func TestCoverageLeadsToCalls(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.play(t, box, play.Playing{Name: "error/onsmqtt.ApplyToken/SystemOverFlow"})
	w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
	page := w.page(t, "/console/coverage?sandbox=default")
	const link = "/console/calls?operation=onsmqtt.ApplyToken&amp;outcome=SystemOverFlow&amp;sandbox=default"
	if !strings.Contains(page.body, `href="`+link+`"`) {
		t.Fatalf("no link to the calls: %s", page.body)
	}
	w.page(t, html.UnescapeString(link)).has(t, "SystemOverFlow The call failed with SystemOverFlow as scripted")
	page.has(t, "25 Invalid signature")
}
