package telemetry_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
)

// send sends a request through the data plane's handler.
func send(t *testing.T, handler http.Handler, req *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	out := httptest.NewRecorder()
	handler.ServeHTTP(out, req)
	return out
}

func request(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	} else {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req
}

// TestPlane sends a real call and checks what the log, the metrics and the spans say about it.
func TestPlane(t *testing.T) {
	c := startCollector(t)
	var log lockedBuffer
	seen := newTelemetry(t, telemetry.Options{Traces: true, AccessLog: slog.NewTextHandler(&log, nil)})
	_, handler := plane(t, seen)
	req := request(t, http.MethodPost, "/apigovernance/api/oauth/tokenByAkSk",
		`{"app_key":"canary-app","app_secret":"`+secrets[1]+`"}`)
	req.Header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-01")
	if got := send(t, handler, req); got.Code != http.StatusOK {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := "sandbox=canaries gateway=fabric api=ccmessaging operation=tokenByAkSk outcome=ok status=200"; !strings.Contains(log.String(), want) {
		t.Errorf("log: %s", log.String())
	}
	got := series(t, families(t, seen)["tokenstage_requests_total"], "operation=tokenByAkSk", "outcome=ok").GetCounter()
	if got.GetValue() != 1 {
		t.Errorf("%v calls", got.GetValue())
	}
	var steps []string
	for _, s := range c.spans(t) {
		if s.traceID() != traceID {
			t.Errorf("span %s of trace %s", s.GetName(), s.traceID())
		}
		steps = append(steps, s.GetName())
	}
	const want = "route arrival authenticate validate decide behave check journal deliver POST ccmessaging.tokenByAkSk"
	if got := strings.Join(steps, " "); got != want {
		t.Errorf("spans %s", got)
	}
}

// TestSecretsStayInside puts secrets into every part of requests, and checks that no log, metric or span shows one.
func TestSecretsStayInside(t *testing.T) {
	c := startCollector(t)
	var log lockedBuffer
	seen := newTelemetry(t, telemetry.Options{Traces: true, AccessLog: slog.NewJSONHandler(&log, nil)})
	_, handler := plane(t, seen)
	for _, secret := range secrets {
		for _, req := range oddCalls(t, secret) {
			send(t, handler, req)
		}
	}
	if err := seen.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	output := map[string]string{"log": log.String(), "metrics": metricsText(t, seen), "spans": c.text()}
	for name, text := range output {
		for _, word := range []string{"canary-acs", "secret", "canary-bearer", "token3"} {
			if strings.Contains(text, word) {
				t.Errorf("the %s show %q", name, word)
			}
		}
	}
	if n := strings.Count(output["log"], "\n"); n < 3*20 || !strings.Contains(output["spans"], "tokenstage.outcome") {
		t.Errorf("%d lines, spans %.200s", n, output["spans"])
	}
}

// oddCalls put a secret into every part of a request that a client is free to choose.
func oddCalls(t *testing.T, secret string) []*http.Request {
	t.Helper()
	escaped := url.QueryEscape(secret)
	calls := []*http.Request{
		request(t, http.MethodGet, "/?Action=ApplyToken&Version=2020-04-20&AccessKeyId=canary-id&Signature="+escaped, ""),
		request(t, http.MethodPost, "/?Action=ApplyToken&Version=2020-04-20&AccessKeyId="+escaped, ""),
		request(t, http.MethodPost, "/?Action="+escaped+"&Version="+escaped+"&AccessKeyId=canary-id", ""),
		request(t, http.MethodPost, "/?"+escaped+"="+escaped+"&Action=ApplyToken&Version=2020-04-20", ""),
		request(t, http.MethodGet, "/router/rest?method="+escaped+"&app_key=555&sign="+escaped, ""),
		request(t, http.MethodPost, "/router/rest", "app_key=555&method=x&app_secret="+escaped),
		request(t, http.MethodPost, "/apigovernance/api/oauth/tokenByAkSk", `{"app_key":"canary-app","app_secret":"`+secret),
		request(t, http.MethodPost, "/apigovernance/api/oauth/tokenByAkSk", `{"`+secret+`":1,"app_key":"canary-app"}`),
		request(t, http.MethodGet, "/"+url.PathEscape(secret), ""),
		request(t, http.MethodPut, "/nowhere?"+escaped, secret),
		request(t, strings.ReplaceAll(secret, "/", "."), "/", ""),
	}
	for name, value := range map[string]string{
		"X-Canary": secret, "Cookie": "a=" + escaped, "Authorization": "Bearer " + secret, "User-Agent": secret,
		"x-acs-bearer-token": secret, "x-acs-security-token": secret, "X-Tokenstage-Scenario": secret,
		"Traceparent": secret, "Baggage": "a=" + escaped, "Host": secret, "X-Forwarded-For": secret,
	} {
		req := request(t, http.MethodPost, "/?Action=ApplyToken&Version=2020-04-20&AccessKeyId=canary-id", "")
		req.Header.Set(name, value)
		calls = append(calls, req)
	}
	state := request(t, http.MethodPost, "/", "")
	state.Header.Set("Traceparent", fmt.Sprintf("00-%s-%s-01", traceID, spanID))
	state.Header.Set("Tracestate", "vendor="+secret)
	return append(calls, state)
}
