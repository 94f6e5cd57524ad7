package emulator_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// soakTime is how long the soak test runs, a duration such as "30m"; without it, long enough to find what is gross.
const soakTime = "TOKENSTAGE_SOAK"

// soak is a server under mixed traffic.
type soak struct {
	*world
	addr    string
	client  *http.Client
	traffic []func(context.Context, *rand.Rand) error
	calls   atomic.Int64
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	w := newWorldWith(t, emulator.Options{Journal: store.Bound{Records: 50, Bytes: 256 << 10}}, func(d *sandbox.Definition) {
		d.Quotas = map[string]string{"onsmqtt.ApplyToken": "off"}
	})
	server, err := listen.Open(t.Context(), listen.Options{Addr: "127.0.0.1:0", Handler: w.handler, Log: discard, Limits: listen.Limits{
		Connections: 200, ReadHeader: time.Second, Read: 2 * time.Second, Write: 5 * time.Second,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Stop()
		ended, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Close(ended)
	})
	s := &soak{world: w, addr: server.Addr()}
	// The client gives up an idle connection long before the server closes one that it dialed and never used: a POST that
	// meets such a close is not sent again.
	s.client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: 8, IdleConnTimeout: 100 * time.Millisecond, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.addr)
		},
	}}
	w.play(t, w.box, `name: soak
rules:
  - on: appstream.GetAuthCode
    when: {params.EndUserId: "fault-*"}
    script: [{network: reset}, {network: close}, {network: truncate}, {fail: ServiceUnavailable}, {delay: 20ms}, {network: drip}]
    cycle: true
`)
	s.traffic = []func(context.Context, *rand.Rand) error{
		s.valid, s.valid, s.broken, s.hostile, s.dropped, s.slow, s.scripted, s.named, s.steered,
	}
	return s
}

