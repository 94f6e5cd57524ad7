package contract

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// newOperation reads an operation of a document and checks that it is complete in itself.
func newOperation(api *API, from *document, wirePath, method string, doc *openapi3.Operation) (*Operation, error) {
	root, ext := from.root, from.operations[doc]
	op := &Operation{
		API: api, ID: doc.OperationID, Name: api.Name + "." + doc.OperationID,
		Summary: doc.Summary, Description: doc.Description, Action: ext.Action, Methods: ext.Methods, Path: wirePath,
		Version:     cmp.Or(ext.Version, api.Version),
		InvalidCode: cmp.Or(ext.Invalid, root.Invalid), MissingCode: cmp.Or(ext.Missing, root.Missing),
		replies: map[int]*openapi3.Schema{},
	}
	if op.ID == "" {
		return nil, fmt.Errorf("operationId: must be there")
	}
	if len(op.Methods) == 0 {
		op.Methods = []string{method}
	}
	var err error
	if op.Evidence, err = parseEvidence(ext.Evidence); err != nil {
		return nil, err
	}
	if err := op.addErrors(ext, root); err != nil {
		return nil, err
	}
	if op.Quota, err = ext.Quota.quota(); err != nil {
		return nil, err
	}
	if err := op.addInputs(doc); err != nil {
		return nil, err
	}
	if op.Anonymous, err = ext.Anonymous.anonymous(op); err != nil {
		return nil, err
	}
	if err := op.addReplies(doc); err != nil {
		return nil, err
	}
	if err := op.addValidation(); err != nil {
		return nil, err
	}
	if op.Subject, err = op.subject(ext.Subject); err != nil {
		return nil, err
	}
	return op, op.checkCodes()
}

// subject checks the names that a document gives, or finds some where it gives none.
func (op *Operation) subject(named []string) ([]string, error) {
	var known, required []string
	for _, p := range op.Parameters() {
		known = append(known, p.Name)
		if p.Required && p.In != "header" && !strings.ContainsAny(p.Name, ".[") {
			required = append(required, p.Name)
		}
	}
	if len(named) == 0 {
		return required, nil
	}
	for _, name := range named {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("x-subject: no parameter is named %q", name)
		}
	}
	return named, nil
}

// addErrors adds the errors and checks of the operation and those that it shares.
func (op *Operation) addErrors(ext operationExtensions, root rootExtensions) error {
	own, err := ext.Errors.documented("operation")
	if err != nil {
		return err
	}
	shared, err := root.Errors.documented("api")
	if err != nil {
		return err
	}
	if len(own)+len(shared) == 0 { // as of most operations of a spec from elsewhere, which can have thousands
		op.Errors, op.byCode = slices.Clip(op.API.Gateway.Errors), op.API.Gateway.byCode
	} else {
		// The operation's own description of a code wins over the API's, and that over the gateway's.
		op.Errors, op.byCode = firstOfEachCode(own, shared, op.API.Gateway.Errors)
	}
	ownChecks, err := ext.Checks.checks()
	if err != nil {
		return err
	}
	sharedChecks, err := root.Checks.checks()
	op.Checks = append(ownChecks, sharedChecks...)
	return err
}

// firstOfEachCode joins lists of errors, and indexes them by their codes.
func firstOfEachCode(lists ...[]Error) ([]Error, map[string]*Error) {
	most := 0
	for _, list := range lists {
		most += len(list)
	}
	all, byCode := make([]Error, 0, most), make(map[string]*Error, most)
	for _, list := range lists {
		for i := range list {
			if _, known := byCode[list[i].Code]; !known {
				all = append(all, list[i])
				byCode[list[i].Code] = &all[len(all)-1]
			}
		}
	}
	return all, byCode
}

