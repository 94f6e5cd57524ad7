package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v5"
)

// maxBody bounds what is read of a control call.
const maxBody = 1 << 20

// decode reads the JSON body strictly: one object, no unknown members. An empty body leaves into as it is.
func decode(c *echo.Context, into any) error {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, c.Request().Body, maxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", maxBody))
		}
		return problem(http.StatusBadRequest, "the body could not be read to its end")
	}
	if len(strings.TrimSpace(string(raw))) == 0 {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return bodyProblem(raw, decoder.InputOffset(), err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return bodyProblem(raw, decoder.InputOffset(), errors.New("more text follows the JSON value"))
	}
	return nil
}

// bodyProblem says where in the body the problem is.
func bodyProblem(raw []byte, offset int64, err error) *Problem {
	p := problem(http.StatusBadRequest, "the body is not good: "+strings.TrimPrefix(err.Error(), "json: "))
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset, p.Field = kind.Offset, kind.Field
		p.Detail = fmt.Sprintf("the body is not good: %s cannot be a JSON %s", kind.Field, kind.Value)
	}
	before := string(raw[:min(int(offset), len(raw))])
	p.Line = strings.Count(before, "\n") + 1
	p.Column = len(before) - strings.LastIndex(before, "\n")
	return p
}
