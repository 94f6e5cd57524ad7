package console_test

import (
	"testing"

	"github.com/tokenstage/tokenstage/emulator/sandbox"
)

func TestCallsAreListed(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.applyToken(t, w.box(t, sandbox.Default))
	w.page(t, "/console/calls").has(t, "onsmqtt.ApplyToken", "2026-03-01 08:00:00.000")
}
