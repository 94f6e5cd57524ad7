package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// longValues are 3 MB of a form's parameters, of kinds that grow when they are encoded, or look like something that can
// be written in many ways.
func longValues() map[string]string {
	const size = 3 << 20
	var many strings.Builder
	for i := range 900 {
		many.WriteString("p" + strconv.Itoa(i) + "=" + strings.Repeat("a%2Fb+c~*", size/900/9) + "&")
	}
	return map[string]string{
		"letters": "note=" + strings.Repeat("a", size),
		"slashes": "note=" + strings.Repeat("/", size),
		"escapes": "note=" + strings.Repeat("%25", size/3),
		"Chinese": "note=" + strings.Repeat("上", size/3),
		"plus":    "note=" + strings.Repeat("+", size),
		"JSON":    "note=" + url.QueryEscape(`{"a":"`+strings.Repeat("a", size)+`"}`),
		"nested":  "note=" + strings.Repeat("[", size),
		"many":    strings.TrimSuffix(many.String(), "&"),
	}
}

// wrongForm is a form of a gateway with a wrong signature, and those parameters behind its own.
func wrongForm(w *world, gateway, more string) *http.Request {
	form, path := url.Values{
		"Action": {"ApplyToken"}, "Version": {"2020-04-20"}, "AccessKeyId": {w.acs.AccessKeyID},
		"SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"}, "SignatureNonce": {"n"},
		"Timestamp": {instant.Format(time.RFC3339)}, "Signature": {"f+jcZQjNo24hDU9blDBJmeRtxyE="},
	}, "/"
	if gateway == "top" {
		form, path = url.Values{
			"method":  {"alibaba.security.deepvision.proxy.security.common.token.get"},
			"app_key": {w.top.AppKey}, "sign_method": {"md5"}, "v": {"2.0"}, "format": {"json"},
			"timestamp": {instant.In(time.FixedZone("", 8*60*60)).Format(time.DateTime)},
			"sign":      {strings.Repeat("F2B3E5DC", 4)},
		}, "/router/rest"
	}
	body := form.Encode() + "&" + more
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

// TestLongFormsWithWrongSignatures: such a form costs little whatever is in it, its reply is shorter than it, and its
// entry pushes out none of those before it.
//
//nolint:paralleltest // it measures the processor time of the process
func TestLongFormsWithWrongSignatures(t *testing.T) {
	if underRace {
		t.Skip("it measures the processor, of which the race detector takes most")
	}
	const (
		mostTime  = time.Second
		mostReply = 256 << 10
		mostEntry = 256 << 10
		before    = 150
	)
	for _, gateway := range []string{"acs", "top"} {
		w := newWorld(t)
		for range before {
			w.handler.ServeHTTP(httptest.NewRecorder(), wrongForm(w, gateway, ""))
		}
		kept := before
		for name, more := range longValues() {
			t.Run(gateway+"/"+name, func(t *testing.T) {
				kept++
				req, rec := wrongForm(w, gateway, more), httptest.NewRecorder()
				runtime.GC()
				start := processorTime(t)
				w.handler.ServeHTTP(rec, req)
				if spent := processorTime(t) - start; spent > mostTime {
					t.Errorf("it took %s of the processor, want at most %s", spent, mostTime)
				}
				if code := codeOf(rec.Body.String()); code != "SignatureDoesNotMatch" && code != "25" || rec.Body.Len() > mostReply {
					t.Errorf("answered with %s in %d bytes", code, rec.Body.Len())
				}
				entries := w.entries(t, w.box, 0)
				if len(entries) != kept {
					t.Fatalf("the journal keeps %d entries, want %d", len(entries), kept)
				}
				last := entries[kept-1]
				raw, err := json.Marshal(last)
				if err != nil || len(raw) > mostEntry || last.Request.BodyBytes < 3<<20-9000 || !last.Request.BodyTruncated {
					t.Errorf("the entry has %d bytes, of a body of %d: %v", len(raw), last.Request.BodyBytes, err)
				}
				if len(last.Findings) == 0 || !strings.Contains(last.Findings[0].Message, "too long to try all that is known") {
					t.Errorf("findings %.300v", last.Findings)
				}
			})
		}
	}
}

// processorTime is what the process used so far.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
