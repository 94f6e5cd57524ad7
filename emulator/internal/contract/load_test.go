package contract_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/openapi"
)

// A slip of the pen in a spec is loud, wherever it is.
func TestUnknownExtensions(t *testing.T) {
	t.Parallel()
	for mark, place := range map[string]string{
		"gateway":           "gateways/acs.yaml: the document",
		"root":              "shop.yaml: the document",
		"info":              "info",
		"paths":             "paths",
		"path":              "/items/{id}",
		"operation":         "/#Action=ItemPut POST",
		"parameter":         "POST parameter Color",
		"parameterSchema":   "POST parameter Color",
		"parameterContent":  "POST parameter Filter application/json",
		"body":              "POST body",
		"form":              "POST body application/x-www-form-urlencoded",
		"formMember":        "POST body application/x-www-form-urlencoded.Size",
		"encoding":          "POST body application/x-www-form-urlencoded encoding of Tags",
		"responses":         "POST responses",
		"response":          "POST response 200",
		"header":            "POST response 200 header X-Left",
		"replyContent":      "POST response 200 application/json",
		"items":             "POST response 200 application/json.list[]",
		"part":              "POST response 200 application/json.parts",
		"additional":        "POST response 200 application/json.map.*",
		"example":           "POST response 200 application/json example first",
		"components":        "components",
		"componentResponse": "response default",
		"componentSchema":   "components.schemas.Thing",
		"unusedSchema":      "components.schemas.Unused",
	} {
		t.Run(mark, func(t *testing.T) {
			t.Parallel()
			_, err := contract.Load(files(mark, "x-typo: 1"))
			wantError(t, err, place+": extensions:", `"x-typo"`)
		})
	}
	for name, mark := range map[string]string{
		"x-errors": "operationErrors", "x-checks": "operationChecks",
	} {
		t.Run("inside "+name, func(t *testing.T) {
			t.Parallel()
			_, err := contract.Load(files(mark, `- {code: X, name: x, typo: 1, evidence: "page: a test"}`))
			wantError(t, err, "/#Action=ItemPut POST", "unknown field")
		})
	}
	t.Run("of a wrong type", func(t *testing.T) {
		t.Parallel()
		_, err := contract.Load(files("root", "x-missing: [a]"))
		wantError(t, err, "the document: extensions:", "x-missing")
	})
	t.Run("known, at another place", func(t *testing.T) {
		t.Parallel()
		_, err := contract.Load(files("info", "x-errors: []"))
		wantError(t, err, "info: extensions:", "x-errors")
	})
}

// Every documented error needs its code, an HTTP status, what it means and where that comes from.
func TestDefectiveErrors(t *testing.T) {
	t.Parallel()
	const evidence = `, evidence: "page: a test"`
	for name, c := range map[string]struct{ entry, want string }{
		"no code":               {`{status: 400, message: m, meaning: m` + evidence + `}`, "needs code, status, meaning and evidence"},
		"no status":             {`{code: X, message: m, meaning: m` + evidence + `}`, `"X" needs code, status`},
		"status too small":      {`{code: X, status: 199, meaning: m` + evidence + `}`, `"X" needs code, status`},
		"status too large":      {`{code: X, status: 600, meaning: m` + evidence + `}`, `"X" needs code, status`},
		"status no number":      {`{code: X, status: "400", meaning: m` + evidence + `}`, "status"},
		"no meaning":            {`{code: X, status: 400, message: m` + evidence + `}`, `"X" needs code, status, meaning`},
		"no evidence":           {`{code: X, status: 400, meaning: m}`, `"X" needs code, status, meaning and evidence`},
		"evidence of no kind":   {`{code: X, status: 400, meaning: m, evidence: "rumour: a test"}`, "X: x-evidence: begins with page"},
		"evidence, no source":   {`{code: X, status: 400, meaning: m, evidence: "page: "}`, "then its source"},
		"evidence, no colon":    {`{code: X, status: 400, meaning: m, evidence: page}`, "and a colon"},
		"the same code twice":   {`{code: Busy, status: 400, meaning: m` + evidence + `}`, `"Busy" is there twice`},
		"an unknown member":     {`{code: X, status: 400, meaning: m, retry: true` + evidence + `}`, `"retry"`},
		"not even a list entry": {`word`, "x-errors"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := contract.Load(files("operationErrors", "- "+c.entry))
			wantError(t, err, "shop.yaml", c.want)
		})
	}
	t.Run("of the API", func(t *testing.T) {
		t.Parallel()
		system := files()
		system["shop.yaml"].Data = []byte(strings.Replace(shopSpec, "status: 503", "status: 99", 1))
		_, err := contract.Load(system)
		wantError(t, err, "shop.yaml", `"Shared" needs code`)
	})
	t.Run("of the gateway", func(t *testing.T) {
		t.Parallel()
		_, err := contract.Load(files("gatewayErrors", `- {code: X, status: 1, meaning: m, evidence: "page: a"}`))
		wantError(t, err, "gateways/acs.yaml", `"X" needs code`)
	})
}

