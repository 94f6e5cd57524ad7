package contract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
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
	// NumbersAsText takes a number inside a JSON document where text is described, as some providers' readers do.
	NumbersAsText bool
}

// Problem is one way in which a request breaks its spec.
type Problem struct {
	// Name is the parameter, with dots for the members inside: "param.product_code".
	Name string
	// Missing says that a required parameter is absent or empty.
	Missing bool
	// Reason says what was expected, in words that end a sentence which begins with the parameter's name.
	Reason string
	// Code is the documented error that the parameter has of its own; usually empty.
	Code string

	position position
}

// Check gives the parameters their types and checks them against the spec. Missing parameters come first, then the
// others, both in the spec's order. Members of a JSON body stand in params beside the rest.
func (op *Operation) Check(v Values) (params map[string]any, problems []Problem) {
	params = make(map[string]any, len(op.Inputs))
	for i := range op.Inputs {
		in := &op.Inputs[i]
		value, sent, problem := in.read(v)
		switch {
		case problem != nil:
			problem.position.input = i
			problems = append(problems, *problem)
		case sent:
			params[in.Name] = value
		}
	}
	problems = append(problems, op.checkInputs(params)...)
	if op.takesNull {
		maps.DeleteFunc(params, func(_ string, value any) bool { return value == nil }) // from here on as if absent
	}
	if op.body != nil {
		problems = append(problems, op.checkBody(v, params)...)
	}
	slices.SortStableFunc(problems, Problem.compare)
	return params, problems
}

// Sentence tells of the problem.
func (p Problem) Sentence() string {
	if p.Name == bodyName {
		return "The body " + p.Reason + "."
	}
	return "The parameter " + p.Name + " " + p.Reason + "."
}

// position is where a problem is in the spec.
type position struct {
	input  int // the index of the parameter; the body's is behind all of them
	member int // the index among the required members; other members are behind all of them
}

