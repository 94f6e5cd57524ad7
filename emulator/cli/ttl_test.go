package cli_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestSandboxWithAnEnd makes one that ends when nothing uses it.
func TestSandboxWithAnEnd(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	if box := s.box(t, "--id", "job", "--ttl", "30m"); box.TTL != "30m" ||
		time.Until(box.ExpiresAt) < 25*time.Minute {
		t.Errorf("ttl %q, until %s", box.TTL, box.ExpiresAt)
	}
	if got := s.run(t, "sandbox", "new", "--ttl", "1h"); !strings.Contains(got.out, "when unused for 1h\n") {
		t.Errorf("%s%s", got.out, got.err)
	}
	if got := s.run(t, "sandbox", "list"); !regexp.MustCompile(`(?m)^job .* running +\d{4}-\d\d-\d\dT[0-9:]+Z unless used$`).
		MatchString(got.out) || !strings.Contains(got.out, " running  stays\n") {
		t.Errorf("%s%s", got.out, got.err)
	}
	for ttl, code := range map[string]int{"soon": 2, "1ms": 1} {
		if got := s.run(t, "sandbox", "new", "--ttl", ttl); got.code != code || !strings.Contains(got.err, "ttl") {
			t.Errorf("%s: exit code %d: %s", ttl, got.code, got.err)
		}
	}
}
