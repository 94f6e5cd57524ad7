package mcptools_test

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The evaluation shows, without a model, that the tools' answers are enough: what is decided here is decided by the
// structured members of answers alone, by rules that know no fault and no scenario of the tables below.

// What the evaluation reads of answers.
type (
	sandboxAnswer struct {
		Sandbox struct {
			ID          string                         `json:"id"`
			Now         time.Time                      `json:"now"`
			Endpoints   map[string]string              `json:"endpoints"`
			Credentials map[string][]map[string]string `json:"credentials"`
		} `json:"sandbox"`
	}
	changeAnswer struct {
		Check, Message, From, To, Hint string
	}
	explainAnswer struct {
		ID, Sandbox, Outcome string
		Refused              bool
		Changes              []changeAnswer
		Signature            *struct{ Server, Client, Difference string }
		Nearest              []struct{ Given, Meant string }
		Documented           *struct{ Code, Meaning, Evidence string }
	}
	callsAnswer struct {
		Calls []struct{ ID, Outcome, Scenario, Why string }
	}
	checkAnswer struct {
		Good     bool
		Problems []struct {
			Line, Column   int
			Message, Meant string
		}
	}
	playingAnswer struct{ Playing []string }
)

// TestBrokenSignersAreRepaired: whatever a program does wrong, an agent finds out from the answers what to edit.
func TestBrokenSignersAreRepaired(t *testing.T) {
	t.Parallel()
	em, _ := start(t)
	for name, broken := range map[string]struct {
		style string
		spoil func(*program)
	}{
		"wrong secret":                      {rpc, func(p *program) { p.secret = "of another account" }},
		"secret with the end of its line":   {rpc, func(p *program) { p.secret += "\n" }},
		"blanks as plus":                    {rpc, func(p *program) { p.encoding = "form" }},
		"escaped twice":                     {rpc, func(p *program) { p.encoding = "twice" }},
		"escapes in lower case":             {v3, func(p *program) { p.encoding = "lower case" }},
		"not escaped":                       {v3, func(p *program) { p.encoding = "none" }},
		"a parameter is not signed":         {rpc, func(p *program) { p.leftOut = "Resources" }},
		"another method is signed":          {rpc, func(p *program) { p.signedMethod = "GET" }},
		"another method is sent":            {rpc, func(p *program) { p.method = "GET" }},
		"local time for UTC":                {rpc, func(p *program) { p.skew = 8 * time.Hour }},
		"a clock that is late":              {v3, func(p *program) { p.skew = -47 * time.Minute }},
		"a nonce for all calls":             {v3, func(p *program) { p.nonce = "only-one" }},
		"the service's host is signed":      {v3, func(p *program) { p.signedHost = "mqtt.aliyuncs.com" }},
		"a host that nobody knows":          {v3, func(p *program) { p.signedHost = "gateway.internal.example" }},
		"the digest is not signed":          {v3, func(p *program) { p.payload = "nothing" }},
		"sorted without regard to case":     {rpc, func(p *program) { p.order, p.params["aFlag"] = "by letter", "1" }},
		"the slash is not escaped":          {rpc, func(p *program) { p.slash = "/" }},
		"a misspelt parameter":              {rpc, func(p *program) { rename(p.params, "InstanceId", "InstanseId") }},
		"a misspelt action":                 {v3, func(p *program) { p.action = "AplyToken" }},
		"a misspelt access key":             {rpc, func(p *program) { p.keyID = p.keyID[:len(p.keyID)-2] + "x" }},
		"top: wrong secret":                 {top, func(p *program) { p.secret = "of another account" }},
		"top: a parameter is not signed":    {top, func(p *program) { p.leftOut = "param" }},
		"top: sorted from last to first":    {top, func(p *program) { p.order = "from last to first" }},
		"top: a zone for another":           {top, func(p *program) { p.skew = -8 * time.Hour }},
		"two at once: method and order":     {rpc, func(p *program) { p.signedMethod, p.order = "GET", "from last to first" }},
		"one after another: time, encoding": {v3, func(p *program) { p.skew, p.encoding = 2*time.Hour, "twice" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := connect(t, em)
			var box sandboxAnswer
			a.ask(&box, "create_sandbox", args{})
			p := good(broken.style, box)
			if _, status, _ := p.send(t, time.Now()); status != http.StatusOK {
				t.Fatalf("the program that is to be spoilt gets %d", status)
			}
			broken.spoil(&p)
			repairing{a, box, nil}.run(t, &p)
		})
	}
}

func rename(params map[string]string, from, to string) {
	params[to] = params[from]
	delete(params, from)
}

// repairing is an agent that runs a program, asks why it was refused, and edits it.
type repairing struct {
	*agent
	box sandboxAnswer
	log []string
}

// rounds is how often a program is edited at most: once for each fault, and once more.
const rounds = 4

