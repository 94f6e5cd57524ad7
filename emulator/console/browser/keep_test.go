package browser_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/chromedp/chromedp"
)

// screenshots is where pictures of the pages are kept; git ignores it.
const screenshots = "screenshots"

var notForFiles = regexp.MustCompile(`[^a-z0-9]+`)

// keep writes a picture of the whole page.
func (b *tab) keep(name string) {
	b.t.Helper()
	const best = 100 // PNG
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(best))
	if err == nil {
		err = writePicture(name, png)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// keepFailure writes a picture of what the page of a failed test showed last.
func (b *tab) keepFailure() {
	if !b.t.Failed() {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = writePicture("failed "+b.t.Name(), png)
	}
	if err != nil {
		b.t.Logf("no picture of the failure: %v", err)
	}
}

func writePicture(name string, png []byte) error {
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		return err
	}
	file := strings.Trim(notForFiles.ReplaceAllString(strings.ToLower(name), "-"), "-") + ".png"
	return os.WriteFile(filepath.Join(screenshots, file), png, 0o644)
}
