package browser_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// looks are the ways in which every page is looked at.
var looks = []struct {
	name, scheme string
	width        int64
}{
	{"light", "light", wide},
	{"dark", "dark", wide},
	{"narrow light", "light", narrow},
	{"narrow dark", "dark", narrow},
}

// The width of a telephone, and the least that pages are made for.
const narrow, narrowest = 390, 360

// A page in every look: nothing of what trouble collects, no serious finding of axe, headings in order, no scrolling
// sideways. A picture of each is kept.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.furnish(t)
	for _, p := range s.everyPage(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			b := s.open(t, p.path)
			if p.refused {
				b.expect("Failed to load resource: the server responded with a status of 404")
			}
			b.wait(`document.readyState === "complete"`)
			for _, look := range looks {
				b.look(look.scheme, look.width)
				b.keep(p.name + " " + look.name)
				b.orderly(t)
				if !p.long || look == looks[0] {
					b.accessible(t)
				}
			}
			b.look("light", narrowest)
			b.orderly(t)
		})
	}
}

// look sets the window's width and the scheme that the reader prefers.
func (b *tab) look(scheme string, width int64) {
	b.t.Helper()
	b.do(
		chromedp.EmulateViewport(width, high),
		raw(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}),
	)
}

// orderly checks that the page does not scroll sideways, that it has one h1, and that no level of heading is left out.
func (b *tab) orderly(t *testing.T) {
	t.Helper()
	if over := get[int](b, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
		t.Errorf("the page is %d pixels wider than its window, because of %s", over, get[string](b,
			`[...document.querySelectorAll("body *")]
				.filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.parentElement.closest(".wide, pre"))
				.slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(" … ")`))
	}
	levels := get[[]int](b, `[...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(shown).map(h => +h.tagName[1])`)
	if len(levels) == 0 || levels[0] != 1 || slices.Contains(levels[1:], 1) {
		t.Errorf("levels of the headings %v, want one h1, first", levels)
	}
	for i := range max(len(levels)-1, 0) {
		if levels[i+1] > levels[i]+1 {
			t.Errorf("levels of the headings %v: an h%d comes after an h%d", levels, levels[i+1], levels[i])
		}
	}
}

// pageCase is a page to look at.
type pageCase struct {
	name, path string
	refused    bool // its status is an error
	long       bool // axe takes its time, and another page has the same parts
}

func (s *server) everyPage(t *testing.T) []pageCase {
	t.Helper()
	pages := []pageCase{
		{name: "calls", path: "/console/calls"},
		{name: "calls filtered", path: "/console/calls?sandbox=default&outcome=!ok"},
		{name: "first call", path: "/console/calls?sandbox=empty"},
		{name: "scenarios", path: "/console/scenarios?sandbox=default", long: true},
		{name: "scenarios searched", path: "/console/scenarios?sandbox=default&q=token+over"},
		{name: "scenario", path: "/console/scenarios/show?sandbox=default&name=" + url.QueryEscape(overflowName)},
		{name: "story", path: "/console/scenarios/show?sandbox=default&name=mqtt-throttled-then-fine"},
		{name: "long story", path: "/console/scenarios/show?sandbox=default&name=slow-hour"},
		{name: "editor", path: "/console/scenarios/edit?sandbox=default"},
		{name: "tokens", path: "/console/tokens?sandbox=default"},
		{name: "no tokens", path: "/console/tokens?sandbox=empty"},
		{name: "coverage", path: "/console/coverage?sandbox=default", long: true},
		{name: "coverage unseen", path: "/console/coverage?sandbox=default&show=unseen", long: true},
		{name: "clock", path: "/console/clock?sandbox=default"},
		{name: "clock far away", path: "/console/clock?sandbox=empty"},
		{name: "sandboxes", path: "/console/sandboxes"},
		{name: "sandbox", path: "/console/sandboxes/default"},
		{name: "no such page", path: "/console/nothing", refused: true},
		{name: "no such sandbox", path: "/console/calls?sandbox=nobody", refused: true},
	}
	calls := s.journal(t, "default")
	pages = append(pages,
		pageCase{name: "two calls", path: "/console/calls/compare?sandbox=default&left=" + calls[0].ID + "&right=" + calls[3].ID},
		pageCase{name: "scenario from a call", path: "/console/scenarios/edit?sandbox=default&call=" + calls[0].ID},
		pageCase{name: "own scenario", path: "/console/scenarios/show?sandbox=default&name=mine"},
		pageCase{name: "sandbox with secrets", path: "/console/sandboxes/empty?secrets=show"},
	)
	named := map[string]bool{}
	for _, e := range calls {
		name := "call " + e.Operation + " " + e.Outcome
		if !named[name] {
			named[name] = true
			pages = append(pages, pageCase{name: name, path: "/console/calls/default/" + e.ID})
			if e.Outcome == "SignatureDoesNotMatch" {
				pages = append(pages, pageCase{name: "signature " + e.ID[:4], path: "/console/calls/default/" + e.ID + "/signature"})
			}
		}
	}
	return pages
}

// furnish gives the pages something to show.
func (s *server) furnish(t *testing.T) {
	t.Helper()
	app := s.defaultApp(t)
	for range 3 {
		app.gets("ok")
	}
	key := s.sandbox(t, "default").Credentials.ACS[0]
	s.signWithPlus(t, key)
	key.Secret += "x"
	s.app(t, key).gets("SignatureDoesNotMatch")
	s.play(t, "default", "mqtt-throttled-then-fine")
	app.gets(overflow)
	s.fabric(t, http.StatusOK, s.sandbox(t, "default").Credentials.Fabric[0])
	s.play(t, "default", "slow-network")
	s.call(t, http.MethodPut, "/v1/sandboxes/default/scenarios/mine", map[string]any{
		"name": "mine", "summary": "Mine alone.", "rules": []map[string]any{{"on": "onsmqtt.QueryToken", "script": []string{"pass"}}},
	}, nil)
	s.call(t, http.MethodDelete, "/v1/sandboxes/default/scenarios/mine", nil, nil)
	s.send(t, "/nothing/of/ours?q=1", "text/plain", strings.NewReader("hello"))
	s.box(t, map[string]any{"id": "empty", "frozen": true, "now": "2030-01-01T00:00:00Z"})
	s.box(t, map[string]any{"id": "a-sandbox-with-a-long-name-of-some-branch-and-a-number-4711", "ttl": "30m"})
	var tokens struct {
		Tokens []struct{ ID string } `json:"tokens"`
	}
	s.call(t, http.MethodGet, "/v1/sandboxes/default/tokens", nil, &tokens)
	for i, change := range []string{"expire", "revoke"} {
		s.call(t, http.MethodPost, "/v1/sandboxes/default/tokens/"+tokens.Tokens[i].ID+"/"+change, nil, nil)
	}
}
