package journal

import (
	"maps"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// mask makes an entry fit to be seen: no secret in it, no broken text, no absent lists. First goes what the name of
// a field gives away, then every secret of the server and every value of such a field, wherever it stands.
func mask(e *Entry, known *sandbox.Secrets) {
	var f fields
	f.entry(e)
	own := sandbox.NewSecrets(slices.Collect(maps.Keys(f.found))...)
	names := masker(func(text string) string { return own.Mask(known.Mask(text)) })
	m := names
	if f.full() {
		m = func(string) string { return sandbox.Mask } // what was not remembered could stand anywhere
	}
	m.markers(e.Findings)
	for _, text := range e.names() {
		*text = names.clean(*text)
	}
	for _, text := range e.quotes() {
		*text = m.clean(*text)
	}
	if e.Decision != nil {
		e.Decision.States = m.values(e.Decision.States)
	}
	e.Request.Parameters = m.values(e.Request.Parameters)
	e.Request.Headers = m.headers(e.Request.Headers)
	e.Response.Headers = m.headers(e.Response.Headers)
	if e.Findings == nil {
		e.Findings = []wire.Finding{}
	}
	if e.Misses == nil {
		e.Misses = []Miss{}
	}
}

// names are the strings of an entry that a client or a script can only choose as they choose a word.
func (e *Entry) names() []*string {
	all := []*string{&e.Credential, &e.Outcome, &e.Request.Method}
	if e.Decision != nil {
		all = append(all, &e.Decision.Scenario)
	}
	for i := range e.Also {
		all = append(all, &e.Also[i].Scenario)
	}
	for i := range e.Misses {
		all = append(all, &e.Misses[i].Scenario)
	}
	for i := range e.Findings {
		all = append(all, &e.Findings[i].Check)
	}
	return all
}

// quotes are the strings of an entry that hold what a client or a script wrote, but for the headers.
func (e *Entry) quotes() []*string {
	all := []*string{&e.Request.URL, &e.Request.Body, &e.Response.Body, &e.Panic}
	if e.Decision != nil {
		all = append(all, &e.Decision.Key)
	}
	for i := range e.Misses {
		m := &e.Misses[i]
		all = append(all, &m.Expected, &m.Got)
	}
	for i := range e.Findings {
		all = append(all, textsOf(&e.Findings[i])...)
	}
	return all
}

// textsOf are the strings of a finding but for what was looked at.
func textsOf(f *wire.Finding) []*string {
	return []*string{&f.Message, &f.Expected, &f.Got, &f.Server, &f.Client, &f.Marker}
}

// values are texts by name: states, whose values a script wrote, and parameters.
func (m masker) values(named map[string]string) map[string]string {
	var clean map[string]string
	for name, value := range named {
		if clean == nil {
			clean = make(map[string]string, len(named))
		}
		clean[m.clean(name)] = m.clean(value)
	}
	return clean
}

// masker takes secrets out of text as it stands.
type masker func(text string) string

// clean takes secrets out of text, also those that stand in it in an unusual encoding.
func (m masker) clean(text string) string {
	if text == "" {
		return text
	}
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
