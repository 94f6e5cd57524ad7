package habits_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/habits"
)

// word is a way to sign that is its own signature.
type word struct{ text string }

// adding is a habit that adds a letter.
func adding(kind, letter string) habits.Habit[word] {
	return habits.Habit[word]{Kind: kind, Says: letter, Change: func(w *word) { w.text += letter }}
}

// search looks for a word among those that begin with "r" and have some letters more.
func search(want string, work int) habits.Found[word] {
	alone := adding("z", "c")
	alone.Alone = true
	s := habits.Search[word]{
		Right: word{"r"}, Work: work,
		Habits: []habits.Habit[word]{adding("x", "a"), adding("x", "b"), adding("y", "d"), alone, adding("y", "")},
		Signs: func(w *word) ([]string, bool, int) {
			if strings.EqualFold(w.text, want) && w.text != want {
				return []string{"case"}, true, 1
			}
			return nil, w.text == want, 1
		},
	}
	return s.Run()
}

func TestSearch(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		want string
		says []string
		ok   bool
	}{
		"no habit":                        {"r", nil, true},
		"what is said of the signature":   {"R", []string{"case"}, true},
		"one":                             {"rb", []string{"b"}, true},
		"one, with more to say":           {"RB", []string{"b", "case"}, true},
		"two of other kinds":              {"rad", []string{"a", "d"}, true},
		"two of a kind":                   {"rab", nil, false},
		"alone":                           {"rc", []string{"c"}, true},
		"alone, beside another":           {"rac", nil, false},
		"none names what changes nothing": {"ra", []string{"a"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := search(tt.want, 1000)
			if got.Explained != tt.ok || got.Cut || !slices.Equal(got.Says, tt.says) {
				t.Errorf("got %+v", got)
			}
		})
	}
	if got := search("rad", 3); !got.Cut || got.Explained {
		t.Errorf("a search without means got %+v", got)
	}
}

// The text of a signature that was spoilt on its way, and what is said of it.
func TestReadings(t *testing.T) {
	t.Parallel()
	sum := []byte("+/\xfb\xef\xbe" + strings.Repeat("\xfb", 15)) // base64 with many + and /
	text, digits := base64.StdEncoding.EncodeToString(sum), hex.EncodeToString(sum)
	for name, tt := range map[string]struct {
		sent string
		want habits.Coding
		says []string
	}{
		"as it should be":           {text, habits.Base64, nil},
		"hex as it should be":       {digits, habits.LowerHex, nil},
		"upper hex as it should be": {strings.ToUpper(digits), habits.UpperHex, nil},
		"line end":                  {text + "\n", habits.Base64, []string{"line end"}},
		"CR LF":                     {text + "\r\n", habits.Base64, []string{"line end"}},
		"blank at the end":          {text + " ", habits.Base64, []string{"blank was sent at its end"}},
		"raw plus":                  {strings.ReplaceAll(text, "+", " "), habits.Base64, []string{`raw "+"`}},
		"encoded twice":             {strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(text), habits.Base64, []string{"URL-encoded twice"}},
		"encoded twice, line end":   {strings.ReplaceAll(text, "=", "%3D%0A"), habits.Base64, []string{"URL-encoded twice", "line end"}},
		"quoted":                    {`"` + text + `"`, habits.Base64, []string{"Quotation marks"}},
		"no padding":                {strings.TrimRight(text, "="), habits.Base64, []string{"padding"}},
		"URL-safe":                  {base64.URLEncoding.EncodeToString(sum), habits.Base64, []string{"URL-safe"}},
		"URL-safe without padding":  {base64.RawURLEncoding.EncodeToString(sum), habits.Base64, []string{"URL-safe", "padding"}},
		"hex":                       {digits, habits.Base64, []string{"hex of the bytes"}},
		"base64 of hex":             {base64.StdEncoding.EncodeToString([]byte(digits)), habits.Base64, []string{"base64 of the hex digits"}},
		"base64 of upper hex":       {base64.StdEncoding.EncodeToString([]byte(strings.ToUpper(digits))), habits.Base64, []string{"base64 of the hex digits"}},
		"base64 twice":              {base64.StdEncoding.EncodeToString([]byte(text)), habits.Base64, []string{"base64 of a base64 text"}},
		"base64 for hex":            {text, habits.UpperHex, []string{"their upper-case hex is expected"}},
		"upper hex for lower":       {strings.ToUpper(digits), habits.LowerHex, []string{"hex in upper case"}},
		"lower hex for upper":       {digits, habits.UpperHex, []string{"hex in lower case"}},
		"hex with a line end":       {digits + "\n", habits.UpperHex, []string{"line end", "hex in lower case"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			readings := habits.Readings(tt.sent, tt.want)
			i := slices.IndexFunc(readings, func(r habits.Reading) bool { return r.Sum == string(sum) })
			if i < 0 {
				t.Fatalf("%q is not read as the sum: %+v", tt.sent, readings)
			}
			if says := readings[i].Says; len(says) != len(tt.says) {
				t.Errorf("says %q, want %q", says, tt.says)
			} else {
				for j, want := range tt.says {
					if !strings.Contains(says[j], want) {
						t.Errorf("says %q, want %q", says[j], want)
					}
				}
			}
		})
	}
	if got := habits.Readings("not a signature", habits.Base64); len(got) != 0 {
		t.Errorf("made-up text reads as %+v", got)
	}
}

