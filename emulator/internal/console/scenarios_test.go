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
	list, err := w.Player(box).List(t.Context())
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
		"by code":     {"q=applytokenoverflow", []string{"1 of " + all, "1 of " + documented + " documented errors", overflow}, []string{"GetAuthCode"}},
		"by words":    {"q=throttled+NORMALLY", []string{"1 of " + all, throttled}, []string{"hostile-day"}},
		"by status":   {"q=413", []string{"RequestEntityTooLarge"}, []string{"ApplyTokenOverFlow"}},
		"by API":      {"api=deepvision", []string{"top-daily-quota-ban", "broken-network"}, []string{">ApplyTokenOverFlow<"}},
		"by both":     {"api=appstream&q=overflow", []string{"No scenario has all of these words"}, []string{overflow}},
		"no such API": {"api=none", []string{"all operations"}, []string{throttled}},
		"hostile":     {"q=" + url.QueryEscape(`"><script>alert(1)</script>`), []string{"0 of " + all}, []string{"<script>alert"}},
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
		has(t, "onsmqtt.ApplyToken took 1 call; each gets: fail with ApplyTokenOverFlow")
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
	cases := map[string]struct {
		what  play.Playing
		calls int
		want  string
	}{
		"not begun":       {play.Playing{Name: throttled}, 0, "took no call; next is step 1 of 2, time 1 of it: fail with ApplyTokenOverFlow"},
		"within a step":   {play.Playing{Name: throttled}, 1, "took 1 call; next is step 1 of 2, time 2 of it: fail with ApplyTokenOverFlow"},
		"at the end":      {play.Playing{Name: throttled}, 5, "took 5 calls; next is step 2 of 2: pass"},
		"over":            {play.Playing{Source: released}, 2, "took 1 call; its script is over, further calls go by"},
		"a quota":         {play.Playing{Source: quota}, 3, "took 1 call over its quota; 0 were left after the last call"},
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
			"fail with ApplyTokenOverFlow", "Made from the spec", "name: " + overflow,
		}},
		"a placeholder": {"error/onsmqtt.ApplyToken/InvalidParameter.%s", []string{"fail with InvalidParameter.Actions"}},
		"a story":       {throttled, []string{"yaml-language-server", "the last step repeats"}},
		"the default":   {"magic-values", []string{"on by default", "as in every sandbox", "params.InstanceId is equal to post-cn-fail-ApiNotSupport"}},
		"a quota":       {"top-daily-quota-ban", []string{"beyond 1 call per hour, 3 at once", "respond with status 200"}},
		"a network":     {"broken-network", []string{"pass, network: reset", "after the last step the first comes again"}},
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
	page.has(t, "Plays in default", "<img src=x>", "which the console does not have", "Stop a/../b%2F")
	page.lacks(t, "<img", gatewaytest.Read(box.Credentials).ACS[0].AccessKeySecret)
	w.submit(t, scenariosPage, scenariosPage, url.Values{"stop": {"a/../b%2F"}})
	w.pageOf(t, "/console/scenarios/show?name="+url.QueryEscape("a/../b%2F"), http.StatusNotFound)
	w.pageOf(t, "/console/scenarios/show?name=mqtt-throttled-then-fin", http.StatusNotFound).
		has(t, `Did you mean "`+throttled+`"?`)
}
