package contract_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("east", 3600))

// sampled is an operation whose successful reply has that schema, given as YAML in flow style, and media members.
func sampled(tb testing.TB, schema, media, components string) *contract.Operation {
	tb.Helper()
	document := `openapi: 3.0.3
info: {title: Samples, version: "1"}
x-gateway: acs
paths:
  /x:
    get:
      operationId: X
      responses:
        "200":
          description: d
          content:
            application/json:
              schema: ` + schema + "\n" + media
	if components != "" {
		document += "\ncomponents:\n  schemas:\n" + components
	}
	return operation(tb, load(tb, fstest.MapFS{
		"gateways/acs.yaml": {Data: []byte(gatewaySpec)}, "samples.yaml": {Data: []byte(document)},
	}), "samples.X")
}

func sample(op *contract.Operation, seed uint64) any {
	return op.Sample(rand.New(rand.NewPCG(seed, 0)), noon)
}

const sampleComponents = `    Tree:
      type: object
      required: [label]
      properties:
        label: {type: string, minLength: 1}
        left: {$ref: "#/components/schemas/Tree"}
        children: {type: array, items: {$ref: "#/components/schemas/Tree"}}
    Base: {type: object, required: [id], properties: {id: {type: integer}, name: {type: string}}}
    Code: {type: string, pattern: "^[A-Z]{3}-[0-9]{2,4}$"}
    Mixed:
      allOf:
        - {required: [late]}
        - $ref: "#/components/schemas/Base"
        - {properties: {late: {type: boolean}}}
        - {oneOf: [{type: object, required: [alternative], properties: {alternative: {type: number}}}]}
`

