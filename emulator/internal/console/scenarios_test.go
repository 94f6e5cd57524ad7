package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

const (
	scenariosPage = "/console/scenarios"
	overflow      = "error/onsmqtt.ApplyToken/ApplyTokenOverFlow"
	throttled     = "mqtt-throttled-then-fine"
)

// playing names what plays in a sandbox, newest first.
func (w *world) playing(t *testing.T, box *sandbox.Sandbox) string {
	t.Helper()
	list, err := w.Playing(t.Context(), box)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}

// play plays a scenario, or a document under its own name.
func (w *world) play(t *testing.T, box *sandbox.Sandbox, what play.Playing) {
	t.Helper()
	if err := w.Play(t.Context(), box, what); err != nil {
		t.Fatal(err)
	}
}

// part is what stands between the tag of an element with an id and a text.
func (r reply) part(t *testing.T, id, until string) reply {
	t.Helper()
	_, rest, ok := strings.Cut(r.body, `id="`+id+`"`)
	if !ok {
		t.Fatalf("the page has no element %q", id)
	}
	_, rest, _ = strings.Cut(rest, ">")
	part, _, _ := strings.Cut(rest, until)
	return reply{r.status, r.header, part}
}

func TestScenariosAreListed(t *testing.T) {
	t.Parallel()
	w := open(t)
	page := w.page(t, scenariosPage)
	page.part(t, "playing", "</section>").has(t, "magic-values on by default", "rules took no call")
	page.has(t,
		strconv.Itoa(len(w.Library().Names()))+" scenarios",
		"Play mqtt-throttled-then-fine", "ApplyToken is throttled twice, then answers normally.",
		"Play "+overflow, "You have applied for tokens too many times. Please try again later.",
		"InvalidParameter.%s", "X-Tokenstage-Scenario: NAME", "onsmqtt InstanceId post-cn-fail- CODE",
	)
	page.lacks(t, `value="`+overflow+`" class="stop"`)
}

func TestScenariosAreSearched(t *testing.T) {
	t.Parallel()
	w := open(t)
	all := strconv.Itoa(len(w.Library().Names()))
	documented := strconv.Itoa(w.documented("onsmqtt.ApplyToken"))
	cases := map[string]struct {
		query       string
		has, hasNot []string
	}{
		"by code":   {"q=applytokenoverflow", []string{"1 of " + all, "1 of " + documented + " documented errors", overflow}, []string{"GetAuthCode"}},
		"by words":  {"q=throttled+NORMALLY", []string{"1 of " + all, throttled}, []string{"hostile-day"}},
		"by status": {"q=413", []string{"RequestEntityTooLarge"}, []string{"ApplyTokenOverFlow"}},
		"by API":    {"api=deepvision", []string{"top-daily-quota-ban", "broken-network"}, []string{">ApplyTokenOverFlow<"}},
		"by both":   {"api=appstream&q=overflow", []string{"No scenario has all of these words"}, []string{overflow}},
		"hostile":   {"q=" + url.QueryEscape(`"><script>alert(1)</script>`), []string{"0 of " + all}, []string{"<script>alert"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := w.page(t, scenariosPage+"?"+c.query)
			page.has(t, c.has...)
			reply{body: page.part(t, "all-scenarios", "</main>").body}.lacks(t, c.hasNot...)
		})
	}
}

func TestScenariosArePlayedAndStopped(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.create(t, "qa")
	page := scenariosPage + "?sandbox=qa"
	in := func(button, name string) url.Values { return url.Values{"sandbox": {"qa"}, button: {name}} }

	after := w.submit(t, page, scenariosPage, in("play", overflow))
	after.has(t, overflow+" plays in qa from now on.", "Stop "+overflow)
	if got := w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box)); !strings.Contains(got.body, "ApplyTokenOverFlow") {
		t.Errorf("ApplyToken answered %d %s", got.status, got.body)
	}
	w.page(t, page).part(t, "playing", "</section>").
		has(t, "onsmqtt.ApplyToken took 1 call; each fails with ApplyTokenOverFlow")
	w.page(t, scenariosPage).part(t, "playing", "</section>").lacks(t, overflow)

	w.submit(t, page, scenariosPage, in("stop", overflow)).has(t, overflow+" plays no more in qa.", "Play "+overflow)
	w.submit(t, page, scenariosPage, in("stop", "magic-values")).has(t, "Nothing plays")
	if got := w.playing(t, box); got != "" {
		t.Errorf("%s plays", got)
	}
}

func TestAllThatWasPlayedIsStopped(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.page(t, scenariosPage).lacks(t, `name="stop-all"`)
	w.submit(t, scenariosPage, scenariosPage, url.Values{"play": {overflow}})
	w.submit(t, scenariosPage, scenariosPage, url.Values{"play": {"error/onsmqtt.ApplyToken/InvalidParameter.%s"}}).
		has(t, "Stop all that was played")
	w.submit(t, scenariosPage, scenariosPage, url.Values{"stop-all": {"yes"}})
	if got := w.playing(t, w.box(t, sandbox.Default)); got != "magic-values" {
		t.Errorf("%s plays", got)
	}
}

