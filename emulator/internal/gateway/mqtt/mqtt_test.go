package mqtt_test

import (
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
)

// TestSign: the vector was computed with openssl dgst -sha1 -hmac.
func TestSign(t *testing.T) {
	t.Parallel()
	if got := mqtt.Sign("GID_test@@@0001", "secret"); got != "6FhaoXRsBQs1odFbY2ZKG1/CMy8=" {
		t.Errorf("got %s", got)
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		resource, filter string
		want             bool
	}{
		{"A", "A", true},
		{"A", "B", false},
		{"A", "A/b", false},
		{"A/b", "A", false},
		{"A", "a", false},
		{"A/+", "A/b", true},
		{"A/+", "A/+", true},
		{"A/+", "A/#", false},
		{"A/+", "A", false},
		{"A/+", "A/b/c", false},
		{"A/+/c", "A/b/c", true},
		{"A/+/c", "A/b/d", false},
		{"+", "A", true},
		{"+", "#", false},
		{"+/b", "A/b", true},
		{"A/#", "A/b/c", true},
		{"A/#", "A/#", true},
		{"A/#", "A", true},
		{"A/#", "A/+/c", true},
		{"A/#", "B", false},
		{"A/#", "#", false},
		{"#", "#", true},
		{"#", "A/b", true},
		{"A//c", "A//c", true},
		{"A/+/c", "A//c", true},
		{"A/b", "A/+", false},
		{"A/b", "+/b", false},
		{"A/", "A/", true},
		{"A", "A/", false},
		{"", "", true},
	} {
		if got := mqtt.Covers(c.resource, c.filter); got != c.want {
			t.Errorf("%q covers %q: %v", c.resource, c.filter, got)
		}
	}
}

// FuzzCovers: what a resource covers, it covers of every topic in it too, as MQTT matches topics.
func FuzzCovers(f *testing.F) {
	f.Add("A/#", "A/+", "A/b")
	f.Add("+/b", "A/b", "A/b")
	f.Fuzz(func(t *testing.T, resource, filter, topic string) {
		if strings.ContainsAny(topic, "+#") || !mqtt.IsFilter(resource) || !mqtt.IsFilter(filter) {
			return
		}
		if mqtt.Covers(resource, filter) && mqtt.Covers(filter, topic) && !mqtt.Covers(resource, topic) {
			t.Errorf("%q covers %q, which covers %q", resource, filter, topic)
		}
	})
}

// TestFilters: wildcards stand alone in their levels, # in the last.
func TestFilters(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]bool{
		"#": true, "+": true, "/": true, "//": true, "a/+/b/#": true, "+/#": true, "/+": true, "$SYS/#": true,
		"": false, "a+": false, "+a/b": false, "a/b#": false, "#/a": false, "a/#/b": false, "##": false, "a/#/": false,
	} {
		if got := mqtt.IsFilter(filter); got != want {
			t.Errorf("IsFilter(%q) is %v", filter, got)
		}
	}
	for filter, want := range map[string]bool{"$share/g/a": true, "$SHARE/g/a": true, "$share": false, "share/g": false} {
		if got := mqtt.IsShared(filter); got != want {
			t.Errorf("IsShared(%q) is %v", filter, got)
		}
	}
}

// FuzzTokens: what is read of a password is what would have been written.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{"R|a", "W|a|R|b", "RW|a|", "|", "", "R|a|R|b", "R|a|W|b|RW|c|X|d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, password string) {
		tokens, err := mqtt.ReadTokens(password)
		if err != nil {
			return
		}
		var written []string
		for _, given := range tokens {
			if !mqtt.IsType(given.Type) || given.Text == "" {
				t.Errorf("%q: %+v", password, given)
			}
			written = append(written, given.Type, given.Text)
		}
		if strings.Join(written, "|") != password {
			t.Errorf("%q was read as %q", password, written)
		}
	})
}

func TestPeers(t *testing.T) {
	t.Parallel()
	for topic, want := range map[string]string{
		"A/p2p/GID_a@@@b": "GID_a@@@b", "A/p2p/": "", "A/b/p2p/GID_a@@@b": "", "p2p/GID_a@@@b": "", "A/p2p/a/b": "",
	} {
		if got, ok := mqtt.PeerOf(topic); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q %v", topic, got, ok)
		}
	}
}
