package language

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/template"
)

// fail finds the error of that code, which all operations of the rule must document. It also finds a code whose
// placeholder the writer has filled, such as InvalidParameter.Actions.
func (c *checker) fail(written *outcomeDoc, at *keyPositions, in *scope) *scenario.Fail {
	ops := in.ops
	fail := &scenario.Fail{
		Code: written.Fail, Message: written.Message, Detail: written.Detail, Fill: written.Fill,
	}
	fail.Headers, _ = c.headers(written.Headers, in)
	c.texts(fail, at, in)
	if len(ops) == 0 {
		return fail
	}
	code, fill, ok := findDocumented(written.Fail, ops)
	if !ok {
		c.reportUndocumented(written.Fail, at.of("fail"), ops)
		return fail
	}
	fail.Code = code
	for _, op := range ops {
		if e, _ := op.Error(code); fail.Detail != "" && e.Detail == "" {
			c.add(at.of("detail"), "the error %s has no detail; write a %q", code, "message")
			break
		}
	}
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

// texts checks the message and what goes into its placeholders, each alone and all together.
func (c *checker) texts(fail *scenario.Fail, at *keyPositions, in *scope) {
	good := true
	for _, text := range fail.Fill {
		_, ok := c.template("the text of \"fill\"", at.of("fill"), text, in)
		good = good && ok
	}
	if good {
		c.template("the message", at.of("message"), contract.Fill(fail.Message, fail.Fill), in)
		c.template("the detail", at.of("detail"), contract.Fill(fail.Detail, fail.Fill), in)
	}
}

// findDocumented returns the code as the specs write it, and what the writer filled into its placeholder.
func findDocumented(code string, ops []*contract.Operation) (name, fill string, ok bool) {
	if operationsWithout(code, ops) == nil {
		return code, "", true
	}
	var shared []contract.Error
	for _, e := range ops[0].Errors {
		if operationsWithout(e.Code, ops) == nil {
			shared = append(shared, e)
		}
	}
	found, _ := contract.FindError(shared, code)
	fill, ok = found.Filled(code)
	return found.Code, fill, ok && fill != ""
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
		c.addUnknown(at, code, some, "%s is not a documented error, and the operations have none in common",
			quote(code))
		return
	}
	c.addUnknown(at, code, shared, "%s is not a documented error of %s", quote(code), namesOf(ops))
}

func namesOf(ops []*contract.Operation) string {
	names := make([]string, len(ops))
	for i, op := range ops {
		names[i] = op.Name
	}
	return strings.Join(names, ", ")
}

func (c *checker) respond(written *respondDoc, in *scope) *scenario.Respond {
	if written.has("bodyFile") {
		c.add(written.of("bodyFile"), "%q is read only by the command line, where it checks or plays a file; elsewhere the "+
			"document must hold the text as %q", "bodyFile", "body")
	}
	isHTTP := func(op *contract.Operation) bool { return !op.API.Gateway.Packets }
	if len(in.ops) > 0 && !slices.ContainsFunc(in.ops, isHTTP) {
		c.add(written.position, "%q writes a reply of HTTP, and the answers of %s are packets: a step can let those fail, "+
			"wait or be lost", "respond", namesOf(in.ops))
		return nil
	}
	respond := &scenario.Respond{Status: http.StatusOK, Body: written.Body, OffSpec: written.OffSpec}
	if written.Status != 0 {
		respond.Status = written.Status
	}
	if written.has("bodyFile") {
		return respond
	}
	body, good := c.template("the body", written.of("body"), written.Body, in)
	headers, goodHeaders := c.headers(written.Headers, in)
	respond.Headers = headers
	if good && goodHeaders && !written.OffSpec {
		c.checkBody(respond.Status, body, written.of("body"), in.ops)
	}
	return respond
}

// headers checks the headers of a reply, and reports whether all of them are good.
func (c *checker) headers(written []named[string], in *scope) (headers map[string]string, good bool) {
	headers, good = map[string]string{}, true
	for _, header := range written {
		headers[header.Name] = header.Value
		good = c.header(header, in) && good
	}
	return headers, good
}

func (c *checker) header(header named[string], in *scope) bool {
	switch {
	case !isToken(header.Name):
		c.add(header.Position, "%s is not a header name", quote(header.Name))
	case isServerHeader(header.Name):
		c.add(header.Position, "the header %s is the server's own; for a broken connection use %q", header.Name, "network")
	default:
		_, good := c.template("the header "+header.Name, header.Position, header.Value, in)
		return good
	}
	return false
}

// template parses a template. A problem is reported at its place inside the text where that is known in the document.
func (c *checker) template(what string, at position, text string, in *scope) (template.Template, bool) {
	made, err := template.Parse(text)
	if err == nil && made.Uses(template.LeftName) && !in.lasts {
		c.add(at, "%s says how long something is left, but nothing of the rule ends: it has no quota, for, until, and no "+
			"condition on now or a state", what)
		return template.Template{}, false
	}
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
		if c.full() {
			return
		}
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