func TestCursorsAreShown(t *testing.T) {
	t.Parallel()
	const released = "name: once\nrules:\n  - on: onsmqtt.*\n    script: [{fail: InternalError}]\n    end: release\n"
	const quota = "name: limited\nrules:\n  - on: onsmqtt.*\n    quota: {rate: 2/h, over: {fail: InternalError}}\n"
	const alike = "name: x\nrules:\n  - on: onsmqtt.ApplyToken\n    script: [{fail: InternalError}, pass]\n"
	const stepped = "name: steps\nrules:\n  - on: onsmqtt.*\n    script: [{fail: InternalError, times: 2}, pass]\n"
	const adds = "name: adds\nrules:\n  - {on: onsmqtt.*, also: {delay: 1ms}}\n"
	cases := map[string]struct {
		what  play.Playing
		calls int
		want  string
	}{
		"not begun":       {play.Playing{Name: throttled}, 0, "took no call; next is step 1 of 2, time 1 of it, which fails with ApplyTokenOverFlow"},
		"within a step":   {play.Playing{Name: throttled}, 1, "took 1 call; next is step 1 of 2, time 2 of it, which fails with ApplyTokenOverFlow"},
		"at the end":      {play.Playing{Name: throttled}, 5, "took 5 calls; next is step 2 of 2, which is answered as usual"},
		"over":            {play.Playing{Source: released}, 2, "took 1 call; its script is over, further calls go by"},
		"a quota":         {play.Playing{Source: quota}, 3, "took 1 call over its quota; 0 were left after the last call"},
		"effects":         {play.Playing{Source: adds}, 2, "took 2 calls; it adds its effects and decides nothing"},
		"own document":    {play.Playing{Source: stepped}, 1, "took 1 call; next is step 1, which took 1 call so far"},
		"under that name": {play.Playing{Name: throttled, Source: alike}, 0, "took no call; next is step 1, which took no call so far"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			box := w.box(t, sandbox.Default)
			w.play(t, box, c.what)
			for range c.calls {
				w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
			}
			w.page(t, scenariosPage).part(t, "playing", "</section>").has(t, c.want)
		})
	}
}

func TestChangesOfScenariosAreRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	cases := map[string]struct {
		fields url.Values
		status int
		says   string
	}{
		"without proof":   {url.Values{"play": {overflow}, "csrf": {""}}, http.StatusForbidden, "Load the page again"},
		"unknown":         {url.Values{"play": {overflow + "s"}}, http.StatusNotFound, `Did you mean "` + overflow + `"?`},
		"none":            {url.Values{}, http.StatusNotFound, "No scenario has the name"},
		"not playing":     {url.Values{"stop": {overflow}}, http.StatusNotFound, "does not play"},
		"unknown sandbox": {url.Values{"play": {overflow}, "sandbox": {"none"}}, http.StatusNotFound, "sandbox"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.tries(t, scenariosPage, scenariosPage, c.fields)
			if got.status != c.status {
				t.Errorf("status %d, want %d", got.status, c.status)
			}
			got.has(t, c.says)
		})
	}
	if got := w.playing(t, w.box(t, sandbox.Default)); got != "magic-values" {
		t.Errorf("%s plays", got)
	}
}

func TestAScenarioIsShown(t *testing.T) {
	t.Parallel()
	w := open(t)
	cases := map[string]struct {
		name string
		has  []string
	}{
		"an error": {overflow, []string{
			"Does not play in default", "onsmqtt.ApplyToken", "400", "page : ", "X-Tokenstage-Scenario: " + overflow,
			"InstanceId=post-cn-fail-ApplyTokenOverFlow", "tokenstage play " + overflow + " --sandbox default --control http://127.0.0.1:",
			"Each call fails with ApplyTokenOverFlow.", "Made from the spec", "name: " + overflow,
		}},
		"a placeholder": {"error/onsmqtt.ApplyToken/InvalidParameter.%s", []string{"Each call fails with InvalidParameter.Actions."}},
		"a story":       {throttled, []string{"yaml-language-server", "Every further call is answered as usual."}},
		"the default":   {"magic-values", []string{"on by default", "as in every sandbox", "where the parameter InstanceId is “post-cn-fail-ApiNotSupport”"}},
		"a quota":       {"top-daily-quota-ban", []string{"It lets 3 calls a day go on to the next rules", "A call beyond that fails with"}},
		"a network":     {"broken-network", []string{"in place of the answer the connection is reset", "Then the script begins again with its first step."}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := w.page(t, "/console/scenarios/show?name="+url.QueryEscape(c.name))
			page.has(t, c.has...)
			if c.name == overflow {
				page.lacks(t, "post-cn-fail-SystemOverFlow")
			}
		})
	}
}

