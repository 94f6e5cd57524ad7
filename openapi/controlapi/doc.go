// Package controlapi holds the types of the control API, generated from its contract openapi/control.yaml. The server,
// the Go client and the command line use them.
package controlapi

//go:generate go tool -modfile=oapi-codegen.mod oapi-codegen -config oapi-codegen.yaml ../control.yaml
//go:generate go run ../../emulator/internal/gen/kits ../../testkit/python/tokenstage/types.py ../../testkit/java/src/main/java/io/github/tokenstage/testkit/Types.java
