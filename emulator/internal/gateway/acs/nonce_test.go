package acs_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

const used = "SignatureNonceUsed"

func TestNonceCountsOnce(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w, c := newWorld(t), newClient()
			w.send(t, s.sign(c, s.call())).want(t, "ok")
			got := w.send(t, s.sign(c, s.call()))
			got.want(t, used)
			if f := got.finding(t, "nonce"); f.Got != c.nonce {
				t.Errorf("finding %+v", f)
			}
			c.nonce = "nonce-2"
			w.send(t, s.sign(c, s.call())).want(t, "ok")
		})
	}
}

// A nonce is one key's: another key may use the same.
func TestNonceOfAnotherKey(t *testing.T) {
	t.Parallel()
	w, c := newWorld(t), newClient()
	w.send(t, c.rpc(mqtt(), applyToken, mqttRelease)).want(t, "ok")
	c.id, c.secret = otherID, otherSecret
	w.send(t, c.rpc(mqtt(), applyToken, mqttRelease)).want(t, "ok")
	w.send(t, c.rpc(mqtt(), applyToken, mqttRelease)).want(t, used)
}

// What was refused before the signature was right does not use the nonce up: a tampered copy must not burn it.
func TestRefusedRequestLeavesItsNonce(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*client){
		"wrong secret": func(c *client) { c.secret = "wrong" },
		"old":          func(c *client) { c.at = iso(noon.Add(-time.Hour)) },
		"unknown key":  func(c *client) { c.id = "nobody" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c := newWorld(t), newClient()
			spoil(c)
			if got := w.send(t, c.v3(mqtt(), applyToken, mqttRelease)); got.code == "ok" {
				t.Fatal("the spoilt request passed")
			}
			w.send(t, newClient().v3(mqtt(), applyToken, mqttRelease)).want(t, "ok")
		})
	}
	t.Run("unsigned", func(t *testing.T) {
		t.Parallel()
		w, c := newWorld(t), newClient()
		d := mqtt()
		d.query = append(d.query, c.rpcCommon(applyToken, mqttRelease)...)
		w.send(t, c.request(d)).want(t, "MissingSignature")
		w.send(t, c.rpc(mqtt(), applyToken, mqttRelease)).want(t, "ok")
	})
}

// Refusals after the signature use the nonce up: the request was its sender's.
func TestProvenRequestUsesItsNonce(t *testing.T) {
	t.Parallel()
	w, c := newWorld(t), newClient()
	d := mqtt()
	d.query = d.query.with("Actions", "-")
	w.send(t, c.rpc(d, applyToken, mqttRelease)).want(t, "MissingActions")
	w.send(t, c.rpc(mqtt(), applyToken, mqttRelease)).want(t, used)
}

// RPC v1 needs its nonce; alibaba-cloud-sdk-go v1.63.107 sends none in ROA v1, and V3 lists it as optional.
func TestNonceAbsent(t *testing.T) {
	t.Parallel()
	want := map[string]string{"rpc v1": "MissingSignatureNonce"}
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for range 2 {
				c := newClient()
				c.nonce = ""
				code := "ok"
				if want[s.name] != "" {
					code = want[s.name]
				}
				w.send(t, s.sign(c, s.call())).want(t, code)
			}
		})
	}
}

// A nonce is remembered for as long as its timestamp could still be accepted, the last instant included.
func TestNonceIsForgottenAfterTheWindow(t *testing.T) {
	t.Parallel()
	const window = 15 * time.Minute
	for name, c := range map[string]struct {
		dated, wait time.Duration
		want        string
	}{
		"within":                 {0, window - time.Second, used},
		"at its end":             {0, window, used},
		"after":                  {0, window + time.Second, "ok"},
		"dated ahead, within":    {window, 2*window - time.Second, used},
		"dated ahead, at end":    {window, 2 * window, used},
		"dated ahead, after":     {window, 2*window + time.Second, "ok"},
		"dated behind, after it": {-window, window + time.Second, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, signer := newWorld(t), newClient()
			signer.at = iso(noon.Add(c.dated))
			w.send(t, signer.rpc(mqtt(), applyToken, mqttRelease)).want(t, "ok")
			w.advance(t, c.wait)
			signer.at = iso(noon.Add(c.wait))
			w.send(t, signer.rpc(mqtt(), applyToken, mqttRelease)).want(t, c.want)
		})
	}
}

// The very request that was accepted is never accepted again, wherever the clock goes.
func TestReplayNeverPasses(t *testing.T) {
	t.Parallel()
	w, c := newWorldBy(t, sandbox.ByClock), newClient()
	w.send(t, c.v3(mqtt(), applyToken, mqttRelease)).want(t, "ok")
	for _, at := range []time.Duration{0, time.Minute, 15*time.Minute - 1, 15 * time.Minute} {
		now := noon.Add(at)
		if _, err := w.box.ChangeClock(t.Context(), sandbox.ClockChange{Now: &now}); err != nil {
			t.Fatal(err)
		}
		w.send(t, c.v3(mqtt(), applyToken, mqttRelease)).want(t, used)
	}
	w.advance(t, 1)
	w.send(t, c.v3(mqtt(), applyToken, mqttRelease)).want(t, "InvalidTimeStamp.Expired")
}

func TestConcurrentReplays(t *testing.T) {
	t.Parallel()
	const callers = 64
	w := newWorld(t)
	req := newClient().v3(mqtt(), applyToken, mqttRelease)
	var passed, refused atomic.Int64
	var callersDone sync.WaitGroup
	for range callers {
		callersDone.Go(func() {
			switch got := w.send(t, req); got.code {
			case "ok":
				passed.Add(1)
			case used:
				refused.Add(1)
			default:
				t.Errorf("got %s", got.code)
			}
		})
	}
	callersDone.Wait()
	if passed.Load() != 1 || refused.Load() != callers-1 {
		t.Errorf("%d passed and %d were refused", passed.Load(), refused.Load())
	}
}

// Bearer calls spend a nonce where they carry one.
func TestBearerNonce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := newClient().request(mqtt())
	setAll(req.Header, map[string]string{
		"X-Acs-Action": applyToken, "X-Acs-Version": mqttRelease, "X-Acs-Bearer-Token": bearerToken,
		"X-Acs-Signature-Nonce": "n",
	})
	w.send(t, req).want(t, "ok")
	w.send(t, req).want(t, used)
	req.Header.Del("X-Acs-Signature-Nonce")
	w.send(t, req).want(t, "ok")
	w.send(t, req).want(t, "ok")
}
