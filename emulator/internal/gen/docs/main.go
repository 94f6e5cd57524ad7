// Command gen writes the pages that are made from specs and scenarios: docs/fidelity.md, every fact that the specs hold
// with how sure it is and where it comes from, and docs/scenarios.md.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/openapi"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes the page to the file that the first argument names, without one to stdout.
func run(args []string, stdout io.Writer) error {
	catalogue, err := contract.LoadComplete(openapi.Files)
	if err != nil {
		return fmt.Errorf("load the specs: %w", err)
	}
	page := fidelity(catalogue)
	if len(args) > 0 && filepath.Base(args[0]) == "scenarios.md" {
		if page, err = scenariosPage(catalogue); err != nil {
			return err
		}
	}
	if len(args) == 0 {
		_, err = stdout.Write(page)
		return err
	}
	return os.WriteFile(args[0], page, 0o644)
}
