package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// screenshots is where pictures of the pages are kept; git ignores it.
const screenshots = "screenshots"

var notForFiles = regexp.MustCompile(`[^a-z0-9]+`)

// tallest is how much of a long page a picture holds, in CSS pixels.
const tallest = 5000

// keep writes a picture of the page from its top.
func (b *tab) keep(name string) {
	b.t.Helper()
	size := get[page.Viewport](b, fmt.Sprintf(
		`(e => ({ x: 0, y: 0, width: e.clientWidth, height: Math.min(e.scrollHeight, %d), scale: 1 }))(document.documentElement)`,
		tallest,
	))
	yes := true
	shot, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Clip: &size, CaptureBeyondViewport: &yes, OptimizeForSpeed: &yes,
	})
	if err == nil {
		err = writePicture(name, shot.Data)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// keepWindow writes a picture of what is in the window.
func (b *tab) keepWindow(name string) error {
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return writePicture(name, png)
}

// keepFailure writes a picture of what the page of a failed test showed last.
func (b *tab) keepFailure() {
	if !b.t.Failed() {
		return
	}
	if err := b.keepWindow("failed " + b.t.Name()); err != nil {
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
