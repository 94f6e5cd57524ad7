package browser_test

import (
	"fmt"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// see waits until something can be seen.
func (b *tab) see(s spot) {
	b.t.Helper()
	b.wait(s.js())
}

// gone waits until nothing of the kind can be seen.
func (b *tab) gone(s spot) {
	b.t.Helper()
	b.wait("!" + s.js())
}

// text is what an element says.
func (b *tab) text(s spot) string {
	b.t.Helper()
	b.see(s)
	return get[string](b, "said("+s.js()+")")
}

// count is how many visible elements there are.
func (b *tab) count(s spot) int {
	b.t.Helper()
	return get[int](b, s.list()+".length")
}

// point is where to click an element; Covered says what lies over it.
type point struct {
	X, Y    float64
	Covered string
}

// click clicks in the middle of an element as a mouse does, once it stands still: what is covered or disabled cannot be
// clicked.
func (b *tab) click(s spot) {
	b.t.Helper()
	b.wait(fmt.Sprintf("(e => e && !e.disabled)(%s)", s.js()))
	var p point
	still := b.until(func() bool {
		last := p
		next, err := evaluate[point](b.ctx, fmt.Sprintf(middle, s.js()))
		p = next
		return err == nil && p == last && p.Covered == ""
	})
	if !still {
		b.t.Fatalf("%v cannot be clicked: it does not stand still at %v, or something lies over it: %s", s, p, p.Covered)
	}
	b.do(chromedp.MouseClickXY(p.X, p.Y))
}

// middle brings an element into the window and tells where its middle is.
const middle = `(e => {
	if (!e) return null;
	e.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
	const box = e.getClientRects()[0], x = box.x + box.width / 2, y = box.y + box.height / 2;
	const top = document.elementFromPoint(x, y);
	const covered = top && (e.contains(top) || top.contains(e) || top.closest("label")?.control === e) ? ""
		: top?.outerHTML.slice(0, 200) ?? "nothing: it lies outside of the window";
	return { X: x, Y: y, Covered: covered };
})(%s)`

// submit clicks and waits for the page that comes then.
func (b *tab) submit(s spot) {
	b.t.Helper()
	b.leave(func() { b.click(s) })
}

// leave does what leads to another page, and waits until that is there.
func (b *tab) leave(do func()) {
	b.t.Helper()
	b.act("document.leaving = true")
	do()
	b.wait(`!document.leaving && document.readyState === "complete"`)
}

// choose takes an option of a select by what it says.
func (b *tab) choose(s spot, option string) {
	b.t.Helper()
	b.see(s)
	b.act(fmt.Sprintf(`(e => {
		e.value = [...e.options].find(o => o.text === %s).value;
		e.dispatchEvent(new Event("input", { bubbles: true }));
		e.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})(%s)`, quote(option), s.js()))
}

// write replaces what stands in a field, as typed.
func (b *tab) write(s spot, text string) {
	b.t.Helper()
	b.click(s)
	b.act(fmt.Sprintf("(e => { e.focus(); e.select?.(); return true })(%s)", s.js()))
	b.do(typed(text))
}

// typed is text that comes in where the focus is.
func typed(text string) action {
	return raw(input.InsertText, input.InsertTextParams{Text: text})
}

// press presses a key, such as kb.Tab.
func (b *tab) press(key string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(key))
}

// allowClipboard lets the page write to the clipboard and the test read it.
func (b *tab) allowClipboard() {
	b.t.Helper()
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.CallBrowser(b.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission:       &browser.PermissionDescriptor{Name: name},
			Setting:          browser.PermissionSettingGranted,
			BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
}
