package browser_test

import (
	"slices"
	"strings"
	"testing"
)

// The other tests rely on trouble being noticed: so each kind is made here.
func TestTroubleIsNoticed(t *testing.T) {
	t.Parallel()
	kinds := map[string]struct{ make, found string }{
		"error on the console": {`console.error("something broke")`, "something broke"},
		"script that fails":    {`setTimeout(() => { throw new Error("something broke") })`, "something broke"},
		"inline script": {
			`document.body.append(Object.assign(document.createElement("script"), { text: "1" }))`, "ContentSecurityPolicy",
		},
		"inline style": {`document.body.setAttribute("style", "color: red")`, "ContentSecurityPolicy"},
		"other host":   {`fetch("http://127.0.0.1:1/").catch(() => 0)`, "127.0.0.1:1"},
		"dialog":       {`setTimeout(() => alert("something broke"))`, "something broke"},
		"missing file": {`fetch("/console/assets/nothing.js")`, "404"},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := serve(t).open(t, "/console/clock")
			b.act("(() => { " + kind.make + " })()")
			defer b.expect("") // all of it
			noticed := b.until(func() bool {
				return slices.ContainsFunc(b.unexpected(), func(found string) bool { return strings.Contains(found, kind.found) })
			})
			if !noticed {
				t.Errorf("noticed only %q", b.unexpected())
			}
		})
	}
}
