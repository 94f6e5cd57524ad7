package browser_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

const (
	mostRows = 5000 // that the page keeps
	batch    = 200  // calls that one event brings
)

// A list of 5,000 rows stays one that can be used. Nothing here is a time of the clock: what is checked is how much the
// browser has to do.
func TestManyRows(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.openCalls(t, "")
	b.act(`(() => { document.tasks = 0; new PerformanceObserver(list => document.tasks += list.getEntries().length)
		.observe({ type: "longtask" }) })()`)
	for sent := batch; sent <= mostRows; sent += batch {
		s.flood(t, batch)
		b.wait(fmt.Sprintf(`document.querySelectorAll(%s).length >= %d`, quote(row), sent))
	}
	t.Logf("%d tasks of more than 50 ms while %d rows came in %d events",
		get[int](b, "document.tasks"), mostRows, mostRows/batch)

	// Only those near the window are laid out.
	const drawn = `[...document.querySelectorAll("[data-rows] [role=row]")].filter(r =>
		r.querySelector("a").checkVisibility({ contentVisibilityAuto: true })).length`
	if n := get[int](b, drawn); n == 0 || n > 300 {
		t.Errorf("%d of %d rows are drawn, want those near the window", n, mostRows)
	}

	// The page keeps no more.
	s.flood(t, batch)
	b.wait(fmt.Sprintf(`document.querySelector(%s).id.includes("%d")`, quote(row), mostRows+batch))
	if n := get[int](b, fmt.Sprintf("document.querySelectorAll(%s).length", quote(row))); n != mostRows {
		t.Errorf("the page keeps %d rows, want %d", n, mostRows)
	}
	b.everyRowIsReachable(t)
	b.readingIsNotDisturbed(t)
}

// everyRowIsReachable scrolls to the first, a middle and the last row.
func (b *tab) everyRowIsReachable(t *testing.T) {
	t.Helper()
	for _, i := range []int{0, mostRows / 2, mostRows - 1} {
		b.act(fmt.Sprintf(`document.querySelectorAll(%s)[%d].scrollIntoView({ block: "center" })`, quote(row), i))
		b.wait(fmt.Sprintf(`(r => { const box = r.getBoundingClientRect();
			return box.height > 10 && box.top >= 0 && box.bottom <= innerHeight &&
				r.querySelector("a").checkVisibility({ contentVisibilityAuto: true }) })(document.querySelectorAll(%s)[%d])`,
			quote(row), i))
	}
}

// readingIsNotDisturbed checks that the row somebody reads stays where it is while others come in above.
func (b *tab) readingIsNotDisturbed(t *testing.T) {
	t.Helper()
	b.act(fmt.Sprintf(`document.querySelectorAll(%s)[2000].scrollIntoView({ block: "center" })`, quote(row)))
	const middleRow = `document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest("[role=row]")`
	b.wait(middleRow) // once it is drawn
	read := get[string](b, middleRow+".id")
	where := fmt.Sprintf("Math.round(document.getElementById(%s).getBoundingClientRect().top)", quote(read))
	before := get[int](b, where)
	newest := get[string](b, fmt.Sprintf("document.querySelector(%s).id", quote(row)))
	b.server.flood(t, 1)
	b.wait(fmt.Sprintf("document.querySelector(%s).id !== %s", quote(row), quote(newest)))
	if after := get[int](b, where); after < before-2 || after > before+2 {
		t.Errorf("row %s moved from %d to %d when a call came", read, before, after)
	}
}

// flood makes calls without signatures, one after another.
func (s *server) flood(t *testing.T, n int) {
	t.Helper()
	for range n {
		s.send(t, "/apigovernance/api/oauth/tokenByAkSk", "application/json", strings.NewReader(`{"app_key":"x"}`))
	}
}

// What comes faster than people can read is counted where it is not listed: no call goes without a trace.
func TestFloodIsBounded(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.openCalls(t, "")
	const clients, each = 8, 250
	var done sync.WaitGroup
	for range clients {
		done.Go(func() { s.flood(t, each) })
	}
	done.Wait()
	const listed = `document.querySelectorAll("[data-rows] [role=row][id]").length`
	b.wait(fmt.Sprintf(`%s + [...document.querySelectorAll("[data-gap]")]
		.reduce((sum, gap) => sum + parseInt(gap.textContent.replace(/\D/g, "")), 0) === %d`, listed, clients*each))
	if n := get[int](b, listed); n == clients*each {
		t.Errorf("all of %d calls at once were listed", n)
	}
	b.see(at(row, "ccmessaging.tokenByAkSk"))
	if err := b.keepWindow("calls flooded"); err != nil {
		t.Error(err)
	}
}
