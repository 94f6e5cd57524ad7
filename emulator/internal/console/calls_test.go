package console_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// post sends a request without a signature.
func (w *world) post(t *testing.T, path, contentType, body string) reply {
	t.Helper()
	return w.call(t, gatewaytest.Request{
		Method: http.MethodPost, Path: path, Body: body, Header: http.Header{"Content-Type": {contentType}},
	})
}

// accessToken makes the call of gateway fabric that needs no signature.
func (w *world) accessToken(t *testing.T, box *sandbox.Sandbox) {
	t.Helper()
	app := gatewaytest.Read(box.Credentials).Fabric[0]
	body, err := json.Marshal(map[string]string{"app_key": app.AppKey, "app_secret": app.AppSecret})
	if err != nil {
		t.Fatal(err)
	}
	got := w.post(t, "/apigovernance/api/oauth/tokenByAkSk", "application/json", string(body))
	if got.status != http.StatusOK {
		t.Fatalf("tokenByAkSk: %d %s", got.status, got.body)
	}
}

var opened = regexp.MustCompile(`<span role="cell" class="what"><a href="([^"]+)"`)

// addresses are those of the calls that a list shows.
func addresses(list reply) (all []string) {
	for _, found := range opened.FindAllStringSubmatch(list.body, -1) {
		all = append(all, html.UnescapeString(found[1]))
	}
	return all
}

var olderLink = regexp.MustCompile(`<a href="([^"]*)" data-older( hidden)?>`)

// older is where a list goes on; empty at its end.
func older(t *testing.T, list reply) string {
	t.Helper()
	found := olderLink.FindStringSubmatch(list.body)
	if found == nil || (found[1] == "") != (found[2] != "") {
		t.Fatalf("the link to older calls is %q", found)
	}
	return html.UnescapeString(found[1])
}

func TestACallIsListedWithAllThatMatters(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	w.advance(t, box, 48*time.Hour)
	w.play(t, box, play.Playing{Name: throttled})
	w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
	list := w.page(t, "/console/calls")
	list.has(t, "2026-03-03 08:00:00.000 onsmqtt.ApplyToken InstanceId post-", "ApplyTokenOverFlow The call failed with", "qa "+throttled)
	if !strings.Contains(list.body, `<time datetime="2026-03-03T08:00:00Z">`) {
		t.Error("the time is not for machines too")
	}
	w.page(t, addresses(list)[0]).has(t, "onsmqtt.ApplyToken ApplyTokenOverFlow")
}

func TestTheListCanBeFiltered(t *testing.T) {
	t.Parallel()
	w := open(t)
	box, qa := w.box(t, sandbox.Default), w.create(t, "qa")
	w.applyToken(t, box)
	w.real.Pass(time.Second)
	w.signed(t, box, "ApplyToken", mqttVersion, nil)
	w.real.Pass(time.Second)
	w.accessToken(t, qa)
	w.real.Pass(time.Second)
	w.post(t, "/nowhere", "text/plain", "")
	const applied, refused, token, stray = "onsmqtt.ApplyToken InstanceId", "onsmqtt.ApplyToken MissingActions",
		"ccmessaging.tokenByAkSk app_key", "no operation http.404"
	for name, test := range map[string]struct {
		query string
		want  []string
	}{
		"none":              {"", []string{stray, token, refused, applied}},
		"all sandboxes":     {"?sandbox=*", []string{stray, token, refused, applied}},
		"a sandbox":         {"?sandbox=default", []string{stray, refused, applied}},
		"another sandbox":   {"?sandbox=qa", []string{token}},
		"API":               {"?api=onsmqtt", []string{refused, applied}},
		"operation":         {"?operation=ApplyToken", []string{refused, applied}},
		"its full name":     {"?operation=onsmqtt.ApplyToken", []string{refused, applied}},
		"outcome":           {"?outcome=MissingActions", []string{refused}},
		"any outcome but":   {"?outcome=!ok", []string{stray, refused}},
		"several":           {"?sandbox=default&api=onsmqtt&operation=ApplyToken&outcome=ok", []string{applied}},
		"contradiction":     {"?sandbox=qa&api=onsmqtt", nil},
		"before nonsense":   {"?before=yes", []string{stray, token, refused, applied}},
		"before everything": {"?before=1_1_default", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := w.page(t, "/console/calls"+test.query)
			if n := len(addresses(list)); n != len(test.want) {
				t.Fatalf("%d calls, want %d", n, len(test.want))
			}
			text, at := list.text(), 0
			for _, want := range test.want {
				i := strings.Index(text[at:], want)
				if i < 0 {
					t.Fatalf("no %q behind %d: %s", want, at, text)
				}
				at += i
			}
		})
	}
}

