package telemetry_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/telemetry"
)

func lookup(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func TestTracesConfigured(t *testing.T) {
	t.Parallel()
	const (
		all, traces = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
		collector   = "http://collector:4318"
	)
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"nothing":            {},
		"an empty endpoint":  {env: map[string]string{all: " "}},
		"a base":             {map[string]string{all: collector}, true},
		"a base with a path": {map[string]string{all: collector + "/otlp/"}, true},
		"one for traces":     {map[string]string{traces: collector + "/here"}, true},
		"both":               {map[string]string{all: collector, traces: "https://other/x?y=z"}, true},
		"switched off":       {env: map[string]string{all: collector, "OTEL_SDK_DISABLED": "TRUE"}},
		"no exporter":        {env: map[string]string{all: collector, "OTEL_TRACES_EXPORTER": "none"}},
		"off, though wrong":  {env: map[string]string{all: "wrong", "OTEL_TRACES_EXPORTER": "none"}},
		"the only exporter":  {map[string]string{all: collector, "OTEL_TRACES_EXPORTER": "otlp"}, true},
		"other exporter for no endpoint": {
			env: map[string]string{"OTEL_TRACES_EXPORTER": "console", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
		},
		"a protocol":       {map[string]string{all: collector, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, true},
		"another protocol": {map[string]string{all: collector, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, true},
		"one for traces too": {
			map[string]string{
				all: collector, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json",
			}, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := telemetry.TracesConfigured(lookup(c.env)); got != c.want || err != nil {
				t.Error(got, err)
			}
		})
	}
}

func TestTracesWronglyConfigured(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value, says string }{
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http:///secret", "OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://secret@%zz", "OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://x", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: must be a URL"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "grpc is not spoken"},
		{"OTEL_TRACES_EXPORTER", "console", "OTEL_TRACES_EXPORTER: must be otlp or none"},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", c.name: c.value}
			got, err := telemetry.TracesConfigured(lookup(env))
			if got || err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// FuzzTracesConfigured checks that traces are configured only if a request can be made for the endpoint, and that an
// error does not show the value of the setting.
func FuzzTracesConfigured(f *testing.F) {
	f.Add("http://127.0.0.1:4318", "otlp", "http/json")
	f.Add("https://[::1]:4318/base/?q", "none", "grpc")
	f.Add("://", "console", "")
	f.Add("http://user:secret@host", "", "a\nb=c\r\n")
	f.Fuzz(func(t *testing.T, endpoint, exporter, protocol string) {
		got, err := telemetry.TracesConfigured(lookup(map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": exporter,
			"OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
		}))
		if got && err != nil {
			t.Fatalf("%v and %v", got, err)
		}
		if err != nil && len(endpoint) > 20 && strings.Contains(err.Error(), endpoint) {
			t.Errorf("%v shows %q", err, endpoint)
		}
		if !got {
			return
		}
		if _, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimSpace(endpoint), nil); err != nil {
			t.Errorf("%q: %v", endpoint, err)
		}
	})
}
