package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

const (
	editorPage = "/console/scenarios/edit"
	goodScript = "name: mine\nrules:\n  - on: onsmqtt.ApplyToken\n    script: [{fail: SystemOverFlow}]\n"
	badScript  = "name: mine\nrules:\n  - on: onsmqtt.ApplyTokn\n    skript: [<b>]\n"
)

func TestTheEditorBeginsWithSomethingGood(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.page(t, editorPage).has(t, "name: my-scenario", "No problem", "plays under the name my-scenario",
		"The first 2 calls fail with ApplyTokenOverFlow.")
	w.page(t, editorPage+"?from="+url.QueryEscape("error/onsmqtt.ApplyToken/InvalidParameter.%s")).has(t,
		"name: my-InvalidParameter.%s", "No problem", "Each call fails with InvalidParameter.Actions.")
	w.pageOf(t, editorPage+"?from=mqtt-throttled-then-fin", http.StatusNotFound).has(t, "Did you mean", throttled)
}

func TestEveryScenarioCanBeEdited(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, name := range w.Library().Names() {
		w.page(t, editorPage+"?from="+url.QueryEscape(name)).has(t, "No problem", "name: my-")
	}
}

func TestADocumentIsCheckedWithTheForm(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, do := range []string{"check", "play"} {
		got := w.tries(t, editorPage, editorPage, url.Values{"do": {do}, "source": {strings.ReplaceAll(badScript, "\n", "\r\n")}})
		if got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", do, got.status)
		}
		got.has(t, "Line 3, column 9 : ", "onsmqtt.ApplyTokn", "did you mean onsmqtt.ApplyToken ?", "Line 4, column 5 : ",
			"did you mean script ?")
		got.lacks(t, "<b>]")
		if !strings.Contains(got.body, "\nname: mine\nrules:") || !strings.Contains(got.body, `aria-invalid="true"`) ||
			!strings.Contains(got.body, "  - on: <mark>onsmqtt.ApplyTokn</mark>") {
			t.Errorf("%s: the text did not come back: %s", do, got.body)
		}
	}
	if got := w.playing(t, w.box(t, sandbox.Default)); got != "magic-values" {
		t.Errorf("%s plays", got)
	}
	got := w.tries(t, editorPage, editorPage, url.Values{"do": {"check"}, "source": {goodScript}})
	got.has(t, "No problem", "Each call fails with SystemOverFlow.")
	if plays := w.playing(t, w.box(t, sandbox.Default)); got.status != http.StatusOK || plays != "magic-values" {
		t.Errorf("status %d, %s plays", got.status, plays)
	}
}

func TestADocumentIsPlayed(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	got := w.tries(t, editorPage, editorPage, url.Values{
		"do": {"play"}, "sandbox": {"qa"}, "source": {strings.ReplaceAll(goodScript, "\n", "\r\n")},
	})
	got.has(t, "mine plays in qa from now on.", "name: mine")
	if got.status != http.StatusOK || w.playing(t, box) != "mine magic-values" {
		t.Errorf("status %d, %s plays", got.status, w.playing(t, box))
	}
	if got := w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box)); !strings.Contains(got.body, "SystemOverFlow") {
		t.Errorf("ApplyToken answered %d %s", got.status, got.body)
	}
	if got := w.playing(t, w.box(t, sandbox.Default)); got != "magic-values" {
		t.Errorf("%s plays in default", got)
	}
}

func TestTheEditorKeepsTheTextWhenItRefuses(t *testing.T) {
	t.Parallel()
	w := open(t)
	full := w.create(t, "full")
	for _, name := range w.Library().Names()[:50] {
		w.play(t, full, play.Playing{Name: name})
	}
	cases := map[string]struct {
		fields url.Values
		status int
		says   string
	}{
		"without proof": {url.Values{"csrf": {"x"}}, http.StatusForbidden, "This form is not of this run of the console"},
		"full":          {url.Values{"sandbox": {full.ID}}, http.StatusConflict, "50 scenarios play already"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := url.Values{"do": {"play"}, "source": {goodScript}}
			for field, values := range c.fields {
				fields[field] = values
			}
			got := w.tries(t, editorPage, editorPage, fields)
			if got.status != c.status {
				t.Errorf("status %d, want %d", got.status, c.status)
			}
			got.has(t, c.says, "name: mine")
			if csrf := got.csrf(t); csrf == "x" {
				t.Error("the form has no new proof")
			}
		})
	}
	for status, fields := range map[int]url.Values{
		http.StatusNotFound: {"sandbox": {"none"}, "source": {goodScript}}, http.StatusBadRequest: {"do": {"play"}},
	} {
		if got := w.tries(t, editorPage, editorPage, fields); got.status != status {
			t.Errorf("%v: status %d, want %d", fields, got.status, status)
		}
	}
}

func TestADocumentIsCheckedWhileItIsWritten(t *testing.T) {
	t.Parallel()
	w := open(t)
	cases := map[string]struct {
		source string
		status int
		says   []string
	}{
		"good":          {goodScript, http.StatusOK, []string{"No problem.", "mine", "Each call fails with SystemOverFlow."}},
		"bad":           {badScript, http.StatusOK, []string{"Line 3, column 9", "Line 4, column 5"}},
		"empty":         {"", http.StatusOK, []string{"1 problem", "Line 1, column 1"}},
		"no text":       {"name: \xff", http.StatusOK, []string{"1 problem"}},
		"beyond bounds": {strings.Repeat("#", 1<<20), http.StatusBadRequest, []string{"could not be read"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.tries(t, editorPage, "/console/scenarios/check", url.Values{"source": {c.source}})
			if got.status != c.status {
				t.Errorf("status %d, want %d", got.status, c.status)
			}
			got.has(t, c.says...)
			got.lacks(t, "<html", "<b>]")
		})
	}
	got := w.tries(t, editorPage, "/console/scenarios/check", url.Values{"source": {goodScript}, "csrf": {"x"}})
	if got.status != http.StatusForbidden {
		t.Errorf("without proof: status %d", got.status)
	}
}

// TestTheEditorTellsWhatCannotHappen explains a document beside what of it never happens, and plays it all the same.
func TestTheEditorTellsWhatCannotHappen(t *testing.T) {
	t.Parallel()
	w := open(t)
	const never = "name: mine\nrules:\n  - on: onsmqtt.*\n    script: [{fail: InternalError}]\n  - on: onsmqtt.ApplyToken\n    script: [pass]\n"
	got := w.tries(t, editorPage, "/console/scenarios/check", url.Values{"source": {never}})
	got.has(t, "No problem.", "It can be played, but this can never happen", "Line 5, column 5 : rule 2 can never take a call",
		"It takes every call of the API onsmqtt.", "Each call fails with InternalError.")
	got = w.tries(t, editorPage, editorPage, url.Values{"do": {"play"}, "source": {never}})
	if got.status != http.StatusOK {
		t.Errorf("status %d", got.status)
	}
	got.has(t, "mine plays in default from now on.")
}
