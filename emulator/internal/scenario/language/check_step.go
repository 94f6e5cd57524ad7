package language

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/template"
)

// fail finds the error of that code, which all operations of the rule must document. It also finds a code whose
// placeholder the writer has filled, such as InvalidParameter.Actions.
func (c *checker) fail(written *outcomeDoc, at *keyPositions, ops []*contract.Operation) *scenario.Fail {
	fail := &scenario.Fail{Code: written.Fail, Message: written.Message, Fill: written.Fill}
	if len(ops) == 0 {
		return fail
	}
	code, fill, ok := findDocumented(written.Fail, ops)
	if !ok {
		c.reportUndocumented(written.Fail, at.of("fail"), ops)
		return fail
	}
	fail.Code = code
	if fill != "" {
		fail.Fill = []string{fill}
		if at.has("fill") {
			c.add(at.of("fill"), "the code %s is filled already; leave out %q, or write %s", quote(written.Fail), "fill", code)
		}
	}
	if places := scenario.Placeholders(code, ops...); len(fail.Fill) > places {
		c.add(at.of("fill"), "%q has %d values, the error has places for %d", "fill", len(fail.Fill), places)
	} else if places > 0 && len(fail.Fill) == 0 {
		fail.Fill = scenario.DefaultFill(ops[0])
	}
	return fail
}

// findDocumented returns the code as the specs write it, and what the writer filled into its placeholder.
func findDocumented(code string, ops []*contract.Operation) (name, fill string, ok bool) {
	if operationsWithout(code, ops) == nil {
		return code, "", true
	}
	for _, e := range ops[0].Errors {
		before, after, has := strings.Cut(e.Code, "%s")
		filled := len(code) > len(before)+len(after) && strings.HasPrefix(code, before) && strings.HasSuffix(code, after)
		if has && filled && operationsWithout(e.Code, ops) == nil {
			return e.Code, code[len(before) : len(code)-len(after)], true
		}
	}
	return "", "", false
}

// operationsWithout lists the operations that do not document the code.
func operationsWithout(code string, ops []*contract.Operation) []string {
	var names []string
	for _, op := range ops {
		if _, ok := op.Error(code); !ok {
			names = append(names, op.Name)
		}
	}
	return names
}

// reportUndocumented reports a code that some or all of the operations do not document.
func (c *checker) reportUndocumented(code string, at position, ops []*contract.Operation) {
	names := operationsWithout(code, ops)
	if len(names) < len(ops) {
		c.add(at, "%s is not a documented error of %s", quote(code), strings.Join(names, ", "))
		return
	}
	var shared, some []string
	for _, op := range ops {
		for _, e := range op.Errors {
			some = append(some, e.Code)
			if operationsWithout(e.Code, ops) == nil {
				shared = append(shared, e.Code)
			}
		}
	}
	if len(shared) == 0 {
		c.addMeant(at, nearest.Name(code, some), "%s is not a documented error, and the operations have none in common",
			quote(code))
		return
	}
	c.addMeant(at, nearest.Name(code, shared), "%s is not a documented error of %s", quote(code), namesOf(ops))
}

func namesOf(ops []*contract.Operation) string {
	names := make([]string, len(ops))
	for i, op := range ops {
		names[i] = op.Name
	}
	return strings.Join(names, ", ")
}

func (c *checker) respond(written *respondDoc, ops []*contract.Operation) *scenario.Respond {
	respond := &scenario.Respond{
		Status: http.StatusOK, Headers: map[string]string{}, Body: written.Body, OffSpec: written.OffSpec,
	}
	if written.Status != 0 {
		respond.Status = written.Status
	}
	body, good := c.template("the body", written.of("body"), written.Body)
	for _, header := range written.Headers {
		respond.Headers[header.Name] = header.Value
		good = c.header(header) && good
	}
	if good && !written.OffSpec {
		c.checkBody(respond.Status, body, written.of("body"), ops)
	}
	return respond
}

func (c *checker) header(header named[string]) bool {
	switch {
	case !isToken(header.Name):
		c.add(header.Position, "%s is not a header name", quote(header.Name))
	case isServerHeader(header.Name):
		c.add(header.Position, "the header %s is the server's own; for a broken connection use %q", header.Name, "network")
	default:
		_, good := c.template("the header "+header.Name, header.Position, header.Value)
		return good
	}
	return false
}

// template parses a template. A problem is reported at its place inside the text where that is known in the document.
func (c *checker) template(what string, at position, text string) (template.Template, bool) {
	made, err := template.Parse(text)
	if err == nil {
		return made, true
	}
	if inside, ok := errors.AsType[*template.Error](err); ok && at.indent > 0 {
		c.add(at.inside(inside.Line, inside.Column), "%s is not a template: %s", what, inside.Message)
		return template.Template{}, false
	}
	c.add(at, "%s is not a template: %v", what, err)
	return template.Template{}, false
}

// checkBody checks the body, rendered for the example request, against the spec of each operation.
func (c *checker) checkBody(status int, written template.Template, at position, ops []*contract.Operation) {
	const advice = "; set offSpec: true if that is meant"
	for _, op := range ops {
		body, work, err := written.RenderSample(op)
		if c.sampled += work; c.sampled > maxSampled {
			if c.sampled-work <= maxSampled {
				c.add(at, "the bodies of the document are together too long to be checked against the specs"+advice)
			}
			return
		}
		if err != nil {
			c.add(at, "the body cannot be rendered for a request of %s: %v", op.Name, err)
			continue
		}
		value, err := contract.DecodeJSON([]byte(body))
		if err != nil {
			c.add(at, "the body %v"+advice, err)
			return
		}
		if err := op.CheckReply(status, value); err != nil {
			c.add(at, "%s"+advice, firstLine(err))
		}
	}
}

// firstLine returns a message without the schema and the value that kin-openapi prints below it.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
