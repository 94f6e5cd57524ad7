package authority_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
)

func TestServedHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newCA(t))
	hosts := append(gateways.Hosts(), "localhost", "tokenstage", "host.docker.internal", "127.0.0.1", "::1", "a.localhost", "a.b.localhost", "ONSMQTT.CN-hangzhou.aliyuncs.com")
	for _, host := range hosts {
		if _, err := w.dial(t, host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if w.log.String() != "" {
		t.Errorf("log: %s", w.log)
	}
}

func TestOtherNamesAreRefusedWithOneLineEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newCA(t))
	for _, host := range []string{
		"example.com", "ecs.aliyuncs.com", "onsmqtt.aliyuncs.com", "onsmqtt.nowhere.aliyuncs.com", "aliyuncs.com",
		"x.eco.taobao.com", "localhost.example.com", "notlocalhost",
	} {
		for range 2 {
			if _, err := w.dial(t, host); err == nil || !strings.HasSuffix(err.Error(), "unrecognized name") {
				t.Errorf("%s: the client felt %v", host, err)
			}
		}
		if n := strings.Count(w.log.String(), " name="+host+" "); n != 1 {
			t.Errorf("%s: %d lines in the log", host, n)
		}
	}
	for _, want := range []string{"the name is not served", "onsmqtt.<region>.aliyuncs.com", "host.docker.internal"} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, w.log)
		}
	}
}

func TestTheLogOfRefusedNamesIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newCA(t))
	hello := &tls.ClientHelloInfo{Conn: &net.TCPConn{}}
	inside, _ := net.Pipe()
	hello.Conn = inside
	for i := range 1000 {
		hello.ServerName = fmt.Sprintf("%d.%s.example.com", i, strings.Repeat("x", 1000))
		if got, err := w.tls.GetCertificate(hello); got != nil || err != nil {
			t.Fatalf("%v, %v", got, err)
		}
	}
	text := w.log.String()
	if n := strings.Count(text, "\n"); n != 64 || len(text) > 64*1500 {
		t.Errorf("%d lines, %d bytes", n, len(text))
	}
}

func TestConnectionsSpeakHTTP1OverModernTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newCA(t))
	state, err := w.dial(t, "localhost", func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} })
	if err != nil || state.NegotiatedProtocol != "http/1.1" {
		t.Errorf("protocol %q, %v", state.NegotiatedProtocol, err)
	}
	if _, err := w.dial(t, "localhost", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }); err != nil {
		t.Errorf("TLS 1.2: %v", err)
	}
	old := func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 }
	if _, err := w.dial(t, "localhost", old); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

// Clients of macOS and iOS refuse leaf certificates that live longer than 397 days.
func TestLeavesAreShortLivedAndForOneName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newCA(t))
	leaf := w.leaf(t, "eco.taobao.com")
	if life := leaf.NotAfter.Sub(leaf.NotBefore); life > 397*24*time.Hour {
		t.Errorf("lives %v", life)
	}
	if behind := start.Sub(leaf.NotBefore); behind < 30*time.Minute || behind > 2*time.Hour {
		t.Errorf("valid since %v before now", behind)
	}
	if len(leaf.DNSNames) != 1 || len(leaf.IPAddresses) != 0 || leaf.IsCA {
		t.Errorf("for %v, %v", leaf.DNSNames, leaf.IPAddresses)
	}
}

func TestOneLeafForManyWhoAskAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newCA(t))
	seen := map[*tls.Certificate]string{}
	for _, host := range gateways.Hosts()[:20] {
		var together sync.WaitGroup
		begin, got := make(chan struct{}), make([]*tls.Certificate, 64)
		for i := range got {
			together.Go(func() {
				<-begin
				got[i], _ = w.tls.GetCertificate(&tls.ClientHelloInfo{ServerName: host})
			})
		}
		close(begin)
		together.Wait()
		if all := slices.Compact(got); len(all) != 1 || all[0] == nil {
			t.Errorf("%s: got %d leaves", host, len(all))
		}
		if other, had := seen[got[0]]; had {
			t.Errorf("%s and %s share a leaf", host, other)
		}
		seen[got[0]] = host
	}
}

func TestALeafIsMadeAnewBeforeItEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newCA(t))
	first := w.leaf(t, "localhost")
	w.Pass(50 * 24 * time.Hour)
	if again := w.leaf(t, "localhost"); !again.Equal(first) {
		t.Error("made anew although more than a third of its life was ahead")
	}
	w.Pass(15 * 24 * time.Hour)
	second := w.leaf(t, "localhost")
	if second.Equal(first) || !second.NotAfter.After(first.NotAfter) {
		t.Errorf("not made anew at %v: %v", w.Now(), second.NotAfter)
	}
}

func TestALeafDoesNotOutliveTheCA(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newCA(t))
	w.Pass(3650 * 24 * time.Hour) // two or three days before its end
	leaf, left := w.leaf(t, "localhost"), 4*24*time.Hour
	if leaf.NotAfter.Sub(w.Now()) > left {
		t.Errorf("ends at %v, now is %v", leaf.NotAfter, w.Now())
	}
	w.Pass(left)
	if _, err := w.dial(t, "localhost"); err == nil {
		t.Error("a CA that has ended signs")
	}
	if !strings.Contains(w.log.String(), "has expired") {
		t.Errorf("log: %s", w.log)
	}
}

// Names below localhost have no end, and memory has.
func TestLeavesThatAreKeptAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newCA(t))
	for i := range 256 {
		w.leaf(t, fmt.Sprintf("n%d.localhost", i))
	}
	if first := w.leaf(t, "n0.localhost"); !first.Equal(w.leaf(t, "n0.localhost")) {
		t.Error("the first is not kept")
	}
	if last := w.leaf(t, "n256.localhost"); last.Equal(w.leaf(t, "n256.localhost")) {
		t.Error("the last is kept")
	}
	if host := w.leaf(t, "eco.taobao.com"); !host.Equal(w.leaf(t, "eco.taobao.com")) {
		t.Error("the host of a service has no place any more")
	}
}

// Clients must not send an address as the name (RFC 6066, section 3), and some do.
func TestAnAddressAsTheName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newCA(t))
	for _, address := range []string{"127.0.0.1", "::1"} {
		got, err := w.tls.GetCertificate(&tls.ClientHelloInfo{ServerName: address})
		if err != nil || got == nil || got.Leaf.VerifyHostname(address) != nil {
			t.Errorf("%s: %v, %v", address, got, err)
		}
	}
}

// Any name gets its certificate, a refusal or an error.
func FuzzServerName(f *testing.F) {
	w := newWorld(f, newCA(f))
	inside, _ := net.Pipe()
	for _, name := range []string{"", "localhost", "x.localhost", "ECO.taobao.com", ".localhost", "*.localhost", "a\x00.localhost", "é.localhost"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := w.tls.GetCertificate(&tls.ClientHelloInfo{ServerName: name, Conn: inside})
		if got != nil && err != nil {
			t.Fatalf("%q: %v, %v", name, got, err)
		}
		if got != nil && name != "" && net.ParseIP(name) == nil && got.Leaf.VerifyHostname(name) != nil {
			t.Errorf("%q got the certificate of %q", name, got.Leaf.DNSNames)
		}
	})
}

func BenchmarkCertificate(b *testing.B) {
	w := newWorld(b, newCA(b))
	inside, _ := net.Pipe()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		hello := &tls.ClientHelloInfo{ServerName: "onsmqtt.cn-hangzhou.aliyuncs.com", Conn: inside}
		for pb.Next() {
			if _, err := w.tls.GetCertificate(hello); err != nil {
				b.Error(err)
			}
		}
	})
}
