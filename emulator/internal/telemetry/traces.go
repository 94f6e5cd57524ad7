package telemetry

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokenstage/tokenstage/emulator/internal/dataplane"
)

// traces records a server span for every finished call, with a child span for each of its steps. OpenTelemetry's
// libraries sample, batch, limit and send them.
type traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	exporter sdktrace.SpanExporter
}

// tracerName is the name of the instrumentation scope of all spans.
const tracerName = "github.com/tokenstage/tokenstage"

// newTraces sets up the export of traces. The libraries read OTEL_EXPORTER_OTLP_*, OTEL_SERVICE_NAME,
// OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_BSP_* and OTEL_SPAN_* from the environment of the process. An
// error that they report is an error here, although they themselves would go on with a default.
func newTraces(ctx context.Context, log *slog.Logger) (*traces, error) {
	reported := watchOpenTelemetry()
	// Later options win: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override the name that is given here.
	described, err := resource.New(ctx,
		resource.WithTelemetrySDK(), resource.WithAttributes(attribute.String("service.name", "tokenstage")),
		resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithResource(described), sdktrace.WithBatcher(&loggingExporter{SpanExporter: exporter, log: log}))
	if err := reported.get(); err != nil {
		return nil, errors.Join(err, provider.Shutdown(ctx))
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("OpenTelemetry failed", "error", err) }))
	return &traces{provider: provider, tracer: provider.Tracer(tracerName), exporter: exporter}, nil
}

// shutdown sends the spans that are still waiting. If the context ends first, it also stops the export in progress,
// which the SDK would continue.
func (t *traces) shutdown(ctx context.Context) error {
	if err := t.provider.Shutdown(ctx); err != nil {
		return errors.Join(err, t.exporter.Shutdown(context.WithoutCancel(ctx)))
	}
	return nil
}

// observe records the spans of a call.
func (t *traces) observe(l *labels, outcome string, o *dataplane.Observation) {
	ctx, span := t.tracer.Start(
		parentContext(o.Request.Header), spanName(l, o), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithTimestamp(o.Arrived), trace.WithAttributes(attributes(l, outcome, o)...))
	if span.IsRecording() {
		t.recordSteps(ctx, o)
	}
	if failure := errorType(outcome, o); failure != "" {
		span.SetAttributes(attribute.String("error.type", failure))
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(o.Done))
}

// parentContext returns a context that continues the client's trace (W3C Trace Context). Its tracestate is left out,
// since it is text that the client chose.
func parentContext(header http.Header) context.Context {
	const name = "traceparent"
	return propagation.TraceContext{}.Extract(
		context.Background(), propagation.MapCarrier{name: header.Get(name)})
}

// recordSteps records a span for each step, from its beginning to that of the next.
func (t *traces) recordSteps(ctx context.Context, o *dataplane.Observation) {
	for i, step := range o.Steps {
		ended := o.Done
		if i+1 < len(o.Steps) {
			ended = o.Steps[i+1].Began
		}
		_, span := t.tracer.Start(ctx, step.Name, trace.WithTimestamp(step.Began))
		span.End(trace.WithTimestamp(ended))
	}
}

// spanName returns method and target (OpenTelemetry, Semantic conventions for HTTP spans, Name). The target is the
// operation: most of them share a path.
func spanName(l *labels, o *dataplane.Observation) string {
	method := method(o)
	if method == otherMethod {
		method = "HTTP"
	}
	if l.operation == none {
		return method
	}
	return method + " " + l.operationName()
}

// otherMethod stands for methods that the semantic conventions do not list.
const otherMethod = "_OTHER"

// method returns the HTTP method of a call, if it is a known one.
func method(o *dataplane.Observation) string {
	switch m := o.Request.Method; m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return m
	}
	return otherMethod
}

// attributes returns the attributes of the semantic conventions for HTTP servers and those of Tokenstage. Path and
// query of the request are left out, since they can hold secrets; url.path is the path of the spec.
func attributes(l *labels, outcome string, o *dataplane.Observation) []attribute.KeyValue {
	all := make([]attribute.KeyValue, 0, 16)
	all = append(
		all, attribute.String("http.request.method", method(o)), attribute.String("url.scheme", o.Request.Scheme),
		attribute.Int("http.request.body.size", len(o.Request.Body)),
		attribute.String("tokenstage.sandbox", o.Sandbox), attribute.String("tokenstage.outcome", outcome),
		attribute.String("tokenstage.delivery", string(o.Delivery.State)),
		attribute.String("tokenstage.request_id", o.RequestID),
	)
	if o.Delivery.Answered() {
		all = append(all, attribute.Int("http.response.status_code", o.Status),
			attribute.Int("http.response.body.size", o.Delivery.Bytes))
	}
	if l.gateway != none {
		all = append(all, attribute.String("tokenstage.gateway", l.gateway))
	}
	if l.operation != none {
		all = append(all, attribute.String("http.route", l.route), attribute.String("url.path", l.route),
			attribute.String("tokenstage.api", l.api), attribute.String("tokenstage.operation", l.operationName()))
	}
	if o.Scenario != "" {
		all = append(all, attribute.String("tokenstage.scenario", bounded(o.Scenario, maxName)))
	}
	if o.Delivery.Network != "" {
		all = append(all, attribute.String("tokenstage.network", o.Delivery.Network))
	}
	return all
}

// errorType returns the attribute error.type of a call, empty if it did not fail. For a server, a status below 500
// is not a failure (Semantic conventions for HTTP spans, Status).
func errorType(outcome string, o *dataplane.Observation) string {
	if o.Delivery.Failed() {
		return cmp.Or(o.Delivery.Network, string(o.Delivery.State))
	}
	if o.Status >= http.StatusInternalServerError {
		return outcome
	}
	return ""
}
