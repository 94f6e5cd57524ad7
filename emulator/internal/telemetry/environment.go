package telemetry

import (
	"fmt"
	"net/url"
	"strings"
)

// TracesConfigured tells whether the environment asks for traces: it names an endpoint for OTLP and does not switch
// traces off. Without an endpoint, OpenTelemetry itself would assume a collector on this machine; Tokenstage
// connects to nothing that it was not told of. An error says which of these settings is wrong, without its value.
//
// All other OTEL_* variables are read from the environment of the process by OpenTelemetry's libraries, once New is
// told to trace.
func TracesConfigured(lookup func(name string) (string, bool)) (bool, error) {
	get := func(name string) string {
		value, _ := lookup(name)
		return strings.TrimSpace(value)
	}
	const general, forTraces = "OTEL_EXPORTER_OTLP_", "OTEL_EXPORTER_OTLP_TRACES_"
	exporter := get("OTEL_TRACES_EXPORTER")
	off := exporter == "none" || strings.EqualFold(get("OTEL_SDK_DISABLED"), "true")
	if off || get(general+"ENDPOINT")+get(forTraces+"ENDPOINT") == "" {
		return false, nil
	}
	if exporter != "" && exporter != "otlp" {
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER: must be otlp or none")
	}
	for _, name := range []string{general + "ENDPOINT", forTraces + "ENDPOINT"} {
		if text := get(name); text != "" && !isHTTP(text) {
			return false, fmt.Errorf("%s: must be a URL such as http://127.0.0.1:4318", name)
		}
	}
	protocol := get(forTraces + "PROTOCOL")
	if protocol == "" {
		protocol = get(general + "PROTOCOL")
	}
	if protocol == "grpc" {
		return false, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: grpc is not spoken here, " +
			"give the endpoint of http/protobuf or http/json")
	}
	return true, nil
}

// isHTTP reports whether text is the URL of a server that speaks HTTP.
func isHTTP(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}
