package scenario

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// fail finds the documented error that every operation of the rule has by that code. A code that was written filled,
// such as InvalidParameter.Actions, is found by its placeholder.
func (c *checker) fail(written *outcomeDoc, at *marks, ops []*contract.Operation) *Fail {
	fail := &Fail{Code: written.Fail, Message: written.Message, Fill: written.Fill}
	if len(ops) == 0 {
		return fail
	}
	code, fill, ok := documented(written.Fail, ops)
	if !ok {
		c.undocumented(written.Fail, at.of("fail"), ops)
		return fail
	}
	fail.Code = code
	if fill != "" {
		fail.Fill = []string{fill}
		if at.has("fill") {
			c.add(at.of("fill"), "the code %s is filled already; leave out %q, or write %s", quote(written.Fail), "fill", code)
		}
	}
	if places := placeholders(code, ops); len(fail.Fill) > places {
		c.add(at.of("fill"), "%q has %d values, the error has places for %d", "fill", len(fail.Fill), places)
	} else if places > 0 && len(fail.Fill) == 0 {
		fail.Fill = defaultFill(ops[0])
	}
	return fail
}

// documented returns the code as the specs have it, and what was filled into its placeholder.
func documented(code string, ops []*contract.Operation) (name, fill string, ok bool) {
	if lacking(code, ops) == nil {
		return code, "", true
	}
	for _, e := range ops[0].Errors {
		before, after, has := strings.Cut(e.Code, "%s")
		filled := len(code) > len(before)+len(after) && strings.HasPrefix(code, before) && strings.HasSuffix(code, after)
		if has && filled && lacking(e.Code, ops) == nil {
			return e.Code, code[len(before) : len(code)-len(after)], true
		}
	}
	return "", "", false
}

// lacking names the operations that do not document the code.
func lacking(code string, ops []*contract.Operation) []string {
	var names []string
	for _, op := range ops {
		if _, ok := op.Error(code); !ok {
			names = append(names, op.Name)
		}
	}
	return names
}

func (c *checker) undocumented(code string, at place, ops []*contract.Operation) {
	names := lacking(code, ops)
	if len(names) < len(ops) {
		c.add(at, "%s is no documented error of %s", quote(code), strings.Join(names, ", "))
		return
	}
	var shared, some []string
	for _, op := range ops {
		for _, e := range op.Errors {
			some = append(some, e.Code)
			if lacking(e.Code, ops) == nil {
				shared = append(shared, e.Code)
			}
		}
	}
	if len(shared) == 0 {
		c.addMeant(at, nearest.Name(code, some),
			"%s is no documented error, and the operations have none in common", quote(code))
		return
	}
	c.addMeant(at, nearest.Name(code, shared), "%s is no documented error of %s", quote(code), namesOf(ops))
}

func namesOf(ops []*contract.Operation) string {
	names := make([]string, len(ops))
	for i, op := range ops {
		names[i] = op.Name
	}
	return strings.Join(names, ", ")
}

// placeholders counts the values that the error takes: code, message and detail are filled from the same ones.
func placeholders(code string, ops []*contract.Operation) int {
	most := 0
	for _, op := range ops {
		e, _ := op.Error(code)
		for _, text := range []string{e.Code, e.Message, e.Detail} {
			most = max(most, strings.Count(text, "%s"))
		}
	}
	return most
}

// defaultFill is what goes into placeholders that a script leaves open: the operation's first parameter, since most of
// them name one.
func defaultFill(op *contract.Operation) []string {
	if required := op.Required(); len(required) > 0 {
		return required[:1]
	}
	if parameters := op.Parameters(); len(parameters) > 0 {
		return []string{parameters[0].Name}
	}
	return nil
}

func (c *checker) respond(written *respondDoc, ops []*contract.Operation) *Respond {
	respond := &Respond{
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
		c.fits(respond.Status, body, written.of("body"), ops)
	}
	return respond
}

func (c *checker) header(header named[string]) bool {
	switch {
	case !isToken(header.Name):
		c.add(header.Place, "%s names no header", quote(header.Name))
	case framing(header.Name):
		c.add(header.Place, "the header %s is the server's own; for a broken connection use %q", header.Name, "network")
	default:
		_, good := c.template("the header "+header.Name, header.Place, header.Value)
		return good
	}
	return false
}

// template reports what is wrong with a template, inside the text where that has a place in the document.
func (c *checker) template(what string, at place, text string) (template, bool) {
	made, err := newTemplate(text)
	if err == nil {
		return made, true
	}
	if inside, ok := errors.AsType[*TemplateError](err); ok && at.indent > 0 {
		c.add(at.inside(inside.Line, inside.Column), "%s is no template: %s", what, inside.Message)
		return template{}, false
	}
	c.add(at, "%s is no template: %v", what, err)
	return template{}, false
}

// maxSampled bounds what the bodies of a document write, and their functions return, while they are held to the specs.
const maxSampled = 32 << 20

// fits holds the body, rendered for a sample request where it is a template, to the spec of each operation.
func (c *checker) fits(status int, written template, at place, ops []*contract.Operation) {
	const wayOut = "; say offSpec: true if that is meant"
	for _, op := range ops {
		body, work, err := renderSample(op, written)
		if c.sampled += work; c.sampled > maxSampled {
			if c.sampled-work <= maxSampled {
				c.add(at, "the bodies of the document are too long together to be held to the specs"+wayOut)
			}
			return
		}
		if err != nil {
			c.add(at, "the body cannot be rendered for a request of %s: %v", op.Name, err)
			continue
		}
		value, err := contract.DecodeJSON([]byte(body))
		if err != nil {
			c.add(at, "the body %v"+wayOut, err)
			return
		}
		if err := op.CheckReply(status, value); err != nil {
			c.add(at, "%s"+wayOut, firstLine(err))
		}
	}
}

// firstLine leaves out the schema and value that kin-openapi prints below its message.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
