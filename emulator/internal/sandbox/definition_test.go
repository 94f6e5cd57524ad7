package sandbox_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

func TestDefinitionsThatAreRefused(t *testing.T) {
	t.Parallel()
	acs := func(c gatewaytest.ACSCredential) sandbox.Definition {
		return sandbox.Definition{ID: "box", Credentials: gatewaytest.Credentials{ACS: []gatewaytest.ACSCredential{
			{AccessKeyID: "good", AccessKeySecret: "good-secret"}, c,
		}}.Listed()}
	}
	apps := func(top, fabric []gatewaytest.App) sandbox.Definition {
		return sandbox.Definition{ID: "box", Credentials: gatewaytest.Credentials{Top: top, Fabric: fabric}.Listed()}
	}
	chat := func(line sandbox.ChatLine) sandbox.Definition {
		return sandbox.Definition{ID: "box", Fixtures: sandbox.Fixtures{Chat: []sandbox.ChatLine{{On: "CHAT", Say: "x"}, line}}}
	}
	long := strings.Repeat("x", 8<<10+1)
	from := func(now time.Time) sandbox.Definition { return sandbox.Definition{ID: "box", Now: &now} }
	for name, c := range map[string]struct {
		def   sandbox.Definition
		field string
	}{
		"no id":           {sandbox.Definition{}, "id"},
		"long secret":     {acs(gatewaytest.ACSCredential{AccessKeyID: "ak", AccessKeySecret: long}), "credentials.acs[1]"},
		"long key":        {acs(gatewaytest.ACSCredential{AccessKeyID: long, AccessKeySecret: "secret"}), "credentials.acs[1]"},
		"long app secret": {apps(nil, []gatewaytest.App{{AppKey: "a", AppSecret: long}}), "credentials.fabric[0]"},
		"many apps":       {apps(make([]gatewaytest.App, 101), nil), "credentials.top"},
		"many users": {
			sandbox.Definition{ID: "box", Fixtures: sandbox.Fixtures{Users: make([]string, 1001)}}, "fixtures.users",
		},
		"long glob": {
			sandbox.Definition{ID: "box", Fixtures: sandbox.Fixtures{Users: []string{"u", strings.Repeat("x", 257)}}}, "fixtures.users[1]",
		},
		"half a glob": {
			sandbox.Definition{ID: "box", Fixtures: sandbox.Fixtures{Instances: []string{"post-[a"}}}, "fixtures.instances[0]",
		},
		"many bytes of keys": {
			apps(slices.Repeat([]gatewaytest.App{{AppKey: "a", AppSecret: long[:700]}}, 100), nil), "credentials",
		},
		"upper case id":    {sandbox.Definition{ID: "Box"}, "id"},
		"id with a slash":  {sandbox.Definition{ID: "a/b"}, "id"},
		"id with newline":  {sandbox.Definition{ID: "a\n"}, "id"},
		"long id":          {sandbox.Definition{ID: strings.Repeat("a", 65)}, "id"},
		"now before 1970":  {from(time.Unix(-1, 0)), "now"},
		"now after 9999":   {from(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), "now"},
		"key alone":        {acs(gatewaytest.ACSCredential{AccessKeyID: "ak"}), "credentials.acs[1]"},
		"secret alone":     {acs(gatewaytest.ACSCredential{AccessKeySecret: "secret"}), "credentials.acs[1]"},
		"nothing":          {acs(gatewaytest.ACSCredential{}), "credentials.acs[1]"},
		"short key secret": {acs(gatewaytest.ACSCredential{AccessKeyID: "ak", AccessKeySecret: "sec"}), "credentials.acs[1]"},
		"short bearer":     {acs(gatewaytest.ACSCredential{BearerToken: "tok"}), "credentials.acs[1]"},
		"security token without a pair": {
			acs(gatewaytest.ACSCredential{BearerToken: "bearer", SecurityToken: "token"}), "credentials.acs[1]",
		},
		"top without a secret": {apps([]gatewaytest.App{{AppKey: "a"}}, nil), "credentials.top[0]"},
		"fabric without a key": {apps(nil, []gatewaytest.App{{AppSecret: "secret"}}), "credentials.fabric[0]"},
		"short app secret":     {apps([]gatewaytest.App{{AppKey: "a", AppSecret: "abc"}}, nil), "credentials.top[0]"},
		"short warrant secret": {sandbox.Definition{ID: "box", Fixtures: sandbox.Fixtures{
			Warrants: []sandbox.WarrantApp{{AppID: "a", AppSecret: "abc"}},
		}}, "fixtures.warrants[0]"},
		"line for nothing":       {chat(sandbox.ChatLine{Say: "x"}), "fixtures.chat[1].on"},
		"line of nobody":         {chat(sandbox.ChatLine{On: "CHAT", Say: "x", As: "USER"}), "fixtures.chat[1].as"},
		"line that does no such": {chat(sandbox.ChatLine{On: "CHAT", Do: "shout"}), "fixtures.chat[1].do"},
		"line without effect":    {chat(sandbox.ChatLine{On: "CHAT"}), "fixtures.chat[1].say"},
		"long line":              {chat(sandbox.ChatLine{On: "CHAT", Say: strings.Repeat("用", 501)}), "fixtures.chat[1].say"},
		"line in the past":       {chat(sandbox.ChatLine{On: "CHAT", Say: "x", After: "-1s"}), "fixtures.chat[1].after"},
		"line with half a glob":  {chat(sandbox.ChatLine{On: "CHAT", Say: "x", Content: "[a"}), "fixtures.chat[1].content"},
		"refusal of a word":      {chat(sandbox.ChatLine{On: "CHAT", Do: "refuse"}), "fixtures.chat[1].do"},
		"refusal that speaks":    {chat(sandbox.ChatLine{On: "CONNECT", Do: "refuse", Say: "x"}), "fixtures.chat[1].do"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0)
			_, err := w.Create(t.Context(), c.def)
			if got := invalidField(err); got != c.field {
				t.Errorf("Create = %v, want a refusal of %s", err, c.field)
			}
			if len(w.list(t)) != 0 {
				t.Error("a refused sandbox is listed")
			}
		})
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	complete := func(def sandbox.Definition, seed uint64) sandbox.Definition {
		if err := newWorld(t, 0).Complete(t.Context(), &def, rand.New(rand.NewPCG(seed, 0))); err != nil {
			t.Fatal(err)
		}
		return def
	}
	first := complete(sandbox.Definition{}, 1)
	if diff := cmp.Diff(first, complete(sandbox.Definition{}, 1)); diff != "" {
		t.Errorf("the same chance completed differently:\n%s", diff)
	}
	second := complete(sandbox.Definition{}, 2)
	w := newWorld(t, 0)
	w.create(t, first)
	w.create(t, second) // they share neither id nor credentials
	for text, pattern := range map[string]string{
		first.ID: `^sb-[0-9a-z]{12}$`,
		gatewaytest.Read(first.Credentials).ACS[0].AccessKeyID:     `^LTAIfake[0-9A-Za-z]{16}$`,
		gatewaytest.Read(first.Credentials).ACS[0].AccessKeySecret: `^[0-9A-Za-z]{30}$`,
		gatewaytest.Read(first.Credentials).Top[0].AppKey:          `^9[0-9]{9}$`,
		gatewaytest.Read(first.Credentials).Top[0].AppSecret:       `^[0-9a-f]{32}$`,
		gatewaytest.Read(first.Credentials).Fabric[0].AppKey:       `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`,
		gatewaytest.Read(first.Credentials).Fabric[0].AppSecret:    `^[0-9a-f]{32}$`,
	} {
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("%q does not look like %s", text, pattern)
		}
	}

	given := sandbox.Definition{ID: "mine", Credentials: gatewaytest.Credentials{
		ACS: []gatewaytest.ACSCredential{}, Top: []gatewaytest.App{{AppKey: "a", AppSecret: "secret"}}, Fabric: []gatewaytest.App{},
	}.Listed()}
	if diff := cmp.Diff(given, complete(given, 3)); diff != "" {
		t.Errorf("what was given changed:\n%s", diff)
	}
}