// run sends mixed traffic from several clients for some time. Every client repeats its own choices.
func (s *soak) run(t *testing.T, lasts time.Duration) {
	t.Helper()
	over, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	var clients sync.WaitGroup
	for i := range uint64(8) {
		clients.Go(func() {
			for chance := rand.New(rand.NewPCG(i, 1)); over.Err() == nil; s.calls.Add(1) {
				if err := s.traffic[chance.IntN(len(s.traffic))](t.Context(), chance); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	s.client.CloseIdleConnections()
}

// send makes a call whose answer must come whole and be no failure of the server.
func (s *soak) send(ctx context.Context, r gatewaytest.Request, statuses ...int) error {
	req, err := r.HTTP()
	if err != nil {
		return err
	}
	req.RequestURI, req.URL.Scheme, req.URL.Host = "", "http", s.addr
	reply, err := s.client.Do(req.WithContext(ctx))
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return err
	}
	if len(statuses) == 0 && reply.StatusCode < http.StatusInternalServerError {
		return nil
	}
	for _, status := range statuses {
		if reply.StatusCode == status {
			return nil
		}
	}
	return fmt.Errorf("%s %s: status %d, want %v: %.300s", r.Method, r.Path, reply.StatusCode, statuses, text)
}

func (s *soak) authCode(user string) gatewaytest.Request {
	return s.acs.V3(gatewaytest.Request{
		Method: "POST", Path: "/", Host: host, Query: url.Values{"EndUserId": {user}},
	}, "GetAuthCode", "2021-02-18")
}

const issueBody = `{"app_key":"fabric-app","app_secret":"fabric-secret"}`

var jsonHeader = http.Header{"Content-Type": {"application/json"}}

func fabricCall(body string) gatewaytest.Request {
	return gatewaytest.Request{Method: "POST", Path: "/apigovernance/api/oauth/tokenByAkSk", Host: host, Body: body, Header: jsonHeader.Clone()}
}

// valid calls are served.
func (s *soak) valid(ctx context.Context, chance *rand.Rand) error {
	calls := []func() gatewaytest.Request{
		func() gatewaytest.Request { return s.acs.V3(applyTokenRequest(), "ApplyToken", "2020-04-20") },
		func() gatewaytest.Request { return s.authCode("user") },
		func() gatewaytest.Request {
			return s.top.Sign(host, "alibaba.security.deepvision.proxy.security.common.token.get", map[string]string{"param": `{"product_code":"oss","scene_code":"s","usage_scene":"upload","op_poi_id":"p","op_tenant_code":"t"}`})
		},
		func() gatewaytest.Request { return fabricCall(issueBody) },
	}
	return s.send(ctx, calls[chance.IntN(len(calls))](), http.StatusOK)
}

// broken calls are refused, some of them with HTTP 200.
func (s *soak) broken(ctx context.Context, chance *rand.Rand) error {
	replayed := s.authCode("user")
	if err := s.send(ctx, replayed, http.StatusOK); err != nil {
		return err
	}
	forged := s.authCode("user")
	forged.Query.Set("EndUserId", "another")
	calls := []gatewaytest.Request{
		replayed, forged, fabricCall("{"), fabricCall(`{"app_key":"fabric-app","app_secret":"wrong"}`),
		{Method: "POST", Path: "/router/rest", Host: host, Body: "app_key=1&%%%", Header: formHeader.Clone()},
		{Method: "POST", Path: "/router/rest", Host: host, Body: "--x\r\n\r\n", Header: http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}},
		{Method: "GET", Path: "/", Host: host, Query: url.Values{"Action": {"Nothing"}}},
		{Method: "BREW", Path: "/pot", Host: host},
	}
	return s.send(ctx, calls[chance.IntN(len(calls))])
}

// hostile calls are too large, too deep or too many in one.
func (s *soak) hostile(ctx context.Context, chance *rand.Rand) error {
	noise := make([]byte, 1+chance.IntN(4000))
	for i := range noise {
		noise[i] = byte(chance.Uint32())
	}
	calls := []gatewaytest.Request{
		fabricCall(strings.Repeat("[", 1+chance.IntN(100_000))), fabricCall("[" + strings.Repeat("0,", 100_000) + "0]"),
		fabricCall(string(noise)),
		{Method: "POST", Path: "/", Host: host, Body: string(noise), Header: formHeader.Clone()},
		{Method: "POST", Path: "/?Action=ApplyToken", Host: host, Body: strings.Repeat("a&", 50_000), Header: formHeader.Clone()},
		{Method: "GET", Path: "/nothing", Host: host, Header: http.Header{"X-Big": {strings.Repeat("h", dataplane.MaxHeader+1)}}},
		{Method: "GET", Path: "/" + strings.Repeat("p", dataplane.MaxURL), Host: host},
		{Method: "POST", Path: "/router/rest", Host: host, Body: string(noise), Header: http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}},
	}
	return s.send(ctx, calls[chance.IntN(len(calls))])
}

// dropped connections end in the middle of something.
func (s *soak) dropped(ctx context.Context, chance *rand.Rand) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	texts := []string{
		"", "GET", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", "\x16\x03\x01\x02\x00\x01", "\r\n\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n", "GET / HTTP/9.9\r\n\r\n",
		strings.Repeat("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 20),
	}
	_, _ = io.WriteString(conn, texts[chance.IntN(len(texts))])
	if tcp, ok := conn.(*net.TCPConn); ok && chance.IntN(2) == 0 {
		return tcp.SetLinger(0)
	}
	return nil
}

// slow clients let their bytes trickle, some of them for longer than the server waits.
func (s *soak) slow(ctx context.Context, chance *rand.Rand) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	pause := time.NewTicker(time.Duration(1+chance.IntN(100)) * time.Millisecond)
	defer pause.Stop()
	text := fmt.Sprintf("POST /apigovernance/api/oauth/tokenByAkSk HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(issueBody), issueBody)
	for at := 0; at < len(text); at += 8 {
		if _, err := io.WriteString(conn, text[at:min(at+8, len(text))]); err != nil {
			return nil //nolint:nilerr // cut off, as it should be
		}
		<-pause.C
	}
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil //nolint:nilerr // cut off, as it should be
	}
	defer reply.Body.Close()
	if reply.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("a slow client got %d", reply.StatusCode)
	}
	return nil
}

