package console_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// open shows the call that a sandbox journaled last.
func (w *world) open(t *testing.T, box *sandbox.Sandbox) reply {
	t.Helper()
	return w.page(t, pathOf(w.last(t, box)))
}

// about is the part of a page from the heading of that id to the end of its section.
func (r reply) about(t *testing.T, id string) reply {
	t.Helper()
	_, rest, found := strings.Cut(r.body, `<h2 id="`+id+`">`)
	part, _, closed := strings.Cut(rest, "</section>")
	if !found || !closed {
		t.Fatalf("the page has no section %s: %s", id, r.body)
	}
	return reply{body: `<h2>` + part}
}

func TestACallOpened(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	w.advance(t, box, 24*time.Hour)
	token := w.applyToken(t, box)
	page := w.open(t, box)
	e := w.last(t, box)
	page.has(t, "onsmqtt.ApplyToken ok", "Status 200", "Took", "Sandbox's clock 2026-03-02 08:00:00.000",
		"Real time, UTC 2026-03-01 08:00:00.000", "Sandbox qa", "Gateway acs", "Credential "+e.Credential,
		"Request id "+e.ID, "The call was answered.", "No scenario decided anything.")
	request := page.about(t, "request")
	request.has(t, "POST http://"+w.data+"/", "InstanceId "+instance, "Resources a/#", "X-Acs-Action ApplyToken", "Body None.")
	if !strings.Contains(request.text(), "Address as sent http://"+w.data+"/?"+applyParams(t, box).Encode()) {
		t.Errorf("the address as sent is not there: %s", request.text())
	}
	page.about(t, "response").has(t, "200 OK", "Content-Type application/json", "JSON, laid out; ", `"Token": "`+token+`"`)
	if !strings.Contains(page.body, `<title>Call `+e.ID) || !strings.Contains(page.body, `action="/console/calls"`) {
		t.Error("another sandbox does not lead back to the list")
	}
}

func TestWhyACallFailed(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.signed(t, box, "ApplyToken", mqttVersion, url.Values{"Actions": {"R"}})
	e := w.last(t, box)
	page := w.open(t, box).about(t, "why")
	if len(e.Findings) == 0 {
		t.Fatal("no finding")
	}
	page.has(t, "The call ended in "+e.Outcome+" :", "No scenario decided anything.")
	for _, f := range e.Findings {
		page.has(t, "Error "+f.Check+" "+f.Message)
	}
	page.lacks(t, "Rules that did not take")
}

func TestWhatAScenarioDecided(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.play(t, box, play.Playing{Source: "name: mine\nrules:\n" +
		"  - on: onsmqtt.ApplyToken\n    when: {params.InstanceId: nobody}\n    script: [{fail: SystemOverFlow}]\n" +
		"  - on: onsmqtt.ApplyToken\n    script: [{fail: ApplyTokenOverFlow}, {delay: 0s}]\n"})
	const link = `href="/console/scenarios/show?name=mine&amp;sandbox=default"`
	for _, want := range []string{"rule 2, step 1", "rule 2, step 2"} {
		w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
		page := w.open(t, box).about(t, "why")
		page.has(t, "Scenario mine decided that: "+want, "Rules that did not take this call (1)",
			"mine 1 The rule did not take the call: when params.InstanceId. a glob nobody "+instance)
		if strings.Count(page.body, link) != 2 || strings.Contains(page.body, "<details open") {
			t.Errorf("links and details: %s", page.body)
		}
	}
	w.play(t, box, play.Playing{Source: "name: mine\nrules:\n" +
		"  - on: onsmqtt.ApplyToken\n    when: {params.InstanceId: nobody}\n    script: [{fail: SystemOverFlow}]\n"})
	w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
	page := w.open(t, box).about(t, "why")
	page.has(t, "No scenario decided anything; why not stands below.")
	if !strings.Contains(page.body, "<details open") {
		t.Error("what did not take the call is folded away")
	}
}

