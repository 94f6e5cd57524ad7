package main

import (
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

func (s section) title() string { return strings.TrimLeft(s.heading, "# ") }

func (s section) write(page *strings.Builder) {
	page.WriteString("\n" + s.heading + "\n")
	for _, text := range s.texts {
		page.WriteString("\n" + text + "\n")
	}
	for _, t := range s.tables {
		t.write(page)
	}
}

func (t table) write(page *strings.Builder) {
	if len(t.facts) == 0 {
		return
	}
	page.WriteString("\n**" + t.title + "**\n\n")
	writeRow(page, slices.Concat(t.head, []string{"Evidence"}))
	page.WriteString(strings.Repeat("|---", len(t.head)+1) + "|\n")
	for _, f := range t.facts {
		writeRow(page, slices.Concat(f.cells, []string{evidence(f.evidence)}))
	}
}

func writeRow(page *strings.Builder, cells []string) {
	for _, cell := range cells {
		page.WriteString("| ")
		if cell != "" {
			page.WriteString(cell + " ")
		}
	}
	page.WriteString("|\n")
}

// evidence makes choices stand out.
func evidence(e contract.Evidence) string {
	mark := string(e.Mark)
	if e.Mark == contract.Choice {
		mark = "**" + mark + "**"
	}
	if e.Source == "" {
		return mark
	}
	return mark + ": " + escape(e.Source)
}

// escape makes one line of text and takes the meaning off what Markdown, tables and HTML would read as theirs. A "_"
// inside a word has none.
func escape(text string) string {
	return strings.NewReplacer(
		`\`, `\\`, "|", `\|`, "<", `\<`, ">", `\>`, "&", `\&`, "*", `\*`, "`", "\\`", "[", `\[`, "~", `\~`,
	).Replace(strings.Join(strings.Fields(text), " "))
}

// code is text as it stands, set as code; empty for empty text. Tables read "\|" before they see the code.
func code(text string) string {
	if text == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + strings.NewReplacer("\n", " ", "|", `\|`).Replace(text) + fence
}

// link leads to the section of that title: its anchor is the title in lower case, "-" for blanks, without other signs.
func link(title string) string {
	anchor := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, strings.ToLower(title))
	return "[" + title + "](#" + anchor + ")"
}
