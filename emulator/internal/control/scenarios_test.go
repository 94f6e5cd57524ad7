package control_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

const (
	throttled = "mqtt-throttled-then-fine"
	invalid   = "error/onsmqtt.ApplyToken/InvalidParameter.%s"
	overflow  = "error/onsmqtt.ApplyToken/ApplyTokenOverFlow"
)

// twice is a scenario of a test's own.
const twice = `name: twice
rules:
  - on: onsmqtt.ApplyToken
    script:
      - fail: SystemOverFlow
        times: 2
      - pass
`

// slip is twice with an error that is misspelled on line 5.
const slip = `name: slip
rules:
  - on: onsmqtt.ApplyToken
    script:
      - fail: SystemOverflw
      - pas
`

type scenarioInfo struct {
	Name, Summary, API, Operation, Code string
	Generated, Default                  bool
}

func TestScenariosAreListed(t *testing.T) {
	t.Parallel()
	w := open(t)
	var list struct{ Scenarios []scenarioInfo }
	w.get(t, "/v1/scenarios", &list)
	got := map[string]scenarioInfo{}
	for _, s := range list.Scenarios {
		got[s.Name] = s
		if s.Summary == "" {
			t.Errorf("%s has no summary", s.Name)
		}
		s.Summary = ""
		got[s.Name] = s
	}
	if len(got) != len(w.Library().Names()) {
		t.Errorf("%d scenarios, want %d", len(got), len(w.Library().Names()))
	}
	for _, want := range []scenarioInfo{
		{Name: throttled, API: "onsmqtt", Operation: "onsmqtt.ApplyToken"},
		{Name: invalid, API: "onsmqtt", Operation: "onsmqtt.ApplyToken", Code: "InvalidParameter.%s", Generated: true},
	} {
		if diff := cmp.Diff(want, got[want.Name]); diff != "" {
			t.Error(diff)
		}
	}
}

type scenarioText struct{ Name, Summary, Source string }

// TestEveryScenarioCanBeRead finds each by its encoded name; what it says can be played as it is.
func TestEveryScenarioCanBeRead(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, name := range w.Library().Names() {
		var got scenarioText
		w.get(t, "/v1/scenarios/"+url.PathEscape(name), &got)
		s, problems := language.Decode([]byte(got.Source), w.Catalogue())
		if len(problems) > 0 || got.Name != name || s.Name != name {
			t.Errorf("%s: got %+v, %v", name, got, problems)
		}
	}
}

// TestNamesInPaths reads one scenario by every way to write its name.
func TestNamesInPaths(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, path := range []string{
		"error%2Fonsmqtt.ApplyToken%2FInvalidParameter.%25s", "error%2fonsmqtt.ApplyToken%2fInvalidParameter.%25s",
		"%65rror%2Fonsmqtt%2EApplyToken%2FInvalidParameter%2E%25%73",
	} {
		var got scenarioText
		w.get(t, "/v1/scenarios/"+path, &got)
		if got.Name != invalid {
			t.Errorf("%s: got %s", path, got.Name)
		}
	}
	for path, want := range map[string]string{
		"/v1/scenarios/error%252Fonsmqtt.ApplyToken%252FInvalidParameter.%2525s": "",
		"/v1/scenarios/mqtt-throtled-then-fine":                                  throttled,
		"/v1/scenarios/error%2Fonsmqtt.ApplyToken%2FApplyTokenOverflow":          overflow,
		"/v1/scenarios/quite-another":                                            "",
		"/v1/scenarios/a%20b%3Cc%3E":                                             "",
	} {
		p := w.refused(t, http.MethodGet, path, "", http.StatusNotFound)
		if want != "" && !strings.HasSuffix(p.Detail, `; did you mean "`+want+`"?`) {
			t.Errorf("%s: %s", path, p.Detail)
		}
	}
	for _, path := range []string{"/v1/scenarios/", "/v1/sandboxes/default/scenarios/"} { // a name is one segment
		for _, name := range []string{"error/onsmqtt.ApplyToken/ApplyTokenOverFlow", "x/" + throttled, "x%2Fy/" + throttled} {
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
				got := w.send(t, w.request(t, method, path+name, ""))
				if got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
					t.Errorf("%s %s%s: %d %s", method, path, name, got.status, got.body)
				}
			}
		}
	}
}

func TestScenarioSchema(t *testing.T) {
	t.Parallel()
	var got map[string]any
	open(t).get(t, "/v1/schema/scenario.json", &got)
	if got["title"] != "A Tokenstage scenario" {
		t.Errorf("title %v", got["title"])
	}
}

// document is a request whose body is YAML.
func (w *world) document(t *testing.T, method, path, yaml string) *http.Request {
	t.Helper()
	req := w.request(t, method, path, yaml)
	req.Header.Set("Content-Type", "application/yaml")
	return req
}

