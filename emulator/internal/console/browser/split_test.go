package browser_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A call opens beside the list, which stays where it is; keys go through them.
func TestCallsOpenBesideTheList(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.flood(t, 90)
	app := s.defaultApp(t)
	app.gets("ok")
	b := s.openCalls(t, "")
	b.rowsAre(91)
	b.act("document.same = true")
	b.act(fmt.Sprintf(`document.querySelectorAll(%s)[40].scrollIntoView({ block: "center" })`, quote(row)))
	b.wait("scrollY > 200")
	b.act(fmt.Sprintf(`(document.read = document.querySelectorAll(%s)[40]).querySelector("a").click()`, quote(row)))
	b.see(at("[data-beside] h2", "ccmessaging.tokenByAkSk"))
	b.see(at("[data-beside]", "Request"))
	b.wait(`(box => box.top > 0 && box.bottom < innerHeight)(document.read.getBoundingClientRect())`)
	b.wait(`document.read.ariaCurrent === "true"`)
	id := get[string](b, `new URLSearchParams(location.search).get("call")`)
	b.act(`document.read.querySelector("a").focus()`)
	b.press("j")
	b.wait(`new URLSearchParams(location.search).get("call") !== ` + quote(id))
	b.press("k")
	b.wait(`new URLSearchParams(location.search).get("call") === ` + quote(id))
	if err := b.keepWindow("call beside the list"); err != nil {
		t.Error(err)
	}
	b.accessible(t)

	b.do(chromedp.Reload()) // the address has it
	b.see(at("[data-beside] h2", "ccmessaging.tokenByAkSk"))
	b.press(kb.Escape)
	b.gone(at("[data-beside]", ""))
	b.act("history.back()")
	b.see(at("[data-beside] h2", "ccmessaging.tokenByAkSk"))
	b.press("?")
	b.see(at("#keys", "next and previous"))
}

// Text of a row can be selected: that opens nothing.
func TestTextOfARowCanBeSelected(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.defaultApp(t).gets("ok")
	b := s.openCalls(t, "")
	b.see(at(row, instance))
	const where = `(box => ({ X: box.x + 2, Y: box.y + box.height / 2 }))(document.querySelector("[data-rows] .subject b").getBoundingClientRect())`
	p := get[struct{ X, Y float64 }](b, where)
	b.do(chromedp.MouseClickXY(p.X, p.Y, chromedp.ClickCount(2)))
	b.wait(`getSelection().toString().length > 0`)
}

// Older calls stay on the page when it is loaded again, or come back to; and so does the place where somebody was.
func TestOlderCallsStay(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.flood(t, 450)
	b := s.openCalls(t, "")
	b.rowsAre(200)
	b.click(at("[data-older]", ""))
	b.rowsAre(400)
	b.act(fmt.Sprintf(`document.querySelectorAll(%s)[300].scrollIntoView({ block: "center" })`, quote(row)))
	const middle = `document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest("[role=row]")?.id`
	b.wait(middle)
	read := get[string](b, middle)
	b.show("/console/tokens?sandbox=default")
	b.see(at("h1", "Tokens"))
	s.flood(t, 3)
	b.act("history.back()")
	b.wait(fmt.Sprintf(`document.querySelectorAll(%s).length >= 400`, quote(row)))
	b.wait(fmt.Sprintf(`(box => box.top > 0 && box.bottom < innerHeight)(document.getElementById(%s).getBoundingClientRect())`, quote(read)))

	b.click(at("[data-pause]", "Pause")) // a list that stands still does so when it is loaded again
	top := get[string](b, `document.querySelector("[data-rows] [id]").id`)
	s.flood(t, 2)
	b.do(chromedp.Reload())
	b.see(at("[data-live-state]", "Paused"))
	b.wait(`document.querySelector("[data-rows] [id]").id === ` + quote(top))
	b.click(at("[data-pause]", ""))
	b.wait(`document.querySelector("[data-rows] [id]").id !== ` + quote(top))
}

// The arrows of the keyboard go through the choices of a list, and nothing else happens.
func TestArrowsOfASelectLeaveThePage(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.defaultApp(t).gets("ok")
	for _, path := range []string{"/console/tokens?sandbox=default", "/console/calls"} {
		b := s.open(t, path)
		b.act("document.same = true")
		b.act(`document.querySelector("main select[name=api]").focus()`)
		b.press(kb.ArrowDown)
		b.wait(`document.querySelector("main select[name=api]").value !== ""`)
		b.see(at("main form.filters button", ""))
		b.wait(`document.same && !location.search.includes("api=") && document.activeElement.name === "api"`)
		b.press("\r")
		b.wait(`new URLSearchParams(location.search).get("api") !== null`)
	}
}

// After Back the fields say what the page shows.
func TestBackShowsWhatThePageHolds(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.defaultApp(t).gets("ok")
	s.box(t, map[string]any{"id": "other"})
	b := s.open(t, "/console/tokens?sandbox=default")
	b.see(at("h1", "Tokens of default"))
	b.leave(func() { b.choose(at("form.picker select", ""), "other") })
	b.see(at("h1", "Tokens of other"))
	b.act("history.back()")
	b.see(at("h1", "Tokens of default"))
	b.wait(`document.querySelector("form.picker select").value === "default"`)
}

// Calls that belong together are a sequence with the time between them.
func TestFlow(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.sandbox(t, "default").Credentials.Fabric[0]
	s.fabric(t, http.StatusOK, app) // belongs to nothing
	s.chat(t, app)
	b := s.openCalls(t, "")
	b.click(at(row, "ccmessaging.send").at("a", ""))
	b.submit(at("[data-beside] a", "The flow of this call"))
	b.see(at("h1", "Flow around ccmessaging.send"))
	for _, want := range []string{"1 ccmessaging.tokenByAkSk", "2 ccmessaging.applyToken", "3 ccmessaging.send"} {
		b.see(at(".step", want))
	}
	if n := b.count(at(".step", "")); n != 3 {
		t.Errorf("%d steps, want the three that belong together: %s", n, b.describe())
	}
	b.see(at(".step", "uses what 1 gave"))
	b.see(at(".step.here", "ccmessaging.send"))
	for _, look := range looks {
		b.look(look.scheme, look.width)
		b.keep("flow " + look.name)
		b.orderly(t)
	}
	b.accessible(t)
}

// chat makes the three calls of a chat: each sends what another was given.
func (s *server) chat(t *testing.T, app fabricApp) {
	t.Helper()
	post := func(path, body string, header http.Header) map[string]any {
		header.Set("Content-Type", "application/json")
		_, reply := send(t, http.MethodPost, "http://"+s.data+path, header, strings.NewReader(body))
		var answer map[string]any
		if err := json.Unmarshal(reply, &answer); err != nil {
			t.Fatalf("%s: %s", path, reply)
		}
		return answer
	}
	access := post("/apigovernance/api/oauth/tokenByAkSk", fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, app.Key, app.Secret), http.Header{})
	header := http.Header{"X-App-Key": {app.Key}, "Authorization": {"Bearer " + fmt.Sprint(access["AccessToken"])}}
	issued := post("/apiaccess/ccmessaging/applyToken",
		`{"userId":"alice","userName":"Alice","channelId":"202402195001","locale":"zh"}`, header)
	header.Set("ccmessaging-token", fmt.Sprint(issued["token"]))
	post("/apiaccess/ccmessaging/send", `{"channel":"WEB","content":"","controlType":"CONNECT","from":"alice","to":"202402195001",`+
		`"mediaType":"TEXT","sourceType":"CUSTOMER"}`, header)
}
