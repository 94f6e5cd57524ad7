package console_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

const (
	boxesPage  = "/console/sandboxes"
	changePath = "/console/sandboxes/change"
)

func TestSandboxesAreListed(t *testing.T) {
	t.Parallel()
	w := open(t)
	now, seed := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), uint64(42)
	box, err := w.CreateSandbox(t.Context(), sandbox.Definition{
		ID: "checkout-7", Now: &now, Frozen: true, TTL: "30m",
		Scenarios: []sandbox.Script{{Name: "mqtt-throttled-then-fine"}},
	}, &seed)
	if err != nil {
		t.Fatal(err)
	}
	w.signed(t, box, "GetAuthCode", appstreamVersion, url.Values{"EndUserId": {"alice"}})
	w.signed(t, box, "GetAuthCode", appstreamVersion, url.Values{"EndUserId": {"bob"}})
	page := w.page(t, boxesPage)
	page.has(t, "checkout-7 2030-01-01 00:00:00 frozen 42 1 2 just now 2026-03-01 08:30:00 unless used Reset…",
		"default 2026-03-01 08:00:00 1 0 0 none stays Reset…", "1 to 2 of 2", "Remove checkout-7")
	page.lacks(t, "Remove default", gatewaytest.Read(box.Credentials).ACS[0].AccessKeySecret)
}

// The journal counts what it keeps, not what came.
func TestKeptCallsAreCounted(t *testing.T) {
	t.Parallel()
	w := open(t, func(s *settings) { s.emulator.Journal.Records = 3 })
	for range 5 {
		w.getAuthCode(t, w.box(t, sandbox.Default), "alice")
	}
	w.page(t, boxesPage).has(t, "default 2026-03-01 08:00:00 1 0 3 just now stays")
}

func TestManySandboxes(t *testing.T) {
	t.Parallel()
	w := open(t)
	for i := range 120 {
		w.create(t, fmt.Sprintf("ci-%03d", i))
	}
	w.page(t, boxesPage).has(t, "1 to 50 of 121", "ci-049", "Sandboxes behind")
	page := w.page(t, boxesPage+"?from=100")
	page.has(t, "101 to 121 of 121", "Sandboxes before")
	page.lacks(t, `id="box-ci-099"`)
	w.page(t, boxesPage+"?find=ci-11").has(t, "1 to 10 of 10 found, 121 in all", "ci-110", "ci-119")
	w.page(t, boxesPage+"?find=%3Cb%3E").has(t, "None of the 121 sandboxes has <b> in its id.")
	w.page(t, boxesPage+"?from=400&find=ci-11").has(t, "None of the 121 sandboxes")
}

func TestCreateShowsSecretsOnce(t *testing.T) {
	t.Parallel()
	w := open(t)
	page := w.submit(t, boxesPage, boxesPage, url.Values{
		"id": {"fresh"}, "seed": {"7"}, "now": {"2030-01-01 08:00"}, "frozen": {"true"}, "ttl": {"30m"},
		"scenario": {"mqtt-throttled-then-fine", "", " error/appstream.GetAuthCode/InvalidPolicy"},
	})
	box := w.box(t, "fresh")
	if clock, err := box.Clock(t.Context()); err != nil || clock.Now.Format(time.RFC3339) != "2030-01-01T08:00:00Z" || !clock.Frozen {
		t.Errorf("the clock shows %+v, %v", clock, err)
	}
	if box.Seed != 7 || box.TTL != "30m" || len(box.Scenarios) != 2 {
		t.Errorf("the sandbox is %+v", box.Definition)
	}
	page.has(t, "fresh was created. Its secrets stand on this page now and are hidden when it is opened again", "scenarios , 2 playing")
	secrets := []string{
		gatewaytest.Read(box.Credentials).ACS[0].AccessKeySecret, gatewaytest.Read(box.Credentials).Top[0].AppSecret, gatewaytest.Read(box.Credentials).Fabric[0].AppSecret,
	}
	page.has(t, secrets...)
	again := w.page(t, "/console/sandboxes/fresh")
	again.lacks(t, secrets...)
	again.has(t, "Show the secrets", gatewaytest.Read(box.Credentials).ACS[0].AccessKeyID)
	shown := w.page(t, "/console/sandboxes/fresh?secrets=show")
	shown.has(t, append(secrets, "Hide the secrets", "curl -sS http://"+w.control+"/v1/sandboxes/fresh")...)
}

func TestCreateWithNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.submit(t, boxesPage, boxesPage, nil).has(t, "was created. Its secrets")
	if n := w.boxes(t); n != 2 {
		t.Errorf("there are %d sandboxes", n)
	}
}

