package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// try sends the editor's form to try a document out.
func (w *world) try(t *testing.T, source, calls string) reply {
	t.Helper()
	const edit = "/console/scenarios/edit"
	return w.tries(t, edit, edit, url.Values{"source": {source}, "calls": {calls}, "do": {"try"}})
}

// A document is tried against calls: which rule and step takes each, what they come to, and no sandbox notices.
func TestADocumentIsTriedOut(t *testing.T) {
	t.Parallel()
	w := open(t)
	const source = "name: mine\nrules:\n  - on: onsmqtt.ApplyToken\n    when: {params.InstanceId: post-*}\n" +
		"    script: [{fail: ApplyTokenOverFlow, times: 2}, {delay: 500ms}]\n"
	page := w.try(t, source, "- {call: onsmqtt.ApplyToken, params: {InstanceId: post-1}, times: 4}\r\n"+
		"- {at: 1m, call: onsmqtt.ApplyToken, params: {InstanceId: other}, expect: ApplyTokenOverFlow}\r\n")
	page.has(t, "1 2 0s onsmqtt.ApplyToken rule 1, step 1 ApplyTokenOverFlow 400",
		"1 2 0s onsmqtt.ApplyToken rule 1, step 2 ok 200 after 500.0 ms",
		"2 1 1m 0s onsmqtt.ApplyToken no rule ok 200", "outcome must be ApplyTokenOverFlow, got ok",
		"not rule 1: when params.InstanceId, expected a glob post-*, got other")
	if got := w.playing(t, w.box(t, sandbox.Default)); strings.Contains(got, "mine") {
		t.Errorf("%s plays", got)
	}
	w.try(t, source, "- {call: onsmqtt.AplyToken}").has(t, "The calls cannot be read", "Line 1", "did you mean onsmqtt.ApplyToken")
	w.try(t, source, "- {call: onsmqtt.ApplyToken, times: 2001}").has(t, "at most 2000 are tried here")
	w.try(t, source, "").has(t, "- {call: onsmqtt.ApplyToken, times: 3}")
	w.try(t, "rules: []", "- {call: onsmqtt.ApplyToken}").has(t, "problem")
}

// What the editor completes with are the schema's keys, and the codes and parameters of every operation.
func TestTheEditorsWords(t *testing.T) {
	t.Parallel()
	got := open(t).page(t, "/console/scenarios/words")
	var words struct {
		Schema struct {
			Properties map[string]any
			Defs       map[string]any `json:"$defs"`
		}
		Operations []struct {
			Name          string
			Params, Codes []string
		}
	}
	if err := json.Unmarshal([]byte(got.body), &words); err != nil || got.status != http.StatusOK {
		t.Fatal(err)
	}
	if words.Schema.Properties["rules"] == nil || words.Schema.Defs["step"] == nil {
		t.Errorf("the schema lacks rules or steps: %v", words.Schema)
	}
	for _, op := range words.Operations {
		if op.Name == "onsmqtt.ApplyToken" {
			if !slices.Contains(op.Params, "InstanceId") || !slices.Contains(op.Codes, "ApplyTokenOverFlow") {
				t.Errorf("%+v", op)
			}
			return
		}
	}
	t.Error("no onsmqtt.ApplyToken")
}
