package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	main "github.com/tokenstage/tokenstage/emulator/internal/gen/openapi"
	"github.com/tokenstage/tokenstage/openapi"
)

// documents is a folder with a copy of the documents that ship, and nothing in JSON but a file whose document is gone.
func documents(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, openapi.Files); err != nil {
		t.Fatal(err)
	}
	put(t, folder, "json/gone.json", "{}")
	return folder
}

func put(t *testing.T, folder, name, text string) {
	t.Helper()
	file := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// translated are the JSON files of a file system with their texts.
func translated(t *testing.T, system fs.FS) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"json/*.json", "json/*/*.json"} {
		names, err := fs.Glob(system, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			raw, err := fs.ReadFile(system, name)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = string(raw)
		}
	}
	return files
}

// TestCommittedFilesAreCurrent: what ships in JSON is what the documents give now, no more and no less.
func TestCommittedFilesAreCurrent(t *testing.T) {
	t.Parallel()
	folder := documents(t)
	if err := main.Run(folder); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(translated(t, openapi.JSON), translated(t, os.DirFS(folder))); diff != "" {
		t.Errorf("run \"go generate ./openapi\" (-committed +documents):\n%s", diff)
	}
}

// A document that is not good is named with its place, and nothing is written, not even for the good ones.
func TestNothingIsWrittenFromBadDocuments(t *testing.T) {
	t.Parallel()
	onsmqtt, err := openapi.Files.ReadFile("onsmqtt.yaml")
	if err != nil {
		t.Fatal(err)
	}
	top, err := openapi.Files.ReadFile("gateways/top.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file, text string
		want       []string
	}{
		"no YAML":           {"new.yaml", "a: [b", []string{"new.yaml"}},
		"a slip of the pen": {"onsmqtt.yaml", strings.Replace(string(onsmqtt), "x-action: QueryToken", "x-acton: QueryToken", 1), []string{"onsmqtt.yaml", "/#Action=QueryToken POST", "x-acton"}},
		"no evidence":       {"onsmqtt.yaml", strings.Replace(string(onsmqtt), `x-evidence: "page: ApplyToken"`, "", 1), []string{"onsmqtt.yaml", "ApplyToken", "x-evidence: must be there"}},
		"no refusal":        {"gateways/top.yaml", strings.Replace(string(top), "    Refusal:", "    Denial:", 1), []string{"gateways/top.yaml", "components.schemas.Refusal"}},
		"an action twice":   {"new.yaml", string(onsmqtt), []string{"onsmqtt.yaml", "onsmqtt.ApplyToken", "new.ApplyToken"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := documents(t)
			put(t, folder, c.file, c.text)
			err := main.Run(folder)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got %q, want it to name %q", err, part)
				}
			}
			if diff := cmp.Diff(map[string]string{"json/gone.json": "{}"}, translated(t, os.DirFS(folder))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
