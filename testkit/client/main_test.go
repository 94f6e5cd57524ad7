package client_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// suite stands for a *testing.M.
type suite func() int

func (s suite) Run() int { return s() }

// TestMainSharesAnEmulator runs a suite around an emulator that TestMain starts, and sees it end after the last test.
func TestMainSharesAnEmulator(t *testing.T) {
	t.Parallel()
	var em *client.Emulator
	reached := func() bool { return em.Control().Health(t.Context()) == nil }
	code := client.Main(suite(func() int {
		if !reached() {
			t.Error("the emulator does not run while the tests do")
		}
		t.Run("a test of the suite", func(t *testing.T) {
			box := em.Sandbox(t)
			authorize(t, em, box.Fabric.AppKey, box.Fabric.AppSecret, "")
			box.Expect(t, operation).Once()
		})
		return 0
	}), func(shared client.T) { em = inprocess.Start(shared) })
	if code != 0 {
		t.Errorf("it ends with %d", code)
	}
	if reached() {
		t.Error("the emulator outlives the tests")
	}
}

func TestMainEndsAsItsTestsDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tests int // the code of the tests
		setUp func(t client.T)
		ran   bool
		code  int
	}{
		"all is well":       {0, func(client.T) {}, true, 0},
		"a test failed":     {1, func(client.T) {}, true, 1},
		"another code":      {2, func(client.T) {}, true, 2},
		"no setting up":     {0, func(t client.T) { t.Fatalf("no engine: %d", http.StatusTeapot) }, false, 1},
		"an error in it":    {0, func(t client.T) { t.Errorf("half an engine") }, false, 1},
		"cleaning up fails": {0, func(t client.T) { t.Cleanup(func() { t.Fatalf("it does not end") }) }, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ran := false
			var cleaned []int
			code := client.Main(suite(func() int { ran = true; return test.tests }), func(shared client.T) {
				shared.Helper()
				shared.Cleanup(func() { cleaned = append(cleaned, 2) })
				shared.Cleanup(func() { cleaned = append(cleaned, 1) })
				test.setUp(shared)
			})
			if ran != test.ran || code != test.code || !slices.Equal(cleaned, []int{1, 2}) {
				t.Errorf("ran %v, code %d, cleaned up %v", ran, code, cleaned)
			}
		})
	}
}
