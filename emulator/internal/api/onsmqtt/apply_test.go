package onsmqtt_test

import (
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const parameterCheckFailed = "ParameterCheckFailed"

func TestApplyToken(t *testing.T) {
	t.Parallel()
	box := newSandbox(t)
	result, err := do(t, box, "ApplyToken", request())
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Body) != 2 || result.Body[0] != (wire.Member{Name: "RequestId", Value: "the-id"}) || result.Body[1].Name != "Token" {
		t.Errorf("body %v", result.Body)
	}
	text := plain(result)["Token"].(string)
	if raw, err := base64.StdEncoding.DecodeString(text); err != nil || len(raw) != 256 || len(text) != 344 {
		t.Errorf("%d characters, %d bytes, %v", len(text), len(raw), err)
	}
	want := token.Token{
		ID: "onsmqtt-1", API: "onsmqtt", Operation: "ApplyToken", State: token.Active, Subject: instance,
		IssuedAt: noon, ExpiresAt: noon.Add(time.Hour),
		History: []token.Event{{Time: noon, State: token.Active, Note: "issued for R,W on topics: 1"}},
	}
	if diff := cmp.Diff(want, listed(t, box)); diff != "" {
		t.Error(diff)
	}
}

// ExpireTime lies at least 60 seconds ahead, a little less for the way of the call, and beyond 30 days the token lives
// 30 days: ApplyToken, Request parameters.
func TestExpireTime(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	at := func(after time.Duration) int64 { return noon.Add(after).UnixMilli() }
	for name, c := range map[string]struct {
		millis int64
		clock  time.Duration // past noon
		lives  time.Duration // from noon; zero for a refusal
	}{
		"30 s":                     {at(30 * time.Second), 0, 0},
		"54.999 s":                 {at(54999 * time.Millisecond), 0, 0},
		"55 s":                     {at(55 * time.Second), 0, 55 * time.Second},
		"55 s, clock a bit past":   {at(55 * time.Second), 999 * time.Microsecond, 55 * time.Second},
		"55 s, clock 1 ms past":    {at(55 * time.Second), time.Millisecond, 0},
		"59.999 s":                 {at(59999 * time.Millisecond), 0, 59999 * time.Millisecond},
		"60 s":                     {at(time.Minute), 0, time.Minute},
		"60 s, 1 ns on the way":    {at(time.Minute), time.Nanosecond, time.Minute},
		"60 s, 40 ms on the way":   {at(time.Minute), 40 * time.Millisecond, time.Minute},
		"60 s, 4 s on the way":     {at(time.Minute), 4 * time.Second, time.Minute},
		"60 s, 6 s on the way":     {at(time.Minute), 6 * time.Second, 0},
		"60.001 s":                 {at(60001 * time.Millisecond), 0, 60001 * time.Millisecond},
		"30 days":                  {at(30 * day), 0, 30 * day},
		"30 days and 1 ms: capped": {at(30*day + time.Millisecond), 0, 30 * day},
		"years: capped":            {at(10 * 365 * day), 0, 30 * day},
		"capped from now":          {at(40 * day), day, 31 * day},
		"the largest":              {math.MaxInt64, 0, 30 * day},
		"now":                      {at(0), 0, 0},
		"in seconds by mistake":    {noon.Add(time.Hour).Unix(), 0, 0},
		"zero":                     {0, 0, 0},
		"negative":                 {-1, 0, 0},
		"the smallest":             {math.MinInt64, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			advance(t, box, c.clock)
			_, err := do(t, box, "ApplyToken", request("ExpireTime", c.millis))
			if c.lives == 0 {
				wantCode(t, err, parameterCheckFailed)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := listed(t, box).ExpiresAt; !got.Equal(noon.Add(c.lives)) {
				t.Errorf("the token ends %s, want %s", got, noon.Add(c.lives))
			}
		})
	}
}

