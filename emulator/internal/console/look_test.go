package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The look that somebody chose is kept by their browser, and nothing but a look is.
func TestTheLookIsKept(t *testing.T) {
	t.Parallel()
	w := open(t)
	const page = "/console/clock"
	choose := func(form url.Values) string {
		w.submit(t, page, "/console/look", form)
		html, _, _ := strings.Cut(w.page(t, page).body, "<head>")
		return html
	}
	for _, c := range []struct {
		form url.Values
		want string
	}{
		{url.Values{"theme": {"dark"}}, `<html lang="en" data-theme="dark" data-run=`},
		{url.Values{"zone": {"gmt8"}}, `<html lang="en" data-theme="dark" data-zone="gmt8" data-run=`},
		{url.Values{"zone": {"<script>"}, "theme": {"light"}}, `<html lang="en" data-theme="light" data-zone="gmt8" data-run=`},
		{url.Values{"zone": {""}, "theme": {""}}, `<html lang="en" data-run=`},
	} {
		if got := choose(c.form); !strings.Contains(got, c.want) {
			t.Errorf("%v: %s", c.form, got)
		}
	}
	req := w.request(t, http.MethodGet, page, nil)
	req.AddCookie(&http.Cookie{Name: "tokenstage_theme", Value: "x\"><b>"})
	if got := w.send(t, req); !strings.Contains(got.body, `<html lang="en" data-run=`) {
		t.Error("a theme that does not exist is in the page")
	}
}

// An error page says what to do next.
func TestErrorPagesSayWhatToDo(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.pageOf(t, "/console/calls/default/nothing", http.StatusNotFound).has(t, "Not found", "What to do",
		"the journal keeps it", "Back to the calls")
	w.pageOf(t, "/console/tokens?api=x", http.StatusBadRequest).has(t, "That cannot be done", "Correct the name in the address.")
}