func TestDefectiveDocuments(t *testing.T) {
	t.Parallel()
	replaced := func(old, new string) fstest.MapFS {
		system := files()
		if !strings.Contains(shopSpec, old) {
			panic("the spec does not have " + old)
		}
		system["shop.yaml"].Data = []byte(strings.Replace(shopSpec, old, new, 1))
		return system
	}
	added := func(name, document string) fstest.MapFS {
		system := files()
		system[name] = &fstest.MapFile{Data: []byte(document)}
		return system
	}
	for name, c := range map[string]struct {
		system fstest.MapFS
		want   []string
	}{
		"not YAML":            {added("x.yaml", "a: [b"), []string{"spec x.yaml"}},
		"empty":               {added("x.yaml", ""), []string{"spec x.yaml"}},
		"a list":              {added("x.yaml", "- a"), []string{"spec x.yaml"}},
		"no OpenAPI":          {added("x.yaml", "a: b"), []string{"spec x.yaml"}},
		"unknown gateway":     {replaced("x-gateway: acs", "x-gateway: xyz"), []string{"spec shop.yaml", `no gateway "xyz"`}},
		"no gateway":          {replaced("x-gateway: acs", "x-missing: Bad"), []string{`no gateway ""`}},
		"misnamed gateway":    {added("gateways/other.yaml", gatewaySpec), []string{"gateways/other.yaml", `must be "other"`, `got "acs"`}},
		"x-invalid unknown":   {replaced("x-invalid: Bad", "x-invalid: None"), []string{"x-invalid", `"None" is not among the documented errors`}},
		"x-missing unknown":   {replaced("x-invalid: Bad", "x-missing: None"), []string{"x-missing", `"None" is not among`}},
		"x-invalid of member": {replaced("x-invalid: Busy", "x-invalid: None"), []string{"Size: x-invalid", `"None"`}},
		"x-invalid of param":  {files("parameter", "x-invalid: None"), []string{"Color: x-invalid", `"None"`}},
		"x-quota unknown":     {replaced("error: Busy", "error: None"), []string{"x-quota", `"None"`}},
		"x-quota, no error":   {replaced("error: Busy, ", ""), []string{"x-quota", "needs the error"}},
		"x-quota, no rate":    {replaced("rate: 5/s, ", ""), []string{"x-quota", "500/s"}},
		"x-quota of nothing":  {replaced("rate: 5/s", "rate: 0/s"), []string{"x-quota", `got "0/s"`}},
		"x-quota a minute":    {replaced("rate: 5/s", "rate: 5/m"), []string{"x-quota", `got "5/m"`}},
		"x-quota beyond int":  {replaced("rate: 5/s", "rate: 99999999999999999999/s"), []string{"x-quota"}},
		"x-quota evidence":    {replaced(`error: Busy, evidence: "page: a test"`, `error: Busy, evidence: "x: y"`), []string{"x-evidence"}},
		"x-checks, no rule":   {replaced("rule: It must be round., ", ""), []string{"x-checks", `"form" needs name, rule`}},
		"x-checks, evidence":  {replaced(`round., evidence: "choice: a test"`, `round., evidence: "x: y"`), []string{"x-checks: form", "x-evidence"}},
		"x-checks, none":      {replaced(`round., evidence: "choice: a test"`, `round.`), []string{"x-checks"}},
		"operation evidence":  {replaced(`x-evidence: "captured: a test"`, `x-evidence: "captured"`), []string{"x-evidence", "colon"}},
		"parameter evidence":  {replaced(`x-evidence: "page: a test"`, `x-evidence: x`), []string{"parameter Color", "x-evidence"}},
		"form evidence":       {files("formMember", "x-evidence: x"), []string{"application/x-www-form-urlencoded.Size", "x-evidence"}},
		"no x-action":         {replaced("x-action: ItemPut", "x-action: ''"), []string{"shop.ItemPut", "x-action: must be there"}},
		"no operationId":      {replaced("operationId: ItemPut", "operationId: ''"), []string{"operationId"}},
		"the id twice":        {replaced("operationId: ItemPut", "operationId: ItemGet"), []string{"ItemGet"}},
		"reply without JSON":  {replaced(`application/json: {schema: {$ref: "#/components/schemas/Thing"}}`, "text/plain: {}"), []string{"needs an application/json schema"}},
		"reply, no schema":    {replaced(`{schema: {$ref: "#/components/schemas/Thing"}}`, "{}"), []string{"needs an application/json schema"}},
		"reply, empty":        {replaced(`application/json: {schema: {$ref: "#/components/schemas/Thing"}}`, "application/json: null"), []string{"response default application/json: is empty"}},
		"encoding, empty":     {replaced("              Tags:\n                contentType: application/json\n", "              Tags:\n"), []string{"encoding of Tags: is empty"}},
		"reply of no status":  {replaced(`"200":`, `"2XX":`), []string{"2XX", "must be a status or default"}},
		"no reply to give":    {replaced("        default: {$ref", "        \"404\": {$ref"), []string{"ItemGet", "need one of status 200"}},
		"parameter, no schema": {
			replaced("            application/json:\n              #parameterContent", "            text/plain:\n              #parameterContent"),
			[]string{"parameter Filter", "needs a schema"},
		},
		"form, no schema":   {replaced("            #form\n            schema:", "            example:"), []string{"form: needs a schema"}},
		"form, undescribed": {replaced("required: [Size, Weight]", "required: [Size, Height]"), []string{"form member Height"}},
		"body, no schema": {
			replaced("        content:\n          application/x-www-form-urlencoded:", "        content:\n          application/json: {}\n          application/x-www-form-urlencoded:"),
			[]string{"body: needs an application/json schema"},
		},
		"a parameter twice": {
			replaced("- name: Filter\n          in: query", "- name: Color\n          in: header"),
			[]string{"ItemPut", "parameter Color: is there twice"},
		},
		"evidence of a schema":   {files("componentSchema", "x-evidence: page"), []string{"components.schemas.Thing", "x-evidence", "colon"}},
		"evidence of a reply":    {files("items", "x-evidence: 'rumour: a test'"), []string{"response 200 application/json.list[]", "x-evidence"}},
		"evidence of no text":    {files("items", "x-evidence: [a]"), []string{"response 200 application/json.list[]", "x-evidence"}},
		"parameters of a path":   {files("path", "parameters: [{name: x, in: query, schema: {type: string}}]"), []string{"/items/{id}", "belong to the operations"}},
		"a schema that is wrong": {replaced("maximum: 9", "maximum: nine"), []string{"shop.yaml"}},
		"a reference to nothing": {replaced("#/components/schemas/Thing", "#/components/schemas/None"), []string{"shop.yaml"}},
		"a file outside":         {replaced("#/components/schemas/Thing", "other.yaml#/Thing"), []string{"shop.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := contract.Load(c.system)
			wantError(t, err, c.want...)
		})
	}
}