// A refused form comes back as it was sent, with the reason, and nothing is created.
func TestCreateRefusals(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.create(t, "taken")
	for name, test := range map[string]struct {
		fields url.Values
		status int
		says   string
	}{
		"taken id":         {url.Values{"id": {"taken"}}, http.StatusConflict, "a sandbox of that id exists: taken"},
		"hostile id":       {url.Values{"id": {`"><script>`}}, http.StatusUnprocessableEntity, `id: must match`},
		"seed":             {url.Values{"seed": {"-1"}}, http.StatusUnprocessableEntity, "seed: must be a whole number"},
		"now":              {url.Values{"now": {"soon"}}, http.StatusUnprocessableEntity, "now: must be an instant"},
		"ttl":              {url.Values{"ttl": {"1 day"}}, http.StatusUnprocessableEntity, "ttl: must be a duration"},
		"unknown scenario": {url.Values{"scenario": {"mqtt-throttled-then-fin"}}, http.StatusUnprocessableEntity, "did you mean mqtt-throttled-then-fine?"},
		"no proof":         {url.Values{"csrf": {"x"}}, http.StatusForbidden, "not of this run"},
	} {
		test.fields.Add("ttl", "45m")
		got := w.tries(t, boxesPage, boxesPage, test.fields)
		if got.status != test.status {
			t.Errorf("%s: status %d, want %d", name, got.status, test.status)
		}
		got.has(t, test.says)
		got.lacks(t, `"><script>`)
		if test.status != http.StatusForbidden && !strings.Contains(got.body, `value="`+test.fields.Get("ttl")+`"`) {
			t.Errorf("%s: the form lost what was in it: %s", name, got.body)
		}
	}
	if n := w.boxes(t); n != 2 {
		t.Errorf("there are %d sandboxes", n)
	}
}

func TestResetSandbox(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "other")
	w.applyToken(t, box)
	w.advance(t, box, time.Hour)
	if err := w.Player(box).Play(t.Context(), play.Playing{Name: "clock-skew"}); err != nil {
		t.Fatal(err)
	}
	page := w.submit(t, "/console/sandboxes/other", changePath, url.Values{"reset": {"other"}})
	page.has(t, "Sandbox other is back at its start.", "Clock 2026-03-01 08:00:00 UTC , running", "calls , 0 kept; scenarios , 0 playing")
	page.lacks(t, gatewaytest.Read(box.Credentials).ACS[0].AccessKeySecret)
	if tokens, err := box.Tokens(t.Context()); err != nil || len(tokens) != 0 {
		t.Errorf("the tokens are %v, %v", tokens, err)
	}
}

// The page of a sandbox that is gone cannot be shown again: its list comes next.
func TestRemoveSandbox(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, from := range []string{"/console/sandboxes/other", "/console/sandboxes?sandbox=other"} {
		w.create(t, "other")
		page := w.submit(t, from, changePath, url.Values{"remove": {"other"}})
		page.has(t, "Sandbox other is removed.", "1 to 1 of 1")
		if _, err := w.Sandboxes().Get(t.Context(), "other"); !errors.Is(err, sandbox.ErrUnknown) {
			t.Errorf("the sandbox is there: %v", err)
		}
	}
}

func TestSandboxChangeRefusals(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, test := range map[string]struct {
		fields url.Values
		status int
		says   string
	}{
		"the default one": {url.Values{"remove": {sandbox.Default}}, http.StatusConflict, "the default sandbox cannot be removed"},
		"unknown, remove": {url.Values{"remove": {"nobody"}}, http.StatusNotFound, "no such sandbox"},
		"unknown, reset":  {url.Values{"reset": {"nobody"}}, http.StatusNotFound, "no such sandbox"},
		"nothing":         {nil, http.StatusUnprocessableEntity, "reset or removed"},
		"no proof":        {url.Values{"reset": {sandbox.Default}, "csrf": {""}}, http.StatusForbidden, "not of this run"},
	} {
		got := w.tries(t, boxesPage, changePath, test.fields)
		if got.status != test.status {
			t.Errorf("%s: status %d, want %d", name, got.status, test.status)
		}
		got.has(t, test.says)
	}
	w.pageOf(t, "/console/sandboxes/nobody", http.StatusNotFound).has(t, "no such sandbox")
	w.pageOf(t, "/console/tokens?sandbox=nobody", http.StatusNotFound)
	for _, path := range []string{changePath, "/console/sandboxes/default"} {
		got := w.send(t, w.request(t, http.MethodDelete, path, nil))
		if got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
			t.Errorf("DELETE %s: status %d", path, got.status)
		}
	}
}

