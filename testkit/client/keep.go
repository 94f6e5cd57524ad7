package client

import (
	"context"
	"os"
	"path/filepath"
)

// keepVariable names the folder into which the sandboxes of failed tests are written, for tokenstage sandbox load.
const keepVariable = "TOKENSTAGE_KEEP"

// keepWorld writes the sandbox of a failed test into a file where that is asked for: without secrets, with its calls.
func (e *Emulator) keepWorld(t T, id string) {
	t.Helper()
	folder := os.Getenv(keepVariable) //nolint:forbidigo // whoever runs the tests asks for it, not their code
	if folder == "" {
		return
	}
	snapshot, err := e.control.Snapshot(context.WithoutCancel(t.Context()), id, SnapshotOptions{Journal: true})
	if err != nil {
		t.Logf("save the sandbox %s: %v", id, err)
		return
	}
	path := filepath.Join(folder, id+".json")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Logf("save the sandbox %s: %v", id, err)
		return
	}
	if err := os.WriteFile(path, snapshot, 0o600); err != nil {
		t.Logf("save the sandbox %s: %v", id, err)
		return
	}
	t.Logf("sandbox %s was saved: tokenstage sandbox load %s", id, path)
}
