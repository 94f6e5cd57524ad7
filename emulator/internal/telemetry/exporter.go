package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// exporter sends spans as OTLP over HTTP, in JSON. It stands in for otlptracehttp, which brings gRPC and Protocol
// Buffers along, 5.4 MB of them: see docs/observability.md.
type exporter struct {
	to     Export
	client *http.Client
	log    *slog.Logger
	// failing remembers that the last batch was not taken, so that an absent collector is reported once.
	failing atomic.Bool
}

func newExporter(to Export, log *slog.Logger) *exporter {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	return &exporter{to: to, client: &http.Client{Transport: transport, Timeout: to.Timeout}, log: log}
}

// ExportSpans implements sdktrace.SpanExporter. A batch that is not taken is dropped. It returns no error: the SDK
// would print that past the log.
func (x *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if len(spans) == 0 {
		return nil
	}
	body, err := encodeSpans(spans)
	if err == nil {
		err = x.post(ctx, body)
	}
	if failed := err != nil; x.failing.Swap(failed) != failed {
		if failed {
			x.log.Warn("traces are not taken and are dropped", "error", err)
		} else {
			x.log.Info("traces are taken again")
		}
	}
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (x *exporter) Shutdown(context.Context) error {
	x.client.CloseIdleConnections()
	return nil
}

// maxAnswer bounds what is read of the collector's answer, which is of no interest but for the use of its connection.
const maxAnswer = 64 << 10

func (x *exporter) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.to.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	for name, values := range x.to.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := x.client.Do(req)
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("send spans: the collector answered with status %d", resp.StatusCode)
	}
	return nil
}
