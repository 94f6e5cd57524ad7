package contract

import "github.com/getkin/kin-openapi/openapi3"

// Schema is what a value must be.
func (in Input) Schema() *openapi3.Schema { return in.schema }
