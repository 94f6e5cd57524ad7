package client_test

import (
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// TestClaimsAboutUnknownNamesFail holds that no claim passes, or fails in silence about it, because a name in it does
// not exist.
func TestClaimsAboutUnknownNamesFail(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box, quiet := scene(t, em), em.Sandbox(t)
	const apply = "onsmqtt.ApplyToken"
	key := box.Fabric.AppKey
	for name, test := range map[string]struct {
		claim func(t client.T)
		meant string
	}{
		"operation":               {func(t client.T) { box.Expect(t, "onsmqtt.AplyToken").Never() }, apply},
		"operation, nothing came": {func(t client.T) { quiet.Expect(t, "onsmqtt.AplyToken").Never() }, apply},
		"its ID alone":            {func(t client.T) { box.Expect(t, "ApplyToken").Times(0) }, apply},
		"a pattern of an API":     {func(t client.T) { box.Expect(t, "onsmqt.*").Never() }, "onsmqtt.*"},
		"outcome":                 {func(t client.T) { box.Expect(t, operation).Outcome("OK").Never() }, "ok"},
		"outcomes":                {func(t client.T) { box.Expect(t, operation).Outcomes("OK", "ok", "ok") }, "ok"},
		"outcomes, nothing came":  {func(t client.T) { quiet.Expect(t, apply).Outcomes("ApplyTokenOverflw") }, "ApplyTokenOverFlow"},
		"parameter":               {func(t client.T) { box.Expect(t, apply).Param("Instanceid", "a").Never() }, "InstanceId"},
		"parameter of all":        {func(t client.T) { box.Expect(t, "*").Param("app_kay", "a").Times(0) }, "app_key"},
		"credential":              {func(t client.T) { box.Expect(t, operation).Credential(key + "x").Never() }, key},
		"a claim that fails":      {func(t client.T) { box.Expect(t, operation).Outcome("OK").Times(2) }, "ok"},
		"one of several":          {func(t client.T) { box.Expect(t, operation).Param("room", "a").Outcome("OK").Never() }, "ok"},
		"a filter":                {func(t client.T) { em.Open(t, box.ID).Requests(client.Filter{API: "onsmqt"}) }, "onsmqtt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := play(t, test.claim)
			if all := strings.Join(got, "\n"); !strings.Contains(all, `did you mean "`+test.meant+`"?`) {
				t.Errorf("no word of %s: %s", test.meant, all)
			}
		})
	}
}

// TestClaimsAboutKnownNamesHold holds that nothing is refused which can come, or came.
func TestClaimsAboutKnownNamesHold(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := scene(t, em)
	scripted := em.Sandbox(t, client.Script("teapot",
		`{name: teapot, rules: [{on: onsmqtt.ApplyToken, script: [{respond: {status: 418, body: '{"Code":"Teapot"}', offSpec: true}}]}]}`))
	for name, claim := range map[string]func(t client.T){
		"an operation":           func(t client.T) { box.Expect(t, "onsmqtt.ApplyToken").Never() },
		"no operation":           func(t client.T) { box.Expect(t, "").Never() },
		"a filled code":          func(t client.T) { box.Expect(t, "onsmqtt.*").Outcome("InvalidParameter.Actions").Never() },
		"a scripted outcome":     func(t client.T) { scripted.Expect(t, "onsmqtt.ApplyToken").Outcome("Teapot").Never() },
		"a parameter that came":  func(t client.T) { box.Expect(t, operation).Param("room", "z").Never() },
		"a header":               func(t client.T) { box.Expect(t, operation).Header("X-Own", "1").Never() },
		"a credential":           func(t client.T) { box.Expect(t, operation).Credential(box.ACS.AccessKeyID).Never() },
		"credentials of default": func(t client.T) { em.Open(t, "default").Expect(t, "*").Credential("of-nobody").Never() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := play(t, claim); len(got) > 0 {
				t.Error(got)
			}
		})
	}
}

// TestClaimsThatNothingEnds holds that a claim without an end fails its test, which would otherwise claim nothing.
func TestClaimsThatNothingEnds(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	box := scene(t, em)
	for name, test := range map[string]struct {
		claim func(t client.T)
		want  []string
	}{
		"at once":  {func(t client.T) { box.Expect(t, operation) }, []string{operation + ": the claim was not ended"}},
		"narrowed": {func(t client.T) { box.Expect(t, operation).Outcome("ok").Within(1) }, []string{`with outcome "ok": the claim`}},
		"one of two": {func(t client.T) {
			all := box.Expect(t, operation)
			all.Param("room", "a").Once()
			all.Param("room", "b")
		}, []string{`with room "b": the claim`}},
		"both of two": {func(t client.T) {
			all := box.Expect(t, operation)
			all.Param("room", "a").Once()
			all.Param("room", "b").Once()
		}, nil},
		"ended and narrowed": {func(t client.T) {
			all := box.Expect(t, operation)
			all.Times(3)
			all.Param("room", "a").Once()
		}, nil},
		"a test that failed before": {func(t client.T) {
			box.Expect(t, operation)
			t.Fatalf("no way on")
		}, []string{"no way on"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := play(t, test.claim)
			if len(got) != len(test.want) {
				t.Fatalf("%d reports: %q", len(got), got)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("%q lacks %q", got[i], want)
				}
			}
		})
	}
}
