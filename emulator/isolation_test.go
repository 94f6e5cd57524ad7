package emulator_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// tenant is one of many sandboxes, with the script that only it plays.
type tenant struct {
	number int
	box    *sandbox.Sandbox
	acs    *gatewaytest.ACS
	now    time.Time
	// want are the codes of its calls, in order; "" is success.
	want []string
}

// newTenant gives every sandbox another instant, another error, another number of failures and another quota.
func (w *world) newTenant(t *testing.T, number int) *tenant {
	t.Helper()
	codes := []string{"ApplyTokenOverFlow", "SystemOverFlow", "PermissionCheckFailed", "Throttling.User", "Forbidden.RAM"}
	now := instant.Add(time.Duration(number) * time.Hour)
	key := "ak-" + strconv.Itoa(number)
	box, err := w.Sandboxes().Create(t.Context(), sandbox.Definition{
		ID: "tenant-" + strconv.Itoa(number), Seed: uint64(number), Now: &now, Frozen: true, //nolint:gosec // not negative
		Credentials: gatewaytest.Credentials{ACS: []gatewaytest.ACSCredential{{AccessKeyID: key, AccessKeySecret: "secret-" + key}}}.Listed(),
	})
	if err != nil {
		t.Fatal(err)
	}
	x := &tenant{number: number, box: box, now: now, acs: &gatewaytest.ACS{
		AccessKeyID: key, AccessKeySecret: "secret-" + key, Now: func() time.Time { return now },
	}}
	code, times, within := codes[number%len(codes)], 1+number%3, 1+number%2
	w.play(t, box, fmt.Sprintf(`name: of-this-sandbox
rules:
  - on: onsmqtt.ApplyToken
    script: [{fail: %s, times: %d}, pass]
    end: release
  - on: onsmqtt.ApplyToken
    quota: {rate: %d/h, over: {fail: CheckAccountInfoFailed}}
`, code, times, within))
	for range times {
		x.want = append(x.want, code)
	}
	for range 1 + within { // the step that passes, then the quota
		x.want = append(x.want, "")
	}
	x.want = append(x.want, "CheckAccountInfoFailed")
	return x
}

// TestSandboxesApart has 200 sandboxes play their own scripts at their own clocks, all at once.
func TestSandboxesApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tenants := make([]*tenant, 200)
	for i := range tenants {
		tenants[i] = w.newTenant(t, i)
	}
	var all sync.WaitGroup
	for _, x := range tenants {
		all.Go(func() { w.visit(t, x) })
	}
	all.Wait()
	for _, x := range tenants {
		entries := w.entries(t, x.box, 0)
		if len(entries) != len(x.want) {
			t.Errorf("sandbox %d has %d entries, want %d", x.number, len(entries), len(x.want))
		}
		for _, entry := range entries {
			if entry.Credential != x.acs.AccessKeyID || !entry.Time.Equal(x.now) {
				t.Errorf("sandbox %d has an entry of %s at %s", x.number, entry.Credential, entry.Time)
			}
		}
	}
}

// visit makes the calls of a sandbox.
func (w *world) visit(t *testing.T, x *tenant) {
	t.Helper()
	for i, want := range x.want {
		got := w.do(t, x.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20"))
		if got.code != want {
			t.Errorf("sandbox %d, call %d: %q, want %q", x.number, i, got.code, want)
		}
		if date := got.header.Get("Date"); date != x.now.Format(http.TimeFormat) {
			t.Errorf("sandbox %d, call %d: the clock says %s, want %s", x.number, i, date, x.now)
		}
	}
}

// TestResetTouchesOneSandbox wants the reset sandbox to begin anew, without its scenario, and its neighbour to go on.
func TestResetTouchesOneSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, other := w.newTenant(t, 0), w.newTenant(t, 5)
	for _, x := range []*tenant{one, other} {
		first := *x
		first.want = x.want[:1]
		w.visit(t, &first)
	}
	if err := one.box.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	one.want, other.want = []string{"", "", "", "", ""}, other.want[1:]
	w.visit(t, one)
	w.visit(t, other)
}
