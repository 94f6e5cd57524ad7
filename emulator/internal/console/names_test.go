package console_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestUnknownNamesInAddresses holds that no address with a name which does not exist shows an empty list.
func TestUnknownNamesInAddresses(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.create(t, "checkout")
	for address, want := range map[string]struct {
		status int
		meant  string
	}{
		"calls?api=onsmqt":                  {http.StatusBadRequest, "onsmqtt"},
		"calls?operation=onsmqtt.AplyToken": {http.StatusBadRequest, "onsmqtt.ApplyToken"},
		"calls?operation=AplyToken":         {http.StatusBadRequest, "onsmqtt.ApplyToken"},
		"calls?outcome=OK":                  {http.StatusBadRequest, "ok"},
		"calls?outcome=!ApplyTokenOverflw":  {http.StatusBadRequest, "ApplyTokenOverFlow"},
		"calls?sandbox=chekout":             {http.StatusNotFound, "checkout"},
		"calls?kind=faild":                  {http.StatusBadRequest, "failed"},
		"calls/flow?api=onsmqt":             {http.StatusBadRequest, "onsmqtt"},
		"calls/flow?outcome=OK":             {http.StatusBadRequest, "ok"},
		"calls/flow?sandbox=chekout":        {http.StatusNotFound, "checkout"},
		"calls/default/none?api=onsmqt":     {http.StatusBadRequest, "onsmqtt"},
		"tokens?api=onsmqt":                 {http.StatusBadRequest, "onsmqtt"},
		"tokens?state=activ":                {http.StatusBadRequest, "active"},
		"tokens?sandbox=chekout":            {http.StatusNotFound, "checkout"},
		"scenarios?api=onsmqt":              {http.StatusBadRequest, "onsmqtt"},
		"scenarios/show?name=hostile-dy":    {http.StatusNotFound, "hostile-day"},
		"sandboxes/chekout":                 {http.StatusNotFound, "checkout"},
		"coverage?sandbox=chekout":          {http.StatusNotFound, "checkout"},
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			page := w.pageOf(t, "/console/"+address, want.status)
			if text := page.text(); !strings.Contains(text, "id you mean \""+want.meant+"\"?") {
				t.Errorf("no word of %s: %s", want.meant, text)
			}
		})
	}
}

// TestARefusedFilterStaysInItsForm holds that one corrects a slip instead of writing all of it anew.
func TestARefusedFilterStaysInItsForm(t *testing.T) {
	t.Parallel()
	page := open(t).pageOf(t, "/console/calls?sandbox=default&api=onsmqtt&outcome=OK", http.StatusBadRequest)
	for _, want := range []string{`name="outcome" value="OK"`, `<option selected>onsmqtt</option>`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
