package cli

import (
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// dotenvQuote writes a value so that a POSIX shell that sources the file reads it unchanged and runs nothing, and so
// that readers of .env files agree with the shell as far as they can. A value of plain characters stays bare, which
// docker's --env-file needs. Others stand between single quotes, or between double ones when they hold a single quote:
// readers of .env files do not join pieces like 'a'"'"'b', which shells do.
func dotenvQuote(value string) string {
	if !strings.Contains(value, "'") {
		return shellescape.Quote(value)
	}
	// POSIX, Shell Command Language 2.2.3: these four are special between double quotes.
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(value) + `"`
}
