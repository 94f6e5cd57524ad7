package template_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/template"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func templateCall() *wire.Call {
	return &wire.Call{
		Request: &wire.Request{
			Method: "POST", Path: "/a", Host: "host.example", Header: http.Header{"User-Agent": {"sdk/1"}},
			Body: []byte(`{"n":1}`),
		},
		ID: "call-1", Text: map[string]string{"zeros": "007", "Name": `A<"b"`, "Empty": "", "object": `{"in":{"n":2.50}}`},
		Params: map[string]any{"zeros": int64(7), "count": int64(3), "list": []any{"x"}},
	}
}

// render runs a template for templateCall.
func render(text string, seed uint64) (string, error) {
	t, err := template.Parse(text)
	if err != nil {
		return "", err
	}
	noon := time.Date(2030, time.May, 1, 12, 0, 0, 0, time.UTC)
	fields := &scenario.CallFields{Call: templateCall()}
	return t.Render(template.NewEnvironment(fields, noon, rand.New(rand.NewPCG(seed, 1)), 90*time.Second-1))
}

func renderSample(op *contract.Operation, text string) (string, error) {
	t, err := template.Parse(text)
	if err != nil {
		return "", err
	}
	sample, _, err := t.RenderSample(op)
	return sample, err
}

func TestRender(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"no action }} here":                                              "no action }} here",
		"{{.Request.Method}} {{.Request.Path}}":                          "POST /a",
		"{{.Request.Params.Name}}":                                       `A<"b"`,
		"{{.Request.Params.count}}":                                      "3",
		"{{.Request.Params.zeros}}":                                      "007",
		"{{.Request.Params.list}}":                                       `["x"]`,
		"[{{.Request.Params.Nope}}]":                                     "[]",
		"{{$.Request.Method}}":                                           "POST",
		`{{param "Name"}}{{param "nope"}}`:                               `A<"b"`,
		`{{param "object.in.n"}}`:                                        "2.5",
		`{{header "user-agent"}} {{header "host"}}`:                      "sdk/1 host.example",
		"{{requestId}}":                                                  "call-1",
		"{{now}} {{.Now}}":                                               "2030-05-01T12:00:00Z 2030-05-01T12:00:00Z",
		`{{now | add "59m" | rfc3339}}`:                                  "2030-05-01T12:59:00Z",
		`{{add "-1h" .Now}}`:                                             "2030-05-01T11:00:00Z",
		`{{add "2d" .Now}} {{add "-1d12h" .Now}}`:                        "2030-05-03T12:00:00Z 2030-04-30T00:00:00Z",
		"{{unix now}} {{unixMilli .Now}}":                                "1903867200 1903867200000",
		`{{date "2006-01-02 15:04:05" now}}`:                             "2030-05-01 12:00:00",
		`{{upper "aé"}}{{lower "AÉ"}}`:                                   "AÉaé",
		`{{json (param "Name")}}`:                                        `"A<\"b\""`,
		"{{json now}} {{json 1}} {{json true}}":                          `"2030-05-01T12:00:00Z" 1 true`,
		`{{xml (param "Name")}}`:                                         "A&lt;&#34;b&#34;",
		`{{default "d" (param "Empty")}}`:                                "d",
		`{{param "Name" | default "d" | lower}}`:                         `a<"b"`,
		`{{if eq (param "count") "3"}}y{{else}}n{{end}}`:                 "y",
		`{{if or (param "Empty") (gt (len "ab") 2)}}y{{else}}n{{end}}`:   "n",
		`{{with param "Name"}}<{{.}}>{{end}}{{with param "x"}}no{{end}}`: `<A<"b">`,
		`{{$id := hex 8}}{{if eq $id $id}}{{len $id}}{{end}}`:            "8",
		"a {{- /* nothing */ -}} b":                                      "ab",
		`{{and 1 0}}{{not 1}}{{ne 1 2}}{{lt 1 2}}{{le 1 2}}{{ge 1 2}}`:   "0falsetruetruetruefalse",
	}
	for text, want := range tests {
		got, err := render(text, 1)
		if err != nil || got != want {
			t.Errorf("%s gives %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestRandomFunctions(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"{{uuid}}":      `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"{{hex 32}}":    `^[0-9a-f]{32}$`,
		"{{hex 0}}":     `^$`,
		"{{base62 24}}": `^[0-9A-Za-z]{24}$`,
	}
	for _, kind := range template.FakeKinds() {
		tests[`{{fake "`+kind+`"}}`] = `^[^<>]+$`
	}
	tests[`{{fake "email"}}`] = `^\S+@\S+$`
	tests[`{{fake "ipv4"}}`] = `^[0-9.]+$`
	for text, want := range tests {
		draw := func(seed uint64) string {
			got, err := render(text, seed)
			if err != nil || !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("%s gives %q, %v; want a match of %s", text, got, err, want)
			}
			return got
		}
		if first, second := draw(1), draw(1); first != second {
			t.Errorf("%s differs for the same seed", text)
		}
		differs := false
		for seed := range uint64(8) {
			differs = differs || draw(1) != draw(2+seed)
		}
		if !differs && text != "{{hex 0}}" {
			t.Errorf("%s does not depend on the seed", text)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const x64k = `{{$a := hex 65536}}`
	tests := map[string]struct {
		text string
		want string
	}{
		"unknown function": {
			"a\n {{uper 1}}", `line 2, column 4: function "uper" is not known; did you mean "upper"?`,
		},
		"unknown, nothing near": {
			"{{xxxxxxxxx}}", `line 1, column 3: function "xxxxxxxxx" is not known; there are param, header, `,
		},
		"Go's printf":    {`{{printf "%99d" 1}}`, `function "printf" is not known`},
		"Go's call":      {`{{call .Now}}`, `function "call" is not known`},
		"Go's js":        {`{{"a" | js}}`, `function "js" is not known`},
		"in parentheses": {`{{upper (env "HOME")}}`, `line 1, column 10: function "env" is not known`},
		"in a condition": {`{{if env "HOME"}}{{end}}`, `function "env" is not known`},
		"in else":        {`{{if 1}}{{else}}{{env}}{{end}}`, `function "env" is not known`},
		"in with":        {`{{with 1}}{{env}}{{end}}`, `function "env" is not known`},
		"unknown field": {
			"{{.Reqest}}", `line 1, column 3: field "Reqest" is not known; did you mean "Request"?`,
		},
		"unknown field of request": {
			"{{.Request.Body}}", `field "Body" is not known; there are Method, Path, Params`,
		},
		"unknown field of root": {"{{$.X}}", `field "X" is not known`},
		"method of a time":      {"{{.Now.UTC}}", `Now is a text: it has no field "UTC"`},
		"field of a parameter":  {"{{.Request.Params.A.B}}", `A is a text: it has no field "B"`},
		"field of a value":      {"{{(now).String}}", "a value in parentheses has no fields"},
		"unknown fake data": {
			`{{fake "emial"}}`, `line 1, column 8: fake data "emial" is not known; did you mean "email"?`,
		},
		"loop":                      {"{{range 9}}{{end}}", "templates have no loops"},
		"definition":                {`{{define "a"}}x{{end}}`, "templates cannot define others"},
		"block":                     {`{{block "a" .}}x{{end}}`, "templates cannot define others"},
		"call of another":           {`{{template "template"}}`, "templates cannot call others"},
		"unclosed action":           {"ab\n c {{now", "line 2, column 4: unclosed action"},
		"unclosed if":               {"{{if 1}}", "line 1, column 1: unexpected EOF"},
		"second action of the line": {"{{now}} {{)}} {{now}}", "line 1, column 9: unexpected"},
		"unknown variable":          {"{{$x}}", `undefined variable "$x"`},
		"too long":                  {"{{now}}" + strings.Repeat(" ", 1<<16), "at most 65536 bytes"},
		"too many pieces":           {strings.Repeat("{{1}}", 10_000), "the template is too long"},
		"too deep": {
			"{{" + strings.Repeat("(", 12_000) + "1" + strings.Repeat(")", 12_000) + "}}", "depth",
		},
	}
	for name, test := range tests {
		_, err := template.Parse(test.text)
		var at *template.Error
		if !errors.As(err, &at) || at.Line < 1 || at.Column < 1 || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want it to hold %q", name, err, test.want)
		}
	}
	running := map[string]struct{ text, want string }{
		"long value":      {"{{hex 65537}}", "a value has at most 65536 bytes"},
		"negative length": {"{{hex -1}}", "a length cannot be negative"},
		"long output":     {x64k + strings.Repeat("{{$a}}", 17), "the output of a template is too long"},
		"much work":       {x64k + strings.Repeat("{{$b := upper $a}}", 64), "at most 4194304 bytes together"},
		"text that doubles": {
			`{{"\"" ` + strings.Repeat("| json ", 40) + "}}", "a value has at most 65536 bytes",
		},
		"layout that doubles":    {doublingLayout(20), "a value has at most 65536 bytes"},
		"bad duration":           {`{{add "1x" now}}`, "line 1, column 3: error calling add: time: unknown unit"},
		"fake data by parameter": {`{{fake (param "Name")}}`, "is not known"},
		"wrong kind of argument": {"{{upper 1}}", "expected string"},
	}
	for name, test := range running {
		_, err := render(test.text, 1)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want it to hold %q", name, err, test.want)
		}
	}
}

