package console_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

func workbenchOf(e journal.Entry) string { return pathOf(e) + "/signature" }

// differing are the rows of the parts that differ, as a person reads them.
func (r reply) differing(t *testing.T) []string {
	t.Helper()
	section := r.about(t, "parts").body
	section, _, _ = strings.Cut(section, "<details")
	var rows []string
	for _, row := range regexp.MustCompile(`(?s)<tr>\s*<th scope="row">(.*?)</tr>`).FindAllStringSubmatch(section, -1) {
		rows = append(rows, strings.ReplaceAll(reply{body: row[1]}.text(), " ", ""))
	}
	return rows
}

// A wrong string, found by what clients are known to do: the parameter that differs stands alone, decoded and as signed.
func TestTheSignaturePartByPart(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	params := applyParams(t, box)
	params.Set("Resources", "topic a")
	w.signV3(t, box, params, "%20", "+")
	page := w.page(t, workbenchOf(w.last(t, box)))
	page.has(t, "signature V3, ACS3-HMAC-SHA256", "which is not what the call carries", "Found: The client signed blanks as +",
		"1 of 14 differs")
	if rows := page.differing(t); len(rows) != 1 || rows[0] != "parameterResourcestopicatopic%20atopic+atopic+a" {
		t.Errorf("differing parts %q", rows)
	}
	if plain := html.UnescapeString(page.body); !strings.Contains(plain, "topic<mark>%20</mark>a") ||
		!strings.Contains(plain, "topic<mark>+</mark>a") {
		t.Errorf("the escape is not marked as a whole: %s", page.about(t, "parts").body)
	}
}

// What the client logged is compared, and its signature computed: it is what was signed, or not.
func TestAPastedStringToSign(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.signV3(t, box, applyParams(t, box), instance, "another")
	e := w.last(t, box)
	server := html.UnescapeString(pasted(t, w.page(t, workbenchOf(e)).about(t, "parts"))[0])
	compare := func(text string) reply {
		got := w.tries(t, workbenchOf(e), workbenchOf(e), url.Values{"text": {text}, "do": {"compare"}})
		if got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.text())
		}
		return got
	}
	right := compare(strings.ReplaceAll(server, "\n", "\r\n") + "\r\n")
	right.has(t, "This is the server's string. The signature is another one", "Every part is the same in both.")
	signed := compare(strings.Replace(server, instance, "another", 1))
	signed.has(t, "This is what the client signed")
	if rows := signed.differing(t); len(rows) != 1 || rows[0] != "parameterInstanceId"+strings.ReplaceAll(instance, " ", "")+"another" {
		t.Errorf("differing parts %q", rows)
	}
	compare("POST\n/\nnothing").has(t, "The call carries another signature", "no such part")
}

// A request of one's own shows its string to sign; signed anew and sent it is a call of its own.
func TestSignedAnewAndSent(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.signV3(t, box, applyParams(t, box), instance, "another")
	e := w.last(t, box)
	page := w.page(t, workbenchOf(e))
	_, rest, _ := strings.Cut(page.body, "class=\"raw\">\n")
	inputs, _, _ := strings.Cut(rest, "</textarea>")
	inputs = strings.Replace(html.UnescapeString(inputs), "Actions=R&", "Actions=W&", 1)
	form := url.Values{"request": {strings.ReplaceAll(inputs, "\n", "\r\n")}, "do": {"inputs"}}
	shown := w.tries(t, workbenchOf(e), workbenchOf(e), form)
	shown.has(t, "your request has the signature", "1 of 14 differs")
	form.Set("do", "send")
	sent := w.submit(t, workbenchOf(e), workbenchOf(e), form)
	sent.has(t, "This call was signed anew and sent from the console.", "onsmqtt.ApplyToken ok", "Actions W")
	if again := w.last(t, box); again.ID == e.ID || again.Outcome != "ok" {
		t.Errorf("the call that was sent is %s with %s", again.ID, again.Outcome)
	}
	form.Set("request", "no request at all")
	refused := w.tries(t, workbenchOf(e), workbenchOf(e), form)
	if refused.status != http.StatusUnprocessableEntity || !strings.Contains(refused.body, "no request at all") {
		t.Errorf("%d: %s", refused.status, refused.text())
	}
}

// The button of a call signs it anew and sends it; one that is not signed is sent as it was.
func TestACallIsSentOnceMore(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	w.applyToken(t, box)
	first := w.last(t, box)
	send := func(e journal.Entry) reply {
		return w.submit(t, pathOf(e), "/console/calls/send", url.Values{"sandbox": {e.Sandbox}, "request": {e.ID}})
	}
	send(first).has(t, "signed anew and sent", "onsmqtt.ApplyToken ok")
	if again := w.last(t, box); again.ID == first.ID || again.Credential != first.Credential {
		t.Errorf("sent %s after %s", again.ID, first.ID)
	}
	w.call(t, gatewaytest.Request{Method: http.MethodPost, Path: "/?Action=ApplyToken&Version=2020-04-20"})
	unsigned := w.last(t, w.box(t, sandbox.Default))
	page := send(unsigned)
	page.has(t, "sent once more from the console, as it was", unsigned.Outcome)
	page.lacks(t, "Take its signature apart")
	w.page(t, workbenchOf(unsigned)).has(t, "This call carries no signature")
}

// What is sent meets the scenarios that play, broken connections included, and waits for nobody who does not answer.
func TestASentCallMeetsScenarios(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.applyToken(t, box)
	e := w.last(t, box)
	for network, state := range map[string]journal.State{
		"reset": journal.Reset, "close": journal.Closed, "truncate": journal.Truncated, "drip": journal.Dripped,
	} {
		w.play(t, box, play.Playing{Source: "name: net\nrules: [{on: onsmqtt.ApplyToken, script: [{network: " + network + "}]}]"})
		w.submit(t, pathOf(e), "/console/calls/send", url.Values{"request": {e.ID}})
		if got := w.last(t, box).Delivery.State; got != state {
			t.Errorf("%s: delivered %s", network, got)
		}
	}
}
