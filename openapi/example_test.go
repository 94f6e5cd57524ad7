package openapi_test

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tokenstage/tokenstage/openapi"
)

// A spec is plain OpenAPI, which any library for it reads.
func Example() {
	raw, err := openapi.Files.ReadFile("onsmqtt.yaml")
	if err != nil {
		fmt.Println(err)
	}
	spec, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(spec.Info.Title, spec.Info.Version)
	fmt.Println(spec.Paths.Len(), "operations")
	// Output:
	// Micro Message Queue for MQTT, tokens and clients 2020-04-20
	// 6 operations
}
