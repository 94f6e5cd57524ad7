package emulator_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/sandbox"
)

// applyTokenRequest is a request for a token of an MQTT client that every call signs anew.
func applyTokenRequest() gatewaytest.Request {
	return gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: host, Query: url.Values{
		"Actions": {"R,W"}, "ExpireTime": {"1893456000000"}, "InstanceId": {"post-cn-test001"},
		"Resources": {"TopicA/+,TopicB/#"},
	}}
}

func noQuota(d *sandbox.Definition) { d.Quotas = map[string]string{"onsmqtt.ApplyToken": "off"} }

// BenchmarkApplyToken is one signed call through the whole pipeline: read, routed, authenticated, validated, issued,
// encoded, checked against its spec and journaled. Signing is the client's and not counted.
func BenchmarkApplyToken(b *testing.B) {
	for name, sign := range map[string]func(*gatewaytest.ACS, gatewaytest.Request) gatewaytest.Request{
		"v3": func(a *gatewaytest.ACS, r gatewaytest.Request) gatewaytest.Request {
			return a.V3(r, "ApplyToken", "2020-04-20")
		},
		"rpc": func(a *gatewaytest.ACS, r gatewaytest.Request) gatewaytest.Request {
			return a.RPC(r, "ApplyToken", "2020-04-20")
		},
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, noQuota)
			const batch = 1000
			var signed []*http.Request
			out := &discardWriter{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				if len(signed) == 0 {
					b.StopTimer()
					for range batch {
						req, err := sign(w.acs, applyTokenRequest()).HTTP()
						if err != nil {
							b.Fatal(err)
						}
						signed = append(signed, req)
					}
					b.StartTimer()
				}
				w.handler.ServeHTTP(out, signed[0])
				signed = signed[1:]
				if out.status != http.StatusOK {
					b.Fatalf("status %d: %s", out.status, out.last)
				}
			}
		})
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
