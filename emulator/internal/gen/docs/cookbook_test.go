package main_test

import (
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store/memory"
)

// recipe is an entry of the cookbook: a scenario and the calls with which it is tested.
type recipe struct {
	title, scenario, calls string
	files                  fstest.MapFS // beside the scenario
}

var (
	fenced = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	named  = regexp.MustCompile("(?ms)^The file `([^`]+)`:\n\n```\\w+\n(.*?)^```$")
)

// recipes reads the cookbook of docs/scenarios.md.
func recipes(t *testing.T) []recipe {
	t.Helper()
	page, err := os.ReadFile("../../../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "\n## Cookbook\n")
	section, _, ok := strings.Cut(rest, "\n## Reference\n")
	if !ok {
		t.Fatal("docs/scenarios.md has no cookbook")
	}
	var all []recipe
	for _, entry := range strings.Split(section, "\n### ")[1:] {
		title, text, _ := strings.Cut(entry, "\n")
		r := recipe{title: title, files: fstest.MapFS{}}
		for _, block := range fenced.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(block[1], "- ") {
				r.calls = block[1]
			} else {
				r.scenario = block[1]
			}
		}
		for _, file := range named.FindAllStringSubmatch(text, -1) {
			r.files[file[1]] = &fstest.MapFile{Data: []byte(file[2])}
		}
		if r.scenario == "" || r.calls == "" {
			t.Errorf("%s: the entry needs a scenario and calls", title)
		}
		all = append(all, r)
	}
	return all
}

// TestCookbook tries each entry of the cookbook with its own calls, and looks at what calls alone cannot expect.
func TestCookbook(t *testing.T) {
	t.Parallel()
	beyond := map[string]func(*testing.T, emulator.Trial){
		"Slow, and some calls fail":               slowAndThrottled,
		"The same for an hour":                    slowHour,
		"One in ten fails, with errors by weight": oneInTen,
		"A ramp":                        ramp,
		"A thin line":                   thinLine,
		"A body from a file":            bodyFromFile,
		"Calls that are refused before": refusedBefore,
	}
	entries := recipes(t)
	if len(entries) < 16 {
		t.Errorf("the cookbook has %d entries only", len(entries))
	}
	for _, r := range entries {
		more := beyond[r.title]
		delete(beyond, r.title)
		t.Run(r.title, func(t *testing.T) {
			t.Parallel()
			tried := try(t, r)
			for _, call := range tried.Calls {
				for _, d := range call.Differences {
					t.Errorf("line %d of the calls, call %d at %gs: %s; misses %+v", call.Line, call.Time, call.AtSeconds, d, call.Misses)
				}
			}
			if more != nil {
				more(t, tried)
			}
		})
	}
	for title := range beyond {
		t.Errorf("the cookbook has no entry %q", title)
	}
}

func try(t *testing.T, r recipe) emulator.Trial {
	t.Helper()
	tried, err := emulator.Try(t.Context(), emulator.TrialOptions{Scenario: r.scenario, Calls: r.calls, Files: r.files})
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, r.scenario, r.calls)
	}
	return tried
}

// share is how many of the calls of an entry end in an outcome, from 0 to 1.
func share(tried emulator.Trial, entry int, outcome string) float64 {
	found, all := 0.0, 0.0
	for _, call := range tried.Calls {
		if call.Entry == entry {
			all++
			if call.Outcome == outcome {
				found++
			}
		}
	}
	return found / all
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s: %.3f, want %.3f within %.3f", what, got, want, within)
	}
}

// delays are the delays of an entry's calls: how many are longer than the median and than the 99th percentile, and how
// many calls wait at all.
func delays(tried emulator.Trial, entry int, median, p99 int64) (overMedian, overP99, any float64) {
	all := 0.0
	for _, call := range tried.Calls {
		if call.Entry != entry {
			continue
		}
		all++
		for limit, count := range map[int64]*float64{median: &overMedian, p99: &overP99, 0: &any} {
			if call.DelayMillis > limit {
				*count++
			}
		}
	}
	return overMedian / all, overP99 / all, any / all
}

func slowAndThrottled(t *testing.T, tried emulator.Trial) {
	t.Helper()
	for entry, code := range map[int]string{1: "Throttling.User", 2: "accesscontrol.limited-by-api-access-count", 3: "500"} {
		near(t, code, share(tried, entry, code), 0.05, 0.04)
		median, p99, any := delays(tried, entry, 2000, 4000)
		near(t, "half wait longer", median, 0.5, 0.12)
		near(t, "one in a hundred waits long", p99, 0.01, 0.02)
		near(t, "all wait, those that fail too", any, 1, 0)
	}
}