// A blank at the start of base64 is a "+", since nobody sends a blank there.
func TestPlusAtTheStart(t *testing.T) {
	t.Parallel()
	text := "+" + strings.Repeat("A", 26) + "="
	readings := habits.Readings(" "+text[1:], habits.Base64)
	if len(readings) != 1 || base64.StdEncoding.EncodeToString([]byte(readings[0].Sum)) != text {
		t.Errorf("got %+v", readings)
	}
}

// Every spelling is the same JSON, in other bytes, and each is there once.
func TestJSONSpellings(t *testing.T) {
	t.Parallel()
	body := []byte("{\"b\": [1, 2.50, {}], \"a\":\"\\u00e9</&\U0001F600\\n\",\"c\":{\"z\":null,\"y\":true},\"d\":[]}")
	var want any
	if err := json.Unmarshal(body, &want); err != nil {
		t.Fatal(err)
	}
	spellings := habits.JSONSpellings(body)
	seen := map[string]bool{string(body): true}
	for _, s := range spellings {
		var got any
		if err := json.Unmarshal(s.Body, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s is another value: %v", s.Name, s.Body, err)
		}
		if seen[string(s.Body)] {
			t.Errorf("%s comes twice", s.Name)
		}
		seen[string(s.Body)] = true
	}
	for _, library := range []string{
		`{"b":[1,2.50,{}],"a":"é</&😀\n","c":{"z":null,"y":true},"d":[]}`,                                                                              // JSON.stringify
		`{"b": [1, 2.50, {}], "a": "\u00e9</&\ud83d\ude00\n", "c": {"z": null, "y": true}, "d": []}`,                                                  // json.dumps
		`{"a":"é\u003c/\u0026😀\n","b":[1,2.50,{}],"c":{"y":true,"z":null},"d":[]}`,                                                                    // encoding/json of a map
		`{"b":[1,2.50,{}],"a":"\u00e9<\/&\ud83d\ude00\n","c":{"z":null,"y":true},"d":[]}`,                                                             // json_encode
		"{\n  \"b\": [\n    1,\n    2.50,\n    {}\n  ],\n  \"a\": \"é</&😀\\n\",\n  \"c\": {\n    \"z\": null,\n    \"y\": true\n  },\n  \"d\": []\n}", // indented
	} {
		if !seen[library] {
			t.Errorf("%s is not among the spellings", library)
		}
	}
	for _, no := range []string{"", "{", `{"a":1} x`, "a=b", strings.Repeat("[", 300) + strings.Repeat("]", 300), `"` + strings.Repeat("x", 300<<10) + `"`} {
		if got := habits.JSONSpellings([]byte(no)); got != nil {
			t.Errorf("%.20s has %d spellings", no, len(got))
		}
	}
	if !bytes.HasPrefix(body, []byte(`{"b": [1`)) {
		t.Error("the body was changed")
	}
}

// A slip changes the secret, whatever that is.
func TestSlips(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"", "a", "lower", "UPPER", "Mixed+/"} {
		for _, s := range habits.Slips(secret) {
			if s.Secret == secret {
				t.Errorf("%s leaves %q as it is", s.Name, secret)
			}
		}
	}
}