func TestScenariosAreChecked(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, test := range map[string]struct {
		document string
		want     []scenario.Problem
	}{
		"good YAML": {twice, nil},
		"good JSON": {`{"name":"a","rules":[{"on":"*","script":["pass"]}]}`, nil},
		"two slips": {slip, []scenario.Problem{
			{Line: 5, Column: 15, Message: `"SystemOverflw" is not a documented error of onsmqtt.ApplyToken`, Meant: "SystemOverFlow"},
			{Line: 6, Column: 9, Message: `a step must be pass, got "pas"`, Meant: "pass"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.send(t, w.document(t, http.MethodPost, "/v1/scenarios/check", test.document))
			var reply struct{ Problems []scenario.Problem }
			decode(t, got, &reply)
			if got.status != http.StatusOK || len(reply.Problems) != len(test.want) {
				t.Fatalf("status %d: %s", got.status, got.body)
			}
			for i, want := range test.want {
				want.Message = reply.Problems[i].Message // the language's own tests hold the wording
				if diff := cmp.Diff(want, reply.Problems[i]); diff != "" || want.Message == "" {
					t.Errorf("%s: %s", diff, got.body)
				}
			}
		})
	}
	big := w.document(t, http.MethodPost, "/v1/scenarios/check", strings.Repeat("#", 1<<20+1))
	if got := w.send(t, big); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d for more than can be read", got.status)
	}
	var reply struct{ Problems []scenario.Problem }
	decode(t, w.send(t, w.document(t, http.MethodPost, "/v1/scenarios/check", "")), &reply)
	if len(reply.Problems) == 0 {
		t.Error("nothing is a good scenario")
	}
}

type (
	playing struct {
		Name, Summary    string
		Playing, Default bool
		Rules            []ruleStatus
	}
	ruleStatus struct {
		On             string
		Taken          int
		Step, Position int
		Exhausted      bool
		Left           *int
	}
)

// playing lists what plays besides what is on by default.
func (w *world) playing(t *testing.T, b box) []playing {
	t.Helper()
	var list struct{ Scenarios []playing }
	w.get(t, b.path("/scenarios"), &list)
	var played []playing
	for _, p := range list.Scenarios {
		if !p.Playing {
			t.Errorf("%s is listed and does not play", p.Name)
		}
		if !p.Default {
			played = append(played, p)
		}
	}
	return played
}

func names(list []playing) []string {
	var all []string
	for _, p := range list {
		all = append(all, p.Name)
	}
	return all
}

func (b box) scenario(name string) string { return b.path("/scenarios/" + url.PathEscape(name)) }

// outcomes makes calls of ApplyToken and returns how they ended.
func (w *world) outcomes(t *testing.T, b box, calls int) []string {
	t.Helper()
	var all []string
	for range calls {
		code := codeOf(t, w.signed(t, b, "ApplyToken", mqttVersion, applyParams(b)))
		all = append(all, code)
	}
	return all
}

func TestPlayAKnownScenario(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, "{}")
	var status playing
	decode(t, w.call(t, http.MethodPut, b.scenario(throttled), "", http.StatusCreated), &status)
	want := playing{
		Name: throttled, Summary: "ApplyToken is throttled twice, then answers normally.", Playing: true,
		Rules: []ruleStatus{{On: "onsmqtt.ApplyToken"}},
	}
	if diff := cmp.Diff(want, status); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ApplyTokenOverFlow", "ApplyTokenOverFlow", ""}, w.outcomes(t, b, 3)); diff != "" {
		t.Error(diff)
	}
	want.Rules[0].Taken, want.Rules[0].Step, want.Rules[0].Position = 3, 1, 1
	if diff := cmp.Diff([]playing{want}, w.playing(t, b)); diff != "" {
		t.Error(diff)
	}
	entry := w.requests(t, b, "?limit=1").Requests[0]
	if d := entry.Decision; d == nil || d.Scenario != throttled || d.Rule != 0 || d.Step != 0 {
		t.Errorf("decision %+v", d)
	}
	// Played again it begins anew, in its own place.
	w.call(t, http.MethodPut, b.scenario(throttled), "", http.StatusOK)
	if got := w.playing(t, b); len(got) != 1 || got[0].Rules[0].Taken != 0 {
		t.Errorf("playing %+v", got)
	}
	w.call(t, http.MethodDelete, b.scenario(throttled), "", http.StatusNoContent)
	if got := w.outcomes(t, b, 1); got[0] != "" {
		t.Errorf("a stopped scenario gives %q", got)
	}
	p := w.refused(t, http.MethodDelete, b.scenario(throttled), "", http.StatusNotFound)
	if !strings.Contains(p.Detail, throttled) {
		t.Errorf("detail %q", p.Detail)
	}
}

