package mcptools

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// nearestNames are the names that were probably meant: of the operation where none was known, and of the parameters
// that were missing, among those that came.
func nearestNames(apis []client.API, e client.Entry) []near {
	var found []near
	add := func(given string, known []string) {
		if meant := nearest.Name(given, known); given != "" && meant != "" && meant != given && len(found) < maxFindings {
			found = append(found, near{given, meant})
		}
	}
	for _, f := range e.Findings {
		name, isParameter := strings.CutPrefix(f.Check, "parameter ")
		switch {
		case f.Level != client.LevelError:
		case isParameter && f.Got == "":
			add(name, namesIn(e.Request))
		case e.Operation == "":
			add(f.Got, actions(apis, e.Gateway))
		}
	}
	return found
}

// actions are what the calls of a gateway are named.
func actions(apis []client.API, gateway string) []string {
	var names []string
	for _, api := range apis {
		for _, op := range api.Operations {
			if api.Gateway == gateway && op.Action != "" {
				names = append(names, op.Action)
			}
		}
	}
	return names
}

// namesIn are the names of what a request carries: in its query, its form or its JSON.
func namesIn(r client.Request) []string {
	var names []string
	add := func(values url.Values) {
		for name := range values {
			names = append(names, name)
		}
	}
	if _, query, ok := strings.Cut(r.URL, "?"); ok {
		values, _ := url.ParseQuery(query) // as far as it can be read
		add(values)
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(r.Body), &members) == nil {
		for name := range members {
			names = append(names, name)
		}
	} else if len(r.Body) > 0 {
		values, _ := url.ParseQuery(r.Body)
		add(values)
	}
	slices.Sort(names)
	return names
}
