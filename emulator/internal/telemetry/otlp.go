package telemetry

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The parts of opentelemetry/proto/collector/trace/v1 that our spans use, in JSON (OTLP Specification, JSON Protobuf
// Encoding): ids in hex, enums as numbers, 64-bit integers as strings. The traceState of spans is left out: it is text
// that the client chose.
type (
	otlpRequest struct {
		ResourceSpans []otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource   otlpResource     `json:"resource"`
		ScopeSpans []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope otlpScope  `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpScope struct {
		Name string `json:"name"`
	}
	otlpSpan struct {
		TraceID    string          `json:"traceId"`
		SpanID     string          `json:"spanId"`
		ParentID   string          `json:"parentSpanId,omitempty"`
		Flags      uint32          `json:"flags"`
		Name       string          `json:"name"`
		Kind       int             `json:"kind"`
		Start      string          `json:"startTimeUnixNano"`
		End        string          `json:"endTimeUnixNano"`
		Attributes []otlpAttribute `json:"attributes,omitempty"`
		Status     otlpStatus      `json:"status"`
	}
	otlpStatus struct {
		Code int `json:"code,omitempty"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		String *string `json:"stringValue,omitempty"`
		Int    string  `json:"intValue,omitempty"`
	}
)

const (
	// statusError is Status.STATUS_CODE_ERROR; the numbers of package codes are others.
	statusError = 2
	// hasIsRemote and isRemote are SpanFlags: whether the parent is in another process.
	hasIsRemote, isRemote = 0x100, 0x200
)

// encodeSpans writes spans of one provider, which share resource and scope.
func encodeSpans(spans []sdktrace.ReadOnlySpan) ([]byte, error) {
	first := spans[0]
	all := otlpScopeSpans{Scope: otlpScope{first.InstrumentationScope().Name}}
	for _, span := range spans {
		all.Spans = append(all.Spans, encodeSpan(span))
	}
	body, err := json.Marshal(otlpRequest{[]otlpResourceSpans{{
		Resource:   otlpResource{encodeAttributes(first.Resource().Attributes())},
		ScopeSpans: []otlpScopeSpans{all},
	}}})
	if err != nil {
		return nil, fmt.Errorf("encode spans: %w", err)
	}
	return body, nil
}

func encodeSpan(span sdktrace.ReadOnlySpan) otlpSpan {
	own, parent := span.SpanContext(), span.Parent()
	s := otlpSpan{
		TraceID: own.TraceID().String(), SpanID: own.SpanID().String(), Flags: uint32(own.TraceFlags()) | hasIsRemote,
		Name: span.Name(), Kind: int(span.SpanKind()),
		Start: nanos(span.StartTime()), End: nanos(span.EndTime()), Attributes: encodeAttributes(span.Attributes()),
	}
	if parent.HasSpanID() {
		s.ParentID = parent.SpanID().String()
	}
	if parent.IsRemote() {
		s.Flags |= isRemote
	}
	if span.Status().Code == codes.Error {
		s.Status.Code = statusError
	}
	return s
}

func nanos(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

// encodeAttributes writes strings and integers; the text of others, which could only come from the environment.
func encodeAttributes(all []attribute.KeyValue) []otlpAttribute {
	var encoded []otlpAttribute
	for _, a := range all {
		var value otlpValue
		if a.Value.Type() == attribute.INT64 {
			value.Int = strconv.FormatInt(a.Value.AsInt64(), 10)
		} else {
			text := a.Value.String()
			value.String = &text
		}
		encoded = append(encoded, otlpAttribute{string(a.Key), value})
	}
	return encoded
}
