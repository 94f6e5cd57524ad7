package top

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const multipartType = "multipart/form-data"

// maxParameters bounds the names and parts of one request; their sizes are bounded by the body's own limit.
const maxParameters = 1000

// parameters are the text parameters of a request: those of the query and those of the body are one set, since
// top-sdk-java sends the public ones in the query and the others in the body. Of a repeated parameter the first counts,
// and the query comes before the body: the platform runs on Java, whose ServletRequest.getParameter does the same.
type parameters struct {
	values   map[string]string
	order    []string // the names as they came
	repeated []string
	count    int
}

// readParameters reads what it can: beside an error the other parameters are there, so that the error can be sent in
// the format that the client asked for.
func readParameters(req *wire.Request, unescape func(string) (string, error)) (*parameters, error) {
	p := &parameters{values: map[string]string{}}
	inQuery := p.addEncoded(req.RawQuery, unescape)
	var inBody error
	switch {
	case isForm(req):
		text, err := gateway.FormOf(req)
		if err == nil {
			err = p.addEncoded(text, unescape)
		}
		inBody = err
	case gateway.MediaType(req.Header) == multipartType:
		inBody = p.addMultipart(req)
	}
	return p, cmp.Or(inQuery, inBody)
}

func (p *parameters) add(name, value string) {
	if _, known := p.values[name]; known {
		if !slices.Contains(p.repeated, name) {
			p.repeated = append(p.repeated, name)
		}
		return
	}
	p.values[name] = value
	p.order = append(p.order, name)
}

// full counts one more pair or part, and ends the reading of a request that has too many.
func (p *parameters) full() error {
	if p.count++; p.count > maxParameters {
		return gateway.Refuse(wire.TooLarge, "parameters",
			fmt.Sprintf("The request has more than %d parameters.", maxParameters))
	}
	return nil
}

func (p *parameters) addEncoded(text string, unescape func(string) (string, error)) error {
	var tooMany error
	unreadable := gateway.ReadForm(text, unescape, func(name, value string) {
		if tooMany = cmp.Or(tooMany, p.full()); tooMany == nil {
			p.add(name, value)
		}
	})
	return cmp.Or(tooMany, unreadable)
}

// addMultipart adds the text parts. top-sdk-java begins with an empty line and writes
// "Content-Disposition:form-data;name=" without blanks; the standard reader takes both.
func (p *parameters) addMultipart(req *wire.Request) error {
	boundary := gateway.MediaOption(req.Header, "boundary")
	if boundary == "" {
		return unreadable("the multipart body", errors.New("its Content-Type names no boundary"))
	}
	text, err := gateway.FormOf(req)
	if err != nil {
		return err
	}
	reader := multipart.NewReader(strings.NewReader(text), boundary)
	for {
		// The raw part: a transfer encoding inside a part would be one more difference between bytes and signature.
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = p.addPart(part)
		}
		if _, refused := errors.AsType[*wire.Fault](err); refused {
			return err
		}
		if err != nil {
			return unreadable("the multipart body", err)
		}
	}
}

// addPart adds one part unless it is a file: files are not signed.
func (p *parameters) addPart(part *multipart.Part) error {
	if err := p.full(); err != nil {
		return err
	}
	_, options, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return fmt.Errorf("a part's Content-Disposition: %w", err)
	}
	if _, isFile := options["filename"]; isFile {
		return nil
	}
	value, err := io.ReadAll(part)
	if err != nil {
		return fmt.Errorf("the part %s: %w", validUTF8(options["name"]), err)
	}
	p.add(options["name"], string(value))
	return nil
}

func unreadable(what string, err error) error {
	return gateway.Refuse(wire.Malformed, "parameters",
		fmt.Sprintf("Could not read %s: %s.", what, validUTF8(err.Error())))
}

// advice tells of parameters that came more than once.
func (p *parameters) advice() []wire.Finding {
	var findings []wire.Finding
	for _, name := range p.repeated {
		findings = append(findings, wire.Finding{
			Check: "parameter " + validUTF8(name), Level: wire.LevelAdvice,
			Message: "The parameter came more than once; the first counts, those of the query before those of the body.",
		})
	}
	return findings
}
