package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// The extensions that a document may carry, by place. Anything else is refused, so that a slip of the pen in a
// spec is loud. Those of documents and operations are structures, all others are texts.
const (
	evidenceExtension = "x-evidence"
	invalidExtension  = "x-invalid"
)

type (
	rootExtensions struct {
		Gateway string    `json:"x-gateway"`
		Product string    `json:"x-product"`
		Version string    `json:"x-version"`
		Errors  errorList `json:"x-errors"`
		Checks  checkList `json:"x-checks"`
		Invalid string    `json:"x-invalid"`
		Missing string    `json:"x-missing"`
		// Anonymous says, in the document of a gateway, that operations behind it can take calls without a key.
		Anonymous bool `json:"x-anonymous"`
		// Packets says, in the document of a gateway, that its answers are packets of a protocol other than HTTP.
		Packets bool `json:"x-packets"`
	}
	operationExtensions struct {
		Action string `json:"x-action"`
		// Version is that of the operation, where it has another one than the rest of its API.
		Version string   `json:"x-version"`
		Methods []string `json:"x-methods"`
		// Subject names the parameters that tell calls of the operation apart in lists for people.
		Subject []string        `json:"x-subject"`
		Errors  errorList       `json:"x-errors"`
		Checks  checkList       `json:"x-checks"`
		Quota   *quotaExtension `json:"x-quota"`
		// Anonymous says that the operation takes calls without a key, and how they find their sandbox.
		Anonymous *anonymousExtension `json:"x-anonymous"`
		Evidence  string              `json:"x-evidence"`
		Invalid   string              `json:"x-invalid"`
		Missing   string              `json:"x-missing"`
	}

	errorList []struct {
		Code     string `json:"code"`
		Status   int    `json:"status"`
		Message  string `json:"message"`
		Number   int    `json:"number"`
		Detail   string `json:"detail"`
		Meaning  string `json:"meaning"`
		Evidence string `json:"evidence"`
		// Signature says, in the document of a gateway, that it is given by the check of the signature alone.
		Signature bool `json:"signature"`
	}
	checkList []struct {
		Name     string `json:"name"`
		Rule     string `json:"rule"`
		Evidence string `json:"evidence"`
	}
	anonymousExtension struct {
		Token    string `json:"token"`
		Evidence string `json:"evidence"`
	}
	quotaExtension struct {
		Rate     string `json:"rate"`
		Error    string `json:"error"`
		Evidence string `json:"evidence"`
	}
)

// decodeExtensions reads the extensions of one place strictly.
func decodeExtensions[T any](extensions map[string]any) (T, error) {
	var into T
	if len(extensions) == 0 {
		return into, nil
	}
	raw, err := json.Marshal(extensions)
	if err != nil {
		return into, fmt.Errorf("extensions: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&into); err != nil {
		return into, fmt.Errorf("extensions: %w", err)
	}
	return into, nil
}

// checkTexts refuses extensions that are not texts, or not among the known ones of their place. There are hundreds of
// such places, so their texts are looked at as they are.
func checkTexts(extensions map[string]any, known ...string) error {
	if len(extensions) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(extensions)) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("extensions: unknown field %q", name)
		}
		if _, ok := extensions[name].(string); !ok && extensions[name] != nil {
			return fmt.Errorf("extensions: %s: must be a text, got %v", name, extensions[name])
		}
	}
	return nil
}

// textOf is the text of an extension that was checked when the document was read; empty where it is absent.
func textOf(extensions map[string]any, name string) string {
	text, _ := extensions[name].(string)
	return text
}

func (list errorList) documented(origin string) ([]Error, error) {
	errors := make([]Error, 0, len(list))
	for _, e := range list {
		evidence, err := parseEvidence(e.Evidence)
		switch {
		case err != nil:
			return nil, fmt.Errorf("x-errors: %s: %w", e.Code, err)
		case slices.ContainsFunc(errors, func(known Error) bool { return known.Code == e.Code }):
			return nil, fmt.Errorf("x-errors: %q is there twice", e.Code)
		case e.Code == "" || e.Status < 200 || e.Status > 599 || e.Meaning == "" || evidence.Mark == "":
			return nil, fmt.Errorf("x-errors: %q needs code, status, meaning and evidence", e.Code)
		}
		errors = append(errors, Error{
			Code: e.Code, Status: e.Status, Message: e.Message, Number: e.Number, Detail: e.Detail,
			Meaning: e.Meaning, Evidence: evidence, Origin: origin, Signature: e.Signature,
		})
	}
	return errors, nil
}

func (list checkList) checks() ([]Check, error) {
	checks := make([]Check, 0, len(list))
	for _, c := range list {
		evidence, err := parseEvidence(c.Evidence)
		switch {
		case err != nil:
			return nil, fmt.Errorf("x-checks: %s: %w", c.Name, err)
		case c.Name == "" || c.Rule == "" || evidence.Mark == "":
			return nil, fmt.Errorf("x-checks: %q needs name, rule and evidence", c.Name)
		}
		checks = append(checks, Check{c.Name, c.Rule, evidence})
	}
	return checks, nil
}