// A refused ExpireTime is explained with numbers that bear the sentence out, and with the unit where that is the cause.
func TestExpireTimeIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		millis int64
		says   string
		advice bool
	}{
		"a millisecond too early": {noon.UnixMilli() + 54_999, "is 2026-03-01T12:00:54.999Z, 54.999s after the sandbox's " +
			"clock, which shows 2026-03-01T12:00:00.000Z. It must lie at least 1m0s ahead; up to 5s are", false},
		"past":        {noon.UnixMilli() - 1, "is 2026-03-01T11:59:59.999Z, 1ms before the sandbox's clock", false},
		"seconds":     {noon.Unix() + 3600, "before the sandbox's clock", true},
		"seconds ago": {noon.Unix() - 3600, "before the sandbox's clock", false},
		"zero":        {0, "is 1970-01-01T00:00:00.000Z", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t)
			advance(t, box, 999*time.Microsecond)
			_, err := do(t, box, "ApplyToken", request("ExpireTime", c.millis))
			fault, ok := errors.AsType[*wire.Fault](err)
			if !ok || !strings.Contains(fault.Findings[0].Message, c.says) {
				t.Fatalf("got %+v, want %q", fault, c.says)
			}
			advised := len(fault.Findings) == 2 && strings.Contains(fault.Findings[1].Message, "in milliseconds")
			if advised != c.advice || !advised && len(fault.Findings) != 1 {
				t.Errorf("findings %+v", fault.Findings)
			}
		})
	}
}

func TestNumberOfResources(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		n    int
		code string
	}{"1": {1, ""}, "100": {100, ""}, "101": {101, parameterCheckFailed}, "5000": {5000, parameterCheckFailed}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			topics := strings.TrimSuffix(strings.Repeat("Topic,", c.n), ",")
			_, err := do(t, newSandbox(t), "ApplyToken", request("Resources", topics))
			wantCode(t, err, c.code)
		})
	}
}

// Topic filters of MQTT 3.1.1, section 4.7.
func TestTopicFilters(t *testing.T) {
	t.Parallel()
	for topic, good := range map[string]bool{
		"sport/tennis/player1/#":        true,
		"sport/#":                       true,
		"#":                             true,
		"sport/tennis/#":                true,
		"sport/tennis#":                 false,
		"sport/tennis/#/ranking":        false,
		"#/":                            false,
		"##":                            false,
		"sport/tennis/+":                true,
		"+":                             true,
		"+/tennis/#":                    true,
		"+/+":                           true,
		"/+":                            true,
		"+/":                            true,
		"sport/+/player1":               true,
		"sport+":                        false,
		"+sport":                        false,
		"sport/+x/y":                    false,
		"++":                            false,
		"/":                             true,
		"//":                            true,
		"/finance":                      true,
		"a/":                            true,
		"$SYS/#":                        true,
		"$SYS/monitor/+":                true,
		"Accounts payable":              true,
		"主题/é":                          true,
		"":                              false,
		"a\x00b":                        false,
		"a\nb":                          false,
		"a\u007fb":                      false,
		"a\u0085b":                      false,
		"a\xffb":                        false,
		"a/\xed\xa0\x80":                false, // a surrogate
		strings.Repeat("x", 65535):      true,
		strings.Repeat("x", 65536):      false,
		strings.Repeat("é", 65536/2):    false,
		strings.Repeat("é", 65534/2):    true,
		strings.Repeat("a/", 1000) + "": true,
	} {
		name := topic
		if len(name) > 30 {
			name = name[:30]
		}
		for place, resources := range map[string]string{"alone": topic, "last": "A," + topic, "first": topic + ",~"} {
			t.Run(strings.ToValidUTF8(name, "?")+" "+place, func(t *testing.T) {
				t.Parallel()
				code := parameterCheckFailed
				if good {
					code = ""
				}
				_, err := do(t, newSandbox(t), "ApplyToken", request("Resources", resources))
				wantCode(t, err, code)
			})
		}
	}
}

// Topics out of order and blanks around them are no failure, but most likely no intention either.
func TestAdviceOnResources(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		resources string
		want      []string // in the advice, one each
	}{
		"one":                    {"TopicA", nil},
		"sorted":                 {"TopicA,TopicB/#,TopicC", nil},
		"by bytes, not by words": {"B,a", nil},
		"twice":                  {"A,A", nil},
		"unsorted":               {"TopicB,TopicA", []string{"lexicographic order"}},
		"blank before":           {"A, B", []string{`" B", begins or ends with a blank`, "lexicographic order"}},
		"blank after":            {"A ,B", []string{`"A ", begins or ends with a blank`}},
		"blank inside":           {"A B,C", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := do(t, newSandbox(t), "ApplyToken", request("Resources", c.resources))
			if err != nil || len(result.Findings) != len(c.want) {
				t.Fatalf("%v, findings %+v", err, result.Findings)
			}
			for i, f := range result.Findings {
				if f.Level != wire.LevelAdvice || !strings.Contains(f.Message, c.want[i]) {
					t.Errorf("finding %+v, want %q", f, c.want[i])
				}
			}
		})
	}
}

