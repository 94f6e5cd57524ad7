package contract_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/contract"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	catalogue := load(t, files())
	api := catalogue.API("shop")
	if api == nil || api.Title != "Shop" || api.Product != "Shop" || api.Version != "2026-01-01" ||
		api.Description != "Sells things." || api.Gateway != catalogue.Gateway("acs") || !strings.HasPrefix(string(api.Source), "openapi") {
		t.Fatalf("the API is %+v", api)
	}
	if gw := api.Gateway; gw.Title != "Test gateway" || len(gw.Errors) != 2 || gw.Checks[0].Name != "order" {
		t.Errorf("the gateway is %+v", gw)
	}
	op := operation(t, catalogue, "shop.ItemPut")
	if op.ID != "ItemPut" || op.Action != "ItemPut" || op.Path != "/" || op.Summary != "Put an item." || op.HasBody ||
		op.InvalidCode != "Bad" || op.MissingCode != "" {
		t.Errorf("the operation is %+v", op)
	}
	if diff := cmp.Diff([]string{"GET", "POST"}, op.Methods); diff != "" {
		t.Error(diff)
	}
	own := operation(t, load(t, files("operation", "x-invalid: Busy\n      x-missing: Shared")), "shop.ItemPut")
	if own.InvalidCode != "Busy" || own.MissingCode != "Shared" {
		t.Errorf("the operation's own codes are %q and %q", own.InvalidCode, own.MissingCode)
	}
	want := &contract.Quota{Rate: 5, Per: time.Second, Code: "Busy", Evidence: contract.Evidence{Mark: contract.Page, Source: "a test"}}
	if diff := cmp.Diff(want, op.Quota); diff != "" {
		t.Error(diff)
	}
	if op.Evidence != (contract.Evidence{Mark: contract.Captured, Source: "a test"}) || op.Checks[0].Rule != "It must be round." {
		t.Errorf("evidence %+v, checks %+v", op.Evidence, op.Checks)
	}
	if methods := operation(t, catalogue, "shop.ItemGet").Methods; len(methods) != 1 || methods[0] != "GET" {
		t.Errorf("methods %v", methods)
	}
}

// What is nearer to the operation wins: its own errors, then the API's, then the gateway's.
func TestDocumentedErrors(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t, files()), "shop.ItemPut")
	var got []string
	for _, e := range op.Errors {
		got = append(got, e.Origin+" "+e.Code)
	}
	if diff := cmp.Diff([]string{"operation Busy", "api Shared", "api Bad", "gateway Missing%s"}, got); diff != "" {
		t.Error(diff)
	}
	if e, ok := op.Error("Shared"); !ok || e.Status != 503 || e.Evidence.Mark != contract.Observed {
		t.Errorf("got %+v, %v", e, ok)
	}
	if _, ok := op.Error("Nothing"); ok {
		t.Error("an error that nobody documents")
	}
	if e, ok := op.API.Gateway.Error("Shared"); !ok || e.Status != 500 {
		t.Errorf("got %+v, %v", e, ok)
	}
	if _, ok := op.API.Gateway.Error("Busy"); ok {
		t.Error("the gateway has the operation's error")
	}
}

func TestInputs(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t, files()), "shop.ItemPut")
	var got []string
	for _, in := range op.Inputs {
		got = append(got, in.In+" "+in.Name+map[bool]string{true: " required"}[in.Required]+map[bool]string{true: " " + in.InvalidCode}[in.InvalidCode != ""])
	}
	// A form's members: required ones in the order of the list, then the others by name.
	want := []string{"query Color required", "query Filter", "form Size required Busy", "form Weight required", "form Tags"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

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
		"form evidence":       {files("formMember", "x-evidence: x"), []string{"form member Size", "x-evidence"}},
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
		"store.yaml": {Data: []byte(shopSpec)}, "control.yaml": {Data: []byte("no spec of an API")}, "notes.txt": {Data: []byte("x")},
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

func TestLookingUp(t *testing.T) {
	t.Parallel()
	catalogue := load(t, files())
	if catalogue.API("none") != nil || catalogue.Gateway("none") != nil || catalogue.ByAction("top", "ItemPut") != nil ||
		catalogue.ByAction("acs", "itemput") != nil {
		t.Error("found what is not there")
	}
	for name, c := range map[string]struct {
		gateway, method, path string
		want, id              string
		err                   error
	}{
		"known":             {"acs", "GET", "/items/7", "shop.ItemGet", "7", nil},
		"escaped":           {"acs", "GET", "/items/a%2Fb%20c", "shop.ItemGet", "a/b c", nil},
		"plus":              {"acs", "GET", "/items/a+b", "shop.ItemGet", "a+b", nil},
		"other method":      {"acs", "POST", "/items/7", "", "", contract.ErrNoMethod},
		"unknown path":      {"acs", "GET", "/things/7", "", "", contract.ErrNoRoute},
		"deeper":            {"acs", "GET", "/items/7/8", "", "", contract.ErrNoRoute},
		"slash at the end":  {"acs", "GET", "/items/7/", "", "", contract.ErrNoRoute},
		"other gateway":     {"top", "GET", "/items/7", "", "", contract.ErrNoRoute},
		"action is no path": {"acs", "POST", "/", "", "", contract.ErrNoRoute},
		"no path":           {"acs", "GET", "", "", "", contract.ErrNoRoute},
		"bad escape":        {"acs", "GET", "/items/%zz", "", "", contract.ErrNoRoute},
		"odd method":        {"acs", "BREW", "/items/7", "", "", contract.ErrNoMethod},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op, params, err := catalogue.ByRoute(c.gateway, c.method, c.path)
			if !errors.Is(err, c.err) {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			if c.err == nil && (op.Name != c.want || params["id"] != c.id) {
				t.Errorf("got %s with %v", op.Name, params)
			}
		})
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		values []string
		want   string
	}{
		"nothing to fill":  {"plain 100%", []string{"x"}, "plain 100%"},
		"one":              {"a %s b", []string{"x"}, "a x b"},
		"two":              {"%s and %s", []string{"x", "y"}, "x and y"},
		"too few values":   {"%s and %s", []string{"x"}, "x and "},
		"none":             {"Missing%s", nil, "Missing"},
		"too many values":  {"%s", []string{"x", "y"}, "x"},
		"value with a %s":  {"%s-%s", []string{"%s", "y"}, "%s-y"},
		"other directives": {"%d %v %s", []string{"x"}, "%d %v x"},
		"empty":            {"", []string{"x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := contract.Fill(c.text, c.values); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
