package emulator_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// applyTokenRequest is a request for a token of an MQTT client that every call signs anew.
func applyTokenRequest() gatewaytest.Request {
	return gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: host, Query: url.Values{
		"Actions": {"R,W"}, "ExpireTime": {"1893456000000"}, "InstanceId": {"post-cn-test001"},
		"Resources": {"TopicA/+,TopicB/#"},
	}}
}

func noQuota(d *sandbox.Definition) { d.Quotas = map[string]string{"onsmqtt.ApplyToken": "off"} }

// styles are the ways to sign that are measured.
var styles = map[string]func(*gatewaytest.ACS, gatewaytest.Request) gatewaytest.Request{
	"v3": func(a *gatewaytest.ACS, r gatewaytest.Request) gatewaytest.Request {
		return a.V3(r, "ApplyToken", "2020-04-20")
	},
	"rpc": func(a *gatewaytest.ACS, r gatewaytest.Request) gatewaytest.Request {
		return a.RPC(r, "ApplyToken", "2020-04-20")
	},
}

// signed are so many requests, each with a nonce of its own. Signing is the client's and not counted.
func signed(b *testing.B, w *world, style string, count int) []*http.Request {
	b.Helper()
	b.StopTimer()
	defer b.StartTimer()
	all := make([]*http.Request, count)
	for i := range all {
		req, err := styles[style](w.acs, applyTokenRequest()).HTTP()
		if err != nil {
			b.Fatal(err)
		}
		all[i] = req
	}
	return all
}

// BenchmarkApplyToken is one signed call through the whole pipeline: read, routed, authenticated, validated, issued,
// encoded, checked against its spec and journaled.
func BenchmarkApplyToken(b *testing.B) {
	for style := range styles {
		b.Run(style, func(b *testing.B) { callOften(b, newWorld(b, noQuota), style) })
	}
}

// callOften leaves the signed requests of one batch to the garbage before it signs the next.
func callOften(b *testing.B, w *world, style string) {
	b.Helper()
	const batch = 1000
	var ready []*http.Request
	out := &discardWriter{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		if len(ready) == 0 {
			ready = signed(b, w, style, batch)
		}
		w.handler.ServeHTTP(out, ready[0])
		ready = ready[1:]
		if out.status != http.StatusOK {
			b.Fatalf("status %d: %s", out.status, out.last)
		}
	}
}

// BenchmarkApplyTokenParallel is the same by as many callers at once as there are cores, all in one sandbox. With
// -mutexprofile it shows what they wait for.
func BenchmarkApplyTokenParallel(b *testing.B) {
	w := newWorld(b, noQuota)
	ready := signed(b, w, "v3", b.N)
	var next atomic.Int64
	b.RunParallel(func(calls *testing.PB) {
		out := &discardWriter{header: http.Header{}}
		for calls.Next() {
			w.handler.ServeHTTP(out, ready[next.Add(1)-1])
			if out.status != http.StatusOK {
				b.Errorf("status %d: %s", out.status, out.last)
			}
		}
	})
}

// BenchmarkSteps says where the time of a call goes: what each step takes, by the steps that traces show.
func BenchmarkSteps(b *testing.B) {
	took := map[string]time.Duration{}
	w := newWorldWith(b, emulator.Options{Steps: true, Observe: func(_ context.Context, o emulator.Observation) {
		for i, step := range o.Steps {
			end := o.Done
			if i+1 < len(o.Steps) {
				end = o.Steps[i+1].Began
			}
			took[step.Name] += end.Sub(step.Began)
		}
	}}, noQuota)
	callOften(b, w, "v3")
	for name, total := range took {
		b.ReportMetric(float64(total.Nanoseconds())/float64(b.N), name+"-ns/op")
	}
}

// discardWriter keeps the status and the last body.
type discardWriter struct {
	header http.Header
	status int
	last   []byte
}

func (d *discardWriter) Header() http.Header { return d.header }
func (d *discardWriter) WriteHeader(s int)   { d.status = s }
func (d *discardWriter) Write(p []byte) (int, error) {
	d.last = append(d.last[:0], p...)
	return len(p), nil
}

// BenchmarkNew is what a start costs before the first listener opens.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newWorld(b)
	}
}

// TestBenchmarkRequest keeps the benchmark honest: its request is answered with a token.
func TestBenchmarkRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, noQuota)
	req, err := w.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20").HTTP()
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK || !bytes.Contains(rec.Body.Bytes(), []byte(`"Token":"`)) {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
}
