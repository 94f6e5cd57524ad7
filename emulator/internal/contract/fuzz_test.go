package contract_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// FuzzLoad changes lines of good documents: one that is not good any more is refused by its name, and one that loads
// can be used.
func FuzzLoad(f *testing.F) {
	documents := []string{shopSpec, checkSpec}
	for d, document := range documents {
		for line := range strings.Count(document, "\n") {
			f.Add(uint(d), uint(line), 1, "")
			f.Add(uint(d), uint(line), 1, "null")
			f.Add(uint(d), uint(line), 0, "{}")
		}
	}
	f.Fuzz(func(t *testing.T, document, line uint, keep int, text string) {
		lines := strings.Split(documents[document%uint(len(documents))], "\n")
		lines[line%uint(len(lines))] = changed(lines[line%uint(len(lines))], keep, text)
		catalogue, err := contract.Load(fstest.MapFS{
			"gateways/acs.yaml": {Data: []byte(gatewaySpec)}, "shop.yaml": {Data: []byte(strings.Join(lines, "\n"))},
		})
		if err != nil {
			if !strings.Contains(err.Error(), "shop.yaml") {
				t.Errorf("the error does not name the document: %v", err)
			}
			return
		}
		for _, op := range catalogue.APIs[0].Operations {
			use(t, op)
		}
	})
}

// changed keeps the key of a line, or its indentation alone, and puts another value there.
func changed(line string, keep int, text string) string {
	if key, _, found := strings.Cut(line, ":"); found && keep > 0 {
		return key + ": " + text
	}
	return line[:len(line)-len(strings.TrimLeft(line, " "))] + text
}

// use does with an operation what a server does.
func use(t *testing.T, op *contract.Operation) {
	t.Helper()
	op.Sample(rand.New(rand.NewPCG(1, 1)), noon)
	op.Check(contract.Values{Text: map[string]string{"Color": "red", "Size": "1", "First": "a"}, Body: []byte("{}")})
	op.Required()
	if _, _, err := op.RequestExample(); err != nil {
		t.Errorf("%s: %v", op.Name, err)
	}
	_ = op.CheckReply(http.StatusOK, map[string]any{})
}

// TestBoundsOfJSON reads as much as the bounds allow and no more.
func TestBoundsOfJSON(t *testing.T) {
	t.Parallel()
	nested := func(deep int) string { return strings.Repeat("[", deep) + strings.Repeat("]", deep) }
	for name, c := range map[string]struct {
		text string
		good bool
	}{
		"nested":               {nested(64), true},
		"nested too deep":      {nested(65), false},
		"values":               {"[" + strings.Repeat("0,", 49_998) + "0]", true},
		"too many values":      {"[" + strings.Repeat("0,", 50_000) + "0]", false},
		"marks in a text":      {`"` + strings.Repeat(`[{,\"`, 20_000) + `"`, true},
		"marks behind a text":  {`["a\\",` + nested(65) + "]", false},
		"ends without a start": {strings.Repeat("]", 100) + nested(65), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := contract.DecodeJSON([]byte(c.text)); (err == nil) != c.good {
				t.Errorf("error %v", err)
			}
		})
	}
}

const beyondBounds = "is not JSON within bounds: "

