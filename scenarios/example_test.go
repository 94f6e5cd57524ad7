package scenarios_test

import (
	"fmt"
	"io/fs"

	"github.com/tokenstage/tokenstage/scenarios"
)

// Each scenario is a file of its name.
func Example() {
	files, err := fs.Glob(scenarios.Files, "mqtt-*.yaml")
	if err != nil {
		fmt.Println(err)
	}
	for _, file := range files {
		fmt.Println(file)
	}
	// Output:
	// mqtt-daily-quota.yaml
	// mqtt-revoked-instance.yaml
	// mqtt-throttled-then-fine.yaml
	// mqtt-tokens-expire-early.yaml
}