func slowHour(t *testing.T, tried emulator.Trial) {
	t.Helper()
	for entry := 1; entry <= 2; entry++ {
		near(t, "throttled", share(tried, entry, "Throttling.User"), 0.05, 0.05)
		_, _, any := delays(tried, entry, 2000, 4000)
		near(t, "all wait", any, 1, 0)
	}
}

func oneInTen(t *testing.T, tried emulator.Trial) {
	t.Helper()
	near(t, "ok", share(tried, 1, "ok"), 0.9, 0.03)
	near(t, "7 of 10 errors", share(tried, 1, "Throttling.User"), 0.07, 0.03)
	near(t, "2 of 10 errors", share(tried, 1, "ServiceUnavailable"), 0.02, 0.015)
	near(t, "1 of 10 errors", share(tried, 1, "InternalError"), 0.01, 0.009)
	for _, r := range recipes(t) {
		if r.title == "One in ten fails, with errors by weight" {
			again := try(t, r)
			for i := range again.Calls {
				if again.Calls[i].Outcome != tried.Calls[i].Outcome {
					t.Fatalf("the same seed: call %d ended in %s, then in %s", i+1, tried.Calls[i].Outcome, again.Calls[i].Outcome)
				}
			}
		}
	}
}

func ramp(t *testing.T, tried emulator.Trial) {
	t.Helper()
	for entry, want := range map[int]float64{2: 0.25, 3: 0.5, 4: 0.25} {
		near(t, "the share of errors", share(tried, entry, "ServiceUnavailable"), want, 0.05)
	}
}

func thinLine(t *testing.T, tried emulator.Trial) {
	t.Helper()
	if c := tried.Calls; c[0].BytesPerSecond != 2048 || c[1].CutBytes != 300 || c[2].BetweenMillis != 200 {
		t.Errorf("got %+v", c)
	}
}

func refusedBefore(t *testing.T, tried emulator.Trial) {
	t.Helper()
	misses := tried.Calls[1].Misses
	if len(misses) != 1 || misses[0].Rule != 1 || misses[0].Condition != "refused" || misses[0].Got != "SignatureDoesNotMatch" {
		t.Errorf("the rule that was not asked: %+v", misses)
	}
}

func bodyFromFile(t *testing.T, tried emulator.Trial) {
	t.Helper()
	want := regexp.MustCompile(`^\{\s+"RequestId": "call-\d",\s+"TokenStatus": false\s+\}\s*$`)
	for _, call := range tried.Calls {
		if !want.MatchString(call.Body) {
			t.Errorf("got %+v", call)
		}
	}
}

// TestCookbookUnderLoad has 64 callers at two emulators on one store meet the entry about that: each step is taken as
// often as the page says.
func TestCookbookUnderLoad(t *testing.T) {
	t.Parallel()
	entries := recipes(t)
	source := entries[slices.IndexFunc(entries, func(r recipe) bool { return r.title == "Exact under load" })].scenario
	shared := memory.New()
	var replicas []*emulator.Emulator
	for range 2 {
		e, err := emulator.New(t.Context(), emulator.Options{Store: shared, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		replicas = append(replicas, e)
	}
	w := replicas[0].World()
	box, err := w.Sandboxes().Get(t.Context(), sandbox.Default)
	if err == nil {
		err = w.Play(t.Context(), box, play.Playing{Source: source})
	}
	if err != nil {
		t.Fatal(err)
	}
	const callers, each = 64, 10
	const body = `{"app_key":"11111111-2222-4333-8444-555555555555","app_secret":"fake-default-fabric-app-secret"}`
	var failed, passed atomic.Int64
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() {
			for range each {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/apigovernance/api/oauth/tokenByAkSk", strings.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				rec := httptest.NewRecorder()
				replicas[i%2].Handler().ServeHTTP(rec, r)
				switch rec.Code {
				case http.StatusInternalServerError:
					failed.Add(1)
				case http.StatusOK:
					passed.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if failed.Load() != 10 || passed.Load() != callers*each-10 {
		t.Errorf("%d failed and %d passed", failed.Load(), passed.Load())
	}
}