func TestTheFilterStandsInThePage(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.create(t, "qa")
	for range 201 {
		w.accessToken(t, w.box(t, sandbox.Default))
	}
	const address = "/console/calls?sandbox=default&api=ccmessaging&operation=tokenByAkSk&outcome="
	list := w.pageOf(t, address+url.QueryEscape(`!"x<`), http.StatusBadRequest)
	for _, want := range []string{
		`<option selected>ccmessaging</option>`, `<option value="ccmessaging.tokenByAkSk" selected>`,
		`name="outcome" value="!&#34;x&lt;"`, `<option selected>default</option>`,
		// Another sandbox keeps the filter.
		`<input type="hidden" name="api" value="ccmessaging">`, `<input type="hidden" name="operation" value="tokenByAkSk">`,
		`<input type="hidden" name="outcome" value="!&#34;x&lt;">`,
	} {
		if !strings.Contains(list.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	list.has(t, "no call can end in")
	// What is about one page of one sandbox alone does not stay.
	behind := w.page(t, older(t, w.page(t, "/console/calls?sandbox=default&api=ccmessaging")))
	behind.lacks(t, `name="before"`, `data-events`, `data-pause`)
	behind.has(t, "Newest calls")
}

// placed are the instant and the number of the row of that id.
func placed(t *testing.T, id string) [2]int {
	t.Helper()
	var arrived, seq int
	if _, err := fmt.Sscanf(id, "%d_%d_", &arrived, &seq); err != nil {
		t.Fatal(err)
	}
	return [2]int{arrived, seq}
}

// Paging leads to every call once, also over sandboxes and while others come.
func TestOlderCallsFollow(t *testing.T) {
	t.Parallel()
	w := open(t)
	boxes := []*sandbox.Sandbox{w.box(t, sandbox.Default), w.create(t, "a"), w.create(t, "b")}
	const made = 450
	for i := range made {
		if i%2 == 0 { // pairs arrive at the same instant
			w.real.Pass(time.Millisecond)
		}
		w.accessToken(t, boxes[i/2%3])
	}
	list := w.page(t, "/console/calls?api=ccmessaging")
	all := ids(list.body)
	if len(all) != 200 {
		t.Errorf("%d calls on the first page", len(all))
	}
	for path := older(t, list); path != ""; path = older(t, list) {
		w.accessToken(t, boxes[0])
		list = w.page(t, path)
		if !strings.Contains(path, "api=ccmessaging") {
			t.Errorf("%s lost the filter", path)
		}
		all = append(all, ids(list.body)...)
		if len(all) > made {
			break
		}
	}
	seen := slices.Compact(slices.Sorted(slices.Values(all)))
	if len(all) != made || len(seen) != made {
		t.Errorf("%d rows of %d calls, want %d", len(all), len(seen), made)
	}
	if !slices.IsSortedFunc(all, func(a, b string) int {
		return cmp.Or(placed(t, b)[0]-placed(t, a)[0], placed(t, b)[1]-placed(t, a)[1])
	}) {
		t.Error("they are not in the order of arrival")
	}
}

func TestAJournalIsCleared(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.accessToken(t, w.box(t, sandbox.Default))
	w.accessToken(t, w.create(t, "qa"))
	w.page(t, "/console/calls").lacks(t, "/console/calls/clear") // of which sandbox?
	const page, clear = "/console/calls?sandbox=qa", "/console/calls/clear"
	w.submit(t, page, clear, url.Values{"sandbox": {"qa"}}).has(t, "The journal of sandbox qa is empty now.", "No call yet")
	if n := len(addresses(w.page(t, "/console/calls"))); n != 1 {
		t.Errorf("%d calls are left, want that of the other sandbox", n)
	}
	if got := w.tries(t, page, clear, url.Values{"sandbox": {"none"}}); got.status != http.StatusNotFound {
		t.Errorf("an unknown sandbox: status %d", got.status)
	}
	if got := w.tries(t, page, clear, url.Values{"sandbox": {"*"}}); got.status != http.StatusNotFound {
		t.Errorf("all sandboxes: status %d", got.status)
	}
}

func TestNoListOfAnUnknownSandbox(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.pageOf(t, "/console/calls?sandbox=none", http.StatusNotFound).has(t, "none", "Back to the calls")
	w.pageOf(t, "/console/nowhere", http.StatusNotFound).has(t, "There is no such page.")
}

// A list without calls says what to do: in a command that works as it is, or with the secret put in where that is one.
func TestTheFirstMinute(t *testing.T) {
	t.Parallel()
	w := open(t)
	secret := gatewaytest.Read(w.create(t, "qa").Credentials).Fabric[0].AppSecret
	for _, test := range []struct{ query, box string }{{"", "default"}, {"?sandbox=qa", "qa"}} {
		list := w.page(t, "/console/calls"+test.query)
		list.has(t, "No call yet", "It appears here as soon as it arrives", "credentials of sandbox "+test.box)
		if !strings.Contains(list.body, `href="/console/sandboxes/`+test.box+`"`) {
			t.Errorf("%s: no way to the settings for SDKs", test.box)
		}
		command := strings.ReplaceAll(pasted(t, list)[0], "<app secret>", secret)
		if got := w.curl(t, command); got.status != http.StatusOK || !strings.Contains(got.body, "AccessToken") {
			t.Errorf("%s gets %d %s", command, got.status, got.body)
		}
		list = w.page(t, "/console/calls?sandbox="+test.box)
		list.has(t, "ccmessaging.tokenByAkSk app_key", "ok 200")
		if !strings.Contains(list.body, `data-empty hidden`) {
			t.Errorf("%s: the help does not go", test.box)
		}
	}
	w.page(t, "/console/calls?outcome=SystemOverFlow").lacks(t, "No call yet")
}

func TestTheFirstMinuteWithoutAnAppOfFabric(t *testing.T) {
	t.Parallel()
	w := open(t)
	acs := gatewaytest.Credentials{Fabric: []gatewaytest.App{}, ACS: []gatewaytest.ACSCredential{{AccessKeyID: "LTAIfakeOnly", AccessKeySecret: "fake"}}}.Listed()
	if _, err := w.CreateSandbox(t.Context(), sandbox.Definition{ID: "acs", Credentials: acs}, nil); err != nil {
		t.Fatal(err)
	}
	list := w.page(t, "/console/calls?sandbox=acs")
	list.has(t, "No call yet", "settings for the SDKs")
	list.lacks(t, "curl")
}