// signV3 signs what the server reads as right in another form: of its canonical request each old is replaced.
func (w *world) signV3(t *testing.T, box *sandbox.Sandbox, params url.Values, old, fresh string) {
	t.Helper()
	r := w.signer(t, box).V3(gatewaytest.Request{Method: "POST", Path: "/", Host: w.data, Query: params}, "ApplyToken", mqttVersion)
	before, signature, _ := strings.Cut(r.Header.Get("Authorization"), ",Signature=")
	_, signed, _ := strings.Cut(before, "SignedHeaders=")
	lines := []string{"POST", "/", strings.ReplaceAll(params.Encode(), "+", "%20")}
	for name := range strings.SplitSeq(signed, ";") {
		value := r.Header.Get(name)
		if name == "host" {
			value = w.data
		}
		lines = append(lines, name+":"+value)
	}
	canonical := strings.Join(append(lines, "", signed, r.Header.Get("X-Acs-Content-Sha256")), "\n")
	sign := func(text string) string {
		digest := sha256.Sum256([]byte(text))
		mac := hmac.New(sha256.New, []byte(gatewaytest.Read(box.Credentials).ACS[0].AccessKeySecret))
		mac.Write([]byte("ACS3-HMAC-SHA256\n" + hex.EncodeToString(digest[:])))
		return hex.EncodeToString(mac.Sum(nil))
	}
	if sign(canonical) != signature {
		t.Fatalf("this is not the canonical request: %s", canonical)
	}
	wrong := strings.ReplaceAll(canonical, old, fresh)
	r.Header.Set("Authorization", before+",Signature="+sign(wrong))
	w.call(t, r)
}

var comparedLine = regexp.MustCompile(`(?s)<th scope="row">(\d+)</th>\s*<td class="mono" data-side="Server">(.*?)</td>\s*` +
	`<td class="mono" data-side="Client">(.*?)</td>`)

func TestBothStringsToSign(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	params := applyParams(t, box)
	params.Set("Resources", "a b<i>")
	w.signV3(t, box, params, "%20", "+")
	page := w.open(t, box).about(t, "why")
	page.has(t, "SignatureDoesNotMatch", "The client signed blanks as + (the server expects %20).", "Strings to sign",
		"The first difference is in line 3 .", "As text, the server's first")
	lines := comparedLine.FindAllStringSubmatch(page.body, -1)
	if len(lines) < 8 {
		t.Fatalf("%d lines: %s", len(lines), page.body)
	}
	for _, line := range lines {
		server, client := line[2], line[3]
		switch {
		case line[1] != "3" && strings.Contains(server+client, "<mark"):
			t.Errorf("line %s has a mark: %s / %s", line[1], server, client)
		case line[1] == "3" && (!strings.Contains(server, "Resources=a<mark>%20</mark>b%3Ci%3E") ||
			!strings.Contains(client, "Resources=a<mark>&#43;</mark>b%3Ci%3E")):
			t.Errorf("line 3: %s / %s", server, client)
		}
	}
	if texts := pasted(t, page); len(texts) != 2 || strings.ReplaceAll(texts[0], "%20", "+") != texts[1] {
		t.Errorf("as text %q", texts)
	}
}

// Each difference is marked for itself, and an escape as a whole.
func TestDifferencesAreMarkedOneByOne(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	params := applyParams(t, box)
	params.Set("Resources", "abcdefgh/ijklmnop/q")
	w.signV3(t, box, params, "%2F", "%2f")
	page := w.open(t, box).about(t, "why")
	for _, escape := range []string{"%2F", "%2f"} {
		want := "abcdefgh<mark>" + escape + "</mark>ijklmnop<mark>" + escape + "</mark>q"
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %s: %s", want, page.body)
		}
	}
}

// Where nothing explains a signature, the server's string is there to compare with the client's log.
func TestTheStringOfTheServerAlone(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.signV3(t, box, applyParams(t, box), instance, "another")
	page := w.open(t, box).about(t, "why")
	page.has(t, "String to sign of the server", "What the client signed cannot be guessed", "x-acs-action:ApplyToken")
	page.lacks(t, "<mark")
}

func TestWhatWasExpectedAndWhatCame(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	r := w.signer(t, box).V3(gatewaytest.Request{Method: "POST", Path: "/", Host: w.data, Query: applyParams(t, box)}, "ApplyToken", mqttVersion)
	r.Header.Set("X-Acs-Content-Sha256", strings.Repeat("e3b0", 16))
	w.call(t, r)
	page := w.open(t, box).about(t, "why")
	page.has(t, "Line Expected Came")
	if strings.Count(page.body, "<mark>") < 3 { // one of them in the sentence about marks
		t.Errorf("nothing is marked: %s", page.body)
	}
}

