package scenario

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

	"github.com/brianvoe/gofakeit/v7"

	"github.com/tokenstage/tokenstage/emulator/internal/random"
)

// environment is what a template sees: one call, the instant and a chance of its own.
type environment struct {
	fields *callFields
	now    time.Time
	chance *rand.Rand
	work   int // bytes that functions returned
}

// templateData are the fields that a template can name.
type templateData struct {
	Request templateRequest
	Now     instant
}

type templateRequest struct {
	Method, Path string
	// Params holds every parameter as text; members of a JSON body stand beside the others.
	Params map[string]string
}

func (e *environment) data() templateData {
	call := e.fields.call
	params := maps.Clone(call.Text)
	if params == nil {
		params = map[string]string{}
	}
	for name, value := range call.Params {
		if _, ok := params[name]; !ok {
			params[name] = plain(value)
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

// functions are those of TemplateFunctions that Go does not bring. None reads anything but the environment, and none
// returns a long text.
func (e *environment) functions() texttemplate.FuncMap {
	return texttemplate.FuncMap{
		"param":     e.param,
		"header":    e.header,
		"requestId": func() string { return e.fields.call.ID },
		"now":       func() instant { return instant{e.now} },
		"add":       addTo,
		"rfc3339":   instant.String,
		"unix":      func(i instant) int64 { return i.t.Unix() },
		"unixMilli": func(i instant) int64 { return i.t.UnixMilli() },
		"date":      func(layout string, i instant) (string, error) { return e.short(i.t.UTC().Format(layout)) },
		"upper":     func(text string) (string, error) { return e.short(strings.ToUpper(text)) },
		"lower":     func(text string) (string, error) { return e.short(strings.ToLower(text)) },
		"json":      e.quoteJSON,
		"xml":       e.escapeXML,
		"default":   orDefault,
		"uuid":      e.uuid,
		"hex":       func(n int) (string, error) { return e.draw(n, "0123456789abcdef") },
		"base62":    func(n int) (string, error) { return e.draw(n, base62) },
		"fake":      e.fake,
	}
}

func (e *environment) param(name string) string {
	text, _ := e.fields.param(name)
	return text
}

func (e *environment) header(name string) string {
	text, _ := e.fields.header(http.CanonicalHeaderKey(name))
	return text
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

var errMuchWork = fmt.Errorf("the functions of a template return at most %d bytes together", maxWork)

var errLongValue = fmt.Errorf("a value has at most %d bytes", maxValue)

// short bounds what a function returns, and what all of them together do: text that no output shows costs time too.
func (e *environment) short(text string) (string, error) {
	if len(text) > maxValue {
		return "", errLongValue
	}
	if e.work += len(text); e.work > maxWork {
		return "", errMuchWork
	}
	return text, nil
}

// addTo adds a duration, such as "59m" or "-1h"; it comes first so that instants can be piped through.
func addTo(duration string, i instant) (instant, error) {
	d, err := time.ParseDuration(duration)
	if err != nil {
		return instant{}, err
	}
	return instant{i.t.Add(d)}, nil
}

// quoteJSON writes a value as JSON, texts in quotes.
func (e *environment) quoteJSON(value any) (string, error) {
	if i, ok := value.(instant); ok {
		value = i.String()
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return e.short(strings.TrimSuffix(out.String(), "\n"))
}

func (e *environment) escapeXML(text string) (string, error) {
	var out bytes.Buffer
	if err := xml.EscapeText(&out, []byte(text)); err != nil {
		return "", err
	}
	return e.short(out.String())
}

// orDefault returns the value unless it is empty or zero.
func orDefault(fallback, value any) any {
	if truth, _ := texttemplate.IsTrue(value); truth {
		return value
	}
	return fallback
}

func (e *environment) uuid() string { return random.UUID(e.chance).String() }

func (e *environment) draw(n int, alphabet string) (string, error) {
	if n < 0 {
		return "", errors.New("a length cannot be negative")
	}
	if n > maxValue {
		return "", errLongValue
	}
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[e.chance.IntN(len(alphabet))]
	}
	return e.short(string(text))
}

// fake draws invented data of a kind.
func (e *environment) fake(kind string) (string, error) {
	draw, ok := generators()[kind]
	if !ok {
		return "", errors.New(unknownName("fake data", kind, FakeKinds()))
	}
	return draw(gofakeit.NewFaker(e.chance, false)), nil
}