// TestSamplesFit: fake data fits the schema it was made for, whatever the seed.
func TestSamplesFit(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]string{
		"object":                 `{type: object, required: [a], properties: {a: {type: string}, b: {type: integer}, c: {type: boolean}}}`,
		"empty":                  `{}`,
		"enum":                   `{type: object, required: [a, b], properties: {a: {type: string, enum: [x, "y z"]}, b: {type: integer, enum: [3, 7]}}}`,
		"patterns":               `{type: object, required: [a, b], properties: {a: {type: string, pattern: "^[0-9]+$"}, b: {type: string, pattern: "^(ab|cd)*x?[^a-z]$"}}}`,
		"formats":                `{type: object, required: [a, b, c, d, e, f, g, h, fullName], properties: {fullName: {type: string, format: byte}, a: {type: string, format: date-time}, b: {type: string, format: date}, c: {type: string, format: uuid}, d: {type: string, format: byte}, e: {type: string, format: ipv4}, f: {type: string, format: ipv6}, g: {type: string, format: email}, h: {type: string, format: uri}}}`,
		"unknown format":         `{type: object, required: [a], properties: {a: {type: string, format: shoe-size, maxLength: 3}}}`,
		"lengths":                `{type: object, required: [name, token], properties: {name: {type: string, minLength: 40, maxLength: 41}, token: {type: string, maxLength: 4}}}`,
		"integers":               `{type: object, required: [a, b, c, d], properties: {a: {type: integer, minimum: -3, maximum: -1}, b: {type: integer, minimum: 5000}, c: {type: integer, maximum: -5000}, d: {type: integer, minimum: 2, maximum: 2}}}`,
		"integer ends left out":  `{type: object, required: [a], properties: {a: {type: integer, minimum: 1, maximum: 3, exclusiveMinimum: true, exclusiveMaximum: true}}}`,
		"integer between halves": `{type: object, required: [a], properties: {a: {type: integer, minimum: 0.5, maximum: 1.5}}}`,
		"multiples":              `{type: object, required: [a, b, c], properties: {a: {type: integer, multipleOf: 7, minimum: 1, maximum: 20}, b: {type: number, multipleOf: 0.5, maximum: 3}, c: {type: integer, multipleOf: 5000}}}`,
		"multiples without end":  `{type: object, required: [a], properties: {a: {type: integer, multipleOf: 10, minimum: 10, maximum: 30, exclusiveMinimum: true, exclusiveMaximum: true}}}`,
		"numbers":                `{type: object, required: [a, b, c], properties: {a: {type: number, minimum: 0, maximum: 1}, b: {type: number}, c: {type: number, maximum: -7.5}}}`,
		"number ends left out":   `{type: object, required: [a], properties: {a: {type: number, minimum: 0, maximum: 0.001, exclusiveMinimum: true, exclusiveMaximum: true}}}`,
		"nested lists":           `{type: object, required: [a], properties: {a: {type: array, minItems: 2, items: {type: array, items: {type: object, required: [x], properties: {x: {type: integer}}}}}}}`,
		"list without room":      `{type: object, required: [a], properties: {a: {type: array, maxItems: 0, items: {type: string}}}}`,
		"list at the top":        `{type: array, minItems: 3, items: {type: boolean}}`,
		"oneOf":                  `{oneOf: [{type: object, required: [a], properties: {a: {type: string}}}, {type: object, required: [b], properties: {b: {type: string}}}]}`,
		"anyOf beside members":   `{type: object, required: [own], properties: {own: {type: integer}}, anyOf: [{type: object, required: [a], properties: {a: {type: string}}}]}`,
		"allOf":                  `{allOf: [{$ref: "#/components/schemas/Base"}, {type: object, required: [more], properties: {more: {type: string}}}]}`,
		"allOf beside members":   `{type: object, required: [own], properties: {own: {type: integer}}, allOf: [{$ref: "#/components/schemas/Base"}]}`,
		"allOf mixed":            `{$ref: "#/components/schemas/Mixed"}`,
		"allOf of a text":        `{type: object, required: [a], properties: {a: {allOf: [{$ref: "#/components/schemas/Code"}], description: d}}}`,
		"allOf of limits":        `{type: object, required: [a], properties: {a: {allOf: [{description: d}, {type: integer, minimum: 5, maximum: 6}]}}}`,
		"recursion":              `{$ref: "#/components/schemas/Tree"}`,
		"required, undescribed":  `{type: object, required: [a, b]}`,
		"required of any name":   `{type: object, required: [a], additionalProperties: {type: integer, minimum: 2}}`,
		"never sent":             `{type: object, required: [a], properties: {a: {type: string}, secret: {type: string, writeOnly: true}}}`,
		"closed":                 `{type: object, additionalProperties: false, properties: {a: {type: string}}}`,
		"nullable":               `{type: object, required: [a], properties: {a: {type: string, nullable: true}}}`,
		"example inside":         `{type: object, required: [a], properties: {a: {type: string, example: as written}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op := sampled(t, schema, "", sampleComponents)
			for seed := range uint64(200) {
				value := sample(op, seed)
				if err := op.CheckReply(200, value); err != nil {
					t.Fatalf("seed %d: %v\n%v", seed, err, value)
				}
				if diff := cmp.Diff(value, sample(op, seed)); diff != "" {
					t.Fatalf("seed %d gives two samples: %s", seed, diff)
				}
			}
		})
	}
}

// A schema that requires itself has no finite value: what comes is finite all the same, and CheckReply says so.
func TestSampleOfAnEndlessSchema(t *testing.T) {
	t.Parallel()
	op := sampled(t, `{$ref: "#/components/schemas/Endless"}`, "", `    Endless:
      type: object
      required: [next, other]
      properties:
        next: {$ref: "#/components/schemas/Endless"}
        other: {type: array, minItems: 1, items: {$ref: "#/components/schemas/Endless"}}
`)
	if err := op.CheckReply(200, sample(op, 1)); err == nil {
		t.Error("the sample fits a schema that nothing fits")
	}
}

func TestSamplesVary(t *testing.T) {
	t.Parallel()
	op := sampled(t, `{type: object, required: [a, b], properties: {a: {type: integer, minimum: 1, maximum: 3}, b: {type: number, minimum: 0, maximum: 1}}}`, "", "")
	drawn, between := map[any]bool{}, map[any]bool{}
	for seed := range uint64(200) {
		value := sample(op, seed).(map[string]any)
		drawn[value["a"]] = true
		between[value["b"]] = true
	}
	if len(drawn) != 3 || len(between) < 100 {
		t.Errorf("drew %v, and %d numbers between 0 and 1", drawn, len(between))
	}
}

// An example of the document wins over fake data: the reply's own, its first named one, or the schema's.
func TestExampleWins(t *testing.T) {
	t.Parallel()
	const schema = `{type: object, properties: {a: {type: string}}`
	for name, c := range map[string]struct{ schema, media string }{
		"of the reply":  {schema + "}", "              example: {a: written}"},
		"first by name": {schema + "}", "              examples: {b: {value: {a: no}}, a: {value: {a: written}}}"},
		"of the schema": {schema + ", example: {a: written}}", ""},
		"of a member":   {`{type: object, properties: {a: {type: string, example: written}}}`, ""},
		"reply first":   {schema + ", example: {a: no}}", "              example: {a: written}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op := sampled(t, c.schema, c.media, "")
			for seed := range uint64(3) {
				if diff := cmp.Diff(map[string]any{"a": "written"}, sample(op, seed)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// Fake members read like what their names promise.
func TestSampleNames(t *testing.T) {
	t.Parallel()
	const number = `[0-9]{1,3}`
	uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	ip := regexp.MustCompile(`^` + strings.Repeat(number+`\.`, 3) + number + `$`)
	word := regexp.MustCompile(`^[a-z]+$`)
	var members []string
	want := map[string]*regexp.Regexp{
		"clientIp": ip, "client_ip": ip, "IP": ip, "userId": uuid, "accessToken": uuid,
		"downloadUrl": regexp.MustCompile(`^https?://`), "endpoint": regexp.MustCompile(`^https?://`),
		"displayName": regexp.MustCompile(`^[A-Z][a-z]+ [A-Z]`), "errMessage": regexp.MustCompile(` .*\.$`),
		"description": regexp.MustCompile(` .*\.$`), "zip": word, "shipment": word, "color": word,
	}
	for name := range want {
		members = append(members, fmt.Sprintf("%s: {type: string}", name))
	}
	op := sampled(t, `{type: object, properties: {`+strings.Join(members, ", ")+`}}`, "", "")
	value := sample(op, 1).(map[string]any)
	for name, form := range want {
		if text, _ := value[name].(string); !form.MatchString(text) {
			t.Errorf("%s is %q", name, text)
		}
	}
}

