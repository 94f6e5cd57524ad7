package contract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Values are the parameters of a request before they have types.
type Values struct {
	// Text holds the parameters of query and form, Path those of the path.
	Text   map[string]string
	Path   map[string]string
	Header http.Header
	// Body is the raw JSON body, for operations that have one.
	Body []byte
}

// Problem is one way in which a request breaks its spec.
type Problem struct {
	// Name is the parameter, with dots for the members inside: "param.product_code".
	Name string
	// Missing says that a required parameter is absent or empty.
	Missing bool
	// Reason says what was expected.
	Reason string
	// Code is the documented error that the parameter has of its own; usually empty.
	Code string
}

// Check types the parameters and holds them to the spec. Missing parameters come first, then the others, both in the
// spec's order. Members of a JSON body stand in params beside the rest.
func (op *Operation) Check(v Values) (params map[string]any, problems []Problem) {
	params = make(map[string]any, len(op.Inputs))
	for i := range op.Inputs {
		in := &op.Inputs[i]
		value, found := in.check(v)
		for i := range found {
			found[i].Code = in.InvalidCode
		}
		problems = append(problems, found...)
		if value != nil {
			params[in.Name] = value
		}
	}
	if op.body != nil {
		problems = append(problems, op.checkBody(v.Body, params)...)
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(rank(a), rank(b)) })
	return params, problems
}

func rank(p Problem) int {
	if p.Missing {
		return 0
	}
	return 1
}

func (in *Input) text(v Values) string {
	switch in.In {
	case "header":
		return v.Header.Get(in.Name)
	case "path":
		return v.Path[in.Name]
	}
	return v.Text[in.Name]
}

// check returns the typed value, nil when it is absent. An empty text is an absent one, as the gateways see it.
func (in *Input) check(v Values) (any, []Problem) {
	text := in.text(v)
	if text == "" {
		if in.Required {
			return nil, []Problem{{Name: in.Name, Missing: true, Reason: "is required and is absent or empty"}}
		}
		return nil, nil
	}
	value, err := in.typed(text)
	if err != nil {
		return nil, []Problem{{Name: in.Name, Reason: err.Error()}}
	}
	if in.fit.sure(value) {
		return value, nil
	}
	err = in.schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsRequest())
	return value, problemsOf(in.Name, in.schema, err)
}

// typed reads the text as its schema's type.
func (in *Input) typed(text string) (any, error) {
	switch {
	case in.isJSON:
		return DecodeJSON([]byte(text))
	case in.schema.Type.Is(openapi3.TypeInteger):
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errors.New("must be an integer")
		}
		return n, nil
	case in.schema.Type.Is(openapi3.TypeNumber):
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, errors.New("must be a number")
		}
		return n, nil
	case in.schema.Type.Is(openapi3.TypeBoolean):
		switch strings.ToLower(text) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, errors.New("must be true or false")
	}
	return text, nil
}

func (op *Operation) checkBody(raw []byte, params map[string]any) []Problem {
	if len(bytes.TrimSpace(raw)) == 0 {
		if op.bodyRequired {
			return []Problem{{Name: "body", Missing: true, Reason: "a JSON body is required"}}
		}
		return nil
	}
	value, err := DecodeJSON(raw)
	if err != nil {
		return []Problem{{Name: "body", Reason: err.Error()}}
	}
	if members, ok := value.(map[string]any); ok {
		for name, member := range members {
			params[name] = member
		}
	}
	if op.fits[op.body].sure(value) {
		return nil
	}
	return problemsOf("", op.body, op.body.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsRequest()))
}

// problemsOf flattens what a schema found, in the schema's order of required members, then by name.
func problemsOf(prefix string, schema *openapi3.Schema, err error) []Problem {
	if err == nil {
		return nil
	}
	var problems []Problem
	collect(err, func(e *openapi3.SchemaError) {
		name := strings.Join(append(nonEmpty(prefix), e.JSONPointer()...), ".")
		problems = append(problems, Problem{
			Name: cmp.Or(name, "body"), Missing: e.SchemaField == "required", Reason: e.Reason,
		})
	})
	if problems == nil {
		problems = []Problem{{Name: cmp.Or(prefix, "body"), Reason: err.Error()}}
	}
	place := func(p Problem) int {
		name := strings.TrimPrefix(strings.TrimPrefix(p.Name, prefix), ".")
		if i := slices.Index(schema.Required, name); i >= 0 {
			return i
		}
		return len(schema.Required)
	}
	slices.SortFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Reason, b.Reason))
	})
	return problems
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func collect(err error, one func(*openapi3.SchemaError)) {
	if list, ok := errors.AsType[openapi3.MultiError](err); ok {
		for _, e := range list {
			collect(e, one)
		}
		return
	}
	if e, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		one(e)
	}
}

// DecodeJSON reads exactly one JSON value within bounds, integers as int64. The error says where the text stops being
// JSON.
func DecodeJSON(raw []byte) (any, error) {
	if err := bounded(raw); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, fmt.Errorf("is not JSON: %w at byte %d", err, syntax.Offset)
		}
		return nil, errors.New("is not JSON: it ends too early")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("is not JSON: more text follows the value at byte %d", decoder.InputOffset())
	}
	return numbers(value), nil
}

// numbers replaces each json.Number by the int64 or float64 that it is.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		// A number too large for float64 stays text, and no schema takes it.
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case map[string]any:
		for name, member := range v {
			v[name] = numbers(member)
		}
	case []any:
		for i, element := range v {
			v[i] = numbers(element)
		}
	}
	return value
}

// CheckReply holds a reply's value, as wire.Reply has it, to the spec. An error names the first place that breaks it.
func (op *Operation) CheckReply(status int, value any) error {
	schema, ok := op.replies[status]
	if !ok {
		schema, ok = op.replies[0]
	}
	if !ok {
		return fmt.Errorf("%s: the spec has no reply with status %d", op.Name, status)
	}
	if op.fits[schema].sure(value) {
		return nil
	}
	if err := schema.VisitJSON(Plain(value), openapi3.VisitAsResponse()); err != nil {
		return fmt.Errorf("%s: the reply breaks the spec: %w", op.Name, err)
	}
	return nil
}

// Plain turns Objects and Lists into the maps and slices that kin-openapi knows.
func Plain(value any) any {
	switch v := value.(type) {
	case wire.Object:
		m := make(map[string]any, len(v))
		for _, member := range v {
			m[member.Name] = Plain(member.Value)
		}
		return m
	case wire.List:
		return map[string]any{v.Item: Plain(v.Values)}
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = Plain(element)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for name, member := range v {
			m[name] = Plain(member)
		}
		return m
	}
	return value
}
