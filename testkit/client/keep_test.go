package client_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// TestKeepsTheWorldOfAFailedTest loads what a failed test left in the folder, and finds nothing of one that passed.
func TestKeepsTheWorldOfAFailedTest(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "kept")
	t.Setenv("TOKENSTAGE_KEEP", folder)
	em := client.NewEmulator(inprocess.Start(t).Control(), "unused")
	var failed, passed string
	play(t, func(fake client.T) { passed = em.Sandbox(fake).ID })
	play(t, func(fake client.T) {
		failed = em.Sandbox(fake).ID
		fake.Errorf("something is wrong")
	})
	raw, err := os.ReadFile(filepath.Join(folder, failed+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if box, err := em.Control().LoadSnapshot(t.Context(), raw); err != nil || box.ID != failed {
		t.Errorf("loaded %s, %v", box.ID, err)
	}
	if _, err := os.Stat(filepath.Join(folder, passed+".json")); !os.IsNotExist(err) {
		t.Errorf("of a test that passed: %v", err)
	}
}