// FuzzDecodeJSON: what is read is what encoding/json reads within the bounds, whole numbers apart.
func FuzzDecodeJSON(f *testing.F) {
	f.Add(`{"a":[1,2.5,"x",true,null,1e400]}`)
	f.Add(` "\ud800" `)
	f.Add(`{} {}`)
	f.Add("\xff")
	f.Add(strings.Repeat("[", 65))
	f.Fuzz(func(t *testing.T, text string) {
		got, err := contract.DecodeJSON([]byte(text))
		if err != nil && strings.HasPrefix(err.Error(), beyondBounds) {
			return
		}
		if valid := json.Valid([]byte(text)); valid != (err == nil) {
			t.Fatalf("valid is %v, the error %v", valid, err)
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "is not JSON: ") {
				t.Errorf("got %v", err)
			}
			return
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := contract.DecodeJSON(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(asFloats(got), asFloats(decoded)); diff != "" {
			t.Error(diff)
		}
	})
}

// asFloats levels whole numbers: 1e2 is read as a float and written as 100.
func asFloats(value any) any {
	switch v := value.(type) {
	case int64:
		return float64(v)
	case map[string]any:
		for name, member := range v {
			v[name] = asFloats(member)
		}
	case []any:
		for i, element := range v {
			v[i] = asFloats(element)
		}
	}
	return value
}

// FuzzByRoute: whatever the path, the answer is an operation or one of two errors.
func FuzzByRoute(f *testing.F) {
	f.Add("GET", "/items/7")
	f.Add("POST", "/items/%2F%zz")
	f.Add("", "http://host/items/7")
	f.Add("GET", "//items/../items/7?x#y")
	f.Add("\x00", "/items/\xff")
	catalogue := load(f, files())
	f.Fuzz(func(t *testing.T, method, path string) {
		op, params, err := catalogue.ByRoute("acs", method, path)
		switch {
		case err == nil:
			if op.Name != "shop.ItemGet" || method != http.MethodGet || params["id"] == "" {
				t.Errorf("%s %q is %s with %q", method, path, op.Name, params)
			}
		case !errors.Is(err, contract.ErrNoRoute) && !errors.Is(err, contract.ErrNoMethod):
			t.Errorf("got %v", err)
		case op != nil || params != nil:
			t.Errorf("got %v and %v beside %v", op, params, err)
		}
	})
}

// FuzzCheck: whatever the texts, every problem has a name and a reason, and what has none fits the spec.
func FuzzCheck(f *testing.F) {
	f.Add("abc", "x", "5", "1.5", "true", `{"kind":"k","size":1}`)
	f.Add("", "", "0x", "NaN", "yes", `{"kind":`)
	f.Add("0", "x", "5", "1.", "true", `{"kind":"k"}`)
	f.Add("\xff", "\x00", "-9223372036854775809", "1e999", "TRUE", `[[[[{"a":null}]]]]`)
	op := checkOperation(f, "Typed")
	f.Fuzz(func(t *testing.T, first, second, integer, number, flag, document string) {
		text := map[string]string{
			"First": first, "Second": second, "Integer": integer, "Number": number, "Flag": flag, "Document": document,
		}
		params, problems := op.Check(contract.Values{Text: text, Path: map[string]string{"Path": second}, Body: []byte(document)})
		wrong := map[string]bool{}
		for i, p := range problems {
			name, _, _ := strings.Cut(p.Name, ".")
			wrong[name] = true
			if p.Name == "" || p.Reason == "" {
				t.Errorf("problem %+v", p)
			}
			if i > 0 && p.Missing && !problems[i-1].Missing {
				t.Errorf("%s is missing and stands after %s", p.Name, problems[i-1].Name)
			}
		}
		if n, ok := params["Integer"].(int64); integer != "" && !wrong["Integer"] && (!ok || n < -5 || n > 5) {
			t.Errorf("%q passed as %v", integer, params["Integer"])
		}
		if number != "" && !wrong["Number"] && !isAtMost(params["Number"], 1.5) {
			t.Errorf("%q passed as %v", number, params["Number"])
		}
		if _, ok := params["Document"].(map[string]any); document != "" && !wrong["Document"] && !ok {
			t.Errorf("%q passed as %v", document, params["Document"])
		}
		if second == "" != wrong["Second"] {
			t.Errorf("%q: wrong is %v", second, wrong["Second"])
		}
	})
}

// isAtMost takes a number as handlers get it: a whole one as int64.
func isAtMost(value any, most float64) bool {
	switch n := value.(type) {
	case int64:
		return float64(n) <= most
	case float64:
		return n <= most
	}
	return false
}
