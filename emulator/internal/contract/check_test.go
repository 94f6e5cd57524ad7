package contract_test

import (
	"math"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// checkSpec has an operation for each way in which a request is checked.
const checkSpec = `openapi: 3.0.3
info: {title: Checks, version: "1"}
x-gateway: acs
paths:
  /typed/{Path}:
    post:
      operationId: Typed
      x-errors:
        - {code: Own, status: 400, meaning: m, evidence: "choice: a test"}
      parameters:
        - {name: Second, in: query, required: true, schema: {type: string}}
        - {name: First, in: query, required: true, schema: {type: string, minLength: 2, maxLength: 4, pattern: "^[a-z]+$"}}
        - {name: Path, in: path, required: true, schema: {type: string}}
        - {name: X-Head, in: header, schema: {type: string, enum: [on, off]}}
        - {name: Integer, in: query, schema: {type: integer, minimum: -5, maximum: 5}}
        - {name: Short, in: query, schema: {type: integer, format: int32}}
        - {name: Number, in: query, schema: {type: number, maximum: 1.5}}
        - {name: Flag, in: query, schema: {type: boolean}}
        - {name: Owned, in: query, x-invalid: Own, schema: {type: integer}}
        - {name: Nothing, in: query, content: {application/json: {schema: {type: object, nullable: true}}}}
        - name: Document
          in: query
          content:
            application/json:
              schema:
                type: object
                required: [kind, size]
                additionalProperties: false
                properties:
                  kind: {type: string}
                  size: {type: integer}
                  inner: {type: object, required: [a], properties: {a: {type: boolean}}}
      responses: &responses
        "200": {description: d, content: {application/json: {schema: {type: object, required: [ok], properties: {ok: {type: boolean}}}}}}
        "404": {description: d, content: {application/json: {schema: {type: array, items: {type: string}}}}}
        default: {description: d, content: {application/json: {schema: {type: string}}}}
  /body:
    post: &body
      operationId: Body
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [z, a]
              properties:
                z: {type: string}
                a: {type: integer}
                list: {type: array, items: {type: integer}, maxItems: 2}
      responses: *responses
  /nested:
    post:
      operationId: Nested
      requestBody:
        content: {application/json: {schema: {$ref: "#/components/schemas/Nested"}}}
      responses:
        "200": {description: d, content: {application/json: {schema: {$ref: "#/components/schemas/Nested"}}}}
  /optional:
    post:
      operationId: Optional
      requestBody:
        content: {application/json: {schema: {type: object, properties: {a: {type: integer}}}}}
      responses:
        "200": {description: d, content: {application/json: {schema: {type: object}}}}
  /absent:
    post:
      operationId: Absent
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [must]
              properties:
                must: &must {type: string, minLength: 1}
                may: &may {type: string, pattern: "^[0-9a-z]+$"}
                nothing: {type: object, required: [value], properties: {value: {type: string, nullable: true}}}
                strict: {type: object, required: [must], properties: {must: *must}}
                count: {type: integer}
                inner: &inner {type: object, properties: {may: *may}}
                list: {type: array, items: *inner}
              allOf: [{properties: {part: {type: boolean}}}]
      responses:
        "200": {description: d, content: {application/json: {schema: {type: object}}}}
components:
  schemas:
    Nested:
      type: object
      properties:
        list: {type: object, properties: {entry: {type: array, items: {type: object, properties: {n: {type: integer}}}}}}
        secret: {type: string, writeOnly: true}
        id: {type: string, readOnly: true}
        inner: {$ref: "#/components/schemas/Nested"}
`

func checkOperation(tb testing.TB, id string) *contract.Operation {
	tb.Helper()
	system := files()
	system["checks.yaml"] = system["shop.yaml"]
	system["checks.yaml"].Data = []byte(checkSpec)
	delete(system, "shop.yaml")
	return operation(tb, load(tb, system), "checks."+id)
}

// found are the problems in short: the name, "!" before a missing one, and the code after it.
func found(problems []contract.Problem) []string {
	var all []string
	for _, p := range problems {
		text := p.Name
		if p.Missing {
			text = "!" + text
		}
		if p.Code != "" {
			text += " " + p.Code
		}
		all = append(all, text)
	}
	return all
}

// reason is how the reasons of problems go on after the parameter's name.
var reason = regexp.MustCompile(`^(must |is |does not |has )`)

// checkSentence holds what a problem says to being one sentence about the parameter.
func checkSentence(t *testing.T, p contract.Problem) {
	t.Helper()
	if !reason.MatchString(p.Reason) || strings.Contains(p.Reason, "does not fit its description") && p.Name != "Document" {
		t.Errorf("the reason is %q", p.Reason)
	}
	if !strings.HasPrefix(p.Sentence(), "The ") || !strings.HasSuffix(p.Sentence(), ".") {
		t.Errorf("the sentence is %q", p.Sentence())
	}
}

// What a problem says names the parameter once, in a sentence.
func TestReasons(t *testing.T) {
	t.Parallel()
	typed, body := checkOperation(t, "Typed"), checkOperation(t, "Body")
	path := map[string]string{"Path": "p"}
	text := func(pairs ...string) contract.Values {
		all := map[string]string{"First": "abc", "Second": "x"}
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i]] = pairs[i+1]
		}
		return contract.Values{Text: all, Path: path}
	}
	for want, problems := range map[string][]contract.Problem{
		"The parameter Second is required and is absent or empty.":          second(typed.Check(text("Second", ""))),
		"The parameter Integer must be at least -5.":                        second(typed.Check(text("Integer", "-6"))),
		"The parameter Document.kind is required and is absent.":            second(typed.Check(text("Document", `{"size":1}`))),
		"The parameter Document.size must be an integer.":                   second(typed.Check(text("Document", `{"kind":"k","size":"x"}`))),
		"The parameter Document must be an object.":                         second(typed.Check(text("Document", `[]`))),
		"The parameter Flag must be true or false.":                         second(typed.Check(text("Flag", "x"))),
		"The body is required and is absent.":                               second(body.Check(contract.Values{})),
		"The parameter z is required and is absent.":                        second(body.Check(contract.Values{Body: []byte(`{"a":1}`)})),
		"The parameter a must be an integer.":                               second(body.Check(contract.Values{Body: []byte(`{"z":"z","a":"1"}`)})),
		"The parameter list must have at most 2 items.":                     second(body.Check(contract.Values{Body: []byte(`{"z":"z","a":1,"list":[1,2,3]}`)})),
		"The body is not JSON: invalid character 'a' looking for beginning": second(body.Check(contract.Values{Body: []byte(`a=b`)})),
	} {
		if len(problems) != 1 || !strings.HasPrefix(problems[0].Sentence(), want) {
			t.Errorf("%d problems, %+v, want %q", len(problems), problems, want)
		}
	}
}

