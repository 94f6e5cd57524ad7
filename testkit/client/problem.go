package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Problem is an error that the control plane answered with: problem details of RFC 9457.
type Problem struct {
	// Type is empty when something else than a control plane wrote the reply.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Field names the member of the body that is not good.
	Field string `json:"field,omitempty"`
	// Line and Column point into a document that is not good, counted from 1; zero when they do not apply.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

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

// maxExcerpt bounds what a Problem quotes of a reply that is no problem document.
const maxExcerpt = 200

// readProblem makes a Problem of a reply, also of one that something between client and server wrote.
func readProblem(status int, raw []byte) *Problem {
	var p Problem
	if err := json.Unmarshal(raw, &p); err != nil || p.Title == "" || p.Detail == "" {
		p = Problem{Title: http.StatusText(status), Detail: "the reply is no problem document"}
		if text := strings.Join(strings.Fields(string(raw)), " "); text != "" {
			p.Detail += ": " + strings.ToValidUTF8(text[:min(len(text), maxExcerpt)], "")
		}
	}
	p.Status = status
	return &p
}