func TestBodiesAreLaidOut(t *testing.T) {
	t.Parallel()
	const part = "--x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n1 < 2\r\n"
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	for name, test := range map[string]struct {
		contentType, body string
		says              string
		shows             string // in the page, unescaped
	}{
		"JSON": {
			"application/json", `{"b":1e400,"a":[1,{}],"a":"\u003c\/"}`, "JSON, laid out",
			"{\n  \"b\": 1e400,\n  \"a\": [\n    1,\n    {}\n  ],\n  \"a\": \"\\u003c\\/\"\n}",
		},
		"JSON under another name": {"text/plain", `{"a":1}`, "JSON, laid out", "{\n  \"a\": 1\n}"},
		"JSON of a kind":          {"application/problem+json; charset=utf-8", `"a"`, "JSON, laid out", `"a"`},
		"broken JSON":             {"application/json", `{"a":`, "shown as it was sent: it cannot be laid out as JSON", `{"a":`},
		"deep JSON":               {"application/json", deep, "shown as it was sent: it cannot be laid out as JSON", deep},
		"XML": {
			"text/xml", `<?xml version="1.0"?><a x='1'><b>t &amp; u</b><c/><d><e/></d></a>`, "XML, laid out",
			"<?xml version=\"1.0\"?>\n<a x='1'>\n  <b>t &amp; u</b>\n  <c/>\n  <d>\n    <e/>\n  </d>\n</a>",
		},
		"broken XML": {"text/xml", "<a><b></a>", "shown as it was sent: it cannot be laid out as XML", "<a><b></a>"},
		"HTML":       {"text/html", "<p>1<br>2", "shown as it was sent: it cannot be laid out as XML", "<p>1<br>2"},
		"form": {
			"application/x-www-form-urlencoded", "a=1&b=%3Cx%3E+y&bad=%zz&c", "form, laid out",
			`<th scope="row">b</th><td class="mono"><x> y</td>`,
		},
		"bad escape in a form": {"application/x-www-form-urlencoded", "bad=%zz", "form, laid out", "%zz"},
		"multipart":            {"multipart/form-data; boundary=x", part + "--x--\r\n", "multipart, laid out", ">1 < 2</pre>"},
		"multipart, cut off":   {"multipart/form-data; boundary=x", part, "do not end as they should", "1 < 2"},
		"no multipart":         {"multipart/form-data; boundary=x", "nothing", "do not end as they should", "nothing"},
		"text":                 {"text/plain", "a\tb\n  c", "7 bytes", ">a\tb\n  c</pre>"},
		"nothing":              {"text/plain", "", "None.", ""},
		"not UTF-8":            {"text/plain", "a\xff\xfeb", "can stand for bytes that are not UTF-8", "a\uFFFDb"},
		"controls":             {"text/plain", "a\x00b\x1b[31m\u202Ec", "12 bytes", `<span class="control">U+202E</span>`},
		"cut off": {
			"application/json", `{"a":"` + strings.Repeat("x", 1<<20) + `"}`,
			"1048584 bytes, of which the journal keeps only the beginning", strings.Repeat("x", 60_000),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			w.post(t, "/nowhere", test.contentType, test.body)
			request := w.open(t, w.box(t, sandbox.Default)).about(t, "request")
			request.has(t, test.says)
			if shown := html.UnescapeString(request.body); !strings.Contains(shown, test.shows) {
				t.Errorf("the page lacks %q: %s", test.shows, shown[:min(len(shown), 3000)])
			}
			if laidOut := strings.Contains(request.body, "laid out; "); laidOut != strings.Contains(request.body, "<summary>As sent</summary>") {
				t.Error("what was sent is not there beside what is laid out")
			}
		})
	}
}

