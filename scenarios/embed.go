// Package scenarios holds the scenarios that ship, one a file and named like it, and the schema by which editors
// complete and check them.
package scenarios

import "embed"

//go:generate go run ../emulator/internal/gen/scenarios

// Files holds the scenarios, *.yaml, and schema.json.
//
//go:embed *.yaml schema.json
var Files embed.FS

// Cookbook are the files of the cookbook in docs/scenarios.md that do not ship: examples to build on.
//
//go:embed cookbook
var Cookbook embed.FS
