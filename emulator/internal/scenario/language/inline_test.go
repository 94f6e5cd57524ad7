package language_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
)

// TestInline puts files into documents of every style, and reads the bodies back.
func TestInline(t *testing.T) {
	t.Parallel()
	const odd = "{\"a\": \"é中😀\\n\"}\r\n\t'x' # no remark\x01\x7f\u0085\u2028\ufeff {{ now }}\n"
	folder := fstest.MapFS{
		"reply.json": {Data: []byte(odd)}, "below/it's.txt": {Data: []byte("x")}, "empty": {Data: nil},
	}
	respond := func(reply string) string {
		return "name: é😀\nrules:\n  - on: onsmqtt.ApplyToken\n    script:\n      - respond: " + reply + "\n"
	}
	tests := map[string]struct{ reply, want string }{
		"block":          {"\n          offSpec: true\n          bodyFile: reply.json # a remark", odd},
		"flow":           {"{offSpec: true, bodyFile: reply.json}", odd},
		"after letters":  {`{headers: {X-A: "中😀"}, "bodyFile": "reply.json", offSpec: true}`, odd},
		"single quotes":  {"{offSpec: true, bodyFile: 'below/it''s.txt'}", "x"},
		"double quotes":  {`{offSpec: true, bodyFile: "below/it\u0027s.txt"}`, "x"},
		"with a dot":     {"{offSpec: true, bodyFile: ./reply.json}", odd},
		"empty":          {"{offSpec: true, bodyFile: empty}", ""},
		"twice by alias": {"&r {offSpec: true, bodyFile: reply.json}\n      - respond: *r", odd},
		"two":            {"{offSpec: true, bodyFile: reply.json}\n      - respond: {offSpec: true, bodyFile: empty}", odd},
		"none":           {"{offSpec: true, body: bodyFile}", "bodyFile"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := strings.Replace(respond(test.reply), "é😀", "a", 1)
			got, problems := language.Inline([]byte(source), folder)
			if len(problems) > 0 {
				t.Fatalf("%v\n%s", problems, source)
			}
			if lines := strings.Count(source, "\n"); strings.Count(string(got), "\n") != lines {
				t.Errorf("other lines:\n%s", got)
			}
			if body := decode(t, string(got)).Rules[0].Script[0].Respond.Body; body != test.want {
				t.Errorf("got %q, want %q", body, test.want)
			}
		})
	}
}

func TestInlineProblems(t *testing.T) {
	t.Parallel()
	folder := fstest.MapFS{
		"large": {Data: []byte(strings.Repeat("x", 200<<10))}, "larger": {Data: []byte(strings.Repeat("x", 300<<10))},
		"folder/x": {}, "latin": {Data: []byte("\xe9")}, "quotes": {Data: []byte(strings.Repeat("\"", 200<<10))},
	}
	tests := map[string]struct{ name, want string }{
		"missing":            {"gone", `1:12: the file "gone" cannot be put into the body: there is no such file beside the scenario`},
		"outside":            {"../a", `1:12: the file "../a" cannot be put into the body: it must be a file in the folder of the scenario, or below`},
		"absolute":           {"/etc/passwd", `1:12: the file "/etc/passwd" cannot be put into the body: it must be a file in the folder of the scenario, or below`},
		"folder":             {"folder", `1:12: the file "folder" cannot be put into the body: it must be a file in the folder of the scenario, or below`},
		"not text":           {"latin", `1:12: the file "latin" cannot be put into the body: it is not UTF-8`},
		"too large":          {"larger", `1:12: the file "larger" cannot be put into the body: the files of a document have at most 262144 bytes together`},
		"two too large":      {"large\n bodyFile: large", `2:12: the file "large" cannot be put into the body: the files of a document have at most 262144 bytes together`},
		"large once written": {"quotes", "1:1: the document has 409610 bytes with the files of its bodies, at most 262144 are read"},
		"many lines":         {"|\n  gone", `1:12: "bodyFile" must be the name of a file on one line, without an anchor or a tag`},
		"anchor":             {"&a gone", `1:12: "bodyFile" must be the name of a file on one line, without an anchor or a tag`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := language.Inline([]byte("  bodyFile: " + test.name + "\n")[1:], folder)
			got := strings.ReplaceAll(problems.Error(), "1:13: ", "1:12: ")
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// FuzzInline wants a document that it changes to be one that a reader of YAML takes, with as many lines as before.
func FuzzInline(f *testing.F) {
	folder := fstest.MapFS{"a": {Data: []byte("x\n\"y\\: {{")}, "b c": {Data: []byte("\u2028")}}
	for _, seed := range []string{
		"respond: {bodyFile: a}", "x: [{'bodyFile': 'b c'}, {\"bodyFile\": \"b c\"}]\n", "? bodyFile\n: a\n", "bodyFile: &x a\ny: *x", "\ufeffbodyFile: a",
		"bodyFile: a\r\nbodyFile: a", "中: {bodyFile: a}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		got, problems := language.Inline([]byte(source), folder)
		if len(problems) == 0 && strings.Count(string(got), "\n") != strings.Count(source, "\n") {
			t.Errorf("other lines: %q", got)
		}
	})
}