// The picker of the header leads from one sandbox to another.
func TestSandboxPicker(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.create(t, "other")
	got := w.send(t, w.request(t, http.MethodGet, "/console/sandboxes/other?sandbox=default", nil))
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/console/sandboxes/default" {
		t.Errorf("status %d to %q", got.status, got.header.Get("Location"))
	}
	for _, chosen := range []string{"//evil.example", "../x?y", "\x00"} {
		w.pageOf(t, "/console/sandboxes/other?sandbox="+url.QueryEscape(chosen), http.StatusNotFound)
	}
}

// Those with the latest calls come first where that is asked for, and several go at once.
func TestSandboxesByLastCall(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, id := range []string{"ci-1", "ci-2", "ci-3"} {
		w.create(t, id)
	}
	w.getAuthCode(t, w.box(t, "ci-2"), "alice")
	w.real.Pass(90 * time.Minute)
	w.getAuthCode(t, w.box(t, "ci-3"), "alice")
	page := w.page(t, boxesPage+"?sort=used")
	page.has(t, "1 h ago", "just now")
	order := regexp.MustCompile(`id="box-([^"]+)"`).FindAllStringSubmatch(page.body, -1)
	if len(order) != 4 || order[0][1] != "ci-3" || order[1][1] != "ci-2" {
		t.Errorf("in the order %v", order)
	}
	w.submit(t, boxesPage, boxesPage+"/change", url.Values{"remove-picked": {"yes"}, "pick": {"ci-1", "ci-2", "gone"}}).
		has(t, "3 sandboxes are removed.", "1 to 2 of 2")
	got := w.tries(t, boxesPage, boxesPage+"/change", url.Values{"remove-picked": {"yes"}})
	if got.status != http.StatusUnprocessableEntity {
		t.Errorf("nothing ticked: %d", got.status)
	}
	w.tries(t, boxesPage, boxesPage+"/change", url.Values{"remove-picked": {"yes"}, "pick": {"default"}})
	w.box(t, sandbox.Default)
}

// What is saved goes on when it is loaded, with new credentials unless these were saved too.
func TestASnapshotIsSavedAndLoaded(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	token := w.applyToken(t, box)
	w.advance(t, box, 30*time.Minute)
	w.play(t, box, play.Playing{Source: "name: mine\nrules: [{on: onsmqtt.ApplyToken, script: [pass]}]"})
	if err := w.StopPlaying(t.Context(), box, "mine"); err != nil { // what is kept of it stays here
		t.Fatal(err)
	}
	for _, query := range []string{"?journal=true", "?secrets=true"} {
		saved := w.page(t, boxesPage+"/qa/snapshot"+query)
		if want := `attachment; filename="qa.snapshot.json"`; saved.header.Get("Content-Disposition") != want {
			t.Errorf("headers %v", saved.header)
		}
		if got := w.load(t, saved.body); got.status != http.StatusConflict {
			t.Errorf("loaded beside itself: %d", got.status)
		}
		if err := w.RemoveSandbox(t.Context(), "qa"); err != nil {
			t.Fatal(err)
		}
		loaded := w.load(t, saved.body)
		if loaded.status != http.StatusSeeOther || loaded.header.Get("Location") != boxesPage+"/qa" {
			t.Fatalf("%d to %s: %s", loaded.status, loaded.header.Get("Location"), loaded.text())
		}
		page := w.page(t, boxesPage+"/qa")
		page.has(t, "Sandbox qa goes on as it was saved.", "2026-03-01 08:30:00")
		if calls := strings.Contains(page.text(), "1 kept"); calls != (query == "?journal=true") {
			t.Errorf("%s: %s", query, page.text())
		}
		if tokens, err := w.Tokens(t.Context(), w.box(t, "qa")); err != nil || len(tokens) != 1 {
			t.Errorf("%d tokens of %s, %v", len(tokens), token, err)
		}
	}
	for _, body := range []string{"", "{}", `{"other": 1}`, "no JSON"} {
		if got := w.load(t, body); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d %s", body, got.status, got.text())
		}
	}
}

// load sends a file to the page that loads snapshots.
func (w *world) load(t *testing.T, file string) reply {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("csrf", w.page(t, boxesPage).csrf(t))
	part, err := form.CreateFormFile("snapshot", "x.json")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte(file))
	_ = form.Close()
	req := w.request(t, http.MethodPost, boxesPage+"/load", nil)
	req.Body, req.ContentLength = io.NopCloser(&body), int64(body.Len())
	req.Header.Set("Content-Type", form.FormDataContentType())
	return w.send(t, req)
}

// The journal of a sandbox is cleared on its page too.
func TestAJournalIsClearedOnThePageOfItsSandbox(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.applyToken(t, w.box(t, sandbox.Default))
	page := w.submit(t, boxesPage+"/default", boxesPage+"/change", url.Values{"clear": {"default"}})
	page.has(t, "The journal of sandbox default is empty now.", "0 kept")
}
