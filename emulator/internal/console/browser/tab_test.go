package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
)

// tab is one page of the console in a browser context of its own: it shares no cookie with another test. It fails its
// test for whatever a page must never do: see trouble.
type tab struct {
	*trouble

	t      *testing.T
	ctx    context.Context //nolint:containedctx // chromedp keeps a tab in a context
	server *server
}

// The window of a tab in CSS pixels.
const wide, high = 1280, 900

const (
	// tabLimit is how long one test may take with its page.
	tabLimit = 90 * time.Second
	// waitLimit is how long a page may take to come to what a test waits for. It bounds failures alone.
	waitLimit = 15 * time.Second
	// glance is how often a condition is looked at.
	glance = 15 * time.Millisecond
)

// open shows a path of the console in a new tab. Actions come before the first page.
func (s *server) open(t *testing.T, path string, before ...action) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(suite.browser, chromedp.WithNewBrowserContext())
	limited, cancel := context.WithTimeout(ctx, tabLimit)
	b := &tab{t: t, ctx: limited, server: s, trouble: &trouble{host: s.control}}
	t.Cleanup(func() {
		b.keepFailure()
		cancel()
		closeTab()
		b.report(t)
	})
	if err := chromedp.Do(ctx); err != nil { // opens the tab, which lives as long as ctx
		t.Fatal(err)
	}
	if err := chromedp.Listen(limited, b.listen(limited)); err != nil {
		t.Fatal(err)
	}
	b.do(
		raw(log.Enable, cdp.Empty{}), raw(audits.Enable, cdp.Empty{}),
		raw(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		chromedp.EmulateViewport(wide, high),
	)
	b.do(before...)
	b.show(path)
	return b
}

// action is a step of chromedp that returns nothing.
type action = chromedp.Action[chromedp.Void]

// raw is a command of the DevTools protocol.
func raw[P, R any](command cdp.Command[P, R], params P) action {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, command, params)
		return chromedp.Void{}, err
	}
}

// do carries out actions of chromedp.
func (b *tab) do(actions ...action) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// beside opens another window of the same browser, which shares cookies and connections with this one.
func (b *tab) beside(path string) *tab {
	b.t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx)
	other := &tab{t: b.t, ctx: ctx, server: b.server, trouble: &trouble{host: b.host}}
	b.t.Cleanup(func() {
		closeTab()
		other.report(b.t)
	})
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, other.listen(ctx)); err != nil {
		b.t.Fatal(err)
	}
	other.do(
		raw(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		chromedp.EmulateViewport(wide, high),
	)
	other.show(path)
	return other
}

// show goes to a path.
func (b *tab) show(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate("http://" + b.server.control + path))
}

// script is an expression of JavaScript with what finders offers. It works on pages whose own scripts
// are switched off.
func script(expression string) string {
	return "(() => {" + finders + "; return (" + expression + ")})()"
}

// finders are what expressions of tests may use.
const finders = `
const shown = e => e.checkVisibility({ visibilityProperty: true });
const said = e => ([e.innerText, e.getAttribute("aria-label"), e.value].filter(Boolean).join(" ")).replace(/\s+/g, " ").trim();
const all = (selector, text = "", from = document) =>
  [...from.querySelectorAll(selector)].filter(e => shown(e) && said(e).includes(text));
const list = (...steps) => steps.reduce((from, [selector, text]) => from.flatMap(f => all(selector, text, f)), [document]);
const find = (...steps) => list(...steps).at(0);
const body = () => document.body.innerText`

// get evaluates an expression.
func get[T any](b *tab, expression string) T {
	b.t.Helper()
	value, err := evaluate[T](b.ctx, expression)
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// getAsync evaluates an expression that is a promise.
func getAsync[T any](b *tab, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script(expression), chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// act evaluates an expression for what it does.
func (b *tab) act(expression string) {
	b.t.Helper()
	get[chromedp.Void](b, expression)
}

func evaluate[T any](ctx context.Context, expression string) (T, error) {
	return chromedp.Run(ctx, chromedp.Evaluate[T](script(expression)))
}

// wait looks at a condition until it holds. A page that is just being left counts as one where it does not.
func (b *tab) wait(condition string) {
	b.t.Helper()
	var last error
	holds := b.until(func() bool {
		holds, err := evaluate[bool](b.ctx, "!!("+condition+")")
		last = err
		return err == nil && holds
	})
	if !holds {
		b.t.Fatalf("never came true: %s (last error: %v)\nthe page %s", condition, last, b.describe())
	}
}

// until looks at something until it is so, which it tells.
func (b *tab) until(so func() bool) bool {
	limited, cancel := context.WithTimeout(b.ctx, waitLimit)
	defer cancel()
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	for !so() {
		select {
		case <-ticker.C:
		case <-limited.Done():
			return false
		}
	}
	return true
}

// describe is what a page shows, for the message of a failure.
func (b *tab) describe() string {
	text, err := evaluate[string](b.ctx, `location.href + " says\n" + body()`)
	if err != nil {
		return err.Error()
	}
	const most = 3000
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// quote writes text as an expression.
func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings always have JSON
	}
	return string(quoted)
}

// spot is something that can be seen: elements of a selector that say a text, each step inside of those before. The
// first one is meant.
type spot []step

type step struct{ selector, text string }

// at is the first visible element of a selector that says a text, which may be empty.
func at(selector, text string) spot { return spot{{selector, text}} }

// at is inside of what s means.
func (s spot) at(selector, text string) spot {
	return append(append(spot(nil), s...), step{selector, text})
}

// js is the element as an expression.
func (s spot) js() string { return "find(" + s.steps() + ")" }

// list is all elements that could be meant, as an expression.
func (s spot) list() string { return "list(" + s.steps() + ")" }

func (s spot) steps() string {
	steps := make([]string, 0, len(s))
	for _, one := range s {
		steps = append(steps, fmt.Sprintf("[%s, %s]", quote(one.selector), quote(one.text)))
	}
	return strings.Join(steps, ", ")
}
