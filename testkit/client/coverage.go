package client

import (
	"context"
	"net/http"
)

// Coverage is what was seen of the documented errors in a sandbox.
type Coverage struct {
	Operations []OperationCoverage `json:"operations"`
	// Calls is the number of calls of all operations.
	Calls int64 `json:"calls"`
	// Seen is how many of the documented errors, each counted once for every operation that documents it, came.
	Seen       int `json:"seen"`
	Documented int `json:"documented"`
}

// OperationCoverage is what was seen of one operation.
type OperationCoverage struct {
	// ID is the full name, such as "onsmqtt.ApplyToken".
	ID    string `json:"id"`
	Calls int64  `json:"calls"`
	OK    int64  `json:"ok"`
	// Errors are the documented ones, seen or not.
	Errors []CodeCount `json:"errors"`
	// Undocumented are other outcomes: those of replies that scripts wrote themselves.
	Undocumented []CodeCount `json:"undocumented"`
}

// CodeCount is how often a code was sent.
type CodeCount struct {
	Code string `json:"code"`
	Seen int64  `json:"seen"`
}

// Coverage tells which documented errors were seen in a sandbox since it began or was reset.
func (c *Client) Coverage(ctx context.Context, id string) (Coverage, error) {
	return call[Coverage](ctx, c, http.MethodGet, boxPath(id, "coverage"), nil)
}
