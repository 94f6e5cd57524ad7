package gateway_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const gatewaySpec = `openapi: 3.0.3
info: {title: Gateway, version: "1"}
x-gateway: acs
paths: {}
x-errors:
  - {code: NotFound, status: 404, message: Not found., meaning: m, evidence: "choice: a test"}
  - {code: Missing%s, status: 400, message: "%s is mandatory.", detail: "about %s", meaning: m, evidence: "choice: a test"}
  - {code: InternalError, status: 500, message: The gateway failed., meaning: m, evidence: "choice: a test"}
`

const shopSpec = `openapi: 3.0.3
info: {title: Shop, version: "1"}
x-gateway: acs
x-errors:
  - {code: InternalError, status: 500, message: The product failed., meaning: m, evidence: "choice: a test"}
paths:
  /plain:
    post:
      operationId: Plain
      parameters:
        - {name: A, in: query, required: true, schema: {type: string}}
        - {name: N, in: query, schema: {type: integer, minimum: 3}}
        - {name: P, in: query, schema: {type: boolean}, x-invalid: NotFound}
      responses: {default: {description: d, content: {application/json: {schema: {type: object}}}}}
  /picky:
    post:
      operationId: Picky
      x-invalid: Bad
      x-missing: Absent.%s
      x-errors:
        - {code: Bad, status: 422, message: Bad., meaning: m, evidence: "choice: a test"}
        - {code: Absent.%s, status: 400, message: "Nothing in %s.", meaning: m, evidence: "choice: a test"}
      responses: {default: {description: d, content: {application/json: {schema: {type: object}}}}}
`

func load(tb testing.TB) *contract.Catalogue {
	tb.Helper()
	catalogue, err := contract.Load(fstest.MapFS{
		"gateways/acs.yaml": {Data: []byte(gatewaySpec)}, "shop.yaml": {Data: []byte(shopSpec)},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return catalogue
}

func operation(tb testing.TB, catalogue *contract.Catalogue, id string) *contract.Operation {
	tb.Helper()
	for _, op := range catalogue.API("shop").Operations {
		if op.ID == id {
			return op
		}
	}
	tb.Fatalf("no operation %s", id)
	return nil
}

func TestValidate(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t), "Plain")
	for name, c := range map[string]struct {
		text   map[string]string
		kind   wire.Kind // empty for a good call
		code   string
		fill   string
		checks []string
	}{
		"good":          {map[string]string{"A": "a", "N": "3"}, "", "", "", nil},
		"missing":       {map[string]string{}, wire.MissingParameter, "", "A", []string{"parameter A"}},
		"invalid":       {map[string]string{"A": "a", "N": "2"}, wire.InvalidParameter, "", "N", []string{"parameter N"}},
		"missing first": {map[string]string{"N": "x"}, wire.MissingParameter, "", "A", []string{"parameter A", "parameter N"}},
		"own error":     {map[string]string{"A": "a", "P": "maybe"}, wire.Documented, "NotFound", "P", []string{"parameter P"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := &wire.Call{}
			err := gateway.Validate(op, call, contract.Values{Text: c.text})
			if call.Params == nil {
				t.Error("no params were set")
			}
			if c.kind == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var fault *wire.Fault
			if !errors.As(err, &fault) || fault.Kind != c.kind || fault.Code != c.code || fault.Fill[0] != c.fill {
				t.Fatalf("got %v", err)
			}
			var checks []string
			for _, finding := range fault.Findings {
				checks = append(checks, finding.Check)
				if finding.Level != wire.LevelError || finding.Message == "" || finding.Expected == "" {
					t.Errorf("finding %+v", finding)
				}
			}
			if diff := cmp.Diff(c.checks, checks); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValidateSetsTypedParams(t *testing.T) {
	t.Parallel()
	call := &wire.Call{}
	values := contract.Values{Text: map[string]string{"A": "7", "N": "7", "P": "TRUE", "Q": "unknown"}}
	if err := gateway.Validate(operation(t, load(t), "Plain"), call, values); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"A": "7", "N": int64(7), "P": true}, call.Params); diff != "" {
		t.Error(diff)
	}
}