// doublingLayout nests n calls of date, each with the text of the one before as its layout. The layout "1" is the
// month, which is 11, so each call returns a text twice as long as its layout.
func doublingLayout(n int) string {
	text := `"1"`
	for range n {
		text = "(date " + text + ` (add "4416h" now))`
	}
	return "{{" + text + "}}"
}

func TestFunctionsAreDocumented(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, f := range template.Functions() {
		documented[f.Name] = true
		if !strings.HasPrefix(f.Usage, f.Name) || f.Does == "" {
			t.Errorf("%s: %q: %q", f.Name, f.Usage, f.Does)
		}
		// The usages of text/template's own functions have letters in place of values.
		if !strings.Contains(f.Usage, " a") || strings.Contains(f.Usage, `"`) {
			if _, err := render("{{"+f.Usage+"}}", 1); err != nil {
				t.Errorf("%s: %v", f.Usage, err)
			}
		}
	}
	for _, name := range template.OwnFunctions() {
		if !documented[name] {
			t.Errorf("%s is not documented", name)
		}
	}
}

// TestRenderSample renders templates that use the request id, the path and the parameters, for every operation.
func TestRenderSample(t *testing.T) {
	t.Parallel()
	catalogue, err := contract.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			text := `{"id":{{json requestId}},"path":{{json .Request.Path}},"all":{{json .Request.Params}}}`
			got, err := renderSample(op, text)
			var value struct {
				Path string
				All  map[string]string
			}
			if err == nil {
				err = json.Unmarshal([]byte(got), &value)
			}
			if err != nil || value.Path != op.Path || len(value.All) == 0 {
				t.Errorf("%s: %q, %v", op.Name, got, err)
			}
			for _, name := range op.Required() {
				if text, _ := renderSample(op, `{{param "`+name+`"}}`); text == "" {
					t.Errorf("%s: the sample has no %s", op.Name, name)
				}
			}
		}
	}
	if got, err := renderSample(nil, `{{now}}{{param "X"}}`); err != nil || got != "2030-01-01T00:00:00Z" {
		t.Errorf("without an operation: %q, %v", got, err)
	}
}

