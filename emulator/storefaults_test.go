package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
)

// long is how long tests of faults wait on a machine that is busy.
const long = 30 * time.Second

// signed is a call of ApplyToken that can be sent more than once.
func (w *world) signed() gatewaytest.Request {
	return w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20")
}

// TestReplicaApart: one that is cut off from the store refuses, the other goes on; what happened meanwhile counts at both
// once it is back.
func TestReplicaApart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server)
	a, control := replica(t, server.URL())
	b, apart := replica(t, proxy.URL())
	b.acs = a.acs
	proxy.Cut()
	once := a.signed()
	if got := b.do(t, once); got.code != "ServiceUnavailable" {
		t.Errorf("the one apart answers %d %s", got.status, got.body)
	}
	soon(t, long, "it says so", func() bool { return ready(t, apart) == http.StatusServiceUnavailable })
	if got := a.do(t, once); got.status != http.StatusOK {
		t.Errorf("the other answers %d %s", got.status, got.body)
	}
	if got := ready(t, control); got != http.StatusOK {
		t.Errorf("/readyz of the other is %d", got)
	}
	proxy.Heal()
	soon(t, long, "it is back", func() bool { return ready(t, apart) == http.StatusOK })
	if got := b.do(t, once); got.code != "SignatureNonceUsed" {
		t.Errorf("a call that the other answered is answered again: %d %s", got.status, got.body)
	}
	if got := apply(t, b); got.status != http.StatusOK {
		t.Errorf("afterwards: %d %s", got.status, got.body)
	}
}

// TestSlowStore: calls take longer where the way to the store is long, and are refused soon where it is too long.
func TestSlowStore(t *testing.T) {
	t.Parallel()
	proxy := redistest.StartProxy(t, redistest.Start(t))
	w, control := replica(t, proxy.URL())
	proxy.Delay(30 * time.Millisecond)
	for range 3 {
		if got := apply(t, w); got.status != http.StatusOK {
			t.Errorf("over a long way: %d %s", got.status, got.body)
		}
	}
	proxy.Delay(4 * time.Second)
	if got := apply(t, w); got.code != "ServiceUnavailable" {
		t.Errorf("over a way that is too long: %d %s", got.status, got.body)
	}
	soon(t, long, "/readyz is 503", func() bool { return ready(t, control) == http.StatusServiceUnavailable })
	proxy.Delay(0)
	proxy.Heal() // what waits in it goes nowhere
	soon(t, long, "/readyz is 200", func() bool { return ready(t, control) == http.StatusOK })
	soon(t, long, "calls are answered", func() bool { return apply(t, w).status == http.StatusOK })
}

// TestFullStore: calls are refused in the provider's words while Redis has no memory left, and answered again once it
// has.
func TestFullStore(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	w, control := replica(t, server.URL())
	if got := apply(t, w); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	server.Do("CONFIG", "SET", "maxmemory", "1")
	if got := apply(t, w); got.status < http.StatusInternalServerError || got.code == "" {
		t.Errorf("answered %d %s", got.status, got.body)
	}
	soon(t, long, "/readyz is 503", func() bool { return ready(t, control) == http.StatusServiceUnavailable })
	if _, err := control.Sandbox(t.Context(), sandbox.Default); err != nil {
		t.Errorf("what can be read is not: %v", err)
	}
	if err := control.Reset(t.Context(), sandbox.Default); err == nil || !strings.Contains(err.Error(), "memory") {
		t.Errorf("a reset says %v, want that the store's memory is used up", err)
	}
	server.Do("CONFIG", "SET", "maxmemory", "0")
	soon(t, long, "/readyz is 200", func() bool { return ready(t, control) == http.StatusOK })
	if got := apply(t, w); got.status != http.StatusOK {
		t.Errorf("afterwards: %d %s", got.status, got.body)
	}
}

// TestFailover: when Sentinel makes another server the master, calls are refused for a while and then answered, at every
// replica; a call that was answered before is refused after.
func TestFailover(t *testing.T) {
	t.Parallel()
	master, sentinels := redistest.StartSentinels(t)
	url := sentinels[0].URL() + "?master_name=main&addr=" + sentinels[1].Addr()
	a, control := replica(t, url)
	b, other := replica(t, url)
	b.acs = a.acs
	once := a.signed()
	if got := a.do(t, once); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	master.AwaitFollower()
	master.Stop()
	if got := apply(t, a); got.status != http.StatusOK && got.code != "ServiceUnavailable" {
		t.Errorf("during a failover: %d %s", got.status, got.body)
	}
	for w, c := range map[*world]func() int{a: func() int { return ready(t, control) }, b: func() int { return ready(t, other) }} {
		soon(t, long, "/readyz is 200", func() bool { return c() == http.StatusOK })
		soon(t, long, "calls are answered", func() bool { return apply(t, w).status == http.StatusOK })
		if got := w.do(t, once); got.code != "SignatureNonceUsed" {
			t.Errorf("a call of before is answered %d %s", got.status, got.body)
		}
	}
}
