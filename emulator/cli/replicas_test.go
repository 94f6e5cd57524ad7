package cli_test

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/cli/clitest"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
	"github.com/tokenstage/tokenstage/testkit/client"
)

func TestMain(m *testing.M) { clitest.Main(m) }

// startReplica starts a server on a store, in a process of its own.
func startReplica(t *testing.T, store string, args ...string) *clitest.Server {
	t.Helper()
	return clitest.Serve(t, append([]string{"--log", "off", "--store", store}, args...)...)
}

// roundsEnv sets how many rounds TestOneShotStepsOverReplicas has; 10000 takes some minutes.
const roundsEnv = "TOKENSTAGE_ROUNDS"

// callsEnv sets how many calls TestMemoryOfReplicas makes; a million takes some minutes.
const callsEnv = "TOKENSTAGE_CALLS"

// oneShot fails the first call alone.
const oneShot = `name: one-shot
rules:
  - on: onsmqtt.ApplyToken
    script:
      - fail: ApplyTokenOverFlow
    end: release
`

// replicas are several servers on one store, of which one can be killed.
type replicas struct {
	t      *testing.T
	signer *gatewaytest.ACS

	mu  sync.RWMutex
	all []*clitest.Server
}

func (r *replicas) at(i int) *clitest.Server {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.all[i%len(r.all)]
}

func (r *replicas) replace(i int, with *clitest.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[i] = with
}

// apply is applyAt for a replica.
func (r *replicas) apply(at *clitest.Server) string { return r.applyAt(at.Data) }

// applyAt calls ApplyToken at an address, and returns the code of its answer: "ok", that of an error, or "" where none
// came.
func (r *replicas) applyAt(address string) string {
	signed := r.signer.V3(gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: address, Query: url.Values{
		"Actions": {"R"}, "ExpireTime": {"4000000000000"}, "InstanceId": {"post-cn-1"}, "Resources": {"a"},
	}}, "ApplyToken", "2020-04-20")
	request, err := signed.HTTP()
	if err != nil {
		r.t.Error(err)
		return ""
	}
	request.URL.Scheme, request.URL.Host, request.RequestURI = "http", address, ""
	reply, err := http.DefaultClient.Do(request.WithContext(r.t.Context()))
	if err != nil {
		return ""
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	switch {
	case err != nil:
		return ""
	case reply.StatusCode == http.StatusOK:
		return "ok"
	}
	_, code, _ := strings.Cut(string(body), `"Code":"`)
	code, _, _ = strings.Cut(code, `"`)
	return code
}

// round plays the one-shot scenario anew and lets all callers call at once. It returns how many got its step, and how
// many were not answered.
func (r *replicas) round(number, callers int) (steps, lost int64) {
	var failed, dead atomic.Int64
	for try := 1; ; try++ {
		err := r.at(number).Control.PlayDocument(r.t.Context(), "exact", "one-shot", oneShot)
		if err == nil {
			break
		}
		if try == 3 {
			r.t.Fatalf("round %d: %v", number, err)
		}
	}
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			switch code := r.apply(r.at(caller)); code {
			case "ApplyTokenOverFlow":
				failed.Add(1)
			case "", "ServiceUnavailable": // its server died, or the machine is too busy for it
				dead.Add(1)
			case "ok":
			default:
				r.t.Errorf("round %d: answered %q", number, code)
			}
		})
	}
	all.Wait()
	return failed.Load(), dead.Load()
}

// startReplicas starts servers on a store, with a sandbox whose calls have no quota.
func startReplicas(t *testing.T, store string, count int, args ...string) *replicas {
	t.Helper()
	r := &replicas{t: t}
	for range count {
		r.all = append(r.all, startReplica(t, store, args...))
	}
	def := client.Definition{ID: "exact", Quotas: map[string]string{"onsmqtt.ApplyToken": "off"}}
	box, err := r.all[0].Control.CreateSandbox(t.Context(), def)
	if err != nil {
		t.Fatal(err)
	}
	key := box.Credentials.ACS[0]
	r.signer = &gatewaytest.ACS{AccessKeyID: key.AccessKeyID, AccessKeySecret: key.AccessKeySecret, Now: time.Now}
	return r
}