// The command needs no address where the command line looks by itself.
func TestTheCommandOfAScenario(t *testing.T) {
	t.Parallel()
	w := open(t)
	for host, flag := range map[string]string{"127.0.0.1:4011": "", "localhost:80": " --control http://localhost:80"} {
		req := w.request(t, http.MethodGet, "/console/scenarios/show?name="+throttled, nil)
		req.Host = host
		want := "tokenstage play " + throttled + " --sandbox default" + flag
		if got := w.send(t, req).paste(t, "tokenstage play"); got != want {
			t.Errorf("from %s the command is %s, want %s", host, got, want)
		}
	}
}

func TestEveryScenarioHasAPage(t *testing.T) {
	t.Parallel()
	w := open(t)
	list := w.page(t, scenariosPage).part(t, "all-scenarios", "</main>").body
	links := regexp.MustCompile(`href="(/console/scenarios/show[^"]+)"`).FindAllStringSubmatch(list, -1)
	if want := len(w.Library().Names()); len(links) != want {
		t.Fatalf("%d links, want %d", len(links), want)
	}
	for _, link := range links {
		w.page(t, strings.ReplaceAll(link[1], "&amp;", "&")).has(t, "Edit a copy")
	}
}

func TestAScenarioOfSomebodyIsShown(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.play(t, box, play.Playing{Source: "name: a/../b%2F\nsummary: '<img src=x> " +
		gatewaytest.Read(box.Credentials).ACS[0].AccessKeySecret + "'\nrules: [{on: onsmqtt.*, script: [pass]}]\n"})
	page := w.page(t, "/console/scenarios/show?name="+url.QueryEscape("a/../b%2F"))
	page.has(t, "Plays in default", "<img src=x>", "Document", "Stop a/../b%2F")
	page.lacks(t, "<img", gatewaytest.Read(box.Credentials).ACS[0].AccessKeySecret)
	w.submit(t, scenariosPage, scenariosPage, url.Values{"stop": {"a/../b%2F"}})
	w.submit(t, scenariosPage, scenariosPage, url.Values{"forget": {"a/../b%2F"}})
	w.pageOf(t, "/console/scenarios/show?name="+url.QueryEscape("a/../b%2F"), http.StatusNotFound)
	w.pageOf(t, "/console/scenarios/show?name=mqtt-throttled-then-fin", http.StatusNotFound).
		has(t, `Did you mean "`+throttled+`"?`)
}

// stood has everything that a scenario can stand at: a place for each instance, a window and states.
const stood = `name: stood
rules:
  - on: onsmqtt.*
    also: {delay: 0s}
    then: {state.seen: "yes"}
  - on: onsmqtt.ApplyToken
    per: params.InstanceId
    for: 10m
    script:
      - choose: [{fail: ApplyTokenOverFlow}]
      - pass
    then: {state.phase: {value: slow, for: 1h}}
  - on: onsmqtt.ApplyToken
    script: [pass]
`

func TestStatesWindowsAndValuesAreShown(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.play(t, box, play.Playing{Source: stood})
	w.signed(t, box, "ApplyToken", mqttVersion, applyParams(t, box))
	for _, page := range []string{scenariosPage, "/console/scenarios/show?name=stood"} {
		w.page(t, page).has(t,
			"Rule 1 on onsmqtt.* took 1 call", "State seen is yes",
			"Rule 2 on onsmqtt.ApplyToken took 1 call; each params.InstanceId stands on its own, below",
			"params.InstanceId "+instance+" Rule 2 took 1 call; next is step 2, which took no call so far; 10m left, until 2026-03-01 08:10:00",
			"State phase is slow ; 1h left, until 2026-03-01 09:00:00", "Rule 3 on onsmqtt.ApplyToken took no call")
	}
	w.open(t, box).about(t, "why").has(t, "Scenario stood decided that: rule 2, step 1, choice 1.",
		"The rule keeps its place apart for each params.InstanceId : here "+instance+" .", "State phase is slow",
		"Its quota or window lasted 10m more by the sandbox's clock.", "Added to by stood , rule 1.")
}

func TestRulesThatWereNotAskedAreNamed(t *testing.T) {
	t.Parallel()
	w := open(t)
	box := w.box(t, sandbox.Default)
	w.play(t, box, play.Playing{Source: stood})
	w.signed(t, box, "ApplyToken", mqttVersion, url.Values{"Actions": {"R"}})
	w.open(t, box).about(t, "why").has(t, "stood 2 The rule was not asked: the call had been refused before.",
		"a call that passes authentication and validation; at: arrival asks before them")
}
