package client

import (
	"context"
	"net/http"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// API is one emulated product.
type API = controlapi.API

// Operation is one call of an API. Its ID is the full name, such as "onsmqtt.ApplyToken".
type Operation = controlapi.Operation

// DocumentedError is an error that the contract of an operation lists.
type DocumentedError = controlapi.DocumentedError

// APIs lists what is emulated.
func (c *Client) APIs(ctx context.Context) ([]API, error) {
	reply, err := call[controlapi.APIList](ctx, c, http.MethodGet, "/v1/apis", nil)
	return reply.APIs, err
}
