package browser_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// rowsAre waits until the list has exactly n rows.
func (b *tab) rowsAre(n int) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`document.querySelectorAll(%s).length === %d`, quote(row), n))
}

// misdelivered makes calls whose replies do not arrive as they were meant.
func (s *server) misdelivered(t *testing.T, effect map[string]any) {
	t.Helper()
	s.call(t, http.MethodPut, "/v1/sandboxes/default/scenarios/effect", map[string]any{
		"name": "effect", "rules": []any{map[string]any{"on": "ccmessaging.tokenByAkSk", "script": []any{effect}}},
	}, nil)
	app := s.sandbox(t, "default").Credentials.Fabric[0]
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.data+"/apigovernance/api/oauth/tokenByAkSk",
		strings.NewReader(fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, app.Key, app.Secret)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
	}
}

// What became of a reply is the outcome that people see, not the reply that nobody got.
func TestLostRepliesAreOutcomes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.openCalls(t, "")
	for word, effect := range map[string]map[string]any{
		"reset": {"network": "reset"}, "closed": {"network": "close"}, "truncated": {"network": "truncate"},
		"delayed": {"delay": "1200ms"},
	} {
		s.misdelivered(t, effect)
		b.see(at(row, word))
		if word != "delayed" {
			b.see(at(row, word).at(".outcome", word))
			b.see(at(row, word).at("s", "")) // the status that nobody got
		} else {
			b.see(at(row, word).at("svg.timeline", ""))
			b.see(at(row, "delayed 1.2"))
		}
	}
	b.see(at(".kinds a", "Not delivered 3"))
	b.click(at(".kinds a", "Not delivered"))
	b.rowsAre(3)
	b.click(at(row, "truncated").at("a", ""))
	b.see(at("[data-beside] .call-title", "truncated"))
	b.see(at("[data-beside] .call-title", "bytes of"))
	if err := b.keepWindow("lost replies"); err != nil {
		t.Error(err)
	}
}

// A call that is going on says for how long.
func TestOpenCallCountsItsTime(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.call(t, http.MethodPut, "/v1/sandboxes/default/scenarios/effect", map[string]any{
		"name": "effect", "rules": []any{map[string]any{"on": "onsmqtt.ApplyToken", "script": []any{map[string]any{"delay": "6s"}}}},
	}, nil)
	b, app := s.openCalls(t, ""), s.defaultApp(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		app.apply(instance)
	}()
	b.see(at(row, "pending"))
	b.wait(at(row, "2.").at("[data-so-far]", "").js())
	b.see(at(row, "delayed 6.0"))
	<-done
}

func TestFind(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	issued := app.gets("ok")
	app.gets("ok")
	s.fabric(t, http.StatusOK, s.sandbox(t, "default").Credentials.Fabric[0])
	s.signWithPlus(t, s.sandbox(t, "default").Credentials.ACS[0])
	b := s.openCalls(t, "")
	b.rowsAre(4)
	b.act("document.same = true")
	b.press("/")
	b.wait(`document.activeElement.name === "q"`)
	b.do(typed(issued)) // a token, which stands in one answer
	b.wait(`document.activeElement.value === ` + quote(issued))
	b.rowsAre(1)
	b.wait(`new URLSearchParams(location.search).get("q") === ` + quote(issued))
	b.write(at("main input[name=q]", ""), "blanks signed") // words of a finding
	b.rowsAre(1)
	b.see(at(row, "SignatureDoesNotMatch"))
	b.write(at("main input[name=q]", ""), "no such thing anywhere")
	b.rowsAre(0)
	b.see(at("[data-empty]", "No call is like that"))
	b.click(at("[data-empty] a", "See all calls"))
	b.rowsAre(4)
	b.click(at(".kinds a", "Refusals 1"))
	b.rowsAre(1)
	b.wait(`[...document.querySelectorAll("main select")].every(e => e.value === "")`)
	b.wait("document.same")

	// New calls come in only where they are of the kind, and are counted.
	app.gets("ok")
	b.see(at(".kinds a", "All 5"))
	b.rowsAre(1)

	// What is found is found again by the address, and Back leads through it.
	b.do(chromedp.Reload())
	b.see(at(".kinds a[aria-current]", "Refusals"))
	b.rowsAre(1)
	b.act("history.back()")
	b.see(at(".kinds a[aria-current]", "All"))
	b.rowsAre(5)
	b.act("history.forward()")
	b.see(at(".kinds a[aria-current]", "Refusals"))

	// A filter is kept under its name.
	b.click(at("[data-save]", ""))
	b.see(at("[data-saved] a", "refused"))
	b.show("/console/calls")
	b.rowsAre(5)
	b.click(at("[data-saved] a", "refused"))
	b.rowsAre(1)
}

// The bars of the histogram lead to the calls that they stand for.
func TestHistogramFilters(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.flood(t, 3)
	s.misdelivered(t, map[string]any{"delay": "1500ms"})
	s.flood(t, 2)
	b := s.openCalls(t, "")
	b.rowsAre(6)
	b.act(`document.querySelector(".histogram a:last-of-type").dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, button: 0 }))`)
	b.wait(`new URLSearchParams(location.search).has("from")`)
	b.wait(`document.querySelectorAll(` + quote(row) + `).length < 6 && document.querySelectorAll(` + quote(row) + `).length > 0`)
	b.click(at("a", "All times"))
	b.rowsAre(6)
}

func TestFindWithoutScript(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	issued := app.gets("ok")
	app.gets("ok")
	b := s.open(t, "/console/calls", withoutScript())
	b.write(at("main input[name=q]", ""), issued)
	b.submit(at("main button", "Find"))
	b.rowsAre(1)
	b.submit(at(".kinds a", "Failures"))
	b.rowsAre(0)
	b.submit(at(".kinds a", "All calls"))
	b.rowsAre(2)
}