// Instants are the sandbox's, in UTC.
func TestSampleTimes(t *testing.T) {
	t.Parallel()
	op := sampled(t, `{type: object, properties: {at: {type: string, format: date-time}, day: {type: string, format: date}}}`, "", "")
	want := map[string]any{"at": "2026-03-01T11:00:00Z", "day": "2026-03-01"}
	if diff := cmp.Diff(want, sample(op, 1)); diff != "" {
		t.Error(diff)
	}
}

func TestRequestExample(t *testing.T) {
	t.Parallel()
	system := files()
	system["shop.yaml"].Data = []byte(`openapi: 3.0.3
info: {title: Shop, version: "1"}
x-gateway: acs
paths:
  /x:
    post:
      operationId: X
      parameters:
        - {name: Text, in: query, schema: {type: string, example: a b}}
        - {name: Number, in: query, required: true, example: 7, schema: {type: integer, example: 8}}
        - {name: Head, in: header, required: true, schema: {type: string}}
        - name: Document
          in: query
          required: true
          content: {application/json: {example: {b: 1, a: [1]}, schema: {type: object, required: [a, b]}}}
        - {name: None, in: query, required: true, schema: {type: string}}
      requestBody:
        content:
          application/json: {example: {z: 1, y: x}, schema: {type: object, required: [z, y]}}
      responses: {default: {description: d, content: {application/json: {schema: {type: object}}}}}
`)
	op := operation(t, load(t, system), "shop.X")
	text, body, err := op.RequestExample()
	if err != nil || string(body) != `{"y":"x","z":1}` {
		t.Errorf("got %s, %v", body, err)
	}
	if diff := cmp.Diff(map[string]string{"Text": "a b", "Number": "7", "Document": `{"a":[1],"b":1}`}, text); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Number", "Document", "Document.a", "Document.b", "None", "z", "y"}, op.Required()); diff != "" {
		t.Error(diff)
	}
}
