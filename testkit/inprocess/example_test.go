package inprocess_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/examples/tokenapp"
	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
	"github.com/tokenstage/tokenstage/testkit/internal/exampletest"
)

// A test starts an emulator, takes a sandbox from it, points the app at both and says which calls it expects.
func Example() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()

	em := inprocess.Start(t)
	box := em.Sandbox(t)
	app := &tokenapp.Chat{
		BaseURL: em.URL(), AppKey: box.Fabric.AppKey, AppSecret: box.Fabric.AppSecret, ChannelID: "channel-1",
	}
	token, err := app.CustomerToken(t.Context(), "user-1", "Wang")

	fmt.Println("a token:", token != "", err)
	for _, call := range box.Expect(t, "ccmessaging.*").Outcomes("ok", "ok") {
		fmt.Println(call.Operation, call.Status)
	}
	// Output:
	// a token: true <nil>
	// ccmessaging.tokenByAkSk 200
	// ccmessaging.applyToken 200
}

// The access token of the AICC is the one token that needs no signature: a plain HTTP client gets it.
func ExampleStart() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()

	em := inprocess.Start(t)
	app := em.Sandbox(t).Fabric
	body := fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, app.AppKey, app.AppSecret)
	reply, err := http.Post(em.URL()+"/apigovernance/api/oauth/tokenByAkSk", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer reply.Body.Close()
	fmt.Println(reply.Status)
	// Output: 200 OK
}

// The same seed, clock and calls give the same tokens, whichever emulator answers.
func ExampleWithSeed() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()

	var tokens []string
	for range 2 {
		em := inprocess.Start(t, inprocess.WithSeed(7))
		box := em.Open(t, "default")
		box.Freeze()
		box.Set(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
		app := &tokenapp.Chat{
			BaseURL: em.URL(), AppKey: box.Fabric.AppKey, AppSecret: box.Fabric.AppSecret, ChannelID: "channel-1",
		}
		token, _ := app.CustomerToken(t.Context(), "user-1", "Wang")
		tokens = append(tokens, token)
	}
	fmt.Println("a token:", tokens[0] != "")
	fmt.Println("the same token:", tokens[0] == tokens[1])
	// Output:
	// a token: true
	// the same token: true
}

// With TLS the app keeps the real host of the service: the client dials the emulator whatever name is called.
func ExampleWithTLS() {
	t := exampletest.New() // in a test, its *testing.T
	defer t.End()

	em := inprocess.Start(t, inprocess.WithTLS())
	box := em.Sandbox(t)
	reply, err := em.HTTPClient(t).Get("https://onsmqtt.cn-hangzhou.aliyuncs.com/?Action=ApplyToken&Version=2020-04-20" +
		"&AccessKeyId=" + box.ACS.AccessKeyID)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer reply.Body.Close()
	entry := box.Requests(client.Filter{})[0]
	fmt.Println(reply.StatusCode, entry.Outcome)
	// Output: 403 UnsupportedHTTPMethod
}
