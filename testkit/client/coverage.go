package client

import (
	"context"
	"net/http"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Coverage is what was seen of the documented errors in a sandbox.
type Coverage = controlapi.Coverage

// OperationCoverage is what was seen of one operation.
type OperationCoverage = controlapi.OperationCoverage

// CodeCount is how often a code was sent.
type CodeCount = controlapi.CodeCount

// Coverage tells which documented errors were seen in a sandbox since it began or was reset.
func (c *Client) Coverage(ctx context.Context, id string) (Coverage, error) {
	return call[Coverage](ctx, c, http.MethodGet, sandboxPath(id, "coverage"), nil)
}

// WholeCoverage tells which documented errors were seen in any sandbox, also in those that were removed or reset since.
func (c *Client) WholeCoverage(ctx context.Context) (Coverage, error) {
	return call[Coverage](ctx, c, http.MethodGet, "/v1/coverage", nil)
}
