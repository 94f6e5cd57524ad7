// Command gen writes what the documents of the working folder say once more as JSON, which loads in half the time. It
// writes nothing unless every document is good. That of the control API is no part of a start.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/openapi"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run translates the documents of a folder.
func run(folder string) error {
	if _, err := contract.LoadComplete(os.DirFS(folder)); err != nil {
		return err
	}
	translations, err := translate(os.DirFS(folder))
	if err != nil {
		return err
	}
	return write(folder, translations)
}

// translate returns the text of each JSON file by its name.
func translate(documents fs.FS) (map[string][]byte, error) {
	translations := map[string][]byte{}
	for _, pattern := range []string{"*.yaml", "gateways/*.yaml"} {
		files, err := fs.Glob(documents, pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if file == "control.yaml" {
				continue
			}
			source, err := fs.ReadFile(documents, file)
			if err != nil {
				return nil, err
			}
			if translations[openapi.JSONFile(file)], err = toJSON(source); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return translations, nil
}

// toJSON keeps the order of members, so that a change of a document is a small change of its translation.
func toJSON(source []byte) ([]byte, error) {
	raw, err := yaml.YAMLToJSON(source)
	if err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil, err
	}
	compact.WriteByte('\n')
	return compact.Bytes(), nil
}

// write replaces the JSON files of a folder. Those whose document is gone go too.
func write(folder string, translations map[string][]byte) error {
	for _, pattern := range []string{"*.yaml", "gateways/*.yaml"} {
		old, err := filepath.Glob(filepath.Join(folder, openapi.JSONFile(pattern)))
		if err != nil {
			return err
		}
		for _, file := range old {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	for name, text := range translations {
		target := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
