package contract_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// gatewaySpec and shopSpec are good documents. Their comments mark places that tests fill in.
const gatewaySpec = `openapi: 3.0.3
info: {title: Test gateway, version: "1"}
x-gateway: acs
#gateway
x-errors:
  #gatewayErrors
  - {code: Shared, status: 500, message: Of the gateway., meaning: m, evidence: "choice: a test"}
  - {code: Missing%s, status: 400, message: "%s is absent.", meaning: m, evidence: "choice: a test"}
x-checks:
  - {name: order, rule: First things first., evidence: "page: a test"}
paths: {}
`

const shopSpec = `openapi: 3.0.3
info:
  title: Shop
  version: "2"
  description: Sells things.
  #info
x-gateway: acs
x-product: Shop
x-version: "2026-01-01"
x-invalid: Bad
#root
x-errors:
  - {code: Shared, status: 503, message: Of the API., meaning: m, evidence: "observed: a test"}
  - {code: Bad, status: 422, message: "%s is bad.", meaning: m, evidence: "choice: a test"}
paths:
  #paths
  /items/{id}:
    #path
    get:
      operationId: ItemGet
      parameters:
        - name: id
          in: path
          required: true
          schema: {type: string}
      responses:
        default: {$ref: "#/components/responses/Anything"}
  /#Action=ItemPut:
    post:
      operationId: ItemPut
      summary: Put an item.
      description: Puts it there.
      x-action: ItemPut
      x-methods: [GET, POST]
      x-evidence: "captured: a test"
      x-quota: {rate: 5/s, error: Busy, evidence: "page: a test"}
      #operation
      x-errors:
        #operationErrors
        - {code: Busy, status: 429, message: Later., meaning: m, evidence: "page: a test"}
      x-checks:
        #operationChecks
        - {name: form, rule: It must be round., evidence: "choice: a test"}
      parameters:
        - name: Color
          in: query
          required: true
          description: What it looks like.
          x-evidence: "page: a test"
          #parameter
          schema:
            type: string
            enum: [red, green]
            #parameterSchema
        - name: Filter
          in: query
          content:
            application/json:
              #parameterContent
              schema:
                type: object
                required: [kind]
                properties:
                  kind: {type: string}
      requestBody:
        #body
        content:
          application/x-www-form-urlencoded:
            #form
            schema:
              type: object
              required: [Size, Weight]
              properties:
                Weight: {type: number, minimum: 1}
                Size:
                  type: integer
                  maximum: 9
                  x-invalid: Busy
                  #formMember
                Tags:
                  type: array
                  items: {type: string}
            encoding:
              Tags:
                contentType: application/json
                #encoding
      responses:
        #responses
        "200":
          description: Done.
          x-evidence: "page: a test"
          #response
          headers:
            X-Left:
              #header
              schema: {type: integer}
          content:
            application/json:
              #replyContent
              schema:
                type: object
                required: [ok]
                properties:
                  ok: {type: boolean}
                  list:
                    type: array
                    items:
                      type: object
                      #items
                  parts:
                    allOf:
                      - type: object
                        #part
                  map:
                    type: object
                    additionalProperties:
                      type: string
                      #additional
              examples:
                first:
                  value: {ok: true}
                  #example
        default: {$ref: "#/components/responses/Anything"}
components:
  #components
  responses:
    Anything:
      description: Anything.
      #componentResponse
      content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
  schemas:
    Thing:
      type: object
      #componentSchema
    Unused:
      type: object
      #unusedSchema
`

// filled puts texts where the documents have marks: pairs of mark and text.
func filled(document string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		document = strings.Replace(document, "#"+pairs[i]+"\n", pairs[i+1]+"\n", 1)
	}
	return document
}

// files are the good documents with the marks of both filled in.
func files(pairs ...string) fstest.MapFS {
	return fstest.MapFS{
		"gateways/acs.yaml": {Data: []byte(filled(gatewaySpec, pairs...))},
		"shop.yaml":         {Data: []byte(filled(shopSpec, pairs...))},
	}
}

func load(tb testing.TB, systems ...fstest.MapFS) *contract.Catalogue {
	tb.Helper()
	all := fstest.MapFS{}
	for _, system := range systems {
		for name, file := range system {
			all[name] = file
		}
	}
	catalogue, err := contract.Load(all)
	if err != nil {
		tb.Fatal(err)
	}
	return catalogue
}

func operation(tb testing.TB, catalogue *contract.Catalogue, name string) *contract.Operation {
	tb.Helper()
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			if op.Name == name {
				return op
			}
		}
	}
	tb.Fatalf("no operation %s", name)
	return nil
}

// wantError fails the test unless the error names all of that.
func wantError(tb testing.TB, err error, parts ...string) {
	tb.Helper()
	if err == nil {
		tb.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			tb.Errorf("got %q, want it to name %q", err, part)
		}
	}
}
