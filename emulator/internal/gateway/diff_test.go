package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
)

func TestFirstDifference(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100)
	for name, c := range map[string]struct{ server, client, want string }{
		"equal":         {"same", "same", ""},
		"both empty":    {"", "", ""},
		"start":         {"abc", "xbc", `at byte 0: server has ">>abc", client has ">>xbc"`},
		"middle":        {"a%20b", "a+b", `at byte 1: server has "a>>%20b", client has "a>>+b"`},
		"server longer": {"abc", "ab", `at byte 2: server has "ab>>c", client has "ab>>(end)"`},
		"client longer": {"ab", "abc", `at byte 2: server has "ab>>(end)", client has "ab>>c"`},
		"client empty":  {"ab", "", `at byte 0: server has ">>ab", client has ">>(end)"`},
		"line end": {
			"POST\n/", "POST\r\n/", `at byte 4: server has "POST>>\n/", client has "POST>>\r\n/"`,
		},
		"tab": {"a\tb", "a b", `at byte 1: server has "a>>\tb", client has "a>> b"`},
		"long": {
			long + "1" + long, long + "2" + long,
			`at byte 100: server has "…` + long[:24] + `>>1` + long[:23] + `…", client has "…` + long[:24] + `>>2` + long[:23] + `…"`,
		},
		"inside a character": {
			"é", "è", "at byte 1: server has \"\uFFFD>>\uFFFD\", client has \"\uFFFD>>\uFFFD\"",
		},
		"context begins at a character": {
			"é" + long[:23] + "1", "é" + long[:23] + "2",
			`at byte 25: server has "…` + long[:23] + `>>1", client has "…` + long[:23] + `>>2"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := gateway.FirstDifference(c.server, c.client); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// FuzzFirstDifference: the marker names a byte up to which both are equal, and is one line of UTF-8.
func FuzzFirstDifference(f *testing.F) {
	f.Add("a%20b", "a+b")
	f.Add("\xff\n", "\xfe")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, server, client string) {
		marker := gateway.FirstDifference(server, client)
		if server == client {
			if marker != "" {
				t.Errorf("equal strings: %s", marker)
			}
			return
		}
		var at int
		if _, err := fmt.Sscanf(marker, "at byte %d:", &at); err != nil {
			t.Fatalf("%v: %q", err, marker)
		}
		if at > len(server) || at > len(client) || server[:at] != client[:at] {
			t.Errorf("%q and %q do not agree up to byte %d", server, client, at)
		}
		if at < len(server) && at < len(client) && server[at] == client[at] {
			t.Errorf("%q and %q still agree at byte %d", server, client, at)
		}
		if !utf8.ValidString(marker) || strings.ContainsAny(marker, "\r\n\t") {
			t.Errorf("not one line of UTF-8: %q", marker)
		}
	})
}
