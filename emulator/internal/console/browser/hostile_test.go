package browser_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// evil is what an attacker puts wherever something is shown: ways out of every context of HTML, a NUL, bytes that are not
// UTF-8, and characters that turn the direction of text around.
const evil = `"'><script>hacked=1;alert(1)</script><img src=x onerror="hacked=2;alert(2)"></textarea></title></pre>` +
	"<svg/onload=hacked=3>{{.}}${7*7}javascript:hacked=4\x00\xff\xfe\u202e\u2066gnilaeuq\u2028"

// evilText is evil as it can stand in a JSON string and in a header.
var evilText = strings.NewReplacer("\x00", "", "\xff\xfe", "", "\u2028", "").Replace(evil)

// hostileText is a part of evil that a page must show letter by letter.
const hostileText = "<script>hacked=1;alert(1)</script>"

// A hostile request shows harmlessly on every page, and as text where it is shown. What a script, a policy or a dialog
// would do is trouble of the tab.
func TestHostileRequest(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.attack(t)
	b := s.open(t, "/console/calls")
	b.expect("Failed to load resource: the server responded with a status of 4")
	for _, path := range append(s.hostileAddresses(), "/console/calls", "/console/coverage", "/console/scenarios",
		"/console/clock", "/console/sandboxes") {
		b.show(path)
		b.harmless(t, path)
	}
	calls := s.callPages(t)
	for _, path := range append(calls, "/console/tokens?sandbox=victim") {
		b.show(path)
		b.harmless(t, path)
		b.see(at("main", hostileText))
		b.turnsNothingAround(t, path)
	}
	b.show("/console/scenarios/show?name=hostile")
	b.harmless(t, "scenario")
	b.see(at("main", hostileText))
	b.show(calls[0])
	b.keep("call hostile")
}

// hostileAddresses carry evil in what pages read of their own addresses.
func (s *server) hostileAddresses() (paths []string) {
	all, one := url.Values{}, url.Values{"sandbox": {evil}}
	for _, name := range []string{"q", "api", "operation", "outcome", "state", "name", "from", "before", "find", "seq", "show"} {
		all.Set(name, evil)
	}
	for _, page := range []string{"calls", "scenarios", "scenarios/show", "scenarios/edit", "tokens", "coverage", "sandboxes"} {
		paths = append(paths, "/console/"+page+"?"+all.Encode(), "/console/"+page+"?"+one.Encode())
	}
	return append(paths, "/console/sandboxes/"+url.PathEscape(evil), "/console/calls/default/"+url.PathEscape(evil))
}

// callPages are the pages of all calls.
func (s *server) callPages(t *testing.T) (paths []string) {
	t.Helper()
	for _, box := range []string{"default", "victim"} {
		for _, e := range s.journal(t, box) {
			paths = append(paths, "/console/calls/"+box+"/"+e.ID)
		}
	}
	if len(paths) < 10 {
		t.Errorf("the journal has %d calls", len(paths))
	}
	return paths
}

// harmless checks that nothing of evil became part of the page's structure.
func (b *tab) harmless(t *testing.T, path string) {
	t.Helper()
	const found = `[
		...document.querySelectorAll("img, svg:not(.histogram > svg, .timeline), iframe, object, embed, [onerror], [onload], script:not([type=module][src])"),
		...[...document.querySelectorAll("[href], [src], [action]")].filter(e =>
			/^\s*javascript:/i.test(e.getAttribute("href") ?? e.getAttribute("src") ?? e.getAttribute("action"))),
	].map(e => e.outerHTML.slice(0, 200)).concat(window.hacked === undefined ? [] : ["hacked: " + window.hacked])`
	if got := get[[]string](b, found); len(got) > 0 {
		t.Errorf("%s: %q", path, got)
	}
}

// turnsNothingAround checks that characters which change the direction of text are shown by their names. Only what is
// there to be copied has them as they came.
func (b *tab) turnsNothingAround(t *testing.T, path string) {
	t.Helper()
	const turned = `[...document.querySelectorAll("main *")].filter(e => !e.closest(".paste, textarea") && !e.children.length &&
		/[\u202a-\u202e\u2066-\u2069]/.test(e.textContent)).map(e => e.outerHTML.slice(0, 200))`
	if got := get[[]string](b, turned); len(got) > 0 {
		t.Errorf("%s: %q", path, got)
	}
}

