package emulator_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/goleak"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/listen"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// TestNothingIsLeftBehind starts and stops all planes, twice, with calls, streams and refused connections under way. It is
// not parallel: the goroutines of other tests would be taken for leaks.
func TestNothingIsLeftBehind(t *testing.T) { //nolint:paralleltest // it counts the goroutines of the process
	before := goleak.IgnoreCurrent()
	for range 2 {
		startAndStop(t)
	}
	goleak.VerifyNone(t, before)
}

func startAndStop(t *testing.T) {
	t.Helper()
	w := newWorldWith(t, emulator.Options{TLSAddr: "127.0.0.1:0", Limits: listen.Limits{Connections: 4}}, noQuota)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.CA())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: tlsHost}}}
	defer client.CloseIdleConnections()

	for scheme, addr := range map[string]string{"http": w.Addr(), "https": w.TLSAddr()} {
		if status := statusOf(t, client, w.applyAt(t, scheme, addr)); status != http.StatusOK {
			t.Errorf("a call over %s is answered %d", scheme, status)
		}
	}
	follow, err := client.Get("http://" + w.ControlAddr() + "/v1/sandboxes/default/events")
	if err != nil {
		t.Fatal(err)
	}
	defer follow.Body.Close()

	w.play(t, w.box, "name: stuck\nrules: [{on: '*', script: [{network: stall}], end: repeat}]")
	stalled := make(chan error, 1)
	journaled := w.untilJournaled(t, w.box)
	go func() {
		response, err := client.Do(w.applyAt(t, "http", w.Addr()))
		if err == nil {
			_ = response.Body.Close()
		}
		stalled <- err
	}()
	<-journaled.Done()
	crowd := w.crowd(t)

	// Connections on which no request has come yet are cut off at the end of this time.
	soon, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if err := w.Close(soon); err != nil {
		t.Error(err)
	}
	if err := <-stalled; err == nil {
		t.Error("a stalled call was answered when the emulator stopped")
	}
	if _, err := io.Copy(io.Discard, follow.Body); err != nil {
		t.Errorf("the stream did not end in good order: %v", err)
	}
	for _, conn := range crowd {
		_ = conn.Close()
	}
}

// tlsHost is one of the hosts that the certificates are for.
const tlsHost = "onsmqtt.cn-hangzhou.aliyuncs.com"

// applyAt is a good call of ApplyToken that goes to an address.
func (w *world) applyAt(t *testing.T, scheme, addr string) *http.Request {
	t.Helper()
	req := w.applyTLS(t, tlsHost)
	req.Host = tlsHost
	req.URL.Scheme, req.URL.Host = scheme, addr
	return req.WithContext(t.Context())
}

func statusOf(t *testing.T, client *http.Client, req *http.Request) int {
	t.Helper()
	response, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// crowd opens more connections than there is room for, some of which wait to be told so.
func (w *world) crowd(t *testing.T) []net.Conn {
	t.Helper()
	var all []net.Conn
	for range 10 {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", w.Addr())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, conn)
	}
	return all
}

// TestAddressesInUse says which option names an address that cannot be listened on, and leaves nothing listening.
func TestAddressesInUse(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	for option, o := range map[string]emulator.Options{
		"Addr": {Addr: addr}, "ControlAddr": {ControlAddr: addr}, "TLSAddr": {TLSAddr: addr},
	} {
		w := newWorldWith(t, o)
		var failed *emulator.ListenError
		if err := w.Start(t.Context()); !errors.As(err, &failed) || failed.Option != option {
			t.Errorf("%s: Start = %v", option, err)
		}
		if open := w.Addr(); option != "Addr" && open != "" {
			if _, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", open); err == nil {
				t.Errorf("%s: the data plane still listens", option)
			}
		}
	}
	if err := newWorld(t).Close(t.Context()); err != nil {
		t.Errorf("Close without Start = %v", err)
	}
}

// TestRoutesAreTheCatalogue compares Echo's own routes with what GET /v1/apis tells.
func TestRoutesAreTheCatalogue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close(context.Background()) })
	_, body := w.steer(t, http.MethodGet, "/v1/apis")
	var listed controlapi.APIList
	if err := json.Unmarshal([]byte(body), &listed); err != nil {
		t.Fatal(err)
	}
	var told, routed []string
	for _, api := range listed.APIs {
		if api.Gateway == "mqtt" || api.Gateway == "speech" { // packets and frames have no routes
			continue // the broker serves it, and not over HTTP
		}
		for _, op := range api.Operations {
			for _, method := range op.Methods {
				told = append(told, method+" "+regexp.MustCompile(`\{([^}]+)\}`).ReplaceAllString(op.Path, ":$1"))
			}
		}
	}
	for _, route := range w.handler.(*echo.Echo).Routes() {
		routed = append(routed, route.Method+" "+route.Path)
	}
	slices.Sort(told)
	slices.Sort(routed)
	told, routed = slices.Compact(told), slices.Compact(routed)
	if len(told) == 0 || !slices.Equal(told, routed) {
		t.Errorf("told %q\nrouted %q", told, routed)
	}
}