func TestPlayADocument(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, "{}")
	if got := w.send(t, w.document(t, http.MethodPut, b.scenario("a/b%c"), twice)); got.status != http.StatusCreated {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	if diff := cmp.Diff([]string{"a/b%c"}, names(w.playing(t, b))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"SystemOverFlow", "SystemOverFlow", ""}, w.outcomes(t, b, 3)); diff != "" {
		t.Error(diff)
	}
	// As JSON, under another name; it wins as it came later.
	document := `{"name":"json","rules":[{"on":"onsmqtt.*","script":[{"fail":"InternalError"}]}]}`
	w.call(t, http.MethodPut, b.scenario("json"), document, http.StatusCreated)
	if diff := cmp.Diff([]string{"InternalError"}, w.outcomes(t, b, 1)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"json", "a/b%c"}, names(w.playing(t, b))); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedPlaysChangeNothing(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"scenarios":["`+throttled+`"]}`)
	w.outcomes(t, b, 1)
	before := w.playing(t, b)

	p := w.refused(t, http.MethodPut, b.scenario("mqtt-throttled-than-fine"), "", http.StatusNotFound)
	if !strings.HasSuffix(p.Detail, `did you mean "`+throttled+`"?`) {
		t.Errorf("detail %q", p.Detail)
	}
	w.refused(t, http.MethodPut, b.scenario("other"), " \n ", http.StatusNotFound)
	w.refused(t, http.MethodPut, b.scenario("white space"), `{"name":"a","rules":[]}`, http.StatusBadRequest)
	got := w.send(t, w.document(t, http.MethodPut, b.scenario(throttled), slip))
	if got.status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	var bad controlapi.Problem
	decode(t, got, &bad)
	if bad.Line != 5 || bad.Column != 15 || len(bad.Problems) != 2 ||
		!strings.Contains(bad.Detail, `"SystemOverflw"`) || !strings.HasSuffix(bad.Detail, `did you mean "SystemOverFlow"?`) {
		t.Errorf("problem %+v", bad)
	}
	if diff := cmp.Diff(before, w.playing(t, b)); diff != "" {
		t.Error(diff)
	}
	w.refused(t, http.MethodPut, "/v1/sandboxes/none/scenarios/x", "", http.StatusNotFound)
	w.refused(t, http.MethodGet, "/v1/sandboxes/none/scenarios", "", http.StatusNotFound)
}

func TestTooManyPlay(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, "{}")
	for i := range play.MaxPlaying {
		path := b.scenario("s" + string(rune('A'+i/26)) + string(rune('a'+i%26)))
		w.call(t, http.MethodPut, path, `{"name":"x","rules":[{"on":"*","script":["pass"]}]}`, http.StatusCreated)
	}
	w.refused(t, http.MethodPut, b.scenario(throttled), "", http.StatusConflict)
}

func TestSandboxesStartWithScenarios(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"scenarios":["`+overflow+`",
		{"name":"own","rules":[{"on":"onsmqtt.ApplyToken","script":[{"fail":"SystemOverFlow"}],"end":"release"}]}]}`)
	if diff := cmp.Diff([]string{overflow, "own"}, b.Scenarios); diff != "" {
		t.Error(diff)
	}
	wants := []string{"SystemOverFlow", "ApplyTokenOverFlow", "ApplyTokenOverFlow"}
	if diff := cmp.Diff(wants, w.outcomes(t, b, 3)); diff != "" {
		t.Error(diff)
	}
	// A reset plays what was given, from the start, and nothing else.
	w.call(t, http.MethodDelete, b.scenario("own"), "", http.StatusNoContent)
	w.call(t, http.MethodPut, b.scenario(throttled), "", http.StatusCreated)
	w.call(t, http.MethodPost, b.path("/reset"), "", http.StatusNoContent)
	w.nonce.Store(0)
	if diff := cmp.Diff([]string{"own", overflow}, names(w.playing(t, b))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wants, w.outcomes(t, b, 3)); diff != "" {
		t.Error(diff)
	}
}

func TestBadStartsMakeNoSandbox(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, test := range map[string]struct {
		body         string
		field        string
		line, column int
		detail       string
		status       int
	}{
		"unknown name": {
			"{\"id\":\"x\",\n\"scenarios\":[\"" + throttled + "\", \"mqtt-throttled\"]}", "scenarios[1]", 2, 42, "",
			http.StatusNotFound,
		},
		"bad document on one line": {
			`{"id":"x","scenarios":[{"name":"a","rules":[{"on":"onsmqtt.ApplyToken","script":[{"fail":"SystemOverFlw"}]}]}]}`,
			"scenarios[0]", 1, 90, `did you mean "SystemOverFlow"?`,
			http.StatusUnprocessableEntity,
		},
		"bad document on several": {
			"{\"id\":\"x\",\n  \"scenarios\":[{\n\"nme\":\"a\",\"rules\":[{\"on\":\"*\",\"script\":[\"pass\"]}]}]}",
			"scenarios[0]", 2, 16, "", http.StatusUnprocessableEntity,
		},
		"number": {
			`{"id":"x","scenarios":[1]}`, "scenarios[0]", 1, 24, "must be the name", http.StatusUnprocessableEntity,
		},
		"null": {
			`{"id":"x","scenarios":[null]}`, "scenarios[0]", 1, 24, "must be the name", http.StatusUnprocessableEntity,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := w.refused(t, http.MethodPost, "/v1/sandboxes", test.body, test.status)
			if p.Field != test.field || p.Line != test.line || p.Column != test.column || !strings.Contains(p.Detail, test.detail) {
				t.Errorf("problem %+v", p)
			}
			w.refused(t, http.MethodGet, "/v1/sandboxes/x", "", http.StatusNotFound)
		})
	}
}