// addValidation prepares the validation of requests and replies. It needs inputs, body and replies.
func (op *Operation) addValidation() error {
	op.inputs = openapi3.NewObjectSchema()
	for i, in := range op.Inputs {
		if slices.ContainsFunc(op.Inputs[:i], func(other Input) bool { return other.Name == in.Name }) {
			return fmt.Errorf("parameter %s: is there twice, at different places of the request", in.Name)
		}
		if in.isJSON || !saysItsTypeAlone(in.schema) {
			op.inputs.WithProperty(in.Name, in.schema)
		}
		op.takesNull = op.takesNull || in.isJSON
	}
	op.asRequest = []openapi3.SchemaValidationOption{openapi3.MultiErrors()}
	if op.directed = hasDirection(op.inputs) || hasDirection(op.body); op.directed {
		op.asRequest = append(op.asRequest, openapi3.VisitAsRequest())
	}
	op.byShape = map[*openapi3.Schema]bool{}
	for _, schema := range op.replies {
		op.byShape[schema] = looksAtShapeAlone(schema)
	}
	if slices.ContainsFunc(slices.Collect(maps.Values(op.replies)), hasDirection) {
		op.asReply = append(op.asReply, openapi3.VisitAsResponse())
	}
	return nil
}

// saysItsTypeAlone reports whether the schema takes every value of its type. A parameter of such a schema needs no
// validation: it was read as a value of that type.
func saysItsTypeAlone(s *openapi3.Schema) bool {
	rest := *s
	rest.Type = nil
	return rest.IsEmpty() && slices.ContainsFunc([]string{
		openapi3.TypeString, openapi3.TypeInteger, openapi3.TypeNumber, openapi3.TypeBoolean,
	}, s.Type.Is)
}

// hasDirection reports whether a member of the schema is readOnly or writeOnly. Only then kin-openapi has to be told
// whether it validates a request or a reply, which makes it slower.
func hasDirection(s *openapi3.Schema) bool {
	seen := map[*openapi3.Schema]bool{nil: true}
	var inside func(s *openapi3.Schema) bool
	inside = func(s *openapi3.Schema) bool {
		if seen[s] {
			return false
		}
		seen[s] = true
		return s.ReadOnly || s.WriteOnly || slices.ContainsFunc(parts(s), inside)
	}
	return inside(s)
}

// parts are the schemas that stand inside another.
func parts(s *openapi3.Schema) []*openapi3.Schema {
	refs := slices.Concat(s.AllOf, s.AnyOf, s.OneOf, openapi3.SchemaRefs{s.Items, s.Not, s.AdditionalProperties.Schema})
	refs = slices.AppendSeq(refs, maps.Values(s.Properties))
	all := make([]*openapi3.Schema, 0, len(refs))
	for _, ref := range refs {
		if ref != nil {
			all = append(all, ref.Value)
		}
	}
	return all
}

// checkCodes refuses an operation that answers with an error which it does not document.
func (op *Operation) checkCodes() error {
	codes := map[string]string{"x-invalid": op.InvalidCode, "x-missing": op.MissingCode}
	if op.Quota != nil {
		codes["x-quota"] = op.Quota.Code
	}
	for _, in := range op.Inputs {
		codes[in.Name+": x-invalid"] = in.InvalidCode
	}
	for from, code := range codes {
		if _, ok := op.byCode[code]; code != "" && !ok {
			return fmt.Errorf("%s: %q is not among the documented errors", from, code)
		}
	}
	return nil
}

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// addInputs adds the parameters and the body.
func (op *Operation) addInputs(doc *openapi3.Operation) error {
	for _, ref := range doc.Parameters {
		in, err := newInput(ref.Value)
		if err != nil {
			return fmt.Errorf("parameter %s: %w", ref.Value.Name, err)
		}
		op.Inputs = append(op.Inputs, in)
	}
	if doc.RequestBody == nil {
		return nil
	}
	body := doc.RequestBody.Value
	if media := body.Content[jsonType]; media != nil {
		if media.Schema == nil {
			return fmt.Errorf("body: needs an %s schema", jsonType)
		}
		op.body, op.bodyRequired, op.HasBody = media.Schema.Value, body.Required, true
		op.bodyExample, op.bodyEvidence = firstExample(media), evidenceIn(body.Extensions)
	}
	if media := body.Content[formType]; media != nil {
		return op.addForm(media)
	}
	return nil
}

