package testkit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit"
)

// TestATimeOutSaysWhereToLook holds that who runs tests inside of a container learns why the emulator is not found.
func TestATimeOutSaysWhereToLook(t *testing.T) {
	t.Parallel()
	late := fmt.Errorf("wait until ready: %w", context.DeadlineExceeded)
	for name, test := range map[string]struct {
		err      error
		override string
		want     string
	}{
		"in time":          {errors.New("no such image"), "", ""},
		"too late":         {late, "", "set TESTCONTAINERS_HOST_OVERRIDE to the host"},
		"at the wrong one": {late, "engine.test", "looked for at engine.test, as TESTCONTAINERS_HOST_OVERRIDE says"},
	} {
		got := testkit.Explain(test.err, test.override)
		if !errors.Is(got, test.err) || !strings.Contains(got.Error(), test.want) {
			t.Errorf("%s: %v", name, got)
		}
		if strings.Contains(got.Error(), "OVERRIDE") != (test.want != "") {
			t.Errorf("%s: %v", name, got)
		}
	}
}
