package ccmessaging_test

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api/ccmessaging"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestApplyToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	result, err := w.call("applyToken", arguments{
		body: `{"userId":"用户-1","userName":"Ali & <Ce>","channelId":"` + channel + `","locale":"zh_CN"}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	body := string(gateway.AppendJSON(nil, result.Body))
	if !regexp.MustCompile(`^\{"resultCode":"0","token":"eyJjcmVhdGVUaW1lI[0-9A-Za-z%]+"\}$`).MatchString(body) {
		t.Fatalf("got %s", body)
	}
	decoded, err := url.QueryUnescape(result.Body[1].Value.(string))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(decoded)
	want := regexp.MustCompile(`^\{"createTime":1772366400500,"userId":"用户-1","userName":"[^"]+","locale":"zh_CN",` +
		`"nonce":"[0-9A-Za-z_-]+","channelId":"` + channel + `"\}$`)
	if err != nil || !want.Match(raw) {
		t.Fatalf("the token holds %s, %v", raw, err)
	}
	listed := w.newest()
	if listed.Subject != "用户-1@"+channel || listed.Operation != "applyToken" ||
		!listed.ExpiresAt.Equal(epoch.Add(time.Hour)) {
		t.Fatalf("listed is %+v", listed)
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "2022*", "web-1")
	for name, known := range map[string]bool{channel: true, "web-1": true, "web-2": false, "12022": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.in(t).call("applyToken", arguments{
				body: `{"userId":"u","userName":"n","channelId":"` + name + `","locale":"zh"}`,
			})
			if known {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			fault, finding := refusal(t, err)
			if fault.Code != "500" || !strings.Contains(finding, `"`+name+`" is none of them`) {
				t.Fatalf("got %v: %s", fault, finding)
			}
		})
	}
}

// TestClientTokenMustBeExact changes a good token in the ways in which clients change it.
func TestClientTokenMustBeExact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// The length of the channel's id makes the base64 end in "=".
	const channel = "202209135274312106"
	good := w.apply(user, channel)
	if !strings.HasSuffix(good, "%3D") {
		t.Fatalf("the token %q needs padding for this test", good)
	}
	w.must("poll", polling(good))
	decoded, err := url.QueryUnescape(good)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(decoded)
	if err != nil {
		t.Fatal(err)
	}
	rewrite := func(old, fresh string) string {
		return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(raw), old, fresh, 1))))
	}
	access := w.must("tokenByAkSk", arguments{body: secretOf(appKey, appSecret)})["AccessToken"].(string)
	foreign := newWorld(t)
	cases := map[string]struct{ token, finding string }{
		"decoded":            {decoded, `"=" in place of "%3D"`},
		"encoded twice":      {url.QueryEscape(good), "percent-encoded once more"},
		"lower-case escapes": {strings.ReplaceAll(good, "%3D", "%3d"), "no such client token"},
		"quoted":             {`"` + good + `"`, "without the quotes"},
		"AccessToken":        {access, "holds an AccessToken"},
		"Bearer AccessToken": {"Bearer " + access, "holds an AccessToken"},
		"another user":       {rewrite(user, "user-2"), "no such client token"},
		"another name":       {rewrite("Ali", "Bob"), "no such client token"},
		"another channel":    {rewrite(channel, "202209135274312107"), "no such client token"},
		"another language":   {rewrite(`"zh"`, `"en"`), "no such client token"},
		"another time":       {rewrite("1772366400500", "1772366400501"), "no such client token"},
		"more members":       {rewrite("{", `{"x":1,`), "no such client token"},
		"blanks":             {rewrite("{", "{ "), "no such client token"},
		"no nonce":           {rewrite(`"nonce":"`, `"nonce":"`+"*"), "no such client token"},
		"cut":                {good[:len(good)-8], "no such client token"},
		"no base64":          {"%zz", "no such client token"},
		"no JSON":            {"AAAA", "no such client token"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.in(t).call("poll", polling(c.token))
			fault, finding := refusal(t, err)
			if fault.Kind != wire.WrongSecurityToken || fault.Message == "" || !strings.Contains(finding, c.finding) {
				t.Fatalf("got %v: %s", fault, finding)
			}
		})
	}
	t.Run("of a sandbox with the same seed", func(t *testing.T) {
		t.Parallel()
		// Equal seeds make equal tokens: that is what makes a run repeatable.
		if got := foreign.in(t).apply(user, channel); got != good {
			t.Fatalf("got %s, want %s", got, good)
		}
	})
}

func FuzzClientToken(f *testing.F) {
	w := newWorld(f)
	good := w.apply(user, channel)
	f.Add(good)
	f.Add(strings.ReplaceAll(good, "%3D", "="))
	f.Add(url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(`{"createTime":0,"nonce":""}`))))
	f.Add("%")
	f.Fuzz(func(t *testing.T, token string) {
		header := arguments{header: map[string]string{ccmessaging.TokenHeader: token}}
		header.query = polling(token).query
		if _, err := w.in(t).call("poll", header); (err == nil) != (token == good) {
			t.Fatalf("the token %q: %v", token, err)
		}
	})
}