func TestHostileValuesDoNoHarm(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	const evil = `"'></pre></script><script>alert(1)</script><img src=x onerror=alert(1)>`
	for _, body := range []string{evil, `{"` + strings.ReplaceAll(evil, `"`, `\"`) + `":1}`, "<a>" + evil, "a=" + url.QueryEscape(evil)} {
		w.call(t, gatewaytest.Request{
			Method: "POST", Path: "/" + url.PathEscape(evil), Query: url.Values{evil: {evil}}, Body: body,
			Header: http.Header{"X-Evil": {evil}, "Content-Type": {"application/x-www-form-urlencoded"}, "X-Acs-Action": {evil}},
		})
	}
	err := w.Journal(box).Append(t.Context(), &journal.Entry{
		ID: "evil", Time: start, Arrived: start, Sandbox: box.ID, Operation: evil, Outcome: evil, Gateway: evil, Credential: evil,
		Decision: &journal.Decision{Scenario: evil}, Panic: evil,
		Request: journal.Request{Method: evil, URL: evil, Headers: map[string][]string{evil: {evil}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	list := w.pageOf(t, "/console/calls?outcome="+url.QueryEscape(evil)+"&api="+url.QueryEscape(evil),
		http.StatusBadRequest)
	all := append(addresses(w.page(t, "/console/calls")), "/console/calls/default/"+url.PathEscape("evil"))
	if len(all) < 5 {
		t.Fatalf("%d calls", len(all))
	}
	for _, path := range all {
		w.page(t, path).lacks(t, "<script>", "<img", "</script><", "javascript:")
	}
	list.lacks(t, "<script>", "<img")
	w.page(t, "/console/calls").lacks(t, "<script>", "<img")
	w.pageOf(t, "/console/calls/default/"+url.PathEscape(evil), http.StatusNotFound).lacks(t, "<script>", "<img")
}

func TestAPanicIsShown(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	err := w.Journal(box).Append(t.Context(), &journal.Entry{ID: "a", Sandbox: box.ID, Outcome: "InternalError", Panic: "goroutine 1"})
	if err != nil {
		t.Fatal(err)
	}
	w.page(t, "/console/calls/default/a").has(t, "Stack of the panic goroutine 1")
}

// A list leads from call to call, in its own order and with its filter.
func TestTheCallsBeside(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	for range 3 {
		w.real.Pass(time.Second)
		w.accessToken(t, box)
		w.post(t, "/nowhere", "text/plain", "")
	}
	beside := regexp.MustCompile(`<a href="([^"]+)" rel="(next|prev)">`)
	at := addresses(w.page(t, "/console/calls?sandbox=default&outcome=ok"))
	if len(at) != 3 {
		t.Fatalf("%d calls", len(at))
	}
	for i, want := range []map[string]string{{"prev": at[1]}, {"next": at[0], "prev": at[2]}, {"next": at[1]}} {
		page := w.page(t, at[i])
		found := beside.FindAllStringSubmatch(page.body, -1)
		for _, link := range found {
			if html.UnescapeString(link[1]) != want[link[2]] {
				t.Errorf("%s of call %d is %s, want %s", link[2], i, link[1], want[link[2]])
			}
		}
		if len(found) != len(want) {
			t.Errorf("call %d has %d beside it", i, len(found))
		}
		if !strings.Contains(page.body, `<a href="/console/calls?outcome=ok&amp;sandbox=default">All calls of the list</a>`) {
			t.Error("the way back loses the filter")
		}
	}
}

// A request id can come twice: an address of the list names the one that was meant.
func TestTheRightOneOfTwoCalls(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	for _, outcome := range []string{"First", "Second"} {
		if err := w.Journal(box).Append(t.Context(), &journal.Entry{ID: "same", Sandbox: box.ID, Outcome: outcome}); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]string{
		"": "Second", "?seq=1": "First", "?seq=2": "Second", "?seq=3": "Second", "?seq=x": "Second", "?seq=18446744073709551615": "Second",
	} {
		w.page(t, "/console/calls/default/same"+query).has(t, "The call ended in "+want)
	}
}

func TestNoCallOfThatId(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.accessToken(t, w.box(t, sandbox.Default))
	id := w.last(t, w.box(t, sandbox.Default)).ID
	w.create(t, "qa")
	for path, want := range map[string]string{
		"/console/calls/default/none": `The journal of sandbox default has no call "none"`,
		"/console/calls/none/" + id:   "none",
		"/console/calls/qa/" + id:     "The journal of sandbox qa has no call",
	} {
		w.pageOf(t, path, http.StatusNotFound).has(t, want)
	}
	got := w.send(t, w.request(t, http.MethodPost, "/console/calls/default/"+id, url.Values{}))
	if got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", got.status)
	}
}

// What is too long to be read in a line is folded.
func TestALongCredentialIsFolded(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.post(t, "/?Action=ApplyToken&Version=2020-04-20&AccessKeyId="+strings.Repeat("a", 3000), "text/plain", "")
	page := w.page(t, addresses(w.page(t, "/console/calls"))[0])
	if !strings.Contains(page.body, `<details class="long"><summary>`+strings.Repeat("a", 200)+"…</summary>") {
		t.Errorf("it is not folded: %s", page.text())
	}
}