func (q *quotaExtension) quota() (*Quota, error) {
	if q == nil {
		return nil, nil
	}
	rate, err := ParseRate(q.Rate)
	if err != nil || rate.Per != time.Second {
		return nil, fmt.Errorf("x-quota: rate must be calls per second such as 500/s, got %q", q.Rate)
	}
	if q.Error == "" {
		return nil, fmt.Errorf("x-quota: needs the error that answers beyond %s", rate)
	}
	evidence, err := parseEvidence(q.Evidence)
	if err != nil {
		return nil, fmt.Errorf("x-quota: %w", err)
	}
	return &Quota{Rate: rate, Code: q.Error, Evidence: evidence}, nil
}

func (a *anonymousExtension) anonymous(op *Operation) (*Anonymous, error) {
	if a == nil {
		return nil, nil
	}
	evidence, err := parseEvidence(a.Evidence)
	switch {
	case err != nil:
		return nil, fmt.Errorf("x-anonymous: %w", err)
	case !op.API.Gateway.takesAnonymous:
		return nil, fmt.Errorf("x-anonymous: the gateway %s takes no calls without a key", op.API.Gateway.Name)
	case !slices.ContainsFunc(op.Inputs, func(in Input) bool { return in.Name == a.Token && in.Required }):
		return nil, fmt.Errorf("x-anonymous: token must name a required parameter, got %q", a.Token)
	}
	return &Anonymous{Token: a.Token, Evidence: evidence}, nil
}

// readExtensions visits every place of a document that can carry extensions, and returns those of the document itself
// and of its operations.
func readExtensions(doc *openapi3.T) (rootExtensions, map[*openapi3.Operation]operationExtensions, error) {
	w := extensionWalk{seen: map[*openapi3.Schema]bool{}, operations: map[*openapi3.Operation]operationExtensions{}}
	root, err := decodeExtensions[rootExtensions](doc.Extensions)
	w.problem("the document", err)
	w.texts("info", doc.Info.Extensions)
	w.texts("paths", doc.Paths.Extensions)
	if doc.Components != nil {
		w.texts("components", doc.Components.Extensions)
		for name, ref := range doc.Components.Schemas {
			w.schema("components.schemas."+name, ref)
		}
	}
	for key, item := range doc.Paths.Map() {
		w.texts(key, item.Extensions)
		for method, op := range item.Operations() {
			w.operation(key+" "+method, op)
		}
	}
	return root, w.operations, w.err
}

// extensionWalk remembers what operations carry, the first problem, and the schemas it has seen, since they can be
// recursive.
type extensionWalk struct {
	operations map[*openapi3.Operation]operationExtensions
	seen       map[*openapi3.Schema]bool
	err        error
}

// problem remembers an error if it is the first.
func (w *extensionWalk) problem(place string, err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("%s: %w", place, err)
	}
}

// texts allows the known extensions at a place, where each is a text.
func (w *extensionWalk) texts(place string, extensions map[string]any, known ...string) {
	err := checkTexts(extensions, known...)
	if err == nil {
		_, err = parseEvidence(textOf(extensions, evidenceExtension))
	}
	w.problem(place, err)
}

func (w *extensionWalk) operation(place string, op *openapi3.Operation) {
	ext, err := decodeExtensions[operationExtensions](op.Extensions)
	w.operations[op] = ext
	w.problem(place, err)
	for _, p := range op.Parameters {
		at := place + " parameter " + p.Value.Name
		w.texts(at, p.Value.Extensions, evidenceExtension, invalidExtension)
		w.schema(at, p.Value.Schema)
		w.content(at, p.Value.Content)
	}
	if op.RequestBody != nil {
		w.texts(place+" body", op.RequestBody.Value.Extensions, evidenceExtension)
		w.content(place+" body", op.RequestBody.Value.Content)
	}
	w.texts(place+" responses", op.Responses.Extensions)
	for status, r := range op.Responses.Map() {
		at := place + " response " + status
		w.texts(at, r.Value.Extensions, evidenceExtension)
		w.content(at, r.Value.Content)
		for name, h := range r.Value.Headers {
			w.texts(at+" header "+name, h.Value.Extensions, evidenceExtension)
			w.schema(at+" header "+name, h.Value.Schema)
		}
	}
}

func (w *extensionWalk) content(place string, content openapi3.Content) {
	for kind, media := range content {
		at := place + " " + kind
		if w.empty(at, media == nil) {
			continue
		}
		w.texts(at, media.Extensions)
		w.schema(at, media.Schema)
		for name, e := range media.Encoding {
			if at := at + " encoding of " + name; !w.empty(at, e == nil || e.ContentType == "") {
				w.texts(at, e.Extensions)
			}
		}
		for name, e := range media.Examples {
			if at := at + " example " + name; !w.empty(at, e == nil || e.Value == nil) {
				w.texts(at, e.Value.Extensions)
			}
		}
	}
}

// empty refuses a place that holds nothing, as "application/json:" with nothing after it does.
func (w *extensionWalk) empty(place string, is bool) bool {
	if is && w.err == nil {
		w.err = fmt.Errorf("%s: is empty", place)
	}
	return is
}

func (w *extensionWalk) schema(place string, ref *openapi3.SchemaRef) {
	if ref == nil || ref.Value == nil || w.seen[ref.Value] {
		return
	}
	s := ref.Value
	w.seen[s] = true
	w.texts(place, s.Extensions, evidenceExtension, invalidExtension)
	for name, property := range s.Properties {
		w.schema(place+"."+name, property)
	}
	w.schema(place+"[]", s.Items)
	w.schema(place+".*", s.AdditionalProperties.Schema)
	w.schema(place+" not", s.Not)
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
		for _, one := range list {
			w.schema(place, one)
		}
	}
}
