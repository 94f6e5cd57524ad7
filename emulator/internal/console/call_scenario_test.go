package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

func (w *world) playAgain(t *testing.T, e journal.Entry) reply {
	t.Helper()
	return w.submit(t, pathOf(e), "/console/calls/again", url.Values{"sandbox": {e.Sandbox}, "request": {e.ID}})
}

// The answer of a call comes again, byte for byte or as the documented error that it was.
func TestAnAnswerIsPlayedAgain(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	token := w.applyToken(t, box)
	w.playAgain(t, w.last(t, box)).has(t, "every call of onsmqtt.ApplyToken gets this answer until you stop it")
	w.advance(t, box, time.Hour)
	if again := w.applyToken(t, box); again != token {
		t.Errorf("%s after %s", again, token)
	}
	if got := w.last(t, box); !strings.Contains(got.Response.Body, got.ID) {
		t.Errorf("the answer to call %s does not carry its id: %s", got.ID, got.Response.Body)
	}
	w.signed(t, box, "GetAuthCode", appstreamVersion, url.Values{})
	refused := w.last(t, box)
	w.playAgain(t, refused)
	w.signed(t, box, "GetAuthCode", appstreamVersion, url.Values{"EndUserId": {"alice"}})
	if got := w.last(t, box); got.Outcome != refused.Outcome || got.Decision == nil || got.ID == refused.ID {
		t.Errorf("%s by %+v after %s", got.Outcome, got.Decision, refused.Outcome)
	}
}

// A reply with what templates begin with is played as it was, and a broken delivery is broken again.
func TestAScriptedAnswerIsPlayedAgain(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.play(t, box, play.Playing{Source: "name: odd\nrules: [{on: onsmqtt.ApplyToken, script: [{respond: {offSpec: true, " +
		`body: '{{"{{"}} "x" <é>\n'}, delay: 1ms, network: drip}]}]`})
	w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
	first := w.last(t, box)
	w.playAgain(t, first)
	w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
	got := w.last(t, box)
	if got.Response.Body != first.Response.Body || !strings.HasPrefix(first.Response.Body, "{{ ") ||
		got.Delivery.Network != "drip" || got.Decision.Scenario == "odd" {
		t.Errorf("%q by %+v, %+v after %q", got.Response.Body, got.Decision, got.Delivery, first.Response.Body)
	}
}

func TestAScenarioFromACall(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.applyToken(t, box)
	e := w.last(t, box)
	page := w.page(t, "/console/scenarios/edit?call="+e.ID)
	page.has(t, "A scenario from a call", "No problem.", `params.InstanceId: {equals: "`+instance+`"}`, "respond:", "status: 200")
	page.lacks(t, "params.Signature", "params.ExpireTime")
	w.call(t, w.signer(t, box).V3(gatewaytest.Request{Method: "POST", Path: "/nothing", Host: w.data}, "Nothing", "1"))
	refused := w.pageOf(t, "/console/scenarios/edit?call="+w.last(t, box).ID, http.StatusUnprocessableEntity)
	refused.has(t, "No operation took this call")
}

func TestTwoCallsCompared(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.applyToken(t, box)
	params := applyParams(t, box)
	params.Set("Actions", "R,W")
	w.signed(t, box, "ApplyToken", mqttVersion, params)
	page := w.open(t, box)
	if !strings.Contains(page.body, "Compare with the onsmqtt.ApplyToken before") {
		t.Fatal("no link to the call before")
	}
	all, err := w.Journal(box).List(t.Context(), journal.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	compared := w.page(t, "/console/calls/compare?sandbox=default&left="+all.Requests[0].ID+"&right="+all.Requests[1].ID)
	compared.has(t, "Actions R nothing R ,W", "3 more are the same in both.", "Body of the request None in either.")
	w.pageOf(t, "/console/calls/compare?sandbox=default&left=none&right="+all.Requests[1].ID, http.StatusNotFound)
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	w := open(t)
	box, other := w.box(t, sandbox.Default), w.create(t, "qa")
	w.applyToken(t, box)
	w.applyToken(t, other)
	w.signed(t, box, "ApplyToken", mqttVersion, url.Values{})
	e := w.last(t, box)
	for path, want := range map[string]int{
		"/console/calls/download?as=har": 3, "/console/calls/download?as=har&sandbox=qa": 1,
		"/console/calls/download?as=har&outcome=!ok": 1, pathOf(e) + "/download?as=har": 1,
	} {
		got := w.page(t, path)
		var archive struct {
			Log struct{ Entries []json.RawMessage }
		}
		if err := json.Unmarshal([]byte(got.body), &archive); err != nil || len(archive.Log.Entries) != want {
			t.Errorf("%s: %d entries, want %d: %v", path, len(archive.Log.Entries), want, err)
		}
		if got.header.Get("Content-Type") != "application/har+json" ||
			!strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment; filename=") {
			t.Errorf("%s: headers %v", path, got.header)
		}
	}
	var entry struct{ ID string }
	if err := json.Unmarshal([]byte(w.page(t, pathOf(e)+"/download?as=json").body), &entry); err != nil || entry.ID != e.ID {
		t.Errorf("as JSON %+v, %v", entry, err)
	}
	w.pageOf(t, "/console/calls/download?as=xml", http.StatusBadRequest).has(t, "json or har")
	w.pageOf(t, "/console/calls/download?as=har&outcome=OK", http.StatusBadRequest)
}

// A scenario of one's own stays listed when it was stopped: to be played, edited and forgotten.
func TestOwnScenariosStay(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.play(t, box, play.Playing{Source: "name: mine\nsummary: Mine alone.\nrules: [{on: onsmqtt.ApplyToken, script: [{fail: SystemOverFlow}]}]"})
	const scenarios = "/console/scenarios?sandbox=default"
	w.page(t, "/console/scenarios/show?name=mine").has(t, "Plays in default", "summary: Mine alone.", "What it does")
	stopped := w.submit(t, scenarios, "/console/scenarios", url.Values{"stop": {"mine"}})
	stopped.has(t, "Yours, stopped", "Play mine", "Mine alone.")
	w.page(t, "/console/scenarios/show?name=mine").has(t, "Does not play in default", "summary: Mine alone.")
	w.page(t, "/console/scenarios/edit?own=mine").has(t, "Edit mine", "name: mine")
	played := w.submit(t, scenarios, "/console/scenarios", url.Values{"play": {"mine"}})
	played.lacks(t, "Yours, stopped")
	if got := w.playing(t, box); !strings.Contains(got, "mine") {
		t.Errorf("%s plays", got)
	}
	w.submit(t, scenarios, "/console/scenarios", url.Values{"stop": {"mine"}})
	w.submit(t, scenarios, "/console/scenarios", url.Values{"forget": {"mine"}}).lacks(t, "Yours, stopped")
	w.pageOf(t, "/console/scenarios/edit?own=mine", http.StatusNotFound)
}
