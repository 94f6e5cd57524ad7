package oss

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const multipartType = "multipart/form-data"

// isForm reports whether the body is a form that a browser uploads.
func isForm(req *wire.Request) bool { return gateway.MediaType(req.Header) == multipartType }

const (
	// maxParts bounds the fields of a form.
	maxParts = 1000
	// maxFields is how much of a form is looked at to tell whose it is: fields stand before the file.
	maxFields = 64 << 10
)

// form is what a browser uploads: fields, then the object.
type form struct {
	fields  map[string]string
	file    string
	hasFile bool
	name    string // of the file on the user's machine
	kind    string // its content type
}

// readForm reads a form up to its file; what follows that is ignored (documentation, PostObject: the file is the last
// field).
func readForm(req *wire.Request) (*form, error) {
	f := &form{fields: map[string]string{}}
	boundary := gateway.MediaOption(req.Header, "boundary")
	if boundary == "" {
		return f, badForm(errors.New("its Content-Type names no boundary"))
	}
	reader := multipart.NewReader(strings.NewReader(string(req.Body)), boundary)
	for count := 1; !f.hasFile; count++ {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err == nil && count > maxParts {
			return f, gateway.Refuse(wire.TooLarge, "form", fmt.Sprintf("The form has more than %d fields.", maxParts))
		}
		if err == nil {
			err = f.add(part)
		}
		if err != nil {
			return f, badForm(err)
		}
	}
	return f, nil
}

func (f *form) add(part *multipart.Part) error {
	_, options, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return fmt.Errorf("the Content-Disposition of a field: %w", err)
	}
	value, err := io.ReadAll(part)
	if err != nil {
		return fmt.Errorf("the field %s: %w", options["name"], err)
	}
	name := options["name"]
	if name == fileName {
		f.file, f.hasFile, f.name = string(value), true, options["filename"]
		f.kind = part.Header.Get("Content-Type")
		return nil
	}
	if _, known := f.fields[name]; !known {
		f.fields[name] = string(value)
	}
	return nil
}

func badForm(err error) error {
	return gateway.Refuse(wire.WrongFormat, "form",
		"The form cannot be read: "+strings.ToValidUTF8(err.Error(), "\uFFFD")+".")
}

