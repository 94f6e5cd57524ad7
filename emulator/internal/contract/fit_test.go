package contract_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// twinSpec describes one reply twice: as it is, and in a form that says the same and that only kin-openapi reads.
const twinSpec = `openapi: 3.0.3
info: {title: Twins, version: "1"}
x-gateway: acs
paths:
  /quick:
    get:
      operationId: Quick
      responses: {default: {description: d, content: {application/json: {schema: %[1]s}}}}
  /slow:
    get:
      operationId: Slow
      responses: {default: {description: d, content: {application/json: {schema: {allOf: [%[1]s]}}}}}
`

// FuzzTwins: what is judged quickly is judged as kin-openapi would.
func FuzzTwins(f *testing.F) {
	schemas := []string{
		`{type: string}`, `{type: string, enum: [a, b]}`, `{type: string, minLength: 2, maxLength: 3}`,
		`{type: string, pattern: "^x+$"}`, `{type: string, pattern: "\\u0041"}`, `{type: string, format: date-time}`,
		`{type: string, nullable: true}`, `{type: integer, format: int64, minimum: 1, maximum: 9}`,
		`{type: integer, format: int32}`, `{type: integer, enum: [1, 2]}`, `{type: number, maximum: 2.5}`,
		`{type: boolean}`, `{type: array, items: {type: string}, minItems: 1, maxItems: 2}`, `{type: array, items: {}}`,
		`{type: array, uniqueItems: true, items: {type: integer}}`, `{type: object}`,
		`{type: object, required: [a], properties: {a: {type: string}, b: {type: object, required: [c]}}}`,
		`{type: object, additionalProperties: false, properties: {a: {type: integer}}, minProperties: 1}`,
		`{type: object, additionalProperties: {type: integer}, maxProperties: 1}`,
		`{type: object, properties: {a: {type: string, readOnly: true}, b: {type: string, writeOnly: true}}, required: [b]}`,
		`{type: object, properties: {a: {oneOf: [{type: string}, {type: integer}]}}}`, `{enum: [a]}`, `{not: {type: string}}`,
	}
	for i := range schemas {
		for _, value := range []string{
			`"a"`, `"xx"`, `"\u4e2d\ud83d\ude00"`, `"2026-01-01T00:00:00Z"`, `1`, `2.5`, `10`, `9007199254740993`, `4294967296`,
			`true`, `null`, `[]`, `["a"]`, `[1,1]`, `[1,2,3]`, `{}`, `{"a":"x"}`, `{"a":1}`, `{"a":1,"b":{"c":null}}`,
			`{"a":"x","b":{}}`, `{"b":"x"}`, `{"c":2}`, `{"b":["x"]}`, `{"a":[]}`,
		} {
			f.Add(uint(i), value)
		}
	}
	twins := make([][2]*contract.Operation, len(schemas))
	for i, schema := range schemas {
		catalogue := load(f, fstest.MapFS{
			"gateways/acs.yaml": {Data: []byte(gatewaySpec)}, "twins.yaml": {Data: fmt.Appendf(nil, twinSpec, schema)},
		})
		twins[i] = [2]*contract.Operation{operation(f, catalogue, "twins.Quick"), operation(f, catalogue, "twins.Slow")}
	}
	f.Fuzz(func(t *testing.T, schema uint, text string) {
		value, err := contract.DecodeJSON([]byte(text))
		if err != nil {
			return
		}
		schema %= uint(len(schemas))
		slow := twins[schema][1].CheckReply(http.StatusOK, value)
		for form, value := range map[string]any{"maps": value, "objects": objects(value)} {
			quick := twins[schema][0].CheckReply(http.StatusOK, value)
			if (quick == nil) != (slow == nil) {
				shown, _ := json.Marshal(value)
				t.Errorf("%s as %s for %s: %v, and by kin-openapi %v", shown, form, schemas[schema], quick, slow)
			}
		}
	})
}

// objects is a JSON value as gateways reply with it.
func objects(value any) any {
	switch v := value.(type) {
	case map[string]any:
		object := make(wire.Object, 0, len(v))
		for name, member := range v {
			if list, ok := member.([]any); ok && len(v) == 1 {
				return wire.List{Item: name, Values: objects(list).([]any)}
			}
			object = append(object, wire.Member{Name: name, Value: objects(member)})
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = objects(element)
		}
		return list
	}
	return value
}