func (r repairing) run(t *testing.T, p *program) {
	t.Helper()
	for range rounds {
		var sent call
		var id string
		for range 2 { // an app calls more than once
			var status int
			if sent, status, id = p.send(t, time.Now()); status != http.StatusOK {
				break
			}
		}
		var why explainAnswer
		r.ask(&why, "explain_call", args{"sandbox": r.box.Sandbox.ID, "id": id})
		if why.ID != id {
			t.Fatalf("asked for %s, got %s", id, why.ID)
		}
		if !why.Refused {
			r.check(t, len(r.log))
			return
		}
		if len(why.Changes) == 0 || why.Documented == nil || why.Documented.Meaning == "" {
			t.Fatalf("nothing is said to change: %+v", why)
		}
		r.log = append(r.log, why.Outcome+": "+why.Changes[0].Message)
		r.edit(t, p, sent, why)
	}
	t.Fatalf("still refused:\n%s", strings.Join(r.log, "\n"))
}

// check sees in the calls that some were refused, and the last was not.
func (r repairing) check(t *testing.T, edits int) {
	t.Helper()
	var seen callsAnswer
	r.ask(&seen, "calls", args{"sandbox": r.box.Sandbox.ID})
	if n := len(seen.Calls); edits == 0 || n < 2 || seen.Calls[n-1].Outcome != "ok" {
		t.Errorf("after %d edits: %+v", edits, seen)
	}
}

// edit changes the program as the first thing says that is to be changed.
func (r repairing) edit(t *testing.T, p *program, sent call, why explainAnswer) {
	t.Helper()
	first := why.Changes[0]
	parameter, isParameter := strings.CutPrefix(first.Check, "parameter ")
	var now struct{ Now time.Time }
	switch {
	case why.Signature != nil && why.Signature.Server != p.text(sent):
		p.signLike(t, sent, why.Signature.Server)
	case why.Signature != nil, first.Check == "access key": // the text is right: the key is not
		r.takeKey(t, p)
	case first.Check == "timestamp":
		r.ask(&now, "clock", args{"sandbox": r.box.Sandbox.ID})
		p.skew -= r.readTime(t, p, first.From).Sub(now.Now).Round(time.Minute)
	case first.Check == "nonce":
		p.nonce = ""
	case first.Check == "method":
		p.method = first.To
	case isParameter && len(why.Nearest) > 0 && why.Nearest[0].Given == parameter:
		rename(p.params, why.Nearest[0].Meant, parameter)
	case len(why.Nearest) > 0 && why.Nearest[0].Given == p.action:
		p.action = why.Nearest[0].Meant
	default:
		t.Fatalf("no rule for %+v", why)
	}
}