// Several file systems make one catalogue: an API may use a gateway of another, and no name may come twice.
func TestSeveralFileSystems(t *testing.T) {
	t.Parallel()
	first, second := files(), fstest.MapFS{
		"store.yaml": {Data: []byte(strings.Replace(shopSpec, `x-version: "2026-01-01"`, `x-version: "2027-01-01"`, 1))}, "control.yaml": {Data: []byte("no spec of an API")}, "notes.txt": {Data: []byte("x")},
	}
	catalogue, err := contract.Load(second, first)
	if err != nil {
		t.Fatal(err)
	}
	if len(catalogue.APIs) != 2 || catalogue.APIs[0].Name != "shop" || catalogue.APIs[1].Name != "store" {
		t.Errorf("APIs %v", catalogue.APIs)
	}
	if ops := catalogue.ByAction("acs", "ItemPut"); len(ops) != 2 {
		t.Errorf("%d operations of that action", len(ops))
	}
	_, err = contract.Load(first, fstest.MapFS{"twin.yaml": {Data: []byte(shopSpec)}})
	wantError(t, err, "twin.yaml", "shop.ItemPut", "twin.ItemPut", `version "2026-01-01"`)
	otherAction := strings.Replace(shopSpec, "x-action: ItemPut", "x-action: Another", 1)
	_, err = contract.Load(first, fstest.MapFS{"twin.yaml": {Data: []byte(otherAction)}})
	wantError(t, err, "twin.yaml", "shop.ItemGet", "twin.ItemGet", "GET /items/{id}")
	_, err = contract.Load(first, fstest.MapFS{"shop.yaml": {Data: []byte(shopSpec)}})
	wantError(t, err, "shop.yaml", `an API "shop" is loaded already`)
	_, err = contract.Load(first, fstest.MapFS{"gateways/acs.yaml": {Data: []byte(gatewaySpec)}})
	wantError(t, err, "gateways/acs.yaml", `a gateway "acs" is loaded already`)
	_, err = contract.Load(second)
	wantError(t, err, "store.yaml", `no gateway "acs"`)
	if empty, err := contract.Load(); err != nil || len(empty.APIs) != 0 {
		t.Errorf("of nothing: %v, %v", empty, err)
	}
}

