package habits

import (
	"fmt"
	"net/url"
	"strings"
)

// Value is what a client may have signed of a parameter in the place of what came.
type Value struct {
	// Says tells of it in a sentence.
	Says  string
	Value string
	// Alone says that there are too many of its kind to try them together with others.
	Alone bool
}

// MaxValues is how many bytes of a request's values are tried in other spellings: each has up to a hundred.
const MaxValues = 32 << 10

// OtherValues are what a client may have signed of a parameter that came as raw text and reads as value: what it means
// without the damage of the way, in another character set, as another spelling of its JSON.
func OtherValues(name, raw, value string) []Value {
	var all []Value
	add := func(says, other string, alone bool) {
		if other != value {
			all = append(all, Value{fmt.Sprintf(says, name), other, alone})
		}
	}
	if plus, err := url.PathUnescape(raw); err == nil && strings.Contains(raw, "+") {
		add(`The client signed "+" in %s and sent it raw, which reads as a blank: send %%2B.`, plus, false)
	}
	if once, err := url.QueryUnescape(value); err == nil && strings.Contains(value, "%") {
		add("The client signed %s as it is and sent it URL-encoded twice.", once, false)
	}
	add("The client signed %s without the blanks and line ends around it.", strings.TrimSpace(value), false)
	if len(value) >= minToken && !strings.ContainsAny(value, " \n") {
		add("The client signed %s with a line end behind it and sent it without.", value+"\n", true)
	}
	for _, c := range Charsets() {
		if other, ok := c.Change(value); ok {
			add("The client signed %s "+c.Says+".", other, true)
		}
	}
	for _, s := range JSONSpellings([]byte(value)) {
		add("The client signed the JSON of %s serialised in another way than it sent it, "+s.Name+".", string(s.Body), true)
	}
	return all
}

// minToken is the length from which a value may be a token, which is read from files with their line ends.
const minToken = 24
