package onsmqtt_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// server is an emulator with one sandbox at a frozen clock and a caller that knows its key.
type server struct {
	handler http.Handler
	box     *sandbox.Sandbox
	acs     *gatewaytest.ACS
}

func newServer(tb testing.TB, change ...func(*sandbox.Definition)) server {
	tb.Helper()
	e, err := emulator.New(tb.Context(), emulator.Options{
		Log: slog.New(slog.DiscardHandler), Violation: func(err error) { tb.Error(err) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	def := sandbox.Definition{ID: "mqtt", Seed: 7, Now: &noon, Frozen: true, Credentials: gatewaytest.Credentials{
		ACS: []gatewaytest.ACSCredential{{AccessKeyID: "ak", AccessKeySecret: "secret"}},
	}.Listed()}
	for _, f := range change {
		f(&def)
	}
	box, err := e.World().Sandboxes().Create(tb.Context(), def)
	if err != nil {
		tb.Fatal(err)
	}
	s := server{handler: e.Handler(), box: box}
	s.acs = &gatewaytest.ACS{AccessKeyID: "ak", AccessKeySecret: "secret", Now: s.now(tb)}
	return s
}

// now is the sandbox's clock.
func (s server) now(tb testing.TB) func() time.Time {
	tb.Helper()
	return func() time.Time {
		clock, err := s.box.Clock(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		return clock.Now
	}
}

// call signs and sends a call and returns the status and members of its reply.
func (s server) call(tb testing.TB, action string, params map[string]string) (int, map[string]any) {
	tb.Helper()
	r := gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: "127.0.0.1:4010", Query: url.Values{}}
	for name, value := range params {
		r.Query.Set(name, value)
	}
	req, err := s.acs.V3(r, action, "2020-04-20").HTTP()
	if err != nil {
		tb.Fatal(err)
	}
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, req.WithContext(tb.Context()))
	var reply map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &reply); err != nil {
		tb.Fatalf("%v: %s", err, rec.Body)
	}
	return rec.Code, reply
}

// texts are the parameters of a good call as they travel.
func texts(pairs ...string) map[string]string {
	params := map[string]string{
		"Actions": "R,W", "ExpireTime": strconv.FormatInt(noon.Add(time.Hour).UnixMilli(), 10),
		"InstanceId": instance, "Resources": "TopicA/+",
	}
	for i := 0; i < len(pairs); i += 2 {
		params[pairs[i]] = pairs[i+1]
	}
	return params
}

func TestActions(t *testing.T) {
	t.Parallel()
	for actions, code := range map[string]string{
		"R": "", "W": "", "R,W": "", "RW": "InvalidParameter.Actions", "W,R": "InvalidParameter.Actions",
		"r": "InvalidParameter.Actions", "R, W": "InvalidParameter.Actions", "R,R": "InvalidParameter.Actions",
		"": "MissingActions",
	} {
		t.Run("actions "+actions, func(t *testing.T) {
			t.Parallel()
			status, reply := newServer(t).call(t, "ApplyToken", texts("Actions", actions))
			if got, _ := reply["Code"].(string); got != code || code == "" != (status == http.StatusOK) {
				t.Errorf("got %d %v", status, reply)
			}
		})
	}
}

// From asking to the end of a token, over the wire.
func TestLifeOfAToken(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, reply := s.call(t, "ApplyToken", texts())
	token, _ := reply["Token"].(string)
	held := map[string]string{"InstanceId": instance, "Token": token}
	for _, step := range []struct {
		action string
		params map[string]string
		status int
		member string
		want   any
	}{
		{"QueryToken", held, 200, "TokenStatus", true},
		{"QueryToken", map[string]string{"InstanceId": "other", "Token": token}, 200, "TokenStatus", false},
		{"RevokeToken", map[string]string{"InstanceId": instance, "Token": "x"}, 400, "Code", parameterCheckFailed},
		{"RevokeToken", map[string]string{"InstanceId": instance}, 400, "Code", "MissingToken"},
		{"RevokeToken", held, 200, "Code", nil},
		{"QueryToken", held, 200, "TokenStatus", false},
		{"RevokeToken", held, 200, "Code", nil},
	} {
		status, reply := s.call(t, step.action, step.params)
		if status != step.status || reply[step.member] != step.want {
			t.Errorf("%s %v: got %d %v", step.action, step.params, status, reply)
		}
	}
}

// The limits are those of the page and count on the sandbox's clock: ApplyToken 500 a second, QueryToken 100,
// RevokeToken 5.
func TestQuotas(t *testing.T) {
	t.Parallel()
	for action, limit := range map[string]int{"ApplyToken": 500, "QueryToken": 100, "RevokeToken": 5} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			_, issued := s.call(t, "ApplyToken", texts("InstanceId", "for-"+action))
			params := texts()
			maps.Copy(params, map[string]string{"InstanceId": "for-" + action, "Token": issued["Token"].(string)})
			if action == "ApplyToken" {
				limit-- // one is spent
			}
			for i := range limit {
				if status, reply := s.call(t, action, params); status != http.StatusOK {
					t.Fatalf("call %d: %d %v", i+1, status, reply)
				}
			}
			for range 3 {
				if status, reply := s.call(t, action, params); status != http.StatusBadRequest || reply["Code"] != action+"OverFlow" {
					t.Fatalf("beyond the limit: %d %v", status, reply)
				}
			}
			advance(t, s.box, time.Second-time.Nanosecond)
			if _, reply := s.call(t, action, params); reply["Code"] != action+"OverFlow" {
				t.Errorf("before the second is over: %v", reply)
			}
			advance(t, s.box, time.Nanosecond)
			if status, reply := s.call(t, action, params); status != http.StatusOK {
				t.Errorf("a second later: %d %v", status, reply)
			}
		})
	}
}

