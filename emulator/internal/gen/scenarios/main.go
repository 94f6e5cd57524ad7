// Command gen writes schema.json, the JSON Schema of a scenario, into the working folder.
package main

import (
	"fmt"
	"os"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
)

func main() {
	if err := write("schema.json"); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func write(file string) error {
	schema, err := language.Schema()
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, schema, 0o644); err != nil {
		return fmt.Errorf("write the schema: %w", err)
	}
	return nil
}
