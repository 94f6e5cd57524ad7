package controlapi

import (
	"fmt"
	"strings"
)

// Error says what is wrong and where.
func (p *Problem) Error() string {
	text := fmt.Sprintf("%d %s: %s", p.Status, p.Title, p.Detail)
	if p.Field != "" && !strings.Contains(p.Detail, p.Field) {
		text += " (field " + p.Field + ")"
	}
	if p.Line > 0 {
		text += fmt.Sprintf(" (line %d, column %d)", p.Line, p.Column)
	}
	return text
}
