// Command kits writes the types of the control API for the testkits of Python and Java, from its contract. Generators
// that exist make types that need a library of theirs; these need what the languages bring along.
package main

import (
	"fmt"
	"os"

	"github.com/tokenstage/tokenstage/openapi"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: kits FILE.py FILE.java")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "kits:", err)
		os.Exit(1)
	}
}

func write(python, java string) error {
	source, err := openapi.Files.ReadFile("control.yaml")
	if err != nil {
		return err
	}
	schemas, err := read(source)
	if err != nil {
		return fmt.Errorf("control.yaml: %w", err)
	}
	for file, text := range map[string]string{python: pythonTypes(schemas), java: javaTypes(schemas)} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write the types: %w", err)
		}
	}
	return nil
}
