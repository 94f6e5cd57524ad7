package cli

import (
	"strings"
)

// examples formats pairs of a command line and its description as a section of the help.
func examples(pairs ...string) string {
	var text strings.Builder
	text.WriteString("Examples:\n")
	for i := 0; i+1 < len(pairs); i += 2 {
		printf(&text, "\n    # %s\n    %s\n", pairs[i+1], pairs[i])
	}
	return text.String()
}
