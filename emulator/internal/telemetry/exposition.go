package telemetry

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// Types of metrics.
const (
	counter = "counter"
	gauge   = "gauge"
)

// exposition writes the text format (Prometheus, Exposition formats, Text-based format). It is written by hand because
// the client library adds 2.4 MB to the binary for protocols that nothing here speaks: see docs/observability.md.
type exposition struct {
	to   *bufio.Writer
	name string // of the family
}

func newExposition(to io.Writer) *exposition { return &exposition{to: bufio.NewWriter(to)} }

// family begins a metric; its samples follow.
func (w *exposition) family(name, kind, help string) {
	w.name = name
	w.put("# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n")
}

func (w *exposition) sample(labels string, value float64) { w.suffixed("", labels, value) }

// suffixed writes a sample of a family that has several series, as histograms do.
func (w *exposition) suffixed(suffix, labels string, value float64) {
	w.put(w.name, suffix)
	if labels != "" {
		w.put("{", labels, "}")
	}
	w.put(" ", strconv.FormatFloat(value, 'g', -1, 64), "\n")
}

// put writes parts; the writer keeps the first error for flush.
func (w *exposition) put(parts ...string) {
	for _, part := range parts {
		_, _ = w.to.WriteString(part)
	}
}

func (w *exposition) flush() error { return w.to.Flush() }

// quote writes the value of a label.
func quote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(value, "\uFFFD")) + `"`
}
