package console

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
)

// editorWords are what the editor completes with.
type editorWords struct {
	// Schema is the JSON Schema of a scenario.
	Schema json.RawMessage `json:"schema"`
	// Operations are what a rule can be about.
	Operations []operationWords `json:"operations"`
}

// operationWords are an operation with its parameters and the codes of its documented errors.
type operationWords struct {
	Name   string   `json:"name"`
	Params []string `json:"params"`
	Codes  []string `json:"codes"`
}

// words answers with what the editor completes with.
func (c *console) words(ec echo.Context) error {
	schema, err := language.Schema()
	if err != nil {
		return err
	}
	words := editorWords{Schema: schema}
	for _, api := range c.World.Catalogue().APIs {
		for _, op := range api.Operations {
			one := operationWords{Name: op.Name, Params: []string{}, Codes: []string{}}
			for _, input := range op.Inputs {
				one.Params = append(one.Params, input.Name)
			}
			for _, e := range op.Errors {
				one.Codes = append(one.Codes, e.Code)
			}
			words.Operations = append(words.Operations, one)
		}
	}
	return ec.JSON(http.StatusOK, words)
}
