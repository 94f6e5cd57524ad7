package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// maxBody bounds what is read of a control call.
const maxBody = 1 << 20

// document is the body of a call as it came, so that problems can point into it.
type document []byte

// readBody reads the body to its end.
func readBody(c *echo.Context) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, c.Request().Body, maxBody))
	if err == nil {
		return raw, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", maxBody))
	}
	return nil, problem(http.StatusBadRequest, "the body could not be read to its end")
}

// decode reads the JSON body strictly: one object, no unknown members. An empty body leaves into as it is.
func decode(c *echo.Context, into any) (document, error) {
	raw, err := readBody(c)
	if err != nil {
		return nil, err
	}
	text := bytes.TrimSpace(raw)
	if len(text) == 0 {
		return raw, nil
	}
	// The decoder below stops behind the first value and tells no place of an unknown member; this one reads it all.
	var whole json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil {
		return nil, document(raw).problem(err)
	}
	if text[0] != '{' {
		return nil, document(raw).problem(errors.New("it must be a JSON object"))
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return nil, document(raw).problem(err)
	}
	return raw, nil
}

// problem says what encoding/json found and where.
func (d document) problem(err error) *Problem {
	p := problem(http.StatusBadRequest, "the body is not good: "+strings.TrimPrefix(err.Error(), "json: "))
	offset := int64(0)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset - 1 // it counts the bytes that were read
	} else if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		p.Detail = fmt.Sprintf("the body is not good: %s cannot be a JSON %s", kind.Field, kind.Value)
		p.Field, offset = kind.Field, kind.Offset-1
	} else if _, quoted, ok := strings.Cut(err.Error(), "unknown field "); ok {
		p.Field, _ = strconv.Unquote(quoted)
		offset = d.find(func(_, member string) bool { return member == p.Field })
	}
	p.Line, p.Column = d.place(offset)
	return p
}

// locate points a refusal of the body's content at the member that it names.
func (d document) locate(err error) error {
	invalid, ok := errors.AsType[*sandbox.InvalidError](err)
	if !ok {
		return err
	}
	p := asProblem(err)
	p.Line, p.Column = d.place(d.find(func(path, _ string) bool { return path == invalid.Field }))
	return p
}

// place is the line and column of a byte, counted from 1.
func (d document) place(offset int64) (line, column int) {
	before := d[:max(0, min(int(offset), len(d)))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}
