package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/tokenstage/tokenstage/testkit/client"
)

type sandboxSaveCommand struct {
	controlFlags
	ID      string `arg:"" help:"Id of the sandbox."`
	Secrets bool   `help:"With its credentials; without them, loading makes new ones."`
	Journal bool   `help:"With the newest calls of its journal."`
}

// Help gives the examples.
func (sandboxSaveCommand) Help() string {
	return examples(
		"tokenstage sandbox save checkout-7 > checkout-7.json", "to go on elsewhere, without a secret in it",
		"tokenstage sandbox save checkout-7 --journal > bug.json", "one attachment for a bug report",
		"tokenstage sandbox save checkout-7 --secrets > checkout-7.json", "for clients that keep their keys",
	)
}

// Run prints the snapshot.
func (s *sandboxSaveCommand) Run(ctx context.Context, env Env) error {
	snapshot, err := s.client().Snapshot(ctx, s.ID, client.SnapshotOptions{Secrets: s.Secrets, Journal: s.Journal})
	if err != nil {
		return s.failure(err, "sandbox list")
	}
	_, err = fmt.Fprintf(env.Stdout, "%s\n", bytes.TrimSpace(snapshot))
	return err
}

type sandboxLoadCommand struct {
	controlFlags
	jsonFlag
	File string `arg:"" help:"A file that sandbox save wrote."`
}

// Help gives the examples.
func (sandboxLoadCommand) Help() string {
	return examples("tokenstage sandbox load checkout-7.json", "with its id, which must be free, and its state")
}

// maxSnapshotFile is more than a server reads.
const maxSnapshotFile = 16 << 20

// Run makes the sandbox and prints it.
func (l *sandboxLoadCommand) Run(ctx context.Context, env Env) error {
	snapshot, err := readSnapshot(l.File)
	if err != nil {
		return err
	}
	box, err := l.client().LoadSnapshot(ctx, snapshot)
	if err != nil {
		return l.failure(err, "sandbox list")
	}
	if l.JSON {
		return writeJSON(env.Stdout, box)
	}
	return writeSandbox(env.Stdout, box)
}

func readSnapshot(path string) (client.Snapshot, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	raw, err := io.ReadAll(io.LimitReader(file, maxSnapshotFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(raw) > maxSnapshotFile:
		return nil, fmt.Errorf("%s is no snapshot: it has more than %d bytes", path, maxSnapshotFile)
	case !json.Valid(raw):
		return nil, fmt.Errorf("%s is no snapshot: it is no JSON", path)
	}
	return raw, nil
}
