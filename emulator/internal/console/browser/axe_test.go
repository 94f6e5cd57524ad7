package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// axe is the accessibility checker of the npm package axe-core.
var axe = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return "", fmt.Errorf("there is no axe-core, which npm ci installs: %w", err)
	}
	return string(source), nil
})

// violation is what axe found, at some elements.
type violation struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
}

// accessible fails the test for each serious finding of axe; others are logged. The script comes in through the
// DevTools protocol, which the page's Content-Security-Policy does not bind.
func (b *tab) accessible(t *testing.T) {
	t.Helper()
	source, err := axe()
	if err != nil {
		need(t, err.Error())
	}
	b.do(chromedp.Evaluate[chromedp.Void](source))
	violations := getAsync[[]violation](b, `axe.run({ resultTypes: ["violations"] }).then(found => found.violations.map(v => ({
		id: v.id, impact: v.impact, help: v.help,
		nodes: v.nodes.slice(0, 4).map(n => n.html.slice(0, 200) + " " + n.any.map(c => c.message).join("; ")),
	})))`)
	for _, v := range violations {
		message := fmt.Sprintf("axe: %s, %s: %s %q", v.Impact, v.ID, v.Help, v.Nodes)
		switch v.Impact {
		case "serious", "critical":
			t.Error(message)
		default:
			t.Log(message)
		}
	}
}
