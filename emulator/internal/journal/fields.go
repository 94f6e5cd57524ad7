package journal

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// fields masks secrets that the server cannot know, such as the password of a user's directory or a mistyped app
// secret, by the name of the field that they stand in, and remembers the values.
type fields struct {
	found map[string]bool
	size  int // of found, in bytes
}

// maxFound and maxFoundSize bound what is remembered of one call. Of a call with more, nothing is shown that could hold
// such a value.
const (
	maxFound     = 200
	maxFoundSize = 128 << 10
)

// full reports whether there was more than is remembered.
func (f *fields) full() bool { return len(f.found) > maxFound || f.size > maxFoundSize }

// secretNames are the ends of the names of secret fields, in lower case and without "_" and "-".
var secretNames = []string{"bearertoken", "appsecret", "accesskeysecret", "adpassword"}

func secretName(name string) bool {
	name = withoutSigns.Replace(strings.ToLower(name))
	for _, end := range secretNames {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// entry masks the fields of the request and of what quotes it. Sentences are left alone: in them a colon behind a
// field's name is no assignment.
func (f *fields) entry(e *Entry) {
	if path, query, ok := strings.Cut(e.Request.URL, "?"); ok {
		e.Request.URL = path + "?" + f.form(query)
	}
	e.Request.URL = f.text(e.Request.URL)
	f.headers(e.Request.Headers)
	f.headers(e.Response.Headers)
	for name, value := range e.Request.Parameters {
		if secretName(name) {
			e.Request.Parameters[name] = f.take(value)
		}
	}
	e.Request.Body = f.body(e.Request.Body)
	e.Response.Body = f.body(e.Response.Body)
	for i := range e.Findings {
		finding := &e.Findings[i]
		for _, text := range []*string{&finding.Server, &finding.Client, &finding.Expected, &finding.Got} {
			*text = f.text(*text)
		}
	}
}

func (f *fields) headers(headers map[string][]string) {
	for name, values := range headers {
		for i, value := range values {
			scheme, credentials, _ := strings.Cut(strings.TrimSpace(value), " ")
			switch {
			case secretName(name):
				values[i] = f.take(value)
			case authorization(name) && (strings.EqualFold(scheme, "Basic") || strings.EqualFold(scheme, "Bearer")):
				f.take(strings.TrimSpace(credentials))
				values[i] = sandbox.Mask
			default:
				values[i] = f.text(value)
			}
		}
	}
}

func authorization(name string) bool {
	return strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "Proxy-Authorization")
}

// body masks a body of any kind: what does not begin like JSON, XML or multipart is a form.
func (f *fields) body(text string) string {
	if start := strings.TrimSpace(text); start != "" && !strings.ContainsAny(start[:1], `{["<-`) {
		text = f.form(text)
	}
	return f.text(text)
}

// form masks the parameters of a query or form and keeps the spelling of everything else.
func (f *fields) form(text string) string {
	parameters := strings.Split(text, "&")
	for i, parameter := range parameters {
		name, value, ok := strings.Cut(parameter, "=")
		if ok && secretName(fullyDecoded(name)) {
			parameters[i] = name + "=" + f.take(value)
		}
	}
	return strings.Join(parameters, "&")
}

// namePattern finds what secretName knows.
const namePattern = `(?:app|access[_-]?key)[_-]?secret|ad[_-]?password|bearer[_-]?token`

// patterns find fields in text that is neither query nor form. They are made when the first such text is read.
type patterns struct {
	// assigned is "name": "value", name=value, name: value and <name>value, whole or broken, also with the quotes
	// and signs escaped as in JSON inside of JSON or in a string to sign. The value of a JSON string ends before its
	// closing quote, or with the text.
	assigned *regexp.Regexp
	// part is a part of a multipart form, up to the next boundary.
	part *regexp.Regexp
	// opening are the quotes before a value.
	opening *regexp.Regexp
}

var compiled = sync.OnceValue(func() patterns {
	return patterns{
		assigned: regexp.MustCompile(`(?is)((?:` + namePattern + `)\\*["']?\s*(?:[:=>]|%3d)\s*)(` +
			`"(?:[^"\\]|\\.)*` +
			`|\\"(?:[^"\\]|\\\\\\"|\\\\|\\[^"\\])*` +
			`|\\+"[^"]*` +
			`|'[^']*` +
			`|[^\s&,;"'<>\\}\]]*)`),
		part: regexp.MustCompile(`(?is)(name="?[^"\r\n]*(?:` + namePattern + `)"?[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n)` +
			`(.*?)(\r?\n--|$)`),
		opening: regexp.MustCompile(`^\\*["']`),
	}
})

// text masks the fields in text that is neither query nor form.
func (f *fields) text(text string) string {
	masked := f.plain(text)
	for view := range views(text) {
		f.plain(view) // the values are masked later, however they are written
	}
	return masked
}

func (f *fields) plain(text string) string {
	lower := strings.ToLower(text)
	if !mayHoldSecretName(lower) {
		return text
	}
	p := compiled()
	if strings.Contains(lower, "name=") {
		text = f.replaced(p.part, text, func(groups []string) string { return groups[1] + f.take(groups[2]) + groups[3] })
	}
	return f.replaced(p.assigned, text, func(groups []string) string {
		quote := p.opening.FindString(groups[2])
		value, rest := groups[2][len(quote):], ""
		if i := strings.Index(strings.ToLower(value), "%26"); quote == "" && i >= 0 {
			value, rest = value[:i], value[i:]
		}
		return groups[1] + quote + f.take(value) + rest
	})
}

// replaced gives each match of a pattern to change, until there are more values than are remembered: of the texts
// nothing is shown then.
func (f *fields) replaced(pattern *regexp.Regexp, text string, change func(groups []string) string) string {
	var out strings.Builder
	for !f.full() {
		at := pattern.FindStringSubmatchIndex(text)
		if at == nil {
			break
		}
		groups := make([]string, len(at)/2)
		for i := range groups {
			if at[2*i] >= 0 {
				groups[i] = text[at[2*i]:at[2*i+1]]
			}
		}
		out.WriteString(text[:at[0]])
		out.WriteString(change(groups))
		text = text[at[1]:]
	}
	return out.String() + text
}

// withoutSigns takes out what the parts of a name can be joined by.
var withoutSigns = strings.NewReplacer("_", "", "-", "")

// mayHoldSecretName spares most texts, which come in lower case, the patterns.
func mayHoldSecretName(lower string) bool {
	joined := withoutSigns.Replace(lower)
	return slices.ContainsFunc(secretNames, func(name string) bool { return strings.Contains(joined, name) })
}

// take remembers a value, as it is written and as it is meant, and returns what to show in its place.
func (f *fields) take(value string) string {
	switch value {
	case "", "null", sandbox.Mask, strings.TrimSuffix(sandbox.Mask, "]"):
		return value
	}
	spaced := strings.ReplaceAll(value, "+", " ")
	unquoted := strings.Trim(value, " \t\r\n,") // a closing quote was missing
	for _, text := range []string{spaced, unquoted} {
		f.remember(text)
		for view := range views(text) {
			f.remember(view)
		}
	}
	return sandbox.Mask
}

func (f *fields) remember(text string) {
	if f.full() || f.found[text] {
		return
	}
	if f.found == nil {
		f.found = map[string]bool{}
	}
	f.found[text] = true
	f.size += len(text)
}

// fullyDecoded is a text with all its layers of encoding taken off.
func fullyDecoded(text string) string {
	for view := range views(text) {
		text = view
	}
	return text
}
