package telemetry

import (
	"context"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
)

// traces makes a server span of every call that is over, with a child for each of its steps. The SDK samples, batches
// and limits, as OTEL_TRACES_SAMPLER, OTEL_BSP_* and OTEL_SPAN_* say.
type traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	exporter *exporter
}

// scope names who made the spans.
const scope = "github.com/tokenstage/tokenstage"

func newTraces(ctx context.Context, to Export, log *slog.Logger) (*traces, error) {
	// What stands later wins: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES over the name given here.
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(), resource.WithAttributes(attribute.String("service.name", "tokenstage")),
		resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	sink := newExporter(to, log)
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(sink))
	return &traces{provider: provider, tracer: provider.Tracer(scope), exporter: sink}, nil
}

func (t *traces) shutdown(ctx context.Context) error { return t.provider.Shutdown(ctx) }

func (t *traces) observe(c *class, code string, o *dataplane.Observation) {
	ctx, span := t.tracer.Start(
		parent(o.Request.Header), spanName(c, o), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithTimestamp(o.Arrived), trace.WithAttributes(attributes(c, code, o)...))
	if span.IsRecording() {
		t.children(ctx, o)
	}
	if failure := failed(code, o); failure != "" {
		span.SetAttributes(attribute.String("error.type", failure))
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(o.Done))
}

// parent continues the trace of the client (W3C Trace Context).
func parent(header http.Header) context.Context {
	return propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(header))
}

func (t *traces) children(ctx context.Context, o *dataplane.Observation) {
	for i, step := range o.Steps {
		ended := o.Done
		if i+1 < len(o.Steps) {
			ended = o.Steps[i+1].Began
		}
		_, span := t.tracer.Start(ctx, step.Name, trace.WithTimestamp(step.Began))
		span.End(trace.WithTimestamp(ended))
	}
}

// spanName is method and target (OpenTelemetry, Semantic conventions for HTTP spans, Name). The target is the
// operation: most of them share a path.
func spanName(c *class, o *dataplane.Observation) string {
	method := method(o)
	if method == otherMethod {
		method = "HTTP"
	}
	if c.operation == none {
		return method
	}
	return method + " " + c.name()
}

// otherMethod stands for methods that the conventions do not know.
const otherMethod = "_OTHER"

func method(o *dataplane.Observation) string {
	switch m := o.Request.Method; m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return m
	}
	return otherMethod
}

// attributes are those of the semantic conventions for HTTP servers and our own. Path and query as they came are left
// out, since they can hold secrets; the path is that of the spec.
func attributes(c *class, code string, o *dataplane.Observation) []attribute.KeyValue {
	all := make([]attribute.KeyValue, 0, 16)
	all = append(
		all, attribute.String("http.request.method", method(o)), attribute.String("url.scheme", o.Request.Scheme),
		attribute.Int("http.request.body.size", len(o.Request.Body)),
		attribute.String("tokenstage.sandbox", o.Sandbox), attribute.String("tokenstage.outcome", code),
		attribute.String("tokenstage.request_id", o.RequestID),
	)
	if answered(o) {
		all = append(all, attribute.Int("http.response.status_code", o.Status),
			attribute.Int("http.response.body.size", o.ResponseBytes))
	}
	if c.gateway != none {
		all = append(all, attribute.String("tokenstage.gateway", c.gateway))
	}
	if c.operation != none {
		all = append(all, attribute.String("http.route", c.route), attribute.String("url.path", c.route),
			attribute.String("tokenstage.api", c.api), attribute.String("tokenstage.operation", c.name()))
	}
	if o.Scenario != "" {
		all = append(all, attribute.String("tokenstage.scenario", bounded(o.Scenario)))
	}
	if o.Network != "" {
		all = append(all, attribute.String("tokenstage.network", o.Network))
	}
	return all
}

// answered tells whether a status reached the client: scripts can hang up before.
func answered(o *dataplane.Observation) bool {
	return o.Network != "reset" && o.Network != "close" && o.Network != "stall"
}

// failed is the error.type of a call, empty when it did not fail. For a server a status below 500 is no failure
// (Semantic conventions for HTTP spans, Status).
func failed(code string, o *dataplane.Observation) string {
	if o.Network != "" && o.Network != "drip" {
		return o.Network
	}
	if o.Status >= http.StatusInternalServerError {
		return code
	}
	return ""
}
