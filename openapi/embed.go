// Package openapi holds the contracts of everything that is emulated: one document per API, one per gateway, and the
// control API's own. They are the source of parameters, limits, replies, documented errors and evidence.
package openapi

import "embed"

// Files holds the documents as they are written: <api>.yaml and control.yaml at the root, <gateway>.yaml below
// gateways.
//
//go:embed *.yaml gateways/*.yaml
var Files embed.FS
