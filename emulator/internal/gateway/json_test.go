package gateway_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestAppendJSON(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"null":         {nil, `null`},
		"text":         {"a<b>&c", `"a<b>&c"`},
		"escapes":      {"\"\\\n\r\t\x00\x1f\x7f", `"\"\\\n\r\t\u0000\u001f` + "\x7f" + `"`},
		"not UTF-8":    {"a\xffb", `"a` + "\uFFFD" + `b"`},
		"wide":         {"成功 \u2028 😀", "\"成功 \u2028 😀\""},
		"true":         {true, `true`},
		"int":          {-7, `-7`},
		"int64":        {int64(math.MaxInt64), `9223372036854775807`},
		"float":        {1.5, `1.5`},
		"no number":    {math.NaN(), `null`},
		"empty object": {wire.Object{}, `{}`},
		"empty list":   {[]any{}, `[]`},
		"order kept":   {wire.Object{{Name: "z", Value: 1}, {Name: "a", Value: []any{"x", nil, wire.Object{}}}}, `{"z":1,"a":["x",null,{}]}`},
		"map sorted":   {map[string]any{"z": 1, "a": map[string]any{"c": true, "b": false}}, `{"a":{"b":false,"c":true},"z":1}`},
		"list of name": {wire.List{Item: "datas", Values: []any{1, 2}}, `{"datas":[1,2]}`},
		"name escaped": {wire.Object{{Name: `a"b`, Value: 1}}, `{"a\"b":1}`},
		"other":        {[]string{"x"}, `["x"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := string(gateway.AppendJSON([]byte("before "), c.value)); got != "before "+c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// Plain is what the spec checks: it must be what a client decodes.
func TestPlainIsWhatIsSent(t *testing.T) {
	t.Parallel()
	value := wire.Object{
		{Name: "text", Value: "x"},
		{Name: "flag", Value: true},
		{Name: "number", Value: 1.5},
		{Name: "null", Value: nil},
		{Name: "object", Value: wire.Object{{Name: "inner", Value: wire.List{Item: "string", Values: []any{"a"}}}}},
		{Name: "list", Value: []any{wire.Object{{Name: "x", Value: "y"}}, map[string]any{"m": wire.Object{}}}},
	}
	var decoded any
	if err := json.Unmarshal(gateway.AppendJSON(nil, value), &decoded); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decoded, contract.Plain(value)); diff != "" {
		t.Error(diff)
	}
}

func TestOrdered(t *testing.T) {
	t.Parallel()
	object := wire.Object{{Name: "b", Value: 1}, {Name: "a", Value: 2}}
	for name, c := range map[string]struct {
		value any
		want  wire.Object
	}{
		"object": {object, object},
		"map":    {map[string]any{"b": 1, "a": 2}, wire.Object{{Name: "a", Value: 2}, {Name: "b", Value: 1}}},
		"text":   {"no object", nil},
		"null":   {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, gateway.Ordered(c.value)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzAppendJSON: what is written is what encoding/json reads, whatever the text.
func FuzzAppendJSON(f *testing.F) {
	f.Add("name", "value", int64(1), 0.5, true)
	f.Add("", "\x00\"\\\u2028</script>\x7f", int64(math.MinInt64), -1e300, false)
	f.Add("\xff", "成功\xed\xa0\x80", int64(0), math.SmallestNonzeroFloat64, true)
	f.Fuzz(func(t *testing.T, name, text string, whole int64, number float64, flag bool) {
		if math.IsNaN(number) || math.IsInf(number, 0) {
			t.Skip("JSON has no such number")
		}
		value := wire.Object{
			{Name: name, Value: []any{text, whole, number, flag, nil}},
			{Name: name + "2", Value: map[string]any{name: wire.List{Item: text, Values: []any{text}}}},
		}
		raw := gateway.AppendJSON(nil, value)
		if !utf8.Valid(raw) {
			t.Errorf("not UTF-8: %q", raw)
		}
		decoder := json.NewDecoder(strings.NewReader(string(raw)))
		decoder.UseNumber()
		var got any
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("%v: %q", err, raw)
		}
		standard, err := json.Marshal(contract.Plain(value))
		if err != nil {
			t.Fatal(err)
		}
		decoder = json.NewDecoder(strings.NewReader(string(standard)))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