// readTime reads a time as the program writes it.
func (r repairing) readTime(t *testing.T, p *program, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil && p.style == top {
		at, err = time.ParseInLocation(time.DateTime, text, time.FixedZone("", 8*60*60))
	}
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// takeKey takes the key that the tools show for the program, by its id or else the first.
func (r repairing) takeKey(t *testing.T, p *program) {
	t.Helper()
	var box sandboxAnswer
	r.ask(&box, "sandboxes", args{"sandbox": r.box.Sandbox.ID})
	right := good(p.style, box)
	p.keyID, p.secret = right.keyID, right.secret
}

// signLike looks among the edits, one and then two at a time, for one with which the program would have signed what the
// server signs.
func (p *program) signLike(t *testing.T, sent call, server string) {
	t.Helper()
	single := p.edits(sent)
	for _, edit := range single {
		if edited := edit(*p); edited.text(sent) == server {
			*p = edited
			return
		}
	}
	for _, one := range single {
		for _, other := range single {
			if edited := other(one(*p)); edited.text(sent) == server {
				*p = edited
				return
			}
		}
	}
	t.Fatalf("no edit makes the program sign\n%s\nin place of\n%s", server, p.text(sent))
}

// edits are all choices that a program has about what it signs.
func (p *program) edits(sent call) []func(program) program {
	var all []func(program) program
	for _, method := range []string{"", "GET", "POST", "PUT"} {
		all = append(all, func(p program) program { p.signedMethod = method; return p })
	}
	for _, encoding := range slices.Sorted(maps.Keys(encodings)) {
		all = append(all, func(p program) program { p.encoding = encoding; return p })
	}
	for _, order := range slices.Sorted(maps.Keys(orders)) {
		all = append(all, func(p program) program { p.order = order; return p })
	}
	for _, name := range append([]string{""}, slices.Sorted(maps.Keys(sent.params))...) {
		all = append(all, func(p program) program { p.leftOut = name; return p })
	}
	for _, host := range []string{"mqtt.aliyuncs.com", "localhost", ""} {
		all = append(all, func(p program) program { p.signedHost = host; return p })
	}
	for _, slash := range []string{"/", "", "%2F", "%252F"} {
		all = append(all, func(p program) program { p.slash = slash; return p })
	}
	for _, payload := range []string{"nothing", "body"} {
		all = append(all, func(p program) program { p.payload = payload; return p })
	}
	return all
}

// draft is a scenario as somebody might write it at first, and what an app then sees.
type draft struct {
	document string
	outcomes []string // of calls, one after another
	problems int      // that the draft has at least
}

// TestScenariosAreWritten: an agent mends a draft by the problems that the check tells, plays it, and sees the calls
// answered so.
func TestScenariosAreWritten(t *testing.T) {
	t.Parallel()
	em, _ := start(t)
	for name, d := range map[string]draft{
		"throttled": {problems: 3, outcomes: []string{"ApplyTokenOverFlow", "ApplyTokenOverFlow", "ok"}, document: `
name: throttled
summry: Two calls are throttled.
rules:
  - on: onsmqtt.AplyToken
    script:
      - fail: ApplyTokenOverFlw
        times: 2
      - pass
`},
		"one-instance": {problems: 2, outcomes: []string{"InstancePermissionCheckFailed", "InstancePermissionCheckFailed"}, document: `
name: one-instance
summary: An instance is forbidden.
rules:
  - on: onsmqtt.ApplyToken
    when: {params.InstanceID: post-*}
    script: [{fail: InstancePermisionCheckFailed}]
`},
		"outage": {problems: 2, outcomes: []string{"ok", "SystemOverFlow", "SystemOverFlow", "ok"}, document: `
name: outage
summary: The service has an outage of two calls.
rules:
  - on: onsmqtt.ApplyToken
    scrpt:
      - pass
      - {fail: SystemOverflow, times: 2}
      - pass
`},
		"phases": {problems: 2, outcomes: []string{"PermissionCheckFailed", "ok", "ok"}, document: `
name: phases
summary: The right comes with the second call.
rules:
  - on: onsmqtt.ApplyToken
    when: {state.right: granted}
    script: [pass]
  - on: onsmqtt.ApplyToken
    script: [{fail: PermissionCheckFaild}]
    than: {state.right: granted}
`},
		"gateway": {problems: 3, outcomes: []string{"Throttling.User", "ServiceUnavailable", "ok"}, document: `
name: gateway
summary: The gateway refuses, then the service.
ruls:
  - on: onsmqt.ApplyToken
    script: [{fail: Throtling.User}, {fail: ServiceUnavailable}, pass]
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := connect(t, em)
			var box sandboxAnswer
			a.ask(&box, "create_sandbox", args{})
			document, mended := mend(a, d.document)
			if mended < d.problems {
				t.Errorf("only %d problems were told", mended)
			}
			where := args{"sandbox": box.Sandbox.ID}
			var playing playingAnswer
			a.ask(&playing, "play_scenario", args{"sandbox": box.Sandbox.ID, "name": name, "document": document})
			if len(playing.Playing) != 1 || !strings.HasPrefix(playing.Playing[0], name+"\n") {
				t.Errorf("playing %q", playing.Playing)
			}
			p := good(rpc, box)
			for range d.outcomes {
				p.send(t, time.Now())
			}
			var seen callsAnswer
			a.ask(&seen, "calls", where)
			var outcomes []string
			for _, c := range seen.Calls {
				outcomes = append(outcomes, c.Outcome)
				if c.Outcome != "ok" && c.Scenario != name {
					t.Errorf("%s was decided by %q", c.Outcome, c.Scenario)
				}
			}
			if !slices.Equal(outcomes, d.outcomes) {
				t.Errorf("the app saw %q, want %q", outcomes, d.outcomes)
			}
			a.ask(&playing, "stop_scenario", where)
			if _, status, _ := p.send(t, time.Now()); status != http.StatusOK || len(playing.Playing) > 0 {
				t.Errorf("after the stop: %d, %q", status, playing.Playing)
			}
		})
	}
}

// word is what a problem points at.
var word = regexp.MustCompile(`^[\w.*-]+`)

// mend replaces what each problem points at by what was meant, until none is left.
func mend(a *agent, document string) (string, int) {
	a.t.Helper()
	for mended := 0; mended < 10; mended++ {
		var check checkAnswer
		a.ask(&check, "check_scenario", args{"document": document})
		if check.Good != (len(check.Problems) == 0) {
			a.t.Fatalf("good is %t with %d problems", check.Good, len(check.Problems))
		}
		if check.Good {
			return document, mended
		}
		at := 0
		for at < len(check.Problems) && check.Problems[at].Meant == "" { // such as a key that is missing, as it is misspelt
			at++
		}
		if at == len(check.Problems) {
			a.t.Fatalf("nothing is meant: %+v in\n%s", check.Problems, document)
		}
		p := check.Problems[at]
		lines := strings.Split(document, "\n")
		line := &lines[p.Line-1]
		*line = (*line)[:p.Column-1] + word.ReplaceAllString((*line)[p.Column-1:], p.Meant)
		document = strings.Join(lines, "\n")
	}
	a.t.Fatalf("the check finds no end:\n%s", document)
	return "", 0
}
