package browser_test

import "testing"

// overflow is an error that a QA wants to see in an app.
const (
	overflow     = "ApplyTokenOverFlow"
	overflowName = "error/onsmqtt.ApplyToken/" + overflow
)

// scenario is the row of that error on the page of scenarios.
func scenario() spot { return at("table[aria-labelledby='of-onsmqtt.ApplyToken'] tr", overflow) }

func TestErrorIsSetOffByClicks(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	b := s.open(t, "/console/scenarios?sandbox=default")
	b.write(at("input[name=q]", ""), overflow)
	b.wait(`new URLSearchParams(location.search).get("q") === "ApplyTokenOverFlow"`)
	b.see(at("#found", "1 of "))
	b.click(scenario().at("button", "Play"))
	b.see(at("[data-note]", overflowName))
	b.see(scenario().at("button", "Stop"))
	b.see(at("#playing li", overflowName))
	app.gets(overflow)
	b.see(at("#playing li", "1 call")) // where its cursor stands, without a reload
	b.click(at("#playing li", overflowName).at("button", "Stop"))
	b.gone(at("#playing li", overflowName))
	b.see(scenario().at("button", "Play"))
	app.gets("ok")
}

func TestScenarioOfItsOwnPage(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	b := s.open(t, "/console/scenarios?sandbox=default&q="+overflow)
	b.submit(scenario().at("a", overflow))
	b.see(at("h1", overflowName))
	b.click(at("main button", "Play"))
	b.see(at("main button", "Stop"))
	app.gets(overflow)
	b.submit(at("a", "Edit a copy"))
	b.wait(`find(["textarea", ""]).value.includes("ApplyTokenOverFlow")`)
}

func TestEditorChecksWhileOneTypes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	b := s.open(t, "/console/scenarios/edit?sandbox=default")
	const good = "name: mine\nrules:\n  - on: onsmqtt.ApplyToken\n    script:\n      - fail: ApplyTokenOverFlow\n"
	b.write(at("textarea", ""), "name: mine\nrules:\n  - on: onsmqtt.ApplyToken\n    scrip:\n      - pass\n")
	b.see(at("#verdict", "Line 4"))
	b.see(at("#verdict", "did you mean script?"))
	b.wait(`find(["[data-gutter]", ""]).textContent.includes("4")`)

	// The problem leads to its place.
	b.click(at("#verdict a", "Line 4"))
	b.wait(`document.activeElement?.name === "source" &&
		document.activeElement.value.slice(0, document.activeElement.selectionStart).split("\n").length === 4`)

	b.write(at("textarea", ""), good)
	b.see(at("#verdict", "No problem"))
	b.submit(at("button", "Play it"))
	b.see(at("main [role=status]", "mine"))
	app.gets(overflow)
}

// Tab must lead out of the editor.
func TestEditorDoesNotTrapTheKeyboard(t *testing.T) {
	t.Parallel()
	b := serve(t).open(t, "/console/scenarios/edit?sandbox=default")
	b.click(at("textarea", ""))
	b.press("\t")
	b.wait(`document.activeElement !== find(["textarea", ""])`)
}

func TestCoverageFills(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	b := s.open(t, "/console/coverage?sandbox=default")
	cell := at("[aria-labelledby='of-onsmqtt.ApplyToken'] li", overflow)
	b.see(at("#coverage .total", "0 of "))
	b.see(cell.at(".state", "not seen"))
	b.click(cell.at("button", "Play"))
	b.see(cell.at("button", "Stop"))
	app.gets(overflow)
	b.see(cell.at(".state", "seen 1 time"))
	b.see(at("#coverage .total", "1 of "))
}

// TestEditorExplainsWhileOneTypes shows the sentences beside what of the document can never happen.
func TestEditorExplainsWhileOneTypes(t *testing.T) {
	t.Parallel()
	b := serve(t).open(t, "/console/scenarios/edit?sandbox=default")
	b.write(at("textarea", ""), "name: mine\nrules:\n  - on: onsmqtt.ApplyToken\n    per: credential\n    script:\n"+
		"      - {fail: ApplyTokenOverFlow, times: 2}\n      - choose: [{weight: 3, pass: {}}, {network: reset}]\n")
	b.see(at("#verdict .explained p", "Kept apart for each credential: the place in the script."))
	b.see(at("#verdict .explained li", "The first 2 calls fail with ApplyTokenOverFlow."))
	b.see(at("#verdict .explained li li", "75%: is answered as usual"))
	b.write(at("textarea", ""), "name: mine\nrules:\n  - {on: '*', script: [pass]}\n  - {on: onsmqtt.*, script: [fail: InternalError]}\n")
	b.see(at("#verdict", "this can never happen"))
	b.see(at("#verdict a", "Line 4"))
	b.see(at("#verdict .explained li", "Each call fails with InternalError."))
}

// TestWhereAScenarioStands shows states, windows and what is kept apart for a value while calls come in, and at the call.
func TestWhereAScenarioStands(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	b := s.open(t, "/console/scenarios/edit?sandbox=default")
	b.write(at("textarea", ""), "name: stands\nrules:\n  - on: onsmqtt.ApplyToken\n    per: credential\n    for: 10m\n"+
		"    script: [fail: ApplyTokenOverFlow]\n    then: {state.phase: {value: slow, for: 1h}}\n")
	b.see(at("#verdict", "No problem"))
	b.submit(at("button", "Play it"))
	b.show("/console/scenarios?sandbox=default")
	b.see(at("#playing li", "stands"))
	app.gets(overflow)
	b.see(at("#playing .cursors", "each credential stands on its own, below"))
	b.see(at("#playing .keys li", "10m left, until ")) // without a reload
	b.see(at("#playing .keys .states li", "phase"))
	b.show("/console/calls?sandbox=default")
	b.click(at(row, "onsmqtt.ApplyToken").at("a", ""))
	b.see(at("main", "Scenario stands decided that: rule 1, step 1."))
	b.see(at("main .states li", "slow"))
	b.see(at("main", "10m more by the sandbox's clock"))
}
