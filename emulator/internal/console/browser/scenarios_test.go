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
