package template

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/duration"
	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// Environment is what templates can use: one call, the sandbox's time and a source of chance. Templates that share an
// Environment share its chance and the bound on how much their functions return.
type Environment struct {
	fields *scenario.CallFields
	now    time.Time
	chance *rand.Rand
	left   time.Duration
	work   int // bytes that functions have returned so far
}

// NewEnvironment returns the environment of one call. The time left is that which the quota or the window of the rule
// still lasts.
func NewEnvironment(fields *scenario.CallFields, now time.Time, chance *rand.Rand, left time.Duration) *Environment {
	return &Environment{fields: fields, now: now, chance: chance, left: left}
}

// templateData are the fields that a template can name.
type templateData struct {
	Request templateRequest
	Now     instant
}

type templateRequest struct {
	Method, Path string
	// Params holds every parameter as text, members of a JSON body among them.
	Params map[string]string
}

func (e *Environment) data() templateData {
	call := e.fields.Call
	params := maps.Clone(call.Text)
	if params == nil {
		params = map[string]string{}
	}
	for name, value := range call.Params {
		if _, ok := params[name]; !ok {
			params[name] = scenario.Text(value)
		}
	}
	return templateData{
		Request: templateRequest{Method: call.Request.Method, Path: call.Request.Path, Params: params},
		Now:     instant{e.now},
	}
}

// instant hides the methods of time.Time from templates; it prints as RFC 3339.
type instant struct{ t time.Time }

// String implements fmt.Stringer.
func (i instant) String() string { return i.t.UTC().Format(time.RFC3339) }

// functions returns those of Functions that text/template does not have itself. They read only the environment, and the
// size of what they return is bounded.
func (e *Environment) functions() texttemplate.FuncMap {
	return texttemplate.FuncMap{
		"param":     e.param,
		"header":    e.header,
		"requestId": func() string { return e.fields.Call.ID },
		"now":       func() instant { return instant{e.now} },
		LeftName:    e.secondsLeft,
		"add":       addDuration,
		"rfc3339":   instant.String,
		"unix":      func(i instant) int64 { return i.t.Unix() },
		"unixMilli": func(i instant) int64 { return i.t.UnixMilli() },
		"date":      func(layout string, i instant) (string, error) { return e.bounded(i.t.UTC().Format(layout)) },
		"upper":     func(text string) (string, error) { return e.bounded(strings.ToUpper(text)) },
		"lower":     func(text string) (string, error) { return e.bounded(strings.ToLower(text)) },
		"json":      e.quoteJSON,
		"xml":       e.escapeXML,
		"default":   orDefault,
		"uuid":      e.uuid,
		"hex":       func(n int) (string, error) { return e.draw(n, random.LowerHex) },
		"base62":    func(n int) (string, error) { return e.draw(n, random.Base62) },
		"fake":      e.fake,
	}
}

// LeftName is the name of the function that returns the time left.
const LeftName = "left"

// secondsLeft is the time left in whole seconds: what is left of the last one counts as a whole.
func (e *Environment) secondsLeft() int64 { return int64((e.left + time.Second - 1) / time.Second) }

func (e *Environment) param(name string) string {
	text, _ := e.fields.Parameter(name)
	return text
}

func (e *Environment) header(name string) string {
	text, _ := e.fields.Header(http.CanonicalHeaderKey(name))
	return text
}

var errTooMuchWork = fmt.Errorf("the functions of a template return at most %d bytes together", maxWork)

var errLongValue = fmt.Errorf("a value has at most %d bytes", maxValue)

// bounded refuses a text that is too long by itself, or together with what functions returned before. The second bound
// also counts texts that are not written to the output, since computing them takes time too.
func (e *Environment) bounded(text string) (string, error) {
	if len(text) > maxValue {
		return "", errLongValue
	}
	if e.work += len(text); e.work > maxWork {
		return "", errTooMuchWork
	}
	return text, nil
}

// addDuration adds a duration such as "59m" or "-2d" to an instant, as far as dates go. The duration comes first so
// that an instant can be piped into it.
func addDuration(text string, i instant) (instant, error) {
	d, err := duration.Parse(text)
	if err != nil {
		return instant{}, err
	}
	return instant{duration.Dated(i.t.Add(d))}, nil
}

// quoteJSON writes a value as JSON: a text gets quotes.
func (e *Environment) quoteJSON(value any) (string, error) {
	if i, ok := value.(instant); ok {
		value = i.String()
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return e.bounded(strings.TrimSuffix(out.String(), "\n"))
}

func (e *Environment) escapeXML(text string) (string, error) {
	var out bytes.Buffer
	if err := xml.EscapeText(&out, []byte(text)); err != nil {
		return "", err
	}
	return e.bounded(out.String())
}

// orDefault returns the value unless it is empty or zero.
func orDefault(fallback, value any) any {
	if truth, _ := texttemplate.IsTrue(value); truth {
		return value
	}
	return fallback
}

func (e *Environment) uuid() string { return random.UUID(e.chance).String() }

func (e *Environment) draw(n int, alphabet string) (string, error) {
	if n < 0 {
		return "", errors.New("a length cannot be negative")
	}
	if n > maxValue {
		return "", errLongValue
	}
	return e.bounded(random.Draw(e.chance, n, alphabet))
}

// fake invents data of the given kind, which is one of FakeKinds.
func (e *Environment) fake(kind string) (string, error) {
	draw, ok := generators()[kind]
	if !ok {
		return "", errors.New(unknownName("fake data", kind, FakeKinds()))
	}
	return draw(contract.NewFaker(e.chance)), nil
}