// FuzzTemplate checks what holds for every text: an error has a position in it, and a template that parses gives the
// same output twice and stays within the bounds.
func FuzzTemplate(f *testing.F) {
	for _, text := range []string{
		"", "plain", "{{now}}", `{{param "a.b"}}`, `{{if .Request.Params.Name}}{{uuid}}{{else}}{{hex 3}}{{end}}`, "{{",
		`{{define "a"}}{{end}}`, `{{$x := fake "name"}}{{with $x}}{{.}}{{end}}`, `{{range 9}}{{end}}`, "{{/**/}}",
		"}}", "a\n{{)",
		`{{"x" | json | json | xml | upper}}`, `{{date "Jan" (add "1h" .Now)}}`, "{{.}}", "{{$}}", "{{json .}}",
		"{{len .Request.Params}}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := template.Parse(text); err != nil {
			at, ok := errors.AsType[*template.Error](err)
			lines := strings.Split(text, "\n")
			if !ok || at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > len(lines[at.Line-1])+1 {
				t.Fatalf("%q: the error has no valid position: %v", text, err)
			}
			return
		}
		first, err := render(text, 3)
		if err != nil {
			return
		}
		if second, err := render(text, 3); err != nil || second != first {
			t.Fatalf("%q gives %q, then %q, %v", text, first, second, err)
		}
		if len(first) > 1<<20 && strings.Contains(text, "{{") {
			t.Fatalf("%d bytes", len(first))
		}
	})
}

func TestFakeKindsAreSorted(t *testing.T) {
	t.Parallel()
	if kinds := template.FakeKinds(); !slices.IsSorted(kinds) || len(kinds) < 10 {
		t.Errorf("%v", kinds)
	}
}
