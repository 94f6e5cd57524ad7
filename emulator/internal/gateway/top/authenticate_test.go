package top_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Each case breaks everything that the later ones break, so the outcome shows which check comes first.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	bad := map[string]string{"session": "made-up"}
	tests := []struct {
		name, outcome, kind string
		then                []string // what mends the check, for the cases after it
	}{
		{"nothing sent", "21", "missing-action", []string{"method", "taobao.httpdns.get"}},
		{"unknown method", "22", "unknown-action", []string{"method", tokenMethod}},
		{"no app key", "28", "missing-key", []string{"app_key", "made-up"}},
		{"unknown app key", "isv.appkey-not-exists", "unknown-key", []string{"app_key", appKey}},
		{"no timestamp", "30", "missing-timestamp", []string{"timestamp", "yesterday"}},
		{"unreadable timestamp", "31", "bad-timestamp", []string{"timestamp", "2025-12-31 12:00:00"}},
		{"old timestamp", "31", "expired-timestamp", []string{"timestamp", "2026-01-01 12:00:00"}},
		{"no version", "32", "missing-version", []string{"v", "1.0"}},
		{"unknown version", "33", "unknown-version", []string{"v", "2.0", "format", "json2"}},
		{"unknown format", "23", "wrong-format", []string{"format", "json"}},
		{"no signature", "24", "missing-signature", []string{"sign", "made-up"}},
		{"no signature method", "25", "wrong-signature-method", []string{"sign_method", "sha1"}},
		{"unknown signature method", "25", "wrong-signature-method", []string{"sign_method", "hmac"}},
		{"wrong signature", "25", "wrong-signature", nil},
	}
	w := newWorld(t, appSecret, noon)
	for _, tt := range tests {
		got := w.send(t, post(bad), wire.Result{})
		if got.fault == nil || string(got.fault.Kind) != tt.kind || got.reply.Outcome != tt.outcome {
			t.Errorf("%s: got %v, outcome %s, want %s, outcome %s", tt.name, got.fault, got.reply.Outcome, tt.kind, tt.outcome)
		}
		if got.fault != nil && (len(got.fault.Findings) == 0 || got.fault.Findings[0].Message == "") {
			t.Errorf("%s: nothing explains the refusal", tt.name)
		}
		bad = with(bad, tt.then...)
	}
	// A session that means nothing is signed and ignored; then the arguments are judged.
	unfit := w.send(t, post(signed(with(bad, "param", "{}"), appSecret)), wire.Result{})
	if unfit.reply.Outcome != "isv.missing-parameter" {
		t.Errorf("arguments: got outcome %s", unfit.reply.Outcome)
	}
	if fine := w.send(t, post(signed(bad, appSecret)), wire.Result{}); fine.reply.Outcome != "ok" {
		t.Errorf("all mended: got outcome %s, %v", fine.reply.Outcome, fine.fault)
	}
}

func TestHTTPMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t, appSecret, noon)
	for method, want := range map[string]string{
		http.MethodGet: "ok", http.MethodPost: "ok", http.MethodPut: "9", http.MethodDelete: "9",
	} {
		req := post(signed(public(), appSecret))
		req.Method = method
		if got := w.send(t, req, wire.Result{}); got.reply.Outcome != want {
			t.Errorf("%s: got outcome %s, want %s", method, got.reply.Outcome, want)
		}
	}
}

func TestTimestampWindow(t *testing.T) {
	t.Parallel()
	wall := func(d time.Duration) string { return noon.Add(d).In(china).Format(time.DateTime) }
	millis := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).UnixMilli(), 10) }
	tests := []struct {
		name, timestamp, outcome string
		zone                     string // in the advice
	}{
		{"now", wall(0), "ok", ""},
		{"ten minutes old", wall(-10 * time.Minute), "ok", ""},
		{"a second older", wall(-10*time.Minute - time.Second), "31", ""},
		{"ten minutes ahead", wall(10 * time.Minute), "ok", ""},
		{"a second further ahead", wall(10*time.Minute + time.Second), "31", ""},
		{"milliseconds", millis(0), "ok", ""},
		{"milliseconds, ten minutes old", millis(-10 * time.Minute), "ok", ""},
		{"milliseconds, one more", millis(-10*time.Minute - time.Millisecond), "31", ""},
		{"milliseconds eight hours old are no zone", millis(-8 * time.Hour), "31", ""},
		{"seconds are no milliseconds", strconv.FormatInt(noon.Unix(), 10), "31", ""},
		{"too many digits", strings.Repeat("9", 30), "31", ""},
		{"the last millisecond", "9223372036854775807", "31", ""},
		{"negative", "-1", "31", ""},
		{"ISO 8601", "2026-01-01T12:00:00Z", "31", ""},
		{"date alone", "2026-01-01", "31", ""},
		{"fraction", "2026-01-01 12:00:00.5", "31", ""},
		{"no such day", "2026-02-30 12:00:00", "31", ""},
		{"client in UTC", wall(-8 * time.Hour), "31", "Read as UTC the"},
		{"client in UTC, nine minutes late", wall(-8*time.Hour - 9*time.Minute), "31", "Read as UTC the"},
		{"client in India", wall(-150 * time.Minute), "31", "Read as UTC+05:30 the"},
		{"client in New York", wall(-13 * time.Hour), "31", "Read as UTC-05:00 the"},
		{"client in Tokyo", wall(time.Hour), "31", "Read as UTC+09:00 the"},
		{"no zone is so far west", wall(-21 * time.Hour), "31", ""},
		{"stale", wall(-25 * time.Minute), "31", ""},
		{"year 1", "0001-01-01 00:00:00", "31", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, appSecret, noon)
			got := w.send(t, post(signed(with(public(), "timestamp", tt.timestamp), appSecret)), wire.Result{})
			if got.reply.Outcome != tt.outcome {
				t.Fatalf("got outcome %s, want %s: %v", got.reply.Outcome, tt.outcome, got.fault)
			}
			var advice string
			if got.fault != nil {
				for _, f := range got.fault.Findings {
					if f.Check == "time zone" {
						advice = f.Message
					}
				}
			}
			if tt.zone == "" && advice != "" || !strings.Contains(advice, tt.zone) {
				t.Errorf("got advice %q, want it about %q", advice, tt.zone)
			}
			if advice != "" && !strings.Contains(advice, "TZ=Asia/Shanghai") {
				t.Errorf("the advice names no remedy: %q", advice)
			}
		})
	}
}
