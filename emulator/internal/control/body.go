package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// maxBody bounds what is read of a control call.
const maxBody = 1 << 20

// document is the body of a call as it came, so that problems can point into it.
type document []byte

// readBody reads the body to its end.
func readBody(c echo.Context) ([]byte, error) { return readBodyUpTo(c, maxBody) }

func readBodyUpTo(c echo.Context, most int64) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, c.Request().Body, most))
	if err == nil {
		return raw, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", most))
	}
	return nil, problem(http.StatusBadRequest, "the body could not be read to its end")
}

// decode reads the JSON body strictly: one object, no unknown members. An empty body leaves into as it is.
func decode(c echo.Context, into any) (document, error) { return decodeUpTo(c, into, maxBody) }

func decodeUpTo(c echo.Context, into any, most int64) (document, error) {
	raw, err := readBodyUpTo(c, most)
	if err != nil {
		return nil, err
	}
	text := bytes.TrimSpace(raw)
	if len(text) == 0 {
		return raw, nil
	}
	// The walk below needs a good document, and would stop behind its first value.
	var whole json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil {
		return nil, document(raw).unreadable(err)
	}
	if text[0] != '{' {
		return nil, document(raw).unreadable(errors.New("it must be a JSON object"))
	}
	if extra, ok := document(raw).unknown(into); ok {
		return nil, document(raw).unknownMember(extra)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return nil, document(raw).wrongType(err, into)
	}
	return raw, nil
}

// unknownMember says what nobody reads, and where.
func (d document) unknownMember(extra member) *controlapi.Problem {
	p := problem(http.StatusBadRequest, nearest.Ask(
		fmt.Sprintf("the body is not good: unknown field %q", extra.name),
		nearest.Name(extra.name, memberNames(extra.of))))
	p.Field = extra.name
	p.Line, p.Column = d.place(extra.offset)
	return p
}

// unreadable says where a document is no JSON.
func (d document) unreadable(err error) *controlapi.Problem {
	p := problem(http.StatusBadRequest, "the body is not good: "+err.Error())
	offset := int64(0)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset - 1 // it counts the bytes that were read
	}
	p.Line, p.Column = d.place(offset)
	return p
}

// wrongType says which member has a value that the type of into does not take, and where.
func (d document) wrongType(err error, into any) *controlapi.Problem {
	kind, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return d.unreadable(err)
	}
	field := withoutEmbedded(reflect.TypeOf(into).Elem(), kind.Field)
	p := problem(http.StatusBadRequest, fmt.Sprintf("the body is not good: %s cannot be a JSON %s", field, kind.Value))
	p.Field = field
	p.Line, p.Column = d.place(kind.Offset - 1)
	return p
}

// withoutEmbedded takes the name of an embedded struct out of a path of encoding/json: the document does not have it.
func withoutEmbedded(of reflect.Type, path string) string {
	for i := range of.NumField() {
		if field := of.Field(i); field.Anonymous {
			path = strings.TrimPrefix(path, field.Name+".")
		}
	}
	return path
}

// locate points a refusal of the body's content at the member that it names.
func (d document) locate(err error) error {
	invalid, ok := errors.AsType[*sandbox.InvalidError](err)
	if !ok {
		return err
	}
	p := asProblem(err)
	p.Line, p.Column = d.place(d.find(invalid.Field))
	return p
}

// place is the line and column of a byte, counted from 1.
func (d document) place(offset int64) (line, column int) {
	before := d[:max(0, min(int(offset), len(d)))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}