func newInput(p *openapi3.Parameter) (Input, error) {
	in := Input{
		Name: p.Name, In: p.In, Required: p.Required, Description: p.Description,
		InvalidCode: textOf(p.Extensions, invalidExtension), Evidence: evidenceIn(p.Extensions),
	}
	if p.Schema != nil {
		in.schema, in.example = p.Schema.Value, p.Schema.Value.Example
	} else {
		media := p.Content[jsonType]
		if media == nil || media.Schema == nil {
			return Input{}, fmt.Errorf("needs a schema, plain or of %s", jsonType)
		}
		in.schema, in.isJSON, in.example = media.Schema.Value, true, firstExample(media)
	}
	if p.Example != nil {
		in.example = p.Example
	}
	return in, nil
}

// addForm adds the members of a form: required ones in their order, then the others by name.
func (op *Operation) addForm(media *openapi3.MediaType) error {
	if media.Schema == nil {
		return fmt.Errorf("form: needs a schema")
	}
	schema := media.Schema.Value
	names := slices.Clone(schema.Required)
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if schema.Properties[name] == nil {
			return fmt.Errorf("form member %s: is required and not described", name)
		}
		property := schema.Properties[name].Value
		in := Input{
			Name: name, In: "form", Required: slices.Contains(schema.Required, name), schema: property,
			example: property.Example, Description: property.Description,
			InvalidCode: textOf(property.Extensions, invalidExtension), Evidence: evidenceIn(property.Extensions),
		}
		if e := media.Encoding[name]; e != nil {
			in.isJSON = e.ContentType == jsonType
		}
		op.Inputs = append(op.Inputs, in)
	}
	return nil
}

// addReplies adds the replies by their status.
func (op *Operation) addReplies(doc *openapi3.Operation) error {
	for name, ref := range doc.Responses.Map() {
		media := ref.Value.Content[jsonType]
		if media == nil || media.Schema == nil {
			return fmt.Errorf("response %s: needs an %s schema", name, jsonType)
		}
		status, err := strconv.Atoi(name)
		if err != nil && name != "default" {
			return fmt.Errorf("response %s: must be a status or default", name)
		}
		op.replies[status] = media.Schema.Value
		if status >= 200 && status < 300 && (op.example == nil || status == http.StatusOK) {
			op.example = firstExample(media)
		}
	}
	op.Success = op.successStatus()
	if op.replies[op.Success] == nil {
		return errors.New("responses: need one of status 200 to 299, or a default")
	}
	if response := doc.Responses.Status(op.Success); response != nil {
		op.replyEvidence = evidenceIn(response.Value.Extensions)
	}
	return nil
}

// successStatus is the status of the usual reply: 200 where that is described, else the lowest success that is, else
// zero, for the default.
func (op *Operation) successStatus() int {
	for status := http.StatusOK; status < http.StatusMultipleChoices; status++ {
		if op.replies[status] != nil {
			return status
		}
	}
	return 0
}

// firstExample is the example of a body: its only one, the first by name, or that of its schema.
func firstExample(media *openapi3.MediaType) any {
	if media.Example != nil {
		return media.Example
	}
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		return media.Examples[name].Value.Value
	}
	return media.Schema.Value.Example
}

// parseEvidence reads "mark: source"; an empty text is no evidence.
func parseEvidence(text string) (Evidence, error) {
	if text == "" {
		return Evidence{}, nil
	}
	mark, source, _ := strings.Cut(text, ":")
	e := Evidence{Mark: Mark(strings.TrimSpace(mark)), Source: strings.TrimSpace(source)}
	switch e.Mark {
	case Page, Captured, Observed, Choice:
		if e.Source != "" {
			return e, nil
		}
	}
	return Evidence{}, fmt.Errorf("x-evidence: begins with %s, %s, %s or %s and a colon, then its source, got %q",
		Page, Captured, Observed, Choice, text)
}
