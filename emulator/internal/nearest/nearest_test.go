package nearest_test

import (
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

func TestName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 101)
	for name, c := range map[string]struct {
		word  string
		known []string
		want  string
	}{
		"a letter too few":         {"ApplyTokn", []string{"QueryToken", "ApplyToken"}, "ApplyToken"},
		"a letter too many":        {"onsmqttt", []string{"onsmqtt"}, "onsmqtt"},
		"two letters swapped":      {"fial", []string{"fill", "fail"}, "fill"}, // both are one slip away
		"a swap is one slip":       {"no", []string{"on"}, "on"},
		"other case":               {"INSTANCEID", []string{"InstanceId"}, "InstanceId"},
		"the nearer of two":        {"pas", []string{"past", "pas2x", "pass", "pas"}, "pas"},
		"the first of equals":      {"pas", []string{"past", "pass"}, "past"},
		"the nearer by case":       {"AplyToken", []string{"applyToken", "ApplyToken"}, "ApplyToken"},
		"more than a third":        {"something", []string{"appstream", "some"}, ""},
		"other alphabets":          {"令牌服务务", []string{"令牌服务"}, "令牌服务"},
		"an empty word":            {"", []string{"on", "name"}, ""},
		"nothing is known":         {"name", nil, ""},
		"a word that is too long":  {long, []string{long[:100]}, ""},
		"a name that is too long":  {long[:100], []string{long}, ""},
		"the longest ones compare": {long[:99], []string{long[:100]}, long[:100]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := nearest.Name(c.word, c.known); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDotted(t *testing.T) {
	t.Parallel()
	known := []string{"ccmessaging.applyToken", "onsmqtt.ApplyToken", "onsmqtt.QueryToken"}
	for name, c := range map[string]struct{ word, want string }{
		"a slip in the whole":      {"onsmqtt.AplyToken", "onsmqtt.ApplyToken"},
		"a slip before the dot":    {"onsmqt.QueryToken", "onsmqtt.QueryToken"},
		"the part behind the dot":  {"ApplyToken", "onsmqtt.ApplyToken"},
		"that part with a slip":    {"QuerryToken", "onsmqtt.QueryToken"},
		"the wrong part before":    {"messaging-service.QueryToken", "onsmqtt.QueryToken"},
		"nothing like it":          {"SomethingElse", ""},
		"case tells two of an end": {"applyToken", "ccmessaging.applyToken"},
		"nothing behind the dot":   {"onsmqtt.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := nearest.Dotted(c.word, known); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	if got := nearest.Ask("no such thing", ""); got != "no such thing" {
		t.Error(got)
	}
	if got := nearest.Ask("no such thing", "thing"); got != `no such thing; did you mean "thing"?` {
		t.Error(got)
	}
}