// TestOneShotStepsOverReplicas lets 64 callers race for a step that only one may get, round after round, over three
// servers on one Redis, while one of them is killed and started again.
func TestOneShotStepsOverReplicas(t *testing.T) {
	rounds, err := strconv.Atoi(cmp.Or(os.Getenv(roundsEnv), "60"))
	if err != nil {
		t.Fatal(err)
	}
	store := redistest.Start(t).URL()
	r := startReplicas(t, store, 3)
	var answered, unanswered int64
	const callers, victim = 64, 2
	for number := range rounds {
		var killing sync.WaitGroup
		killed := number%20 == 10
		if killed {
			killing.Go(func() {
				_ = r.at(victim).Process.Kill()
				_ = r.at(victim).Wait()
			})
		}
		steps, lost := r.round(number*3, callers) // it is played at a replica that lives
		killing.Wait()
		if steps > 1 || steps == 0 && lost == 0 {
			t.Errorf("round %d: %d callers got the one step, %d were not answered", number, steps, lost)
		}
		answered, unanswered = answered+callers-lost, unanswered+lost
		if killed {
			r.replace(victim, startReplica(t, store))
		}
	}
	coverage, err := r.at(victim).Control.Coverage(t.Context(), "exact")
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(coverage.Calls); n < answered || n > answered+unanswered {
		t.Errorf("%d calls are counted, %d were answered and %d were not", n, answered, unanswered)
	}
	t.Logf("%d rounds: %d calls answered, %d not", rounds, answered, unanswered)
}

// TestReplicaKilledInACall: the step that its call took is gone, the call is in the journal once, and the others go on.
func TestReplicaKilledInACall(t *testing.T) {
	t.Parallel()
	r := startReplicas(t, redistest.Start(t).URL(), 2)
	control := r.at(1).Control
	const script = "name: slow\nrules:\n  - on: onsmqtt.ApplyToken\n    script:\n" +
		"      - {fail: SystemOverFlow, delay: 1h}\n      - {fail: ApplyTokenOverFlow}\n    end: release\n"
	if err := control.PlayDocument(t.Context(), "exact", "slow", script); err != nil {
		t.Fatal(err)
	}
	answered := make(chan string, 1)
	go func() { answered <- r.apply(r.at(0)) }()
	journal := func() []client.Entry {
		page, err := control.Requests(t.Context(), "exact", client.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		return page.Requests
	}
	for len(journal()) == 0 {
		runtime.Gosched()
	}
	if err := r.at(0).Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if code := <-answered; code != "" {
		t.Errorf("the killed server answered %q", code)
	}
	for _, want := range []string{"ApplyTokenOverFlow", "ok"} {
		if code := r.apply(r.at(1)); code != want {
			t.Errorf("the other answers %q, want %q", code, want)
		}
	}
	entries := journal()
	if len(entries) != 3 || entries[0].Outcome != "SystemOverFlow" || entries[0].Delivery.State != "pending" {
		t.Errorf("the journal holds %+v", entries)
	}
}

// call makes calls at all replicas at once.
func (r *replicas) call(calls int) {
	r.t.Helper()
	const callers = 16
	var all sync.WaitGroup
	var lost atomic.Int64
	for caller := range callers {
		all.Go(func() {
			for range calls / callers {
				if code := r.apply(r.at(caller)); code != "ok" {
					lost.Add(1)
				}
			}
		})
	}
	all.Wait()
	if n := lost.Load(); n > int64(calls/100) { // a machine that is too busy
		r.t.Errorf("%d of %d calls were not answered", n, calls)
	}
}

// resident is the memory of a process, in KB: proc(5), /proc/pid/status, VmRSS.
func resident(t *testing.T, p *clitest.Server) int64 {
	t.Helper()
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(p.Process.Pid) + "/status")
	if err != nil {
		t.Skip("there is no /proc here: ", err)
	}
	_, after, _ := strings.Cut(string(raw), "VmRSS:")
	size, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// TestMemoryOfReplicas makes many calls at two servers on one Redis: once the journal is full, nothing grows but the
// nonces, which are remembered for a quarter of an hour.
func TestMemoryOfReplicas(t *testing.T) {
	calls, err := strconv.Atoi(cmp.Or(os.Getenv(callsEnv), "8000"))
	if err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t)
	r := startReplicas(t, server.URL(), 2)
	r.call(calls / 2)
	memory := func() (all []int64) {
		for _, p := range r.all {
			all = append(all, resident(t, p))
		}
		return append(all, server.Info("used_memory_dataset")>>10)
	}
	before := memory()
	r.call(calls)
	after := memory()
	t.Logf("KB of the servers and of Redis: %d, %d calls later %d", before, calls, after)
	const perNonce = 24
	for i, name := range []string{"the first server", "the second server", "Redis"} {
		most := int64(16 << 10) // what a heap breathes
		if name == "Redis" {
			most = 1<<10 + int64(calls*perNonce>>10)
		}
		if grown := after[i] - before[i]; grown > most {
			t.Errorf("%s grew by %d KB, want at most %d", name, grown, most)
		}
	}
}
