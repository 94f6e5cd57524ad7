package gateway_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
)

func TestReadBody(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]gateway.Body{
		`{"a":1,"b":"x"}`: {
			JSON:    map[string]any{"a": int64(1), "b": "x"},
			Members: map[string]any{"a": int64(1), "b": "x"},
		},
		`[1]`:  {JSON: []any{int64(1)}},
		`null`: {},
		`<?xml version="1.0"?><Error><Code>Busy</Code><A><Code>x</Code></A></Error><!-- machine -->`: {
			Root: "Error", Members: map[string]any{"Code": "Busy"},
		},
		`<Error><Code>Bus`: {Root: "Error", Members: map[string]any{"Code": "Bus"}}, // cut short
		`busy`:             {Members: map[string]any{}},
		``:                 {Members: map[string]any{}},
	} {
		if diff := cmp.Diff(want, gateway.ReadBody([]byte(body))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestCodeOfBody(t *testing.T) {
	t.Parallel()
	body := gateway.ReadBody([]byte(`{"n":7,"f":1.5,"empty":"","null":null,"long":"` + strings.Repeat("x", 101) + `"}`))
	for _, test := range []struct {
		names []string
		want  string
	}{
		{[]string{"n"}, "7"},
		{[]string{"f"}, "1.5"},
		{[]string{"empty", "null", "absent", "long", "n"}, "7"},
		{[]string{"long"}, ""},
		{nil, ""},
	} {
		if got := body.Code(test.names...); got != test.want {
			t.Errorf("%v: %q, want %q", test.names, got, test.want)
		}
	}
}

func TestContentTypeOf(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		" \n{}": "json", "[1]": "json", "<a/>": "xml", "busy": "text/plain;charset=utf-8", " \t": "", "": "",
	} {
		if got := gateway.ContentTypeOf([]byte(body), "json", "xml"); got != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
}
