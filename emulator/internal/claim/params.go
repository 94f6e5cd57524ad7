package claim

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// paramsOf are the parameters of a request by name, wherever they stand.
func paramsOf(r journal.Request) map[string][]string {
	all := map[string][]string{}
	for name, value := range r.Parameters {
		all[name] = append(all[name], value)
	}
	if u, err := url.Parse(r.URL); err == nil {
		collect(all, u.Query())
	}
	if body := strings.TrimSpace(r.Body); strings.HasPrefix(body, "{") {
		flatten(all, "", decoded(body))
	} else if form, err := url.ParseQuery(body); err == nil {
		collect(all, form)
	}
	return all
}

func collect(all map[string][]string, values url.Values) {
	for name, list := range values {
		all[name] = append(all[name], list...)
	}
}

// decoded reads JSON and keeps numbers as they were written; nil for what is no JSON.
func decoded(body string) any {
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	return value
}

// flatten names the members of an object by their path, joined by dots. The elements of a list share its name.
func flatten(all map[string][]string, name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			flatten(all, strings.TrimPrefix(name+"."+key, "."), member)
		}
	case []any:
		for _, element := range value {
			flatten(all, name, element)
		}
	case string:
		all[name] = append(all[name], value)
	default:
		text, _ := json.Marshal(value) // it came out of JSON
		all[name] = append(all[name], string(text))
	}
}
