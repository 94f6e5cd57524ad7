// Package settings is what people paste to point their clients at an emulator: variables of the environment, and texts
// for configurations, shells and programs with everything in them quoted.
package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"al.essio.dev/pkg/shellescape"
)

// Settings are how the clients of one gateway are pointed at a sandbox.
type Settings struct {
	// Address are the variables that say where the gateway is.
	Address []Variable
	// Credential are those of a credential; none when the sandbox has no credential for the gateway.
	Credential []Variable
	// Groups are texts for the gateway's clients; none when the sandbox has no credential for the gateway.
	Groups []Group
	// FirstCall is a shell command that makes a call without any signature, and a note about it; zero where the gateway
	// takes none.
	FirstCall Text
}

// Variable is one variable of the environment. An empty value means that it must not be set.
type Variable struct{ Name, Value string }

// Group are the texts for one kind of clients.
type Group struct {
	Title string
	Texts []Text
}

// Text is one text to paste.
type Text struct {
	// Name is that of the template it is made from.
	Name, Title, Note string
	Text              string
}

// Habits are what the clients of a gateway do by themselves, where an emulator must be ready for it.
type Habits struct {
	// PlainHTTP names those that call the real hosts over plain HTTP unless they are told otherwise.
	PlainHTTP []string
	// Trust are shell commands that start a client so that it trusts a CA, where that is not what clients in its language
	// do. Name is the language, Title the client, {file} in the text stands for the file of the CA.
	Trust []Text
}

// Exports are commands of a POSIX shell that set variables, a line each. A variable that must not be set is taken out
// of the environment.
func Exports(variables []Variable) string {
	var out strings.Builder
	for _, v := range variables {
		if v.Value == "" {
			out.WriteString("unset " + v.Name + "\n")
		} else {
			out.WriteString("export " + v.Name + "=" + shellescape.Quote(v.Value) + "\n")
		}
	}
	return out.String()
}

// Texts are texts with places to fill in.
type Texts struct{ parsed *template.Template }

// Parse reads texts, each a named template. They can quote with sh, go, js and object.
func Parse(source string) (*Texts, error) {
	parsed, err := template.New("").Funcs(template.FuncMap{
		"go": strconv.Quote, "js": jsQuote, "sh": shellescape.Quote, "object": object,
	}).Parse(source)
	return &Texts{parsed}, err
}

// Text fills the text of that name.
func (t *Texts) Text(name string, data any) (string, error) {
	var out bytes.Buffer
	if err := t.parsed.ExecuteTemplate(&out, name, data); err != nil {
		return "", fmt.Errorf("settings %s: %w", name, err)
	}
	return strings.TrimSpace(out.String()), nil
}

// Fill fills the texts of groups by their names.
func (t *Texts) Fill(groups []Group, data any) error {
	for _, group := range groups {
		for i := range group.Texts {
			var err error
			if group.Texts[i].Text, err = t.Text(group.Texts[i].Name, data); err != nil {
				return err
			}
		}
	}
	return nil
}

// Command is a shell command with each part on a line of its own.
func Command(parts ...string) string { return strings.Join(parts, " \\\n  ") }

// jsQuote writes a string literal of JavaScript.
func jsQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`).Replace(text) + "'"
}

// object writes a JSON object of name and value pairs, in this order.
func object(pairs ...string) (string, error) {
	var out strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		out.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		for j, text := range pairs[i : i+2] {
			var quoted bytes.Buffer
			encoder := json.NewEncoder(&quoted)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(text); err != nil {
				return "", err
			}
			out.WriteString(strings.TrimSpace(quoted.String()))
			if j == 0 {
				out.WriteString(":")
			}
		}
	}
	return out.String() + "}", nil
}
