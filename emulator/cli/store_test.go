package cli_test

import (
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
)

// TestBadStores are told in a line, without a password, and nothing is served.
func TestBadStores(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--requirepass", "hunter2")
	other := redistest.Start(t)
	other.Do("SET", "tokenstage:format", "7")
	for name, c := range map[string]struct {
		url, want string
		code      int
	}{
		"no scheme":      {"hunter2@127.0.0.1", "the store is memory:, redis://… or rediss://…", 2},
		"wrong scheme":   {"reds://:hunter2@127.0.0.1", "did you mean redis://…?", 2},
		"other scheme":   {"postgres://:hunter2@127.0.0.1", "and not postgres://…", 2},
		"broken URL":     {"redis://:hunter2#@127.0.0.1", "cannot be read", 2},
		"unknown option": {"redis://:hunter2@127.0.0.1?fast=yes", "unexpected option: fast", 2},
		"nobody there":   {"redis://:hunter2@127.0.0.1:1", "127.0.0.1:1", 1},
		"no password":    {server.URL(), "NOAUTH", 1},
		"wrong password": {"redis://:hunter2hunter2@" + server.Addr(), "WRONGPASS", 1},
		"other format":   {other.URL(), "format 7", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, map[string]string{"TOKENSTAGE_STORE": c.url}, "serve", "--addr", "127.0.0.1:0",
				"--control-addr", "127.0.0.1:0")
			if got.code != c.code || !strings.Contains(got.err, "--store: ") || !strings.Contains(got.err, c.want) {
				t.Errorf("exit code %d: %s", got.code, got.err)
			}
			if strings.Contains(got.err, "hunter2") || strings.Count(got.err, "\n") > 1 || got.out != "" {
				t.Errorf("said %q and %q", got.err, got.out)
			}
		})
	}
}