// setKey puts the name of the file where the key of the object asks for it (documentation, PostObject, key).
func (f *form) setKey() {
	name := f.name[strings.LastIndexAny(f.name, `/\`)+1:]
	if key, ok := f.fields["key"]; ok {
		f.fields["key"] = strings.ReplaceAll(key, "${filename}", name)
	}
	if f.kind != "" && f.field(contentTypeField) == "" && f.field("content-type") == "" {
		f.fields[contentTypeField] = f.kind
	}
}

// contentTypeField gives the object its type, before any other field (documentation, PostObject, x-oss-content-type).
const contentTypeField = "x-oss-content-type"

// field is the value of a field, whatever the case of its name.
func (f *form) field(name string) string {
	if value, ok := f.fields[name]; ok {
		return value
	}
	for known, value := range f.fields {
		if strings.EqualFold(known, name) {
			return value
		}
	}
	return ""
}

// formPolicy says what a signed form may upload.
type formPolicy struct {
	Expiration string            `json:"expiration"`
	Conditions []json.RawMessage `json:"conditions"`
}

const policyCheck = "policy of the form"

// checkForm holds a rightly signed form to its policy.
func (x *exchange) checkForm(turn *sandbox.Turn) error {
	policy, err := readPolicy(x.claim.policy)
	if err != nil {
		return badPolicy(err.Error())
	}
	ends, err := time.Parse(time.RFC3339Nano, policy.Expiration)
	if err != nil {
		return badPolicy("its expiration is absent or is no time such as 2030-01-01T12:00:00.000Z")
	}
	if now := clockOf(turn); now.After(ends) {
		return expired("Invalid according to Policy: Policy expired.", "", policyCheck, fmt.Sprintf(
			"The policy of the form was good until %s, and it is %s.", ends.UTC().Format(wire.InstantLayout),
			now.UTC().Format(wire.InstantLayout)))
	}
	if len(policy.Conditions) == 0 {
		return badPolicy("it has no conditions")
	}
	for _, raw := range policy.Conditions {
		if err := x.checkCondition(raw); err != nil {
			return err
		}
	}
	return nil
}

func readPolicy(text string) (formPolicy, error) {
	var policy formPolicy
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return policy, errors.New("it is not base64")
	}
	if err := json.Unmarshal(raw, &policy); err != nil {
		return policy, errors.New("it is not the JSON of a policy")
	}
	return policy, nil
}

func badPolicy(why string) error {
	fault := gateway.Refuse(wire.Documented, policyCheck, "The policy of the form is not good: "+why+".")
	fault.Code, fault.Message = "InvalidPolicyDocument", "Invalid Policy: "+why+"."
	return fault
}

// checkCondition holds the form to one condition: {"name": "value"} or ["operator", "$name", value].
func (x *exchange) checkCondition(raw json.RawMessage) error {
	var exact map[string]string
	if json.Unmarshal(raw, &exact) == nil {
		if len(exact) != 1 {
			return badPolicy("a condition in braces must have exactly one property")
		}
		for name, value := range exact {
			return x.hold(raw, "eq", name, func(got string) bool { return got == value })
		}
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) != 3 {
		return badPolicy("a condition is neither an object nor a list of three")
	}
	var operator string
	_ = json.Unmarshal(list[0], &operator) // what is no text is no operator
	if operator == "content-length-range" {
		return x.checkLength(list)
	}
	var name string
	if json.Unmarshal(list[1], &name) != nil || !strings.HasPrefix(name, "$") {
		return badPolicy("the second member of a condition must be the name of a field with a $ before it")
	}
	holds, err := holdsBy(operator, list[2])
	if err != nil {
		return err
	}
	return x.hold(raw, operator, name[1:], holds)
}

// holdsBy is how an operator compares a field.
func holdsBy(operator string, raw json.RawMessage) (func(string) bool, error) {
	var value string
	var values []string
	switch operator {
	case "eq", "starts-with":
		if json.Unmarshal(raw, &value) != nil {
			return nil, badPolicy("the value of " + operator + " must be a text")
		}
		if operator == "eq" {
			return func(got string) bool { return got == value }, nil
		}
		return func(got string) bool { return strings.HasPrefix(got, value) }, nil
	case "in", "not-in":
		if json.Unmarshal(raw, &values) != nil {
			return nil, badPolicy("the value of " + operator + " must be a list of texts")
		}
		return func(got string) bool { return slices.Contains(values, got) == (operator == "in") }, nil
	}
	return nil, badPolicy(fmt.Sprintf("%q is no operator of conditions", operator))
}

// hold holds one field to a condition.
func (x *exchange) hold(raw json.RawMessage, operator, name string, holds func(string) bool) error {
	got := x.form.field(name)
	if strings.EqualFold(name, bucketName) {
		got = x.target.bucket
	}
	if holds(got) {
		return nil
	}
	fault := gateway.Differ(wire.Documented, policyCheck,
		"The field "+name+" of the form does not fit a condition ("+operator+") of its policy.", string(raw), got)
	fault.Code = "AccessDenied"
	fault.Message = "Invalid according to Policy: Policy Condition failed: " + string(raw)
	return fault
}

// checkLength holds the size of the object to its bounds.
func (x *exchange) checkLength(list []json.RawMessage) error {
	bounds := make([]int64, 2)
	for i := range bounds {
		text := strings.Trim(string(list[i+1]), `"`)
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return badPolicy("the bounds of content-length-range must be whole numbers")
		}
		bounds[i] = n
	}
	size := int64(len(x.form.file))
	code := ""
	switch {
	case size < bounds[0]:
		code = "EntityTooSmall"
	case size > bounds[1]:
		code = "EntityTooLarge"
	default:
		return nil
	}
	fault := gateway.Differ(wire.Documented, policyCheck,
		"The object is smaller or larger than the policy of the form allows.",
		fmt.Sprintf("%d to %d bytes", bounds[0], bounds[1]), fmt.Sprintf("%d bytes", size))
	fault.Code = code
	return fault
}