// Refused calls cost nothing: only what fits the spec counts.
func TestQuotaCountsGoodCalls(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(d *sandbox.Definition) { d.Quotas = map[string]string{"onsmqtt.ApplyToken": "2/s"} })
	for range 5 {
		s.call(t, "ApplyToken", texts("Actions", "RW"))
	}
	for i, want := range []int{200, 200, 400} {
		if status, reply := s.call(t, "ApplyToken", texts()); status != want {
			t.Errorf("call %d: %d %v", i+1, status, reply)
		}
	}
}

func TestQuotaOverride(t *testing.T) {
	t.Parallel()
	for quota, allowed := range map[string]int{"off": 600, "3/s": 3, "700/m": 600, "1/h": 1} {
		t.Run(quota, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, func(d *sandbox.Definition) { d.Quotas = map[string]string{"onsmqtt.ApplyToken": quota} })
			passed := 0
			for range min(allowed+2, 600) {
				if status, _ := s.call(t, "ApplyToken", texts()); status == http.StatusOK {
					passed++
				}
			}
			if passed != allowed {
				t.Errorf("%d passed, want %d", passed, allowed)
			}
		})
	}
}

// Under concurrency as many pass as are allowed.
func TestQuotaUnderConcurrency(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(d *sandbox.Definition) { d.Quotas = map[string]string{"onsmqtt.ApplyToken": "10/s"} })
	var passed atomic.Int64
	var done sync.WaitGroup
	for range 64 {
		done.Go(func() {
			if status, _ := s.call(t, "ApplyToken", texts()); status == http.StatusOK {
				passed.Add(1)
			}
		})
	}
	done.Wait()
	if passed.Load() != 10 {
		t.Errorf("%d passed of 10", passed.Load())
	}
}

// The same seed and the same calls give the same replies, request ids included.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	run := func() string {
		s := newServer(t)
		var all []any
		for _, actions := range []string{"R", "RW", "R,W"} {
			_, reply := s.call(t, "ApplyToken", texts("Actions", actions))
			all = append(all, reply)
		}
		raw, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if first, again := run(), run(); first != again {
		t.Errorf("got\n%s\nthen\n%s", first, again)
	}
}
