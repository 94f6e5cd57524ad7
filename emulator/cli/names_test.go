package cli_test

import (
	"strings"
	"testing"
)

// TestUnknownNamesOnTheCommandLine holds that a slip in a name ends a command with the name that was meant: an empty
// list, and a green check of it in CI, would say something else.
func TestUnknownNamesOnTheCommandLine(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.box(t, "--id", "checkout")
	for args, meant := range map[string]string{
		"requests --api onsmqt":                   "onsmqtt",
		"requests --operation onsmqtt.AplyToken":  "onsmqtt.ApplyToken",
		"requests --operation QuerryToken --json": "onsmqtt.QueryToken",
		"requests --outcome OK":                   "ok",
		"requests --outcome !ApplyTokenOverflw":   "ApplyTokenOverFlow",
		"requests --follow --outcome OK":          "ok",
		"requests --sandbox chekout":              "checkout",
		"requests --sandbox chekout --follow":     "checkout",
		"coverage --sandbox chekout":              "checkout",
		"clock --sandbox chekout":                 "checkout",
		"env --sandbox chekout":                   "checkout",
		"play --sandbox chekout hostile-day":      "checkout",
		"play --sandbox checkout hostile-dy":      "hostile-day",
		"sandbox rm chekout":                      "checkout",
		"sandbox reset chekout":                   "checkout",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			got := s.run(t, strings.Split(args, " ")...)
			if got.code == 0 || !strings.Contains(got.err, `did you mean "`+meant+`"?`) {
				t.Errorf("ends with %d: %s%s", got.code, got.out, got.err)
			}
		})
	}
}
