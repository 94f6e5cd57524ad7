package journal

import (
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// mask makes an entry fit to be seen: no secret in it, no broken text, no absent lists. First goes what the name of
// a field gives away, then every secret of the server and every value of such a field, wherever it stands.
func mask(e *Entry, known *sandbox.Secrets) {
	var f fields
	f.entry(e)
	own := sandbox.NewSecrets(f.found...)
	m := masker(func(text string) string { return own.Mask(known.Mask(text)) })
	m.markers(e.Findings)
	for _, text := range e.texts() {
		*text = m.clean(*text)
	}
	e.Request.Headers = m.headers(e.Request.Headers)
	e.Response.Headers = m.headers(e.Response.Headers)
	if e.Findings == nil {
		e.Findings = []wire.Finding{}
	}
	if e.Misses == nil {
		e.Misses = []Miss{}
	}
}

// texts are the strings of an entry that a client or a script had a part in, but for the headers.
func (e *Entry) texts() []*string {
	all := []*string{
		&e.Credential, &e.Outcome, &e.Request.Method, &e.Request.URL, &e.Request.Body, &e.Response.Body, &e.Panic,
	}
	if e.Decision != nil {
		all = append(all, &e.Decision.Scenario)
	}
	for i := range e.Misses {
		m := &e.Misses[i]
		all = append(all, &m.Scenario, &m.Expected, &m.Got)
	}
	for i := range e.Findings {
		f := &e.Findings[i]
		all = append(all, &f.Check, &f.Message, &f.Expected, &f.Got, &f.Server, &f.Client, &f.Marker)
	}
	return all
}

// masker takes secrets out of text as it stands.
type masker func(text string) string

// clean takes secrets out of text, also those that stand in it in an unusual encoding.
func (m masker) clean(text string) string {
	text = m(text)
	for view := range views(text) {
		if masked := m(view); masked != view {
			text = masked
		}
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

func (m masker) headers(headers map[string][]string) map[string][]string {
	clean := make(map[string][]string, len(headers))
	for name, values := range headers {
		shown := make([]string, len(values))
		for i, value := range values {
			shown[i] = m.clean(value)
		}
		clean[m.clean(name)] = shown
	}
	return clean
}

// markers blots out the markers of findings about texts with a secret in them: a marker quotes the neighbourhood of
// a difference, and half a secret cannot be told from other text.
func (m masker) markers(findings []wire.Finding) {
	for i := range findings {
		f := &findings[i]
		for _, text := range []string{f.Server, f.Client, f.Expected, f.Got} {
			if f.Marker != "" && (strings.Contains(text, sandbox.Mask) || m.clean(text) != text) {
				f.Marker = sandbox.Mask
			}
		}
	}
}
