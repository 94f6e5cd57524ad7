package main_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gen/docs"
	"github.com/tokenstage/tokenstage/openapi"
)

var update = flag.Bool("update", false, "rewrite docs/fidelity.md")

const committed = "../../../../docs/fidelity.md"

// page is docs/fidelity.md as the specs give it now.
func page(t *testing.T) string {
	t.Helper()
	catalogue, err := contract.Load(openapi.Files)
	if err != nil {
		t.Fatal(err)
	}
	return string(main.Fidelity(catalogue))
}

func TestCommittedPageIsCurrent(t *testing.T) {
	t.Parallel()
	want := page(t)
	if *update {
		if err := os.WriteFile(committed, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(got), "\n"), strings.Split(want, "\n")); diff != "" {
		t.Errorf("docs/fidelity.md is not what the specs say; run go generate ./docs (-committed +specs):\n%s", diff)
	}
}

func TestPageIsWellFormed(t *testing.T) {
	t.Parallel()
	text := page(t)
	if text != page(t) {
		t.Error("two runs differ")
	}
	if !strings.HasSuffix(text, "|\n") || strings.Contains(text, "\n\n\n") {
		t.Error("the page must end with one line end, and have no two empty lines in a row")
	}
	columns := 0
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimRight(line, " \t\r") != line {
			t.Errorf("line %d ends in a blank", i+1)
		}
		n := cells(line)
		if columns > 0 && n > 0 && n != columns {
			t.Errorf("line %d has %d cells, its table %d: %s", i+1, n, columns, line)
		}
		columns = n
	}
}

// cells counts the cells of a table's row; it is zero for other lines.
func cells(line string) int {
	if !strings.HasPrefix(line, "|") {
		return 0
	}
	return strings.Count(strings.NewReplacer(`\\`, "", `\|`, "").Replace(line), "|") - 1
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	text := page(t)
	links := regexp.MustCompile(`\[([^\]\[]+)\]\(#([^)]+)\)`).FindAllStringSubmatch(text, -1)
	if len(links) == 0 {
		t.Fatal("no links")
	}
	for _, l := range links {
		if !regexp.MustCompile(`(?m)^##+ ` + regexp.QuoteMeta(l[1]) + `$`).MatchString(text) {
			t.Errorf("no heading %q", l[1])
		}
		if want := strings.NewReplacer(" ", "-", ".", "").Replace(strings.ToLower(l[1])); l[2] != want {
			t.Errorf("the anchor of %q is %q, got %q", l[1], want, l[2])
		}
	}
}

// TestSummaryCountsEveryRow compares the summary's last line with the marks in the tables.
func TestSummaryCountsEveryRow(t *testing.T) {
	t.Parallel()
	text := page(t)
	numbers := regexp.MustCompile(`\d+`).FindAllString(regexp.MustCompile(`(?m)^\| all .*$`).FindString(text), -1)
	if len(numbers) != 7 {
		t.Fatalf("the line of all facts has %d numbers", len(numbers))
	}
	_, tables, _ := strings.Cut(text, "\n## Gateway ")
	facts := 0
	for i, mark := range []string{"page", "captured", "observed", `\*\*choice\*\*`} {
		n := len(regexp.MustCompile(`(?m) \| `+mark+`(: .*)? \|$`).FindAllString(tables, -1))
		if got := numbers[i+1]; got != strconv.Itoa(n) {
			t.Errorf("%s: the summary has %s, the tables %d", mark, got, n)
		}
		facts += n
	}
	if numbers[0] != strconv.Itoa(facts) {
		t.Errorf("the summary has %s facts, the tables %d", numbers[0], facts)
	}
}

