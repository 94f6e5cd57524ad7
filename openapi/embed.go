// Package openapi holds the contracts of everything that is emulated: one document per API, one per gateway, and the
// control API's own. They are the source of parameters, limits, replies, documented errors and evidence.
package openapi

import (
	"embed"
	"path"
	"strings"
)

//go:generate go run ../emulator/internal/gen/openapi

// Files holds the documents as they are written: <api>.yaml and control.yaml at the root, <gateway>.yaml below
// gateways.
//
//go:embed *.yaml gateways/*.yaml
var Files embed.FS

// JSON holds the documents of APIs and gateways once more, under the names that JSONFile gives and generated from them:
// YAML takes twice as long to load.
//
//go:embed json
var JSON embed.FS

// JSONFile is the name in JSON of the document that has the name file in Files: "json/onsmqtt.json" for "onsmqtt.yaml".
func JSONFile(file string) string {
	return path.Join("json", strings.TrimSuffix(file, path.Ext(file))+".json")
}