func second(_ map[string]any, problems []contract.Problem) []contract.Problem { return problems }

func TestCheckOfText(t *testing.T) {
	t.Parallel()
	op := checkOperation(t, "Typed")
	with := func(pairs ...string) map[string]string {
		text := map[string]string{"First": "abc", "Second": "x"}
		for i := 0; i < len(pairs); i += 2 {
			text[pairs[i]] = pairs[i+1]
		}
		return text
	}
	for name, c := range map[string]struct {
		text   map[string]string
		params map[string]any // beside First, Second and Path
		want   []string
	}{
		"good":                   {with(), nil, nil},
		"unknown is ignored":     {with("Unknown", "x"), nil, nil},
		"in another case":        {with("flag", "x"), nil, nil},
		"empty is absent":        {with("Second", "", "Flag", ""), nil, []string{"!Second"}},
		"missing, spec's order":  {map[string]string{}, nil, []string{"!Second", "!First"}},
		"missing before wrong":   {map[string]string{"First": "ABC"}, nil, []string{"!Second", "First"}},
		"two rules of one":       {with("First", "ABCDE"), nil, []string{"First", "First"}},
		"wrong, spec's order":    {with("Flag", "x", "Integer", "x", "Number", "x"), nil, []string{"Integer", "Number", "Flag"}},
		"integer":                {with("Integer", "-5"), map[string]any{"Integer": int64(-5)}, nil},
		"integer with a plus":    {with("Integer", "+5"), map[string]any{"Integer": int64(5)}, nil},
		"integer too small":      {with("Integer", "-6"), nil, []string{"Integer"}},
		"integer in hex":         {with("Integer", "0x1"), nil, []string{"Integer"}},
		"integer with blanks":    {with("Integer", " 1"), nil, []string{"Integer"}},
		"integer with a point":   {with("Integer", "1.0"), nil, []string{"Integer"}},
		"integer beyond 64 bits": {with("Integer", "9223372036854775808"), nil, []string{"Integer"}},
		"int32":                  {with("Short", "2147483647"), map[string]any{"Short": int64(math.MaxInt32)}, nil},
		"int32 overflown":        {with("Short", "2147483648"), nil, []string{"Short"}},
		"number":                 {with("Number", "1e-3"), map[string]any{"Number": 0.001}, nil},
		"whole number":           {with("Number", "1.0"), map[string]any{"Number": int64(1)}, nil},
		"number too large":       {with("Number", "1.6"), nil, []string{"Number"}},
		"no number":              {with("Number", "NaN"), nil, []string{"Number"}},
		"infinite":               {with("Number", "-Inf"), nil, []string{"Number"}},
		"boolean":                {with("Flag", "False"), map[string]any{"Flag": false}, nil},
		"boolean as 1":           {with("Flag", "1"), nil, []string{"Flag"}},
		"own error":              {with("Owned", "x"), nil, []string{"Owned Own"}},
		"JSON":                   {with("Document", `{"kind":"k","size":1}`), map[string]any{"Document": map[string]any{"kind": "k", "size": int64(1)}}, nil},
		"JSON null":              {with("Document", `null`), nil, []string{"Document"}},
		"JSON null, good":        {with("Nothing", `null`), nil, nil},
		"JSON broken":            {with("Document", `{"kind":`), nil, []string{"Document"}},
		"JSON of another kind":   {with("Document", `[]`), nil, []string{"Document"}},
		"JSON, member missing":   {with("Document", `{"size":1}`), nil, []string{"!Document.kind"}},
		"JSON, both missing":     {with("Document", `{}`), nil, []string{"!Document.kind", "!Document.size"}},
		"JSON, missing before":   {with("Document", `{"size":"x"}`), nil, []string{"!Document.kind", "Document.size"}},
		"JSON, inner missing":    {with("Document", `{"kind":"k","size":1,"inner":{}}`), nil, []string{"!Document.inner.a"}},
		"JSON, unknown member":   {with("Document", `{"kind":"k","size":1,"x":1}`), nil, []string{"Document"}},
		"length in characters":   {with("First", "äöü"), nil, []string{"First"}},
		"not UTF-8":              {with("First", "\xff\xfe"), nil, []string{"First"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params, problems := op.Check(contract.Values{Text: c.text, Path: map[string]string{"Path": "p"}})
			if diff := cmp.Diff(c.want, found(problems)); diff != "" {
				t.Errorf("%s\n%+v", diff, problems)
			}
			for _, p := range problems {
				checkSentence(t, p)
			}
			if c.want != nil {
				return
			}
			want := map[string]any{"First": "abc", "Second": c.text["Second"], "Path": "p"}
			for name, value := range c.params {
				want[name] = value
			}
			if diff := cmp.Diff(want, params); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckOfPathAndHeader(t *testing.T) {
	t.Parallel()
	op := checkOperation(t, "Typed")
	text := map[string]string{"First": "abc", "Second": "x", "Path": "no path", "X-Head": "no header"}
	_, problems := op.Check(contract.Values{Text: text})
	if diff := cmp.Diff([]string{"!Path"}, found(problems)); diff != "" {
		t.Error(diff)
	}
	values := contract.Values{Text: text, Path: map[string]string{"Path": "p"}, Header: http.Header{"X-Head": {"on"}}}
	params, problems := op.Check(values)
	if problems != nil || params["X-Head"] != "on" || params["Path"] != "p" {
		t.Errorf("got %v, %v", params, problems)
	}
	values.Header.Set("X-Head", "maybe")
	if _, problems = op.Check(values); len(problems) != 1 || problems[0].Name != "X-Head" {
		t.Errorf("got %v", problems)
	}
}

func TestCheckOfBodies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id, body string
		params   map[string]any
		want     []string
	}{
		"good":                  {"Body", ` {"z":"x","a":1} `, map[string]any{"z": "x", "a": int64(1)}, nil},
		"unknown members pass":  {"Body", `{"z":"x","a":1,"y":null}`, map[string]any{"z": "x", "a": int64(1), "y": nil}, nil},
		"absent":                {"Body", "", nil, []string{"!body"}},
		"blank":                 {"Body", " \n", nil, []string{"!body"}},
		"broken":                {"Body", `{"z":}`, nil, []string{"body"}},
		"more than one":         {"Body", `{"z":"x","a":1}{}`, nil, []string{"body"}},
		"a list":                {"Body", `[]`, nil, []string{"body"}},
		"null":                  {"Body", `null`, nil, []string{"body"}},
		"missing, in order":     {"Body", `{}`, nil, []string{"!z", "!a"}},
		"missing before wrong":  {"Body", `{"z":1}`, nil, []string{"!a", "z"}},
		"wrong, in order":       {"Body", `{"list":"x","a":"y","z":1}`, nil, []string{"z", "a", "list"}},
		"inside a list":         {"Body", `{"z":"x","a":1,"list":[1,"x"]}`, nil, []string{"list.1"}},
		"too many":              {"Body", `{"z":"x","a":1,"list":[1,2,3]}`, nil, []string{"list"}},
		"whole number as float": {"Body", `{"z":"x","a":1.0}`, map[string]any{"z": "x", "a": int64(1)}, nil},
		"fraction":              {"Body", `{"z":"x","a":1.5}`, nil, []string{"a"}},
		"optional, absent":      {"Optional", "", map[string]any{}, nil},
		"optional, wrong":       {"Optional", `{"a":"x"}`, nil, []string{"a"}},
		"for replies only":      {"Nested", `{"secret":"x","id":"y"}`, nil, []string{"id"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params, problems := checkOperation(t, c.id).Check(contract.Values{Body: []byte(c.body)})
			if diff := cmp.Diff(c.want, found(problems)); diff != "" {
				t.Errorf("%s\n%+v", diff, problems)
			}
			if diff := cmp.Diff(c.params, params); c.want == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What counts as absent in a JSON document: null and, where the member is optional, empty text.
func TestAbsentMembers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sent   string
		params any
		want   []string
	}{
		"null":                      {`{"must":"x","may":null}`, map[string]any{"must": "x"}, nil},
		"null, a list":              {`{"must":"x","list":null}`, map[string]any{"must": "x"}, nil},
		"null, required":            {`{"must":null}`, nil, []string{"!must"}},
		"null, required, may be":    {`{"must":"x","nothing":{"value":null}}`, map[string]any{"must": "x", "nothing": map[string]any{"value": nil}}, nil},
		"null, not described":       {`{"must":"x","other":null}`, map[string]any{"must": "x", "other": nil}, nil},
		"null, inside":              {`{"must":"x","inner":{"may":null}}`, map[string]any{"must": "x", "inner": map[string]any{}}, nil},
		"null, inside and required": {`{"must":"x","strict":{"must":null}}`, nil, []string{"!strict.must"}},
		"null, inside a list":       {`{"must":"x","list":[{"may":null}]}`, map[string]any{"must": "x", "list": []any{map[string]any{}}}, nil},
		"null, an element":          {`{"must":"x","list":[null]}`, nil, []string{"list.0"}},
		"null, of a part":           {`{"must":"x","part":null}`, map[string]any{"must": "x"}, nil},
		"empty":                     {`{"must":"x","may":""}`, map[string]any{"must": "x"}, nil},
		"empty, inside":             {`{"must":"x","inner":{"may":""}}`, map[string]any{"must": "x", "inner": map[string]any{}}, nil},
		"empty, required":           {`{"must":""}`, nil, []string{"must"}},
		"blank is not empty":        {`{"must":"x","may":" "}`, nil, []string{"may"}},
		"a number is no text":       {`{"must":1}`, nil, []string{"must"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			params, problems := checkOperation(t, "Absent").Check(contract.Values{Body: []byte(c.sent)})
			if diff := cmp.Diff(c.want, found(problems)); diff != "" {
				t.Fatalf("%s\n%+v", diff, problems)
			}
			if diff := cmp.Diff(c.params, any(params)); c.want == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Where a provider takes a number for text, the text is the number as it was written.
func TestNumbersAsText(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]map[string]any{
		`{"must":7}`:                         {"must": "7"},
		`{"must":-1.50}`:                     {"must": "-1.50"},
		`{"must":202209135274312106000}`:     {"must": "202209135274312106000"},
		`{"must":"7","inner":{"may":1}}`:     {"must": "7", "inner": map[string]any{"may": "1"}},
		`{"must":"7","count":1.0,"other":2}`: {"must": "7", "count": int64(1), "other": int64(2)},
		`{"must":"7","list":[{"may":3}]}`:    {"must": "7", "list": []any{map[string]any{"may": "3"}}},
		`{"must":true}`:                      nil,
		`{"must":[7]}`:                       nil,
		`{"must":{}}`:                        nil,
	} {
		t.Run(sent, func(t *testing.T) {
			t.Parallel()
			params, problems := checkOperation(t, "Absent").Check(contract.Values{Body: []byte(sent), NumbersAsText: true})
			if want == nil {
				if diff := cmp.Diff([]string{"must"}, found(problems)); diff != "" {
					t.Error(diff)
				}
				return
			}
			if diff := cmp.Diff(want, params); problems != nil || diff != "" {
				t.Errorf("%v %s", problems, diff)
			}
		})
	}
}

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want any
		err  string // empty for none
	}{
		"object":        {`{"a":[1,2.5,"x",true,null]}`, map[string]any{"a": []any{int64(1), 2.5, "x", true, nil}}, ""},
		"blanks":        {" 1\n", int64(1), ""},
		"largest":       {"9223372036854775807", int64(math.MaxInt64), ""},
		"beyond int64":  {"9223372036854775808", 9223372036854775808.0, ""},
		"beyond float":  {"1e999", "1e999", ""},
		"exponent":      {"6e2", int64(600), ""},
		"point":         {"600.0", int64(600), ""},
		"both":          {"-60.00E+1", int64(-600), ""},
		"shifted":       {"60000e-2", int64(600), ""},
		"minus nothing": {"-0.0", int64(0), ""},
		"in a list":     {"[[1.0,{\"a\":2e0}]]", []any{[]any{int64(1), map[string]any{"a": int64(2)}}}, ""},
		"fraction":      {"6.5e0", 6.5, ""},
		"tiny":          {"1e-9", 1e-9, ""},
		"whole, beyond": {"-1e19", -1e19, ""},
		"empty":         {"", nil, "ends too early"},
		"cut":           {`{"a":`, nil, "ends too early"},
		"broken":        {`{"a" 1}`, nil, "at byte 6"},
		"word":          {"hello", nil, "at byte 1"},
		"more":          {`{} x`, nil, "more text follows the value at byte "},
		"two":           {`1 2`, nil, "more text follows"},
		"deep":          {strings.Repeat("[", 20000), nil, "nested more than 64 deep"},
		"one too deep":  {strings.Repeat("[", 65) + strings.Repeat("]", 65), nil, "nested more than 64 deep"},
		"just too wide": {"[" + strings.Repeat("0,", 50_000) + "0]", nil, "more than 50000 values"},
		"marks in text": {`"` + strings.Repeat(`\"[{,`, 60_000) + `"`, strings.Repeat(`"[{,`, 60_000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := contract.DecodeJSON([]byte(c.text))
			if c.err != "" {
				wantError(t, err, "is not JSON", c.err)
				return
			}
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestCheckReply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id     string
		status int
		value  any
		want   string // in the error; empty for none
	}{
		"good":              {"Typed", 200, map[string]any{"ok": true, "more": 1}, ""},
		"member missing":    {"Typed", 200, map[string]any{}, `"ok"`},
		"wrong type":        {"Typed", 200, map[string]any{"ok": "yes"}, "/ok"},
		"own status":        {"Typed", 404, []any{"x"}, ""},
		"own status, wrong": {"Typed", 404, "x", "array"},
		"default":           {"Typed", 500, "x", ""},
		"default, wrong":    {"Typed", 500, map[string]any{}, "string"},
		"no such status":    {"Optional", 500, "x", "no reply with status 500"},
		"null":              {"Typed", 200, nil, "breaks the spec"},
		"an object":         {"Typed", 200, wire.Object{{Name: "ok", Value: true}, {Name: "more", Value: 1}}, ""},
		"an object, wrong":  {"Typed", 200, wire.Object{{Name: "ok", Value: "yes"}}, "/ok"},
		"objects inside":    {"Nested", 200, wire.Object{{Name: "list", Value: wire.List{Item: "entry", Values: []any{wire.Object{{Name: "n", Value: 1}}}}}}, ""},
		"wrong, far inside": {"Nested", 200, wire.Object{{Name: "list", Value: wire.List{Item: "entry", Values: []any{wire.Object{{Name: "n", Value: "x"}}}}}}, "/list/entry/0/n"},
		"for requests only": {"Nested", 200, wire.Object{{Name: "secret", Value: "x"}}, "/secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkOperation(t, c.id).CheckReply(c.status, c.value)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, "checks."+c.id, c.want)
		})
	}
}

// TestRepliesAfterAGoodOne: a reply is not good because the one before it was.
func TestRepliesAfterAGoodOne(t *testing.T) {
	t.Parallel()
	const (
		members = `properties: {id: {type: string}, n: {type: integer}}`
		plain   = `{type: object, required: [id], ` + members + `}`
		named   = `{type: object, required: [id, n], ` + members + `}`
		closed  = `{type: object, additionalProperties: false, ` + members + `}`
		filled  = `{type: object, properties: {id: {type: string, minLength: 1}, n: {type: string, minLength: 2}}}`
		chosen  = `{type: object, properties: {id: {type: string, enum: [a, b]}}}`
		ok      = `{type: object, required: [ok], properties: {ok: {type: boolean}}}`
	)
	object := func(members ...any) wire.Object {
		var o wire.Object
		for i := 0; i < len(members); i += 2 {
			o = append(o, wire.Member{Name: members[i].(string), Value: members[i+1]})
		}
		return o
	}
	for name, c := range map[string]struct {
		schema string
		good   wire.Object
		value  any
		want   string
	}{
		"the same":         {plain, object("id", "a", "n", 1), object("id", "b", "n", int64(2)), ""},
		"another type":     {plain, object("id", "a", "n", 1), object("id", "a", "n", "1"), "/n"},
		"a truth value":    {plain, object("id", "a", "n", 1), object("id", true, "n", 1), "/id"},
		"null":             {plain, object("id", "a", "n", 1), object("id", nil, "n", 1), "/id"},
		"a list":           {plain, object("id", "a", "n", 1), object("id", []any{}, "n", 1), "/id"},
		"one less":         {named, object("id", "a", "n", 1), object("id", "a"), "/n"},
		"one renamed":      {named, object("id", "a", "n", 1), object("id", "a", "m", 1), "/n"},
		"one more":         {closed, object("id", "a"), object("id", "a", "x", "b"), "x"},
		"no object":        {plain, object("id", "a"), []any{"a"}, "must be an object"},
		"an empty text":    {filled, object("id", "a"), object("id", ""), "/id"},
		"a short text":     {filled, object("n", "ab"), object("n", "a"), "/n"},
		"a value excluded": {chosen, object("id", "a"), object("id", "c"), "/id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := strings.Replace(checkSpec, ok, c.schema, 1)
			op := operation(t, load(t, fstest.MapFS{
				"gateways/acs.yaml": {Data: []byte(gatewaySpec)}, "checks.yaml": {Data: []byte(spec)},
			}), "checks.Typed")
			for range 2 {
				if err := op.CheckReply(http.StatusOK, c.good); err != nil {
					t.Fatal(err)
				}
			}
			err := op.CheckReply(http.StatusOK, c.value)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, c.want)
		})
	}
}

// TestRefusals: what an operation does not describe is held to the envelope of its gateway.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const refusal = `components: {schemas: {Refusal: {type: object, additionalProperties: false, required: [fault],
  properties: {fault: {type: object, required: [code], properties: {code: {type: integer}}}}}}}`
	load := func(status string) func(id string) *contract.Operation {
		gateway := strings.Replace(gatewaySpec, "status: 500, message: Of the gateway", "status: "+status+", message: x", 1) + refusal
		catalogue := load(t, fstest.MapFS{
			"gateways/acs.yaml": {Data: []byte(gateway)}, "checks.yaml": {Data: []byte(checkSpec)},
		})
		return func(id string) *contract.Operation { return operation(t, catalogue, "checks."+id) }
	}
	apart, shared := load("500"), load("200")
	good, bad := map[string]any{"fault": map[string]any{"code": 1}}, map[string]any{"fault": map[string]any{}}
	for name, c := range map[string]struct {
		op    *contract.Operation
		code  int
		value any
		want  string // in the error; empty for none
	}{
		"a refusal":                {apart("Optional"), 500, good, ""},
		"an object":                {apart("Optional"), 500, wire.Object{{Name: "fault", Value: wire.Object{{Name: "code", Value: 1}}}}, ""},
		"a refusal, wrong":         {apart("Optional"), 500, bad, "/fault/code"},
		"of a status not listed":   {apart("Optional"), 418, good, ""},
		"of the operation's own":   {apart("Typed"), 404, []any{"x"}, ""},
		"own wins":                 {apart("Typed"), 404, good, "array"},
		"a success":                {apart("Typed"), 200, map[string]any{"ok": true}, ""},
		"no success":               {apart("Typed"), 200, good, `"ok"`},
		"shared, a success":        {shared("Typed"), 200, map[string]any{"ok": true}, ""},
		"shared, a wrong success":  {shared("Typed"), 200, map[string]any{"ok": 1}, "/ok"},
		"shared, a refusal":        {shared("Typed"), 200, good, ""},
		"shared, a wrong refusal":  {shared("Typed"), 200, bad, "/fault/code"},
		"shared, neither":          {shared("Typed"), 200, map[string]any{}, `"ok"`},
		"shared, a list":           {shared("Typed"), 200, []any{}, "object"},
		"beside the own, any more": {shared("Typed"), 200, map[string]any{"fault": 1, "ok": true}, "/fault"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.op.CheckReply(c.code, c.value)
			if c.want != "" {
				wantError(t, err, c.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestFormsOfParameters are types and limits in words, as docs/fidelity.md lists them.
func TestFormsOfParameters(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, m := range checkOperation(t, "Typed").Parameters() {
		got[m.Name] = m.Form
	}
	for name, want := range map[string]string{
		"Integer": "integer, at least -5, at most 5", "Number": "number, at most 1.5", "Short": "integer, int32",
		"First": "string, 2 to 4 characters, pattern ^[a-z]+$", "X-Head": `string, one of "on", "off"`,
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}