// compare puts missing parameters first, and keeps to the spec's order among them and among the others.
func (p Problem) compare(other Problem) int {
	if p.Missing != other.Missing {
		if p.Missing {
			return -1
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(p.position.input, other.position.input), cmp.Compare(p.position.member, other.position.member),
		cmp.Compare(p.Name, other.Name), cmp.Compare(p.Reason, other.Reason),
	)
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

// read returns the value with its type, and whether it was sent. An empty text is not: the gateways treat it so.
func (in *Input) read(v Values) (value any, sent bool, problem *Problem) {
	text := in.text(v)
	if text == "" {
		if in.Required {
			problem = &Problem{
				Name: in.Name, Missing: true, Reason: "is required and is absent or empty", Code: in.InvalidCode,
			}
		}
		return nil, false, problem
	}
	value, err := in.typed(text, v.NumbersAsText)
	if err != nil {
		return nil, true, &Problem{Name: in.Name, Reason: err.Error(), Code: in.InvalidCode}
	}
	return value, true, nil
}

// typed reads the text as its schema's type.
func (in *Input) typed(text string, numbersAsText bool) (any, error) {
	switch {
	case in.isJSON:
		return decodeFor(in.schema, []byte(text), numbersAsText)
	case in.schema.Type.Is(openapi3.TypeInteger):
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errors.New("must be an integer")
		}
		return n, nil
	case in.schema.Type.Is(openapi3.TypeNumber):
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, errors.New("must be a number")
		}
		return number(n), nil
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

// checkInputs checks the parameters that could be read against the spec, all in one go.
func (op *Operation) checkInputs(params map[string]any) []Problem {
	if !op.directed && op.inputs.VisitJSONObject(params) == nil {
		return nil // asked without options, which cost time
	}
	err := op.inputs.VisitJSON(params, op.asRequest...)
	if err == nil {
		return nil
	}
	var problems []Problem
	for _, e := range schemaErrors(err) {
		at := e.JSONPointer()
		i := slices.IndexFunc(op.Inputs, func(in Input) bool { return len(at) > 0 && in.Name == at[0] })
		if i < 0 {
			continue // no error is about the parameters as a whole
		}
		in := &op.Inputs[i]
		problems = append(problems, Problem{
			Name: strings.Join(at, "."), Missing: e.SchemaField == "required", Reason: reasonOf(e), Code: in.InvalidCode,
			position: position{i, memberIndex(in.schema, at[1:])},
		})
	}
	return problems
}

// checkBody checks the body against the spec and puts its members into params.
func (op *Operation) checkBody(v Values, params map[string]any) []Problem {
	behind := position{input: len(op.Inputs)}
	if len(bytes.TrimSpace(v.Body)) == 0 {
		if op.bodyRequired {
			return []Problem{{Name: bodyName, Missing: true, Reason: "is required and is absent", position: behind}}
		}
		return nil
	}
	value, err := decodeFor(op.body, v.Body, v.NumbersAsText)
	if err != nil {
		return []Problem{{Name: bodyName, Reason: err.Error(), position: behind}}
	}
	if members, ok := value.(map[string]any); ok {
		maps.Copy(params, members)
	}
	if err = op.body.VisitJSON(value, op.asRequest...); err == nil {
		return nil
	}
	var problems []Problem
	for _, e := range schemaErrors(err) {
		at := e.JSONPointer()
		problems = append(problems, Problem{
			Name: cmp.Or(strings.Join(at, "."), bodyName), Missing: e.SchemaField == "required", Reason: reasonOf(e),
			position: position{len(op.Inputs), memberIndex(op.body, at)},
		})
	}
	return problems
}

// bodyName stands for the whole body where a problem names a parameter.
const bodyName = "body"

// memberIndex is the index among the schema's required members of what the path leads to, else that behind them.
func memberIndex(s *openapi3.Schema, path []string) int {
	if i := slices.Index(s.Required, strings.Join(path, ".")); i >= 0 {
		return i
	}
	return len(s.Required)
}

// schemaErrors are all that kin-openapi found.
func schemaErrors(err error) []*openapi3.SchemaError {
	if list, ok := errors.AsType[openapi3.MultiError](err); ok {
		var all []*openapi3.SchemaError
		for _, e := range list {
			all = append(all, schemaErrors(e)...)
		}
		return all
	}
	if e, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		return []*openapi3.SchemaError{e}
	}
	return nil
}

// DecodeJSON reads exactly one JSON value within bounds, whole numbers as int64 however they are written: several
// languages write 600 as 600.0. The error says where the text stops being JSON.
func DecodeJSON(raw []byte) (any, error) {
	value, err := decode(raw)
	return numbers(value), err
}

// decodeFor is DecodeJSON for a document of that schema, forgiving as forgive is.
func decodeFor(s *openapi3.Schema, raw []byte, numbersAsText bool) (any, error) {
	value, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return numbers(forgive(value, s, numbersAsText)), nil
}

// decode is DecodeJSON with numbers as they are written.
func decode(raw []byte) (any, error) {
	if err := checkBounds(raw); err != nil {
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
	return value, nil
}

// number is a whole number as int64, as those who read an integer expect it, and any other as it is.
func number(f float64) any {
	const beyond = 1 << 63 // the least positive number that an int64 does not hold
	if f == math.Trunc(f) && math.Abs(f) < beyond {
		return int64(f)
	}
	return f
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
			return number(f)
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

// CheckReply checks the value of a reply, as wire.Reply has it, against what the operation describes for its status,
// else against what the gateway's refusals look like. The error names the first member that is wrong.
func (op *Operation) CheckReply(status int, value any) error {
	schema := op.replySchema(status, value)
	if schema == nil {
		return fmt.Errorf("%s: the spec has no reply with status %d", op.Name, status)
	}
	if op.goodReply.Load().fits(schema, value) {
		return nil
	}
	if err := schema.VisitJSON(Plain(value), op.asReply...); err != nil {
		return fmt.Errorf("%s: the reply breaks the spec: %w", op.Name, err)
	}
	if op.byShape[schema] {
		op.goodReply.Store(shapeOf(schema, value))
	}
	return nil
}

// replySchema is the schema for a reply; nil when nothing describes it. Where successes and refusals share a status,
// the members tell which of the two the reply is.
func (op *Operation) replySchema(status int, value any) *openapi3.Schema {
	own := cmp.Or(op.replies[status], op.replies[0])
	refusal := op.API.Gateway.refusal
	switch {
	case own == nil:
		return refusal
	case refusal == nil || !op.API.Gateway.statuses[status]:
		return own
	}
	for _, name := range refusal.Required {
		if own.Properties[name] != nil || !hasMember(value, name) {
			return own // which describes refusals itself, or the value is none
		}
	}
	return refusal
}

func hasMember(value any, name string) bool {
	switch v := value.(type) {
	case wire.Object:
		return slices.ContainsFunc(v, func(m wire.Member) bool { return m.Name == name })
	case map[string]any:
		_, ok := v[name]
		return ok
	}
	return false
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