// scripted calls end as the script says, by an error of the network or in a status of 5xx.
func (s *soak) scripted(ctx context.Context, _ *rand.Rand) error {
	err := s.send(ctx, s.authCode("fault-1"), http.StatusOK, http.StatusServiceUnavailable)
	if _, network := errors.AsType[*url.Error](err); network || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// named calls bring a scenario, or one that is not known.
func (s *soak) named(ctx context.Context, chance *rand.Rand) error {
	r := s.authCode("user")
	names := []string{"error/appstream.GetAuthCode/InvalidParameter.EndUserId", "mqtt-throttled-then-fine", "no-such", strings.Repeat("x", 5000)}
	r.Header.Set(scenarioHeader, names[chance.IntN(len(names))])
	return s.send(ctx, r)
}

// steered sandboxes come and go with their scripts and tokens.
func (s *soak) steered(ctx context.Context, chance *rand.Rand) error {
	box, err := s.CreateSandbox(ctx, sandbox.Definition{TTL: "1m", Fixtures: sandbox.Fixtures{Users: []string{"u"}}}, nil)
	if err != nil {
		return err
	}
	source := fmt.Sprintf("name: n%d\nrules: [{on: '*', script: [{times: %d}, pass]}]", chance.IntN(1e9), 1+chance.IntN(9))
	if err := s.Player(box).Play(ctx, play.Playing{Source: source}); err != nil {
		return err
	}
	if err := s.Player(box).Play(ctx, play.Playing{Source: source[:len(source)-2]}); err == nil {
		return errors.New("half a scenario is played")
	}
	key := gatewaytest.Read(box.Credentials).Fabric[0]
	if err := s.send(ctx, fabricCall(fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, key.AppKey, key.AppSecret)), http.StatusOK); err != nil {
		return err
	}
	if chance.IntN(2) == 0 {
		if err := s.Reset(ctx, box); err != nil {
			return err
		}
	}
	return s.RemoveSandbox(ctx, box.ID)
}

// use is what a process holds.
type use struct {
	heap, goroutines, files int
}

func measureUse() use {
	runtime.GC()
	runtime.GC() // what finalizers kept is free now
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	files, _ := os.ReadDir("/proc/self/fd") // zero where there is no such folder
	return use{int(stats.HeapInuse), runtime.NumGoroutine(), len(files)}
}

// TestSoak mixes valid, broken, hostile and slow traffic with scenarios. No failure comes that no script asked for, and
// afterwards memory, goroutines and files are what they were. It is not parallel to other tests, whose use it would
// take for its own.
func TestSoak(t *testing.T) {
	lasts := 8 * time.Second
	if text := os.Getenv(soakTime); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", soakTime, err)
		}
	}
	if testing.Short() {
		lasts = time.Second
	}
	s := newSoak(t)
	s.run(t, lasts/4) // until caches are warm and journals full
	before := s.settled(use{goroutines: 1 << 20, files: 1 << 20, heap: 1 << 40})
	s.run(t, lasts)
	const slack = 8 << 20
	after := s.settled(use{before.heap + slack, before.goroutines, before.files})
	t.Logf("%d calls; before %+v, after %+v", s.calls.Load(), before, after)
	if after.heap > before.heap+slack || after.goroutines > before.goroutines || after.files > before.files {
		stacks := make([]byte, 1<<16)
		t.Errorf("before %+v, after %+v\n%s", before, after, stacks[:runtime.Stack(stacks, true)])
	}
	if all, err := s.Sandboxes().List(t.Context()); err != nil || len(all) != 2 {
		n := len(all)
		t.Errorf("%d sandboxes are left", n)
	}
}

// settled measures until the use is within a limit, or does not come down to it in time: connections that clients left
// half open end by the server's limits.
func (s *soak) settled(limit use) (got use) {
	tries := time.NewTicker(100 * time.Millisecond)
	defer tries.Stop()
	for range 100 {
		<-tries.C
		if got = measureUse(); s.InFlight() == 0 && got.heap <= limit.heap && got.goroutines <= limit.goroutines && got.files <= limit.files {
			break
		}
	}
	return got
}
