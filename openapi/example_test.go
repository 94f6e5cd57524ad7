package openapi_test

import (
	"encoding/json"
	"fmt"

	"github.com/tokenstage/tokenstage/openapi"
)

// A spec is plain OpenAPI. In JSON, the standard library reads it.
func ExampleJSONFile() {
	raw, err := openapi.JSON.ReadFile(openapi.JSONFile("onsmqtt.yaml"))
	if err != nil {
		fmt.Println(err)
	}
	var spec struct {
		Info  struct{ Title, Version string }
		Paths map[string]any
	}
	if err := json.Unmarshal(raw, &spec); err != nil {
		fmt.Println(err)
	}
	fmt.Println(spec.Info.Title, spec.Info.Version)
	fmt.Println(len(spec.Paths), "operations")
	// Output:
	// Micro Message Queue for MQTT, token calls 2020-04-20
	// 3 operations
}