// TestCompleteDrawsAgain covers chance that repeats itself: nothing but the app key of the Taobao Open Platform is short
// enough to meet another.
func TestCompleteDrawsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	draw := func() (def sandbox.Definition) {
		if err := w.Complete(t.Context(), &def, rand.New(rand.NewPCG(1, 0))); err != nil {
			t.Fatal(err)
		}
		return def
	}
	first := draw()
	w.create(t, sandbox.Definition{ID: "other", Credentials: sandbox.Credentials{"top": first.Credentials["top"]}})
	again := draw()
	if gatewaytest.Read(first.Credentials).Top[0].AppKey == gatewaytest.Read(again.Credentials).Top[0].AppKey {
		t.Error("an app key that is taken was drawn once more")
	}
	if first.ID != again.ID || gatewaytest.Read(first.Credentials).ACS[0] != gatewaytest.Read(again.Credentials).ACS[0] {
		t.Error("what was drawn before it changed")
	}
	w.create(t, again)
}

func TestNewSeedSurvivesJSONReaders(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		if seed := sandbox.NewSeed(chance); uint64(float64(seed)) != seed {
			t.Fatalf("seed %d does not survive as a float64", seed)
		}
	}
}

func TestAllows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list  []string
		value string
		want  bool
	}{
		{nil, "anything", true},
		{[]string{}, "", true},
		{[]string{"post-cn-1"}, "post-cn-1", true},
		{[]string{"post-cn-1"}, "post-cn-2", false},
		{[]string{"x", "post-cn-*"}, "post-cn-2", true},
		{[]string{"post-*"}, "post-a/b", false}, // as of path.Match
		{[]string{"["}, "[", false},
		{[]string{"[", "a"}, "a", true},
	} {
		if got := sandbox.Allows(c.list, c.value); got != c.want {
			t.Errorf("Allows(%q, %q) = %v, want %v", c.list, c.value, got, c.want)
		}
	}
}

// TestGlobsMatchNoLongValues: a value of a megabyte costs nothing, whatever the globs are.
func TestGlobsMatchNoLongValues(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]bool{1 << 10: true, 1<<10 + 1: false, 1 << 20: false} {
		if got := sandbox.Allows([]string{"a", "*"}, strings.Repeat("x", n)); got != want {
			t.Errorf("a value of %d bytes is allowed: %t, want %t", n, got, want)
		}
	}
	if !sandbox.Allows(nil, strings.Repeat("x", 1<<20)) {
		t.Error("an empty list does not allow a long value")
	}
}