// A refusal of topics names the one that is meant.
func TestRefusedTopicIsNamed(t *testing.T) {
	t.Parallel()
	_, err := do(t, newSandbox(t), "ApplyToken", request("Resources", "A,B#"))
	fault, _ := err.(*wire.Fault) //nolint:errorlint // the handler returns it unwrapped
	if fault == nil || !strings.Contains(fault.Findings[0].Message, `Topic 2 of Resources, "B#"`) {
		t.Errorf("got %+v", fault)
	}
}

func TestInstances(t *testing.T) {
	t.Parallel()
	limited := func(d *sandbox.Definition) { d.Fixtures.Instances = []string{"post-cn-*", "mqtt-1"} }
	for name, c := range map[string]struct {
		box  *sandbox.Sandbox
		id   string
		code string
	}{
		"any without fixtures": {newSandbox(t), "whatever", ""},
		"by glob":              {newSandbox(t, limited), "post-cn-1", ""},
		"by name":              {newSandbox(t, limited), "mqtt-1", ""},
		"unknown":              {newSandbox(t, limited), "mqtt-2", "InstancePermissionCheckFailed"},
		"in another case":      {newSandbox(t, limited), "MQTT-1", "InstancePermissionCheckFailed"},
	} {
		for _, operation := range []string{"ApplyToken", "QueryToken", "RevokeToken"} {
			t.Run(name+"/"+operation, func(t *testing.T) {
				t.Parallel()
				params := request("InstanceId", c.id)
				if operation != "ApplyToken" {
					params = map[string]any{"InstanceId": c.id, "Token": issue(t, newSandbox(t), "InstanceId", c.id)}
				}
				_, err := do(t, c.box, operation, params)
				if operation == "RevokeToken" && c.code == "" {
					return // the token is another sandbox's with the same seed; that is for other tests
				}
				wantCode(t, err, c.code)
			})
		}
	}
}

// The same sandbox, seed and turn give the same token; another sandbox, seed, turn or wish gives another.
func TestTokensFollowTheSeed(t *testing.T) {
	t.Parallel()
	first := issue(t, newSandbox(t))
	if again := issue(t, newSandbox(t)); again != first {
		t.Error("the same seed and call gave another token")
	}
	box := newSandbox(t)
	others := map[string]string{
		"sandbox": issue(t, newSandbox(t, func(d *sandbox.Definition) { d.ID = "another" })),
		"seed":    issue(t, newSandbox(t, func(d *sandbox.Definition) { d.Seed = 8 })),
		"actions": issue(t, newSandbox(t), "Actions", "R"),
		"expiry":  issue(t, newSandbox(t), "ExpireTime", noon.Add(2*time.Hour).UnixMilli()),
		"turn":    func() string { issue(t, box); return issue(t, box) }(),
	}
	for name, other := range others {
		if other == first {
			t.Errorf("another %s gave the same token", name)
		}
	}
}

func TestConcurrentApplications(t *testing.T) {
	t.Parallel()
	const callers = 64
	box := newSandbox(t)
	tokens := make([]string, callers)
	var done sync.WaitGroup
	for i := range callers {
		done.Go(func() { tokens[i] = issue(t, box) })
	}
	done.Wait()
	different := map[string]bool{}
	for _, token := range tokens {
		different[token] = true
		if !status(t, box, instance, token) {
			t.Error("a token is not valid")
		}
	}
	if len(different) != callers {
		t.Errorf("%d different tokens of %d", len(different), callers)
	}
	if list, err := box.Tokens(t.Context()); err != nil || len(list) != callers {
		t.Errorf("%d are listed, %v", len(list), err)
	}
}
