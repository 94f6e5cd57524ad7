package play_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
)

// shippedFolder holds the scenarios that ship, and the folder of those that only the cookbook shows.
const shippedFolder = "../../../../scenarios"

// story reads a file of scenarios, which has to be without problems and advice, with the files that it names.
func story(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(shippedFolder, name)
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	source, problems := language.Inline(source, os.DirFS(filepath.Dir(path)))
	never, advice := language.Check(source, builtin(t), noon())
	if len(problems)+len(never)+len(advice) > 0 {
		t.Fatalf("%v\n%v\n%v", problems, never, advice)
	}
	return string(source)
}

// stories are the files of the cookbook with calls and what each of them gets.
func stories() map[string][]made {
	const (
		apply, query, revoke = "onsmqtt.ApplyToken", "onsmqtt.QueryToken", "onsmqtt.RevokeToken"
		upload, chat         = "deepvision.SecurityTokenGet", "ccmessaging.applyToken"
		ban                  = "accesscontrol.limited-by-app-access-count"
		hour                 = time.Hour
	)
	app := func(key string) map[string]string { return map[string]string{"X-App-Key": key} }
	user := func(id string) map[string]string { return map[string]string{"EndUserId": id} }
	return map[string][]made{
		"top-throttled-then-banned.yaml": {
			{op: upload, want: "pass"},
			{op: upload, want: "accesscontrol.limited-by-api-access-count"},
			{op: upload, at: 30*time.Second - 1, want: "accesscontrol.limited-by-api-access-count"},
			{op: upload, at: 30 * time.Second, want: ban},
			{op: upload, at: 4*hour - 1, want: ban},
			{op: upload, at: 4 * hour, want: "-"},
			{op: upload, at: 400 * hour, want: "-"},
		},
		"aicc-second-call-401-per-app.yaml": {
			{op: chat, headers: app("A"), want: "pass"},
			{op: chat, headers: app("B"), want: "pass"},
			{op: chat, headers: app("A"), want: "401"},
			{op: chat, headers: app("B"), want: "401"},
			{op: chat, headers: app("A"), want: "pass"},
		},
		"cookbook/app-a-only.yaml": {
			{op: chat, headers: app("A"), want: "pass"},
			{op: chat, headers: app("B"), want: "-"},
			{op: chat, headers: app("B"), want: "-"},
			{op: chat, headers: app("A"), want: "401"},
			{op: chat, headers: app("A"), want: "pass"},
		},
		"cookbook/per-user.yaml": {
			{op: "appstream.GetAuthCode", params: user("a"), want: "InvalidUser.NotFound"},
			{op: "appstream.GetAuthCode", params: user("b"), want: "InvalidUser.NotFound"},
			{op: "appstream.GetAuthCode", params: user("a"), want: "pass"},
		},
		"mqtt-revoked-instance.yaml": {
			{params: instance("a"), want: "-"},
			{op: revoke, params: instance("a"), want: "-"},
			{params: instance("a"), want: "PermissionCheckFailed"},
			{params: instance("b"), want: "-"},
			{at: 10*time.Minute - 1, params: instance("a"), want: "PermissionCheckFailed"},
			{at: 10 * time.Minute, params: instance("a"), want: "-"},
		},
		"cookbook/picked-calls.yaml": {
			{params: map[string]string{"InstanceId": "post-cn-good", "Resources": "a,x/y"}, want: over},
			{params: map[string]string{"InstanceId": "post-cn-good", "Resources": "x/y,a"}, want: "-"},
			{params: map[string]string{"InstanceId": "post-cn-good", "Actions": "W"}, want: denied},
			{params: instance("post-cn-good"), headers: map[string]string{"X-Canary": "yes"}, want: denied},
			{params: instance("post-cn-bad"), want: failed},
			{op: query, params: instance("post-cn-good"), want: "-"},
		},
		"nightly-outage.yaml": { // noon is 20:00 in Shanghai
			{op: apply, want: "-"},
			{op: apply, at: 5*hour - 1, want: "-"},
			{op: apply, at: 5 * hour, want: "ServiceUnavailable"},
			{op: upload, at: 5*hour + 20*time.Minute - 1, want: "isp.top-remote-service-unavailable"},
			{op: apply, at: 5*hour + 20*time.Minute, want: "-"},
			{op: chat, at: 29 * hour, want: "500"},
		},
		"cookbook/thin-line.yaml": {
			{want: "pass drip"}, {want: "pass truncate"}, {want: "pass after 1s"}, {want: "pass late"}, {want: "pass"},
		},
		"cookbook/body-from-file.yaml": {{op: query, want: "respond"}, {op: apply, want: "-"}},
		"cookbook/before-the-checks.yaml": {
			{op: query, want: "ServiceUnavailable"}, {op: apply, want: "ServiceUnavailable"}, {op: revoke, want: "-"},
		},
	}
}