// Two documents that have a bit of everything.
const (
	gatewayDocument = `
openapi: 3.0.3
info: {title: A gateway, version: "1"}
x-gateway: door
x-checks:
  - {name: a|b, rule: "Missing<name> and x-* & [c] ~d~ \\ ` + "`e`" + `", evidence: "choice: none"}
paths: {}
x-errors:
  - {code: a|b, status: 200, number: 7, message: "x|y", detail: "z", meaning: Gone., evidence: "observed: log"}
`
	apiDocument = `
openapi: 3.0.3
info: {title: An API, version: "1", description: It does things.}
x-gateway: door
x-checks: [{name: shared rule, rule: For both., evidence: "page: p, whose end is our choice"}]
x-errors: [{code: Shared, status: 400, message: m, meaning: Bad., evidence: "page: p"}]
paths:
  /one:
    post:
      operationId: One
      summary: The first.
      x-evidence: "page: one"
      x-checks: [{name: own rule, rule: For one., evidence: "captured: c"}]
      x-errors: [{code: Own, status: 400, message: "", meaning: Bad., evidence: "page: p"}]
      x-quota: {rate: 5/s, error: Own, evidence: "page: limits"}
      parameters:
        - name: list
          in: query
          required: true
          x-evidence: "page: list"
          content: {application/json: {schema: {type: array, nullable: true, x-evidence: "choice: form",
            items: {type: object, required: [z], properties: {
              a: {type: string, enum: [x, y]}, z: {type: integer, minimum: 2}}}}}}
      requestBody:
        content:
          application/json: {schema: {type: object, x-evidence: "page: body", properties: {deep: {type: string,
            minLength: 3, description: A text.}}}}
      responses:
        "200": {description: ok, content: {application/json: {example: {root: {token: t}}, schema: {type: object,
          properties: {root: {type: object, x-evidence: "page: reply",
          required: [token], properties: {loop: {$ref: "#/components/schemas/Loop"},
          token: {type: string, minLength: 1, maxLength: 9, pattern: "^[a-z]*$"}}}}}}}}
  /two:
    get:
      operationId: Two
      summary: The second.
      x-evidence: "page: two"
      responses:
        default: {description: ok, content: {application/json: {schema: {type: object}}}}
components:
  schemas:
    Loop: {type: object, properties: {loop: {$ref: "#/components/schemas/Loop"}}}
`
)

func load(t *testing.T, api string) *contract.Catalogue {
	t.Helper()
	catalogue, err := contract.Load(fstest.MapFS{
		"gateways/door.yaml": {Data: []byte(gatewayDocument)}, "thing.yaml": {Data: []byte(api)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

func TestRows(t *testing.T) {
	t.Parallel()
	raw := main.Fidelity(load(t, apiDocument))
	tests := map[string]string{
		"text":         `| a\|b | Missing\<name\> and x-\* \& \[c] \~d\~ \\ ` + "\\`e\\`" + ` | **choice**: none |`,
		"numbers":      "| `a\\|b` | 7 | 200 | `x\\|y`, sub_msg `z` | Gone. | observed: log |",
		"call":         "| POST | `/one` | page: one |",
		"JSON text":    "| `list` | query, required | JSON text: list of object, or null | | page: list |",
		"own form":     "| `list` | | JSON text: list of object, or null | The form by itself. | **choice**: form |",
		"order":        "| `list[].z` | query, required | integer, at least 2 | | page: list |\n| `list[].a` | query |",
		"enum":         "| `list[].a` | query | string, one of \"x\", \"y\" | | page: list |",
		"body":         "| `deep` | body | string, at least 3 characters | A text. | page: body |",
		"no root":      "| `token` | always | string, 1 to 9 characters, pattern ^\\[a-z]\\*$ | | page: reply |",
		"recursion":    "| `loop.loop.loop.loop.loop.loop.loop` | at times |",
		"shared check": "| shared rule | For both. | page: p, whose end is our choice |",
		"own check":    "| own rule | For one. | captured: c |",
		"quota":        "| quota | At most 5 calls in 1s, else `Own`. | page: limits |",
		"shared error": "| `Shared` | 400 | `m` | Bad. | page: p |",
		"no message":   "| `Own` | 400 | | Bad. | page: p |",
		"gateway":      "| [Gateway door](#gateway-door) | 2 | 0 | 0 | 1 | 1 | 50 % | 0 |",
		"API":          "| [API thing](#api-thing) | 2 | 2 | 0 | 0 | 0 | 0 % | 1 |",
		"operation":    "| [thing.Two](#thingtwo) | 1 | 1 | 0 | 0 | 0 | 0 % | 0 |",
	}
	for name, line := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Count(string(raw), line); got != 1 {
				t.Errorf("found %d times, want once: %s\n%s", got, line, raw)
			}
		})
	}
}

func TestRunWritesToFileOrOutput(t *testing.T) {
	t.Parallel()
	want := page(t)
	var out bytes.Buffer
	if err := main.Run(nil, &out); err != nil || out.String() != want {
		t.Errorf("to the output: %v, %d bytes", err, out.Len())
	}
	file := filepath.Join(t.TempDir(), "page.md")
	if err := main.Run([]string{file}, &out); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("to a file: %v, %d bytes", err, len(got))
	}
}
