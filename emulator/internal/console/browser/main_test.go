// Package browser_test holds the console to what people see and do: headless Chromium against the built command, with
// the vendor's own SDK as the app under test.
package browser_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

const (
	// requiredEnv says "required" where a machine without a browser must fail instead of skipping.
	requiredEnv = "TOKENSTAGE_BROWSER"
	// binaryEnv names a command to test instead of building one.
	binaryEnv = "TOKENSTAGE_BIN"
)

// suite is what TestMain prepares and all tests use.
var suite struct {
	binary  string          // the command
	browser context.Context //nolint:containedctx // chromedp keeps a browser in a context
	absent  string          // why there is no browser
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	executable, err := findBrowser()
	if err != nil {
		suite.absent = err.Error()
		return m.Run()
	}
	if err := os.RemoveAll(screenshots); err != nil { // they are of one run
		return failed(err)
	}
	dir, err := os.MkdirTemp("", "tokenstage-browser-")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	if suite.binary = os.Getenv(binaryEnv); suite.binary == "" {
		suite.binary = filepath.Join(dir, "tokenstage")
		err = build(suite.binary)
	}
	if err != nil {
		return failed(err)
	}
	stop, err := startBrowser(executable, filepath.Join(dir, "profile"))
	if err != nil {
		return failed(err)
	}
	defer stop()
	return m.Run()
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "prepare the tests:", err)
	return 1
}

func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no chromium, chromium-browser or google-chrome on this machine")
}

func build(binary string) error {
	command := exec.Command("go", "build", "-o", binary, ".")
	command.Dir = filepath.Join("..", "..", "..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// startBrowser starts one browser for all tests; each test has a context of its own in it.
func startBrowser(executable, profile string) (stop func(), err error) {
	allocator, end := chromedp.NewExecAllocator(
		context.Background(),
		chromedp.ExecPath(executable),
		chromedp.UserDataDir(profile),
		chromedp.NoFirstRun,
		chromedp.NoSandbox, // containers of CI have no user namespaces
		chromedp.DisableGPU,
		chromedp.Flag("headless", true),
		chromedp.Flag("hide-scrollbars", true), // pictures of whole pages have none, and keep their width
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), // that of a container is small
	)
	browser, closeBrowser := chromedp.NewContext(allocator)
	if err := chromedp.Do(browser); err != nil {
		end()
		return nil, fmt.Errorf("start %s: %w", executable, err)
	}
	suite.browser = browser
	return func() { closeBrowser(); end() }, nil
}

// need ends the test when something of this machine is missing: as a failure where the suite is required.
func need(t *testing.T, missing string) {
	t.Helper()
	switch {
	case missing == "":
	case os.Getenv(requiredEnv) == "required":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}