// TestCookbook plays each story with its calls.
func TestCookbook(t *testing.T) {
	t.Parallel()
	for name, calls := range stories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play(story(t, name))
			for i, m := range calls {
				in := b.input(m)
				d := b.decideAt(in, 0)
				if !d.Decided {
					d = b.decide(in)
				}
				if d.Fault != nil {
					d.Fault.Message = ""
				}
				if got := described(d); got != m.want {
					t.Errorf("call %d: got %s, want %s", i, got, m.want)
				}
			}
		})
	}
}

// TestCookbookOfChance plays the stories that chance decides, with many calls each.
func TestCookbookOfChance(t *testing.T) {
	t.Parallel()
	const calls = 4000
	tests := []struct {
		name string
		at   time.Duration // of the calls, after a first one
		want map[string]float64
		slow bool
	}{
		{"slow-and-throttled.yaml", 0, map[string]float64{"Throttling.User": 0.05, "-": 0.95}, true},
		{"slow-hour.yaml", time.Hour - 1, map[string]float64{"Throttling.User": 0.05, "-": 0.95}, true},
		{"slow-hour.yaml", time.Hour, map[string]float64{"-": 1}, false},
		{"cookbook/weighted-errors.yaml", 0, map[string]float64{
			"-": 0.9, "Throttling.User": 0.07, "ServiceUnavailable": 0.02, failed: 0.01,
		}, false},
		{"cookbook/ramp.yaml", 0, map[string]float64{"-": 1}, false},
		{"cookbook/ramp.yaml", 5 * time.Minute, map[string]float64{"-": 0.75, "ServiceUnavailable": 0.25}, false},
		{"cookbook/ramp.yaml", 10 * time.Minute, map[string]float64{"-": 0.5, "ServiceUnavailable": 0.5}, false},
		{"cookbook/ramp.yaml", 14 * time.Minute, map[string]float64{"-": 0.9, "ServiceUnavailable": 0.1}, false},
		{"cookbook/ramp.yaml", 15 * time.Minute, map[string]float64{"-": 1}, false},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.at.String(), func(t *testing.T) {
			t.Parallel()
			b := newBox(t, newEngine(t))
			b.play(story(t, test.name))
			b.decide(b.input(made{}))
			counts, slower := map[string]int{}, 0
			for range calls {
				d := b.decide(b.input(made{at: test.at}))
				counts[outcomeOf(d)]++
				if d.Delay > 2*time.Second {
					slower++
				}
			}
			for outcome, share := range test.want {
				if got := float64(counts[outcome]) / calls; got < share-0.02 || got > share+0.02 {
					t.Errorf("%s came in %.3f of the calls, want %.2f", outcome, got, share)
				}
				delete(counts, outcome)
			}
			if len(counts) > 0 {
				t.Errorf("also came %v", counts)
			}
			if half := float64(slower) / calls; test.slow && (half < 0.47 || half > 0.53) || !test.slow && slower > 0 {
				t.Errorf("%.3f of the calls waited more than the median", half)
			}
		})
	}
}

// TestCookbookOfQuotas uses up the quotas of a story.
func TestCookbookOfQuotas(t *testing.T) {
	t.Parallel()
	b := newBox(t, newEngine(t))
	b.play(story(t, "mqtt-daily-quota.yaml"))
	count := func(n int, m made) map[string]int { return b.decideAll(b.inputs(n, m)) }
	steps := []struct {
		made
		calls  int
		passes int
		other  string
	}{
		{made{}, 600, 500, over},
		{made{at: time.Second}, 600, 400, "Throttling.User"}, // of which the first 100 were over the quota of a second
		{made{at: 4*time.Hour - 1}, 10, 0, "Throttling.User"},
		{made{at: 4 * time.Hour}, 500, 500, ""},
	}
	for i, step := range steps {
		if got := count(step.calls, step.made); got["-"] != step.passes || got[step.other] != step.calls-step.passes {
			t.Errorf("step %d: %v", i, got)
		}
	}
	if d := b.decide(b.input(made{at: 4 * time.Hour})); outcomeOf(d) != over {
		t.Errorf("after midnight: %s", outcomeOf(d))
	}
}

// TestCookbookIsTold wants every file of the cookbook to be among its stories.
func TestCookbookIsTold(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(shippedFolder, "cookbook", "*.yaml"))
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	ofChance := map[string]bool{"weighted-errors.yaml": true, "ramp.yaml": true}
	for _, file := range files {
		if _, ok := stories()["cookbook/"+filepath.Base(file)]; !ok && !ofChance[filepath.Base(file)] {
			t.Errorf("%s has no calls", file)
		}
	}
}