// They come while somebody looks.
func TestHostileRequestArrivesLive(t *testing.T) {
	t.Parallel()
	s := serve(t)
	b := s.openCalls(t, "")
	s.attack(t)
	b.wait(at(row, "").list() + ".length >= 10")
	b.harmless(t, "live")
}

// attack sends evil in each field of a request, to each gateway and beside them.
func (s *server) attack(t *testing.T) {
	t.Helper()
	const form = "application/x-www-form-urlencoded"
	everywhere := url.Values{}
	for _, name := range []string{
		"Action", "Version", "AccessKeyId", "Signature", "SignatureNonce", "InstanceId",
		"method", "app_key", "sign", evil,
	} {
		everywhere.Set(name, evil)
	}
	onsmqtt := url.Values{
		"Action": {"ApplyToken"}, "Version": {"2020-04-20"}, "AccessKeyId": {evil}, "InstanceId": {evil},
		"SignatureMethod": {evil}, evil: {evil},
	}
	top := url.Values{"method": {"alibaba.security.deepvision.proxy.security.common.token.get"}, "app_key": {evil}, evil: {evil}}
	object, err := json.Marshal(map[string]string{"app_key": evilText, "app_secret": "x", evilText: evilText})
	if err != nil {
		t.Fatal(err)
	}
	huge := bytes.Repeat([]byte(evil), 1<<20/len(evil))
	const fabric = "/apigovernance/api/oauth/tokenByAkSk"
	s.hit(t, "/?"+everywhere.Encode(), form, []byte(everywhere.Encode()))
	s.hit(t, "/?"+onsmqtt.Encode(), form, nil)
	s.hit(t, "/", form, []byte(onsmqtt.Encode()))
	s.hit(t, "/router/rest?"+top.Encode(), form, []byte(evil))
	s.hit(t, fabric, "application/json", object)
	s.hit(t, fabric, "application/json", huge)
	s.hit(t, fabric, "text/html", []byte(evil))
	s.hit(t, "/"+url.PathEscape(evil)+"/"+url.PathEscape(evil), "multipart/form-data; boundary=x", []byte("--x\r\n"+
		"Content-Disposition: form-data; name=\""+evilText+"\"\r\n\r\n"+evil+"\r\n--x--\r\n"))
	s.scripted(t)
}

// hit posts with evil in headers too.
func (s *server) hit(t *testing.T, path, contentType string, body []byte) {
	t.Helper()
	header := http.Header{"Content-Type": {contentType}}
	for _, name := range []string{
		"User-Agent", "X-Acs-Action", "X-Acs-Version", "X-Forwarded-For", "Referer", "Cookie",
		"X-App-Key", "Accept",
	} {
		header.Set(name, evilText)
	}
	send(t, http.MethodPost, "http://"+s.data+path, header, bytes.NewReader(body))
}

// scripted plays what somebody wrote, and gets tokens with a hostile subject.
func (s *server) scripted(t *testing.T) {
	t.Helper()
	document := map[string]any{
		"name": "hostile", "summary": evilText,
		"rules": []any{map[string]any{"on": "ccmessaging.tokenByAkSk", "script": []any{map[string]any{"respond": map[string]any{
			"status": http.StatusTeapot, "headers": map[string]string{"X-Evil": "<script>"}, "offSpec": true,
			"body": strings.ReplaceAll(evilText, "{{.}}", ""), // which would be a template
		}}}}},
	}
	s.call(t, http.MethodPut, "/v1/sandboxes/default/scenarios/hostile", document, nil)
	s.hit(t, "/apigovernance/api/oauth/tokenByAkSk", "application/json", []byte(`{"app_key":"11111111-2222-4333-8444-555555555555",`+
		`"app_secret":"fake-default-fabric-app-secret"}`))
	victim := s.box(t, map[string]any{"id": "victim"}) // where every instance exists
	if _, outcome := s.app(t, victim.Credentials.ACS[0]).apply("post-" + evilText); outcome != "ok" {
		t.Fatalf("an instance with a hostile name: %s", outcome)
	}
}