// What ships says where every fact comes from, and how its gateways refuse. A user's own documents need not.
func TestLoadComplete(t *testing.T) {
	t.Parallel()
	const refusal = `components: {schemas: {Refusal: {type: object, x-evidence: "page: a test", properties: {code: {type: string}}}}}`
	gateway := gatewaySpec + refusal
	const api = `openapi: 3.0.3
info: {title: Complete, version: "1"}
x-gateway: acs
paths:
  /#Action=Do:
    post:
      operationId: Do
      x-action: Do
      x-evidence: "page: operation"
      x-quota: {rate: 5/s, error: Shared, evidence: "page: quota"}
      parameters: [{name: A, in: query, x-evidence: "page: parameter", schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {type: object, x-evidence: "page: body", properties: {b: {type: string}}}}}}
      responses:
        "200": {description: d, content: {application/json: {schema: {type: object, x-evidence: "page: reply", properties: {c: {type: string}}}}}}
`
	if _, err := contract.LoadComplete(fstest.MapFS{"gateways/acs.yaml": {Data: []byte(gateway)}, "shop.yaml": {Data: []byte(api)}}); err != nil {
		t.Fatal(err)
	}
	held := strings.Replace(api, `{description: d, content: {application/json: {schema: {type: object, x-evidence: "page: reply",`,
		`{description: d, x-evidence: "page: reply", content: {application/json: {schema: {type: object,`, 1)
	catalogue, err := contract.LoadComplete(fstest.MapFS{"gateways/acs.yaml": {Data: []byte(gateway)}, "shop.yaml": {Data: []byte(held)}})
	if err != nil || held == api {
		t.Fatal("evidence of the reply as a whole is not that of its members", err)
	}
	if got := operation(t, catalogue, "shop.Do").Reply()[0].Evidence.Source; got != "reply" {
		t.Errorf("the member's evidence is %q", got)
	}
	for name, c := range map[string]struct {
		leaveOut string
		want     []string
	}{
		"operation": {`x-evidence: "page: operation"`, []string{"spec shop.yaml: operation Do: x-evidence"}},
		"quota":     {`, evidence: "page: quota"`, []string{"spec shop.yaml: operation Do: x-quota"}},
		"parameter": {`x-evidence: "page: parameter", `, []string{"spec shop.yaml: operation Do: parameter A"}},
		"body":      {`x-evidence: "page: body", `, []string{"spec shop.yaml: operation Do: parameter b"}},
		"reply":     {`x-evidence: "page: reply", `, []string{"spec shop.yaml: operation Do: reply member c"}},
		"envelope":  {`x-evidence: "page: a test", properties`, []string{"spec gateways/acs.yaml: ", "refusal"}},
		"refusal":   {refusal, []string{"spec gateways/acs.yaml: components.schemas.Refusal"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(gateway+api, c.leaveOut) {
				t.Fatal("the documents have changed")
			}
			replacement := ""
			if name == "envelope" {
				replacement = "properties"
			}
			system := fstest.MapFS{
				"gateways/acs.yaml": {Data: []byte(strings.Replace(gateway, c.leaveOut, replacement, 1))},
				"shop.yaml":         {Data: []byte(strings.Replace(api, c.leaveOut, "", 1))},
			}
			if _, err := contract.Load(system); err != nil {
				t.Errorf("as a user's own: %v", err)
			}
			_, err := contract.LoadComplete(system)
			wantError(t, err, c.want...)
		})
	}
}

