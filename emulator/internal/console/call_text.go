package console

import (
	"fmt"
	"strings"
	"unicode"
)

// segment is a run of text, or one character that cannot be seen.
type segment struct {
	Text string
	// Name is that of a character that cannot be seen; Text is then empty, unless it is a blank.
	Name string
}

// plainText is text in which characters that cannot be seen, or turn the writing around, stand by their names.
func plainText(text string) []segment { return segments(text, false) }

// signedText shows blanks, tabs and carriage returns too: in a string to sign each of them counts.
func signedText(text string) []segment { return segments(text, true) }

func segments(text string, blanks bool) (all []segment) {
	start := 0
	for i, r := range text {
		name := nameOf(r, blanks)
		if name == "" || name == "CR" && !blanks && strings.HasPrefix(text[i+1:], "\n") {
			continue
		}
		if i > start {
			all = append(all, segment{Text: text[start:i]})
		}
		s := segment{Name: name}
		if r == ' ' {
			s.Text = " "
		}
		all = append(all, s)
		start = i + len(string(r))
	}
	if start < len(text) {
		all = append(all, segment{Text: text[start:]})
	}
	return all
}

// nameOf is the name of a character that cannot be seen; empty for the others.
func nameOf(r rune, blanks bool) string {
	switch {
	case r == '\n':
		return ""
	case r == '\r':
		return "CR"
	case r == ' ' && blanks:
		return "blank"
	case r == '\t' && blanks:
		return "TAB"
	case r == '\t':
		return ""
	case r < ' ', r >= 0x7f && r <= 0x9f, unicode.In(r, unicode.Cf), r == 0xa0 && blanks:
		return fmt.Sprintf("U+%04X", r)
	}
	return ""
}
