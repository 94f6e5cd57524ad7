package gateway

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// differenceContext is how many bytes around the first difference a marker shows.
const differenceContext = 24

// FirstDifference marks where two strings part: "at byte 12: …TopicA%2F[%2B] / …TopicA%2F[ ]". It is empty for equal
// strings.
func FirstDifference(server, client string) string {
	if server == client {
		return ""
	}
	at := 0
	for at < len(server) && at < len(client) && server[at] == client[at] {
		at++
	}
	return fmt.Sprintf("at byte %d: server has %s, client has %s", at, excerpt(server, at), excerpt(client, at))
}

func excerpt(text string, at int) string {
	start := max(0, at-differenceContext)
	for start < at && !utf8.RuneStart(text[start]) {
		start++
	}
	end := min(len(text), at+differenceContext)
	var b strings.Builder
	b.WriteByte('"')
	if start > 0 {
		b.WriteString("…")
	}
	b.WriteString(escapeControl(text[start:at]))
	b.WriteString(">>")
	if at == len(text) {
		b.WriteString("(end)")
	}
	b.WriteString(escapeControl(text[at:end]))
	if end < len(text) {
		b.WriteString("…")
	}
	b.WriteByte('"')
	return b.String()
}

// escapeControl keeps line ends visible: several strings to sign are made of lines.
func escapeControl(text string) string {
	return strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(strings.ToValidUTF8(text, "\uFFFD"))
}

// Cut is a text, or its beginning up to the last whole character within limit bytes and a word about what was left out.
func Cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes in all)", text[:end], len(text))
}