// A mistake in a document that ships is named with its file and place.
func TestMistakesInDocumentsThatShip(t *testing.T) {
	t.Parallel()
	shipped := func(file string) string {
		raw, err := openapi.Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	onsmqtt, top := shipped("onsmqtt.yaml"), shipped("gateways/top.yaml")
	for name, c := range map[string]struct {
		file, text string
		want       []string
	}{
		"no YAML":           {"new.yaml", "a: [b", []string{"new.yaml"}},
		"a slip of the pen": {"onsmqtt.yaml", strings.Replace(onsmqtt, "x-action: QueryToken", "x-acton: QueryToken", 1), []string{"onsmqtt.yaml", "/#Action=QueryToken POST", "x-acton"}},
		"no evidence":       {"onsmqtt.yaml", strings.Replace(onsmqtt, `x-evidence: "page: ApplyToken"`, "", 1), []string{"onsmqtt.yaml", "ApplyToken", "x-evidence: must be there"}},
		"no refusal":        {"gateways/top.yaml", strings.Replace(top, "    Refusal:", "    Denial:", 1), []string{"gateways/top.yaml", "components.schemas.Refusal"}},
		"an action twice":   {"new.yaml", onsmqtt, []string{"onsmqtt.yaml", "onsmqtt.ApplyToken", "new.ApplyToken"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			system := fstest.MapFS{}
			for _, pattern := range []string{"*.yaml", "gateways/*.yaml"} {
				files, err := fs.Glob(openapi.Files, pattern)
				if err != nil {
					t.Fatal(err)
				}
				for _, file := range files {
					system[file] = &fstest.MapFile{Data: []byte(shipped(file))}
				}
			}
			system[c.file] = &fstest.MapFile{Data: []byte(c.text)}
			_, err := contract.LoadComplete(system)
			wantError(t, err, c.want...)
		})
	}
}
