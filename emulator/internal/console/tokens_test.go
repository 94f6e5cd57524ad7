package console_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

const tokensPage = "/console/tokens?sandbox=default"

func TestTokensAreListed(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.page(t, tokensPage).has(t, "No token was issued in default yet")
	w.applyToken(t, box)
	w.advance(t, box, time.Minute)
	w.getAuthCode(t, box, "alice")
	page := w.page(t, tokensPage)
	page.has(t,
		"active 3m 0s appstream.GetAuthCode appstream-2 2026-03-01 08:01:00 active issued "+
			"alice 2026-03-01 08:01:00 2026-03-01 08:04:00",
		"active 59m 0s onsmqtt.ApplyToken onsmqtt-1 2026-03-01 08:00:00 active issued for R on topics: 1 "+
			"post-cn-a 2026-03-01 08:00:00 2026-03-01 09:00:00",
		"1 to 2 of 2")
	if newest, oldest := strings.Index(page.body, "appstream-2"), strings.Index(page.body, "onsmqtt-1"); newest > oldest {
		t.Error("the newest token is not the first")
	}
	if !strings.Contains(page.body, `data-expires="2026-03-01T09:00:00Z"`) {
		t.Errorf("no end that a script can count down to: %s", page.body)
	}
}

// buttons are the changes that the page offers for a token.
func buttons(page reply, id string) string {
	var offered []string
	for _, change := range []string{"expire", "revoke", "redeem"} {
		if strings.Contains(page.body, `name="`+change+`" value="`+id+`"`) {
			offered = append(offered, change)
		}
	}
	return strings.Join(offered, " ")
}

func TestTokenChanges(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ change, becomes string }{
		"expire": {"expire", "expired"},
		"revoke": {"revoke", "revoked"},
		"redeem": {"redeem", "redeemed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			w.getAuthCode(t, w.box(t, sandbox.Default), "alice")
			if got := buttons(w.page(t, tokensPage), "appstream-1"); got != "expire revoke redeem" {
				t.Errorf("an active code that is good once can %s", got)
			}
			page := w.submit(t, tokensPage, "/console/tokens", url.Values{test.change: {"appstream-1"}})
			page.has(t, "Token appstream-1 is "+test.becomes+".", test.becomes+" by the control plane")
			if got := buttons(page, "appstream-1"); got != "" {
				t.Errorf("a token that is %s can %s", test.becomes, got)
			}
		})
	}
}

// The page offers what can work; what no longer can is refused in words.
func TestTokenRules(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.applyToken(t, box)
	if got := buttons(w.page(t, tokensPage), "onsmqtt-1"); got != "expire revoke" {
		t.Errorf("a token that is good many times can %s", got)
	}
	for name, test := range map[string]struct {
		fields url.Values
		status int
		says   string
	}{
		"no single use": {url.Values{"redeem": {"onsmqtt-1"}}, http.StatusConflict, "not a single-use token"},
		"unknown":       {url.Values{"revoke": {"<i>x</i>"}}, http.StatusNotFound, "no such token: <i>x</i>"},
		"nothing":       {nil, http.StatusUnprocessableEntity, "expire, revoke or redeem"},
		"no proof":      {url.Values{"revoke": {"onsmqtt-1"}, "csrf": {""}}, http.StatusForbidden, "not of this run"},
	} {
		got := w.tries(t, tokensPage, "/console/tokens", test.fields)
		if got.status != test.status {
			t.Errorf("%s: status %d, want %d", name, got.status, test.status)
		}
		got.has(t, test.says)
		got.lacks(t, "<i>x")
	}
	w.advance(t, box, time.Hour)
	page := w.page(t, tokensPage)
	page.has(t, "expired onsmqtt.ApplyToken onsmqtt-1")
	if got := buttons(page, "onsmqtt-1"); got != "" {
		t.Errorf("a token whose time is over can %s", got)
	}
}

// The history of a token tells its uses and its end, with the sandbox's time of each.
func TestTokenHistory(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	issued := w.applyToken(t, box)
	w.advance(t, box, time.Minute)
	w.signed(t, box, "RevokeToken", mqttVersion, url.Values{"InstanceId": {instance}, "Token": {issued}})
	w.getAuthCode(t, box, "alice")
	w.advance(t, box, time.Minute)
	w.getAuthCode(t, box, "alice")
	page := w.page(t, tokensPage)
	page.part(t, "token-onsmqtt-1", "</ol>").has(t, "revoked onsmqtt.ApplyToken onsmqtt-1 2026-03-01 08:00:00 active issued "+
		"for R on topics: 1 2026-03-01 08:01:00 revoked")
	page.part(t, "token-appstream-3", "</ol>").has(t, "superseded", "2026-03-01 08:02:00 superseded")
	page.lacks(t, issued)
}

