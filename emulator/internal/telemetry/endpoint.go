package telemetry

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Export is where traces go.
type Export struct {
	// URL takes OTLP over HTTP as JSON.
	URL string
	// Header goes with every request; it can hold a secret.
	Header http.Header
	// Timeout is how long a request may take.
	Timeout time.Duration
}

const (
	tracesPath     = "/v1/traces"
	defaultTimeout = 10 * time.Second
)

// ExportFrom reads the standard variables (OpenTelemetry, OTLP Exporter Configuration, and General SDK Configuration).
// It returns nil without an error when they name no endpoint or switch traces off: no default is assumed, since the
// emulator connects to nothing unasked.
func ExportFrom(lookup func(name string) (string, bool)) (*Export, error) {
	env := environment(lookup)
	if strings.EqualFold(env.get("OTEL_SDK_DISABLED"), "true") || env.get("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil
	}
	endpoint, err := env.endpoint()
	if endpoint == "" || err != nil {
		return nil, err
	}
	if p := env.traces("PROTOCOL"); strings.HasPrefix(p, "grpc") {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: %s is not spoken here, give the endpoint of http/json", p)
	}
	x := &Export{URL: endpoint, Timeout: defaultTimeout}
	if text := env.traces("TIMEOUT"); text != "" {
		ms, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_TIMEOUT: must be milliseconds, got %q", text)
		}
		x.Timeout = time.Duration(ms) * time.Millisecond
	}
	if x.Header, err = parseHeaders(env.traces("HEADERS")); err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_HEADERS: %w", err)
	}
	return x, nil
}

// environment looks variables up; an empty one counts as absent.
type environment func(name string) (string, bool)

func (e environment) get(name string) string {
	value, _ := e(name)
	return strings.TrimSpace(value)
}

// traces is a setting of the exporter, that for traces before that for all signals.
func (e environment) traces(name string) string {
	if value := e.get("OTEL_EXPORTER_OTLP_TRACES_" + name); value != "" {
		return value
	}
	return e.get("OTEL_EXPORTER_OTLP_" + name)
}

// endpoint is the URL for traces: the one for traces is taken as it is, the one for all signals is a base.
func (e environment) endpoint() (string, error) {
	name, path := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ""
	text := e.get(name)
	if text == "" {
		name, path = "OTEL_EXPORTER_OTLP_ENDPOINT", tracesPath
		text = e.get(name)
	}
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", fmt.Errorf("%s: must be a URL such as http://127.0.0.1:4318", name)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + path
	return u.String(), nil
}

// parseHeaders reads pairs such as api-key=secret,other=value, whose values are URL-encoded. Errors show no value.
func parseHeaders(text string) (http.Header, error) {
	header := http.Header{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !found || name == "" || err != nil {
			return nil, fmt.Errorf("must be pairs such as api-key=value, separated by commas")
		}
		header.Add(name, decoded)
	}
	return header, nil
}
