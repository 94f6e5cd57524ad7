package browser_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// banner is what every page says of a server that is not well.
func banner(text string) spot { return at("[data-banner]", text) }

// waitLong is wait for what the page learns by waiting itself.
func (b *tab) waitLong(condition string) {
	b.t.Helper()
	for limit := time.Now().Add(2 * waitLimit); time.Now().Before(limit); {
		if b.until(func() bool {
			holds, err := evaluate[bool](b.ctx, "!!("+condition+")")
			return err == nil && holds
		}) {
			return
		}
	}
	b.t.Fatalf("never came true: %s\nthe page %s", condition, b.describe())
}

// A server that ended, and one that was started in its place, are told of on every page, and pages work again.
func TestServerIsRestarted(t *testing.T) {
	t.Parallel()
	s := serve(t)
	app := s.defaultApp(t)
	app.gets("ok")
	app.gets("ok")
	list := s.openCalls(t, "")
	clock := list.beside("/console/clock?sandbox=default")
	for _, b := range []*tab{list, clock} {
		b.expect("Failed to load resource")
		b.gone(banner(""))
	}
	_ = s.process.Kill()
	for _, b := range []*tab{list, clock} {
		b.see(banner("does not answer since"))
	}
	list.see(at("[data-live-state]", "No connection"))
	if err := list.keepWindow("server gone"); err != nil {
		t.Error(err)
	}
	serve(t, "--addr", s.data, "--control-addr", s.control)
	for _, b := range []*tab{list, clock} {
		b.see(banner("was restarted"))
	}
	list.see(at("[data-lost]", "2 calls that stood here are gone: Tokenstage was restarted"))
	list.wait(at(row, "").list() + ".length === 0")
	app.gets("ok")
	list.wait(at(row, "onsmqtt.ApplyToken").list() + ".length === 1")
	// A form that was there before is one of the new run.
	clock.click(at("#clock-steps button", "Freeze"))
	clock.see(at("#clock-facts", "frozen"))
	if err := list.keepWindow("server restarted"); err != nil {
		t.Error(err)
	}
}

// A server that hangs says nothing, so pages say it: and no clock runs that nobody knows.
func TestServerHangs(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.open(t, "/console/tokens?sandbox=default")
	b.expect("Failed to load resource")
	b.wait(`document.documentElement.dataset.live === "on"`)
	if err := s.process.Signal(stopSignal); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.process.Signal(continueSignal) })
	b.waitLong(banner("it hangs").js())
	const reading = `document.querySelector("[data-clock=main]").textContent`
	stands := get[string](b, reading)
	if err := b.keepWindow("server hangs"); err != nil {
		t.Error(err)
	}
	got := getAsync[string](b, "new Promise(resolve => setTimeout(() => resolve("+reading+"), 2500))")
	if got != stands {
		t.Errorf("the clock went from %s to %s while nobody answered", stands, got)
	}
	if err := s.process.Signal(continueSignal); err != nil {
		t.Fatal(err)
	}
	b.see(banner("answers again"))
	b.wait(reading + " > " + quote(stands))
}

// Browsers have six connections for each host. All windows share one stream, so there can be any number of them.
func TestManyWindows(t *testing.T) {
	t.Parallel()
	s := serve(t)
	first := s.openCalls(t, "")
	all := []*tab{first}
	for range 7 {
		all = append(all, first.beside("/console/calls"))
	}
	for _, b := range all {
		b.see(at("[data-live-state]", "Live"))
	}
	s.defaultApp(t).gets("ok")
	for _, b := range all {
		b.do(raw(page.BringToFront, chromedp.Void{}))
		b.see(at(row, "onsmqtt.ApplyToken"))
	}
}

// How far a sandbox's clock is from real time stands where people look.
func TestClockThatIsFarAwaySaysSo(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.call(t, "PATCH", "/v1/sandboxes/default/clock", map[string]any{"advance": "792h"}, nil)
	b := s.openCalls(t, "?sandbox=default")
	if text := b.text(at(".clock-chip", "")); !strings.Contains(text, "+33 d") {
		t.Errorf("the clock says %q", text)
	}
}
