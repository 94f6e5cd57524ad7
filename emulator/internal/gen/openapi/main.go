// Command gen writes what the documents of the working folder say once more as JSON, which loads in half the time. That
// of the control API is no part of a start.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/tokenstage/tokenstage/openapi"
)

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	system := os.DirFS(folder)
	for _, pattern := range []string{"*.yaml", "gateways/*.yaml"} {
		files, err := fs.Glob(system, pattern)
		if err != nil {
			return err
		}
		for _, file := range files {
			if file == "control.yaml" {
				continue
			}
			if err := translate(folder, file); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}

func translate(folder, file string) error {
	source, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil {
		return err
	}
	raw, err := yaml.YAMLToJSON(source)
	if err != nil {
		return err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return err
	}
	compact.WriteByte('\n')
	target := filepath.Join(folder, openapi.JSONFile(file))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, compact.Bytes(), 0o644)
}