func TestTokenFilters(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.applyToken(t, box)
	w.getAuthCode(t, box, "alice")
	w.submit(t, tokensPage, "/console/tokens", url.Values{"revoke": {"onsmqtt-1"}})
	for query, want := range map[string]string{
		"":                          "onsmqtt-1 appstream-2",
		"&api=onsmqtt":              "onsmqtt-1",
		"&state=active":             "appstream-2",
		"&state=revoked&api=":       "onsmqtt-1",
		"&state=active&api=onsmqtt": "",
		"&from=1":                   "onsmqtt-1",
		"&from=-7":                  "onsmqtt-1 appstream-2",
		"&from=99":                  "",
	} {
		page, got := w.page(t, tokensPage+query), []string{}
		for _, id := range []string{"onsmqtt-1", "appstream-2"} {
			if strings.Contains(page.body, `id="token-`+id+`"`) {
				got = append(got, id)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
		if want == "" {
			page.has(t, "None of the 2 listed tokens is selected.")
		}
	}
}

func TestTokensByPages(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	for range 105 {
		w.getAuthCode(t, box, "alice")
	}
	first := w.page(t, tokensPage+"&api=appstream")
	first.has(t, "1 to 100 of 105", "Older tokens")
	first.lacks(t, "Newer tokens", `id="token-appstream-5"`)
	if !strings.Contains(first.body, `href="/console/tokens?api=appstream&amp;from=100&amp;sandbox=default"`) {
		t.Errorf("no link to the older tokens with the filter: %s", first.body)
	}
	second := w.page(t, tokensPage+"&from=100")
	second.has(t, "101 to 105 of 105", "Newer tokens")
	second.lacks(t, "Older tokens", `id="token-appstream-6"`)
	// The code of a user that was asked for again is superseded.
	second.has(t, "superseded")
}

// What a client said in asking for a token is shown as text, and without secrets.
func TestTokensAreHarmless(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	const hostile = `<script>alert("x")</script>`
	w.getAuthCode(t, box, hostile)
	w.getAuthCode(t, box, gatewaytest.Read(box.Credentials).ACS[0].AccessKeySecret)
	page := w.page(t, tokensPage)
	page.has(t, hostile)
	page.lacks(t, "<script>alert", gatewaytest.Read(box.Credentials).ACS[0].AccessKeySecret)
}

// tell pastes a text into the form that says what it is.
func (w *world) tell(t *testing.T, text string) reply {
	t.Helper()
	got := w.tries(t, "/console/tokens", "/console/tokens/which", url.Values{"text": {text}})
	if got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.text())
	}
	got.lacks(t, html.EscapeString(text))
	return got
}

// A token that is pasted is told by its sandbox, operation, state and history, also where it was changed on its way.
func TestWhichTokenItIs(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	mqtt, code := w.applyToken(t, box), w.getAuthCode(t, box, "alice")
	app := gatewaytest.Read(box.Credentials).Fabric[0]
	access := w.fabricToken(t, app)
	for text, want := range map[string]string{
		mqtt: "onsmqtt.ApplyToken", " " + code + "\n": "appstream.GetAuthCode", "Bearer " + access: "ccmessaging.tokenByAkSk",
		strings.ReplaceAll(strings.ReplaceAll(mqtt, "+", "-"), "/", "_"): "onsmqtt.ApplyToken",
	} {
		w.tell(t, text).has(t, "of the sandbox qa", want, "State active", "issued")
	}
	if safe := strings.NewReplacer("+", "-", "/", "_").Replace(mqtt); safe != mqtt {
		w.tell(t, safe).has(t, "URL-safe alphabet of base64")
	}
	w.tell(t, app.AppKey[:8]).has(t, "No sandbox knows this text")
	got := w.tries(t, "/console/tokens", "/console/tokens/which", url.Values{"text": {app.AppKey}})
	got.has(t, "This is the key "+app.AppKey+" of the gateway fabric, of the sandbox qa")
	w.tell(t, app.AppSecret).has(t, "No sandbox knows this text")
	tokens, err := w.Tokens(t.Context(), box)
	if err != nil {
		t.Fatal(err)
	}
	for _, issued := range tokens {
		call := w.send(t, w.request(t, http.MethodGet, "/console/tokens/call?sandbox=qa&token="+issued.ID, nil))
		page := w.page(t, call.header.Get("Location"))
		page.has(t, issued.API+"."+issued.Operation+" ok", "It issued the token "+issued.ID)
	}
	w.advance(t, box, 48*time.Hour)
	w.tell(t, mqtt).has(t, "State expired")
	if err := w.Reset(t.Context(), box); err != nil {
		t.Fatal(err)
	}
	w.tell(t, mqtt).has(t, "issued before the sandbox was reset")
}

// fabricToken gets an access token.
func (w *world) fabricToken(t *testing.T, app gatewaytest.App) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"app_key": app.AppKey, "app_secret": app.AppSecret})
	if err != nil {
		t.Fatal(err)
	}
	got := w.call(t, gatewaytest.Request{
		Method: http.MethodPost, Path: "/apigovernance/api/oauth/tokenByAkSk", Body: string(body),
		Header: http.Header{"Content-Type": {"application/json"}},
	})
	var answer struct{ AccessToken string }
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	return answer.AccessToken
}

// A token whose time is over says when that was.
func TestTheEndOfAToken(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	w.applyToken(t, box)
	w.advance(t, box, time.Hour)
	w.page(t, "/console/tokens?sandbox=qa").has(t, "2026-03-01 09:00:00 expired its time was over")
}
