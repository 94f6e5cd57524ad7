package console_test

import (
	"html"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// TestMeaningOfEveryCode opens a call for every code that the catalogue documents, its placeholder filled: the page says
// what that code means and nothing of another.
func TestMeaningOfEveryCode(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	count := 0
	check := func(gateway, operation string, e contract.Error) {
		count++
		entry := journal.Entry{
			ID: "id-" + strconv.Itoa(count), Sandbox: box.ID, Gateway: gateway, Operation: operation,
			Outcome: contract.Fill(e.Code, []string{"Xyz"}), Status: e.Status,
		}
		if err := w.Journal(box).Append(t.Context(), &entry); err != nil {
			t.Fatal(err)
		}
		page := w.page(t, pathOf(entry)).body
		want := "<b>" + html.EscapeString(entry.Outcome) + "</b>: " + html.EscapeString(e.Meaning) + "</p>"
		if !strings.Contains(html.UnescapeString(page), html.UnescapeString(want)) {
			_, shown, _ := strings.Cut(page, "The call ended in ")
			shown, _, _ = strings.Cut(shown, "</p>")
			t.Errorf("%s %s, %s means %q; the page says %q", gateway, operation, entry.Outcome, e.Meaning, shown)
		}
	}
	for _, gw := range w.Catalogue().Gateways {
		for _, e := range gw.Errors {
			check(gw.Name, "", e)
		}
	}
	for _, api := range w.Catalogue().APIs {
		for _, op := range api.Operations {
			for _, e := range op.Errors {
				check(api.Gateway.Name, op.Name, e)
			}
		}
	}
}
