package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/brianvoe/gofakeit/v6"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// Function describes a function of templates to the people who write them.
type Function struct {
	Name string
	// Usage is the function as it is written in an action. Does says what it returns.
	Usage string
	Does  string
}

// Functions lists all functions that a template can use. Those that return an instant, and those that take one as their
// last argument, can be piped: {{now | add "1h" | unixMilli}}.
func Functions() []Function {
	return []Function{
		{"param", `param "InstanceId"`, "a parameter as text; dots lead into JSON, `[0]` into a list; empty if absent"},
		{"header", `header "User-Agent"`, "a header of the request; empty when it is absent"},
		{"requestId", `requestId`, "the request id that the reply would carry"},
		{"now", `now`, "the instant of the sandbox's clock; prints as RFC 3339"},
		{LeftName, `left`, "the whole seconds that the quota, the window or the state of the rule still lasts"},
		{"add", `add "59m" now`, "an instant so much later (`2d` are two days), or earlier with a minus"},
		{"rfc3339", `rfc3339 now`, "an instant as 2030-01-01T00:00:00Z"},
		{"unix", `unix now`, "seconds since 1970"},
		{"unixMilli", `unixMilli now`, "milliseconds since 1970"},
		{"date", `date "2006-01-02 15:04:05" now`, "an instant in UTC, in a layout of Go's package time"},
		{"upper", `upper "a"`, "in capitals"},
		{"lower", `lower "A"`, "in small letters"},
		{"json", `json (param "UserId")`, "a value as JSON, a text in its quotes"},
		{"xml", `xml (param "UserId")`, "a text escaped for XML"},
		{"default", `default "none" (param "UserId")`, "the second value, or the first when that is empty"},
		{"uuid", `uuid`, "a random UUID"},
		{"hex", `hex 32`, "that many random hexadecimal digits"},
		{"base62", `base62 24`, "that many random letters and digits"},
		{"fake", `fake "email"`, "invented data of a kind"},
		{"and", `and a b`, "the first empty value, else the last"},
		{"or", `or a b`, "the first value that is not empty, else the last"},
		{"not", `not a`, "true for an empty value"},
		{"eq", `eq a b`, "whether the values are equal; with more values, whether the first equals any"},
		{"ne", `ne a b`, "whether they differ"},
		{"lt", `lt a b`, "whether the first is less; texts compare by their bytes"},
		{"le", `le a b`, "whether it is less or equal"},
		{"gt", `gt a b`, "whether it is greater"},
		{"ge", `ge a b`, "whether it is greater or equal"},
		{"len", `len a`, "the length of a text in bytes"},
	}
}

func functionNames() []string {
	set := Functions()
	names := make([]string, len(set))
	for i, f := range set {
		names[i] = f.Name
	}
	return names
}

// FakeKinds are the kinds of data that the function fake invents, sorted.
func FakeKinds() []string { return slices.Sorted(maps.Keys(generators())) }

// sentenceWords is how many words an invented sentence has.
const sentenceWords = 6

func generators() map[string]func(*gofakeit.Faker) string {
	return map[string]func(*gofakeit.Faker) string{
		"name":      (*gofakeit.Faker).Name,
		"firstName": (*gofakeit.Faker).FirstName,
		"lastName":  (*gofakeit.Faker).LastName,
		"username":  (*gofakeit.Faker).Username,
		"email":     (*gofakeit.Faker).Email,
		"phone":     (*gofakeit.Faker).Phone,
		"company":   (*gofakeit.Faker).Company,
		"city":      (*gofakeit.Faker).City,
		"country":   (*gofakeit.Faker).Country,
		"url":       (*gofakeit.Faker).URL,
		"domain":    (*gofakeit.Faker).DomainName,
		"ipv4":      (*gofakeit.Faker).IPv4Address,
		"ipv6":      (*gofakeit.Faker).IPv6Address,
		"userAgent": (*gofakeit.Faker).UserAgent,
		"word":      (*gofakeit.Faker).Word,
		"sentence":  func(f *gofakeit.Faker) string { return f.Sentence(sentenceWords) },
	}
}

// unknownName returns the message about an unknown name. It suggests the nearest known one, or else lists them all.
func unknownName(what, name string, known []string) string {
	unknown := fmt.Sprintf("%s %q is not known", what, name)
	if meant := nearest.Name(name, known); meant != "" {
		return nearest.Ask(unknown, meant)
	}
	return unknown + "; there are " + strings.Join(known, ", ")
}
