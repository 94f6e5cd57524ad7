package client_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// contract is what every testkit does: testkit/contracts says what its words mean.
type contract struct {
	Name    string
	Alone   bool // on an emulator of its own
	Sandbox struct {
		client.Definition

		Play    []string
		Scripts []scriptSource
	}
	Steps []map[string]json.RawMessage
}

type scriptSource struct{ Name, Source string }

// TestContracts holds this testkit to what those of all languages do.
func TestContracts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../contracts/*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("found %q, %v", files, err)
	}
	shared := inprocess.Start(t)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var table struct{ Contracts []contract }
		if err := json.Unmarshal(raw, &table); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, c := range table.Contracts {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				em := shared
				if c.Alone {
					em = inprocess.Start(t)
				}
				r := &contractRun{t, em, em.Sandbox(t, c.options()...)}
				for i, s := range c.Steps {
					r.step(fmt.Sprintf("step %d", i+1), r.expand(t, s))
				}
			})
		}
	}
}

func (c contract) options() []client.SandboxOption {
	d := c.Sandbox.Definition
	options := []client.SandboxOption{
		client.ID(d.ID), client.SignatureTime(d.SignatureTime), client.Given(d.Credentials), client.Only(d.Fixtures),
		client.Play(c.Sandbox.Play...),
	}
	if d.Seed != nil {
		options = append(options, client.Seed(*d.Seed))
	}
	if !d.Now.IsZero() {
		options = append(options, client.At(d.Now))
	}
	if d.Frozen {
		options = append(options, client.Frozen())
	}
	for operation, rate := range d.Quotas {
		options = append(options, client.Quota(operation, rate))
	}
	for _, s := range c.Sandbox.Scripts {
		options = append(options, client.Script(s.Name, s.Source))
	}
	return options
}

type contractRun struct {
	t   *testing.T
	em  *client.Emulator
	box *client.Box
}

// expand fills in the values of the sandbox.
func (r *contractRun) expand(t *testing.T, s map[string]json.RawMessage) map[string]json.RawMessage {
	t.Helper()
	b := r.box
	values := strings.NewReplacer(
		"${id}", b.ID, "${seed}", fmt.Sprint(b.Seed), "${address}", r.em.Addr(),
		"${acs.accessKeyId}", b.ACS.AccessKeyID, "${acs.accessKeySecret}", b.ACS.AccessKeySecret,
		"${acs.securityToken}", b.ACS.SecurityToken, "${top.appKey}", b.Top.AppKey, "${fabric.appKey}", b.Fabric.AppKey,
		"${endpoints.data}", b.Endpoints.Data, "${endpoints.acs}", b.Endpoints.ACS, "${endpoints.top}", b.Endpoints.Top,
		"${endpoints.fabric}", b.Endpoints.Fabric, "${endpoints.mqtt}", b.Endpoints.MQTT,
	)
	expanded := map[string]json.RawMessage{}
	for verb, raw := range s {
		expanded[verb] = json.RawMessage(values.Replace(string(raw)))
	}
	return expanded
}

// read reads a member of a step.
func read[V any](r *contractRun, s map[string]json.RawMessage, name string) (value V) {
	r.t.Helper()
	if raw, there := s[name]; there {
		if err := json.Unmarshal(raw, &value); err != nil {
			r.t.Fatalf("%s: %v", name, err)
		}
	}
	return value
}

// step goes one step, and holds it to what it must fail with.
func (r *contractRun) step(name string, s map[string]json.RawMessage) {
	r.t.Helper()
	verb := ""
	for _, known := range contractVerbs {
		if _, there := s[known.verb]; there {
			verb = known.verb
			said := strings.Join(play(r.t, func(fake client.T) { known.do(r, fake, s) }), "\n")
			if want := read[string](r, s, "fails"); (want == "") != (said == "") || !strings.Contains(said, want) {
				r.t.Errorf("%s, %s: %q, want %q", name, verb, said, want)
			}
		}
	}
	if verb == "" {
		r.t.Errorf("%s has no verb that is known: %v", name, s)
	}
}

// is compares a value.
func is[V any](t client.T, got, want V) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s", diff)
	}
}

var contractVerbs = []struct {
	verb string
	do   func(r *contractRun, t client.T, s map[string]json.RawMessage)
}{
	{"authorize", func(r *contractRun, _ client.T, s map[string]json.RawMessage) {
		call := read[struct{ Key, Secret, Query string }](r, s, "authorize")
		if call.Key == "" {
			call.Key = r.box.Fabric.AppKey
		}
		if call.Secret == "" {
			call.Secret = r.box.Fabric.AppSecret
		}
		authorize(r.t, r.em, call.Key, call.Secret, call.Query)
	}},
	{"value", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		is(t, read[string](r, s, "value"), read[string](r, s, "is"))
	}},
	{"now", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		is(t, r.open(t).Now(), read[time.Time](r, s, "now"))
	}},
	{"set", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		r.open(t).Set(read[time.Time](r, s, "set"))
	}},
	{"setReal", func(r *contractRun, t client.T, _ map[string]json.RawMessage) { r.open(t).SetReal() }},
	{"freeze", func(r *contractRun, t client.T, _ map[string]json.RawMessage) { r.open(t).Freeze() }},
	{"unfreeze", func(r *contractRun, t client.T, _ map[string]json.RawMessage) { r.open(t).Unfreeze() }},
	{"advance", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		r.open(t).Advance(seconds(read[float64](r, s, "advance")))
	}},
	{"play", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		r.open(t).Play(read[string](r, s, "play"))
	}},
	{"script", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		script := read[scriptSource](r, s, "script")
		r.open(t).Script(script.Name, script.Source)
	}},
	{"stop", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		r.open(t).Stop(read[string](r, s, "stop"))
	}},
	{"playing", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		names := []string{}
		for _, p := range r.open(t).Playing() {
			if !p.Default {
				names = append(names, p.Name)
			}
		}
		is(t, names, read[[]string](r, s, "playing"))
	}},
	{"tokens", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		var all []string
		for _, token := range r.open(t).Tokens() {
			all = append(all, token.Operation+" "+string(token.State))
		}
		is(t, all, read[[]string](r, s, "tokens"))
	}},
	{"expire", changesToken("expire", (*client.Box).Expire)},
	{"revoke", changesToken("revoke", (*client.Box).Revoke)},
	{"redeem", changesToken("redeem", (*client.Box).Redeem)},
	{"requests", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		is(t, len(r.open(t).Requests(read[client.Filter](r, s, "requests"))), read[int](r, s, "count"))
	}},
	{"clear", func(r *contractRun, t client.T, _ map[string]json.RawMessage) { r.open(t).Clear() }},
	{"reset", func(r *contractRun, _ client.T, _ map[string]json.RawMessage) { r.box.Reset() }}, // it knows what to play
	{"claim", (*contractRun).claim},
	{"mqtt", func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		a, m := read[[]string](r, s, "arguments"), r.box.MQTT
		functions := map[string]func() string{
			"url":           func() string { return m.URL },
			"signatureUser": func() string { return m.SignatureUser(a[0]) },
			"tokenUser":     func() string { return m.TokenUser(a[0]) },
			"tokenPassword": func() string { return m.TokenPassword(a...) },
			"uploadTopic":   m.UploadTopic, "upload": func() string { return m.Upload(a[0], a[1]) },
			"signaturePassword": func() string { return m.SignaturePassword(a[0]) },
		}
		is(t, functions[read[string](r, s, "mqtt")](), read[string](r, s, "is"))
	}},
}

// open is the sandbox in the hands of a test whose reports are read.
func (r *contractRun) open(t client.T) *client.Box { return r.em.Open(t, r.box.ID) }

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func changesToken(
	verb string, change func(b *client.Box, id string) client.Token,
) func(r *contractRun, t client.T, s map[string]json.RawMessage) {
	return func(r *contractRun, t client.T, s map[string]json.RawMessage) {
		b := r.open(t)
		got := change(b, b.Tokens()[read[int](r, s, verb)].ID)
		is(t, string(got.State), read[string](r, s, "state"))
	}
}

// claim makes a claim, and holds what the test reads to what is written.
func (r *contractRun) claim(t client.T, s map[string]json.RawMessage) {
	claim := read[struct {
		client.Claim

		Within float64
	}](r, s, "claim")
	var found []client.Entry
	said := strings.Join(play(r.t, func(fake client.T) {
		x := r.box.Expect(fake, claim.Operation)
		for _, w := range claim.Where {
			x = narrowed(x, w)
		}
		if claim.Within > 0 {
			x = x.Within(seconds(claim.Within))
		}
		found = ended(x, claim.Claim)
	}), "\n")
	report, says := read[[]string](r, s, "report"), read[[]string](r, s, "says")
	if report != nil {
		is(t, strings.Split(said, "\n"), r.reasons(report))
	}
	if report == nil && says == nil && said != "" {
		t.Errorf("does not hold: %s", said)
	}
	if missing := slices.DeleteFunc(says, func(want string) bool { return strings.Contains(said, want) }); len(missing) > 0 {
		t.Errorf("does not say %q: %s", missing, said)
	}
	if _, there := s["count"]; there {
		is(t, len(found), read[int](r, s, "count"))
	}
}

// reasons puts the finding of the refused call in its place.
func (r *contractRun) reasons(report []string) []string {
	finding := ""
	for _, e := range r.box.Requests(client.Filter{Outcome: "403"}) {
		finding = e.Findings[0].Check + ": " + e.Findings[0].Message
	}
	for i := range report {
		report[i] = strings.Replace(report[i], "REASON", finding, 1)
	}
	return report
}

func narrowed(x client.Expectation, w client.ClaimCondition) client.Expectation {
	return map[string]func() client.Expectation{
		"parameter":  func() client.Expectation { return x.Param(w.Name, w.Value) },
		"header":     func() client.Expectation { return x.Header(w.Name, w.Value) },
		"topic":      func() client.Expectation { return x.Topic(w.Value) },
		"outcome":    func() client.Expectation { return x.Outcome(w.Value) },
		"credential": func() client.Expectation { return x.Credential(w.Value) },
		"delivery":   func() client.Expectation { return x.Delivery(client.DeliveryState(w.Value)) },
	}[string(w.Of)]()
}

func ended(x client.Expectation, claim client.Claim) []client.Entry {
	return map[string]func() []client.Entry{
		"once":     func() []client.Entry { return []client.Entry{x.Once()} },
		"times":    func() []client.Entry { return x.Times(claim.Calls) },
		"atLeast":  func() []client.Entry { return x.AtLeast(claim.Calls) },
		"never":    func() []client.Entry { x.Never(); return nil },
		"outcomes": func() []client.Entry { return x.Outcomes(claim.Outcomes...) },
	}[string(claim.Want)]()
}
