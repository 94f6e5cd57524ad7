package testkit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// What the compiler must not see, by the packages that a consumer uses.
var (
	engine = regexp.MustCompile(`docker|moby|testcontainers|containerd`)
	server = regexp.MustCompile(`tokenstage/emulator|tokenstage/openapi|labstack|kin-openapi`)
)

// types are those of the control API, which need nothing of the server.
const types = "github.com/tokenstage/tokenstage/openapi/controlapi"

// TestConsumers builds modules outside of this repository that require it, as its users have them.
func TestConsumers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds three modules: run without -short to see what consumers compile")
	}
	em := inprocess.Start(t)
	cases := map[string][]*regexp.Regexp{
		"inprocess": {engine},
		"client":    {engine, server},
		"container": {server},
	}
	for name, forbidden := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newModule(t, name)
			env := "CONSUMER_CONTROL=" + em.Control().URL()
			deps := strings.Fields(goCommand(t, dir, env, "list", "-deps", "-test", "./..."))
			for _, pattern := range forbidden {
				for _, dep := range deps {
					if pattern.MatchString(dep) && dep != types {
						t.Errorf("compiles %s", dep)
					}
				}
			}
			t.Log(goCommand(t, dir, env, "test", "-count=1", "-v", "./..."))
		})
	}
}

// newModule makes a module with the tests of testdata/consumers/NAME. It knows the checksums of this module's
// dependencies, so that nothing needs to be asked for over the network.
func newModule(t *testing.T, name string) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "consumers", name))); err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	module := "module example.com/app\n\ngo 1.26\n\n" +
		"require github.com/tokenstage/tokenstage v0.0.0\n\n" +
		"replace github.com/tokenstage/tokenstage => " + root + "\n"
	for file, content := range map[string][]byte{"go.mod": []byte(module), "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func goCommand(t *testing.T, dir, env string, arguments ...string) string {
	t.Helper()
	run := exec.CommandContext(t.Context(), "go", arguments...)
	run.Dir = dir
	run.Env = append(run.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOPROXY=off", env)
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return string(out)
}
