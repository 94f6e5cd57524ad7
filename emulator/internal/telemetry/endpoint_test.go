package telemetry_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
)

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func TestExportFrom(t *testing.T) {
	t.Parallel()
	const (
		all, traces = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
		collector   = "http://collector:4318"
	)
	to := func(url string) *telemetry.Export {
		return &telemetry.Export{URL: url, Timeout: 10 * time.Second, Header: http.Header{}}
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want *telemetry.Export
	}{
		"nothing":            {},
		"an empty endpoint":  {env: map[string]string{all: " "}},
		"a base":             {map[string]string{all: collector}, to(collector + "/v1/traces")},
		"a base with a path": {map[string]string{all: collector + "/otlp/"}, to(collector + "/otlp/v1/traces")},
		"one for traces":     {map[string]string{traces: collector + "/here"}, to(collector + "/here")},
		"both": {
			map[string]string{all: collector, traces: "https://other/x?y=z"}, to("https://other/x?y=z"),
		},
		"switched off":   {env: map[string]string{all: collector, "OTEL_SDK_DISABLED": "TRUE"}},
		"other exporter": {env: map[string]string{all: collector, "OTEL_TRACES_EXPORTER": "none"}},
		"settings": {
			map[string]string{
				all: collector, "OTEL_EXPORTER_OTLP_TIMEOUT": "1500", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
				"OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b%3D, other = c ,,",
			},
			&telemetry.Export{
				URL: collector + "/v1/traces", Timeout: 1500 * time.Millisecond,
				Header: http.Header{"Api-Key": {"a b="}, "Other": {"c"}},
			},
		},
		"settings for traces": {
			map[string]string{
				all: collector, "OTEL_EXPORTER_OTLP_TIMEOUT": "bad", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "7",
				"OTEL_EXPORTER_OTLP_HEADERS": "bad", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "a=b",
				"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json",
			},
			&telemetry.Export{
				URL: collector + "/v1/traces", Timeout: 7 * time.Millisecond, Header: http.Header{"A": {"b"}},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := telemetry.ExportFrom(lookup(c.env))
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

func TestExportFromWhatIsNoGood(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value, says string }{
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http:///secret", "OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://secret@%zz", "OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://x", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: must be a URL"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "grpc is not spoken"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "must be milliseconds"},
		{"OTEL_EXPORTER_OTLP_TIMEOUT", "-1", "must be milliseconds"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "secret", "must be pairs"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "=secret", "must be pairs"},
		{"OTEL_EXPORTER_OTLP_HEADERS", "a=secret%2", "must be pairs"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", c.name: c.value}
			got, err := telemetry.ExportFrom(lookup(env))
			if got != nil || err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// FuzzExportFrom gives what a request can be made of, or an error that shows nothing of the headers.
func FuzzExportFrom(f *testing.F) {
	f.Add("http://127.0.0.1:4318", "api-key=secret,other=%20", "1000")
	f.Add("https://[::1]:4318/base/?q", "a==b", "0")
	f.Add("://", ",,=,", "-")
	f.Add("http://user:secret@host", "a\nb=c\r\n", "99999999999")
	f.Fuzz(func(t *testing.T, endpoint, headers, timeout string) {
		x, err := telemetry.ExportFrom(lookup(map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_HEADERS": headers,
			"OTEL_EXPORTER_OTLP_TIMEOUT": timeout,
		}))
		if x == nil {
			return
		}
		if err != nil {
			t.Fatalf("%+v and %v", x, err)
		}
		if _, err := http.NewRequestWithContext(t.Context(), http.MethodPost, x.URL, nil); err != nil {
			t.Errorf("%q: %v", x.URL, err)
		}
	})
}
