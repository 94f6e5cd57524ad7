package tokenapp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/examples/tokenapp"
	"github.com/tokenstage/tokenstage/testkit"
	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// The same tests run against an emulator in the test process, which takes milliseconds, and in a container, which is
// what other languages use too.

func TestInProcess(t *testing.T) {
	t.Parallel()
	contract(t, inprocess.Start(t))
}

func TestInContainer(t *testing.T) {
	t.Parallel()
	testkit.RequireEngine(t)
	contract(t, testkit.Start(t).Emulator)
}

func contract(t *testing.T, em *client.Emulator) {
	t.Helper()
	mqttContract(t, em)
	chatContract(t, em)
	supportContract(t, em)
	cloudContract(t, em)
	scoringContract(t, em)
}

const applyToken = "onsmqtt.ApplyToken"

// throttledTwice is a scenario of the test's own; many ship with Tokenstage.
const throttledTwice = `
name: busy
summary: ApplyToken is throttled twice, then answers normally.
rules:
  - on: onsmqtt.ApplyToken
    script:
      - fail: ApplyTokenOverFlow
        times: 2
      - pass
`

// start is when the tests play: the app's clock is the sandbox's, so any time will do.
var start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// mqttApp is the app, and a sandbox whose clock is its own: waiting is moving that clock on.
func mqttApp(t *testing.T, em *client.Emulator, options ...client.SandboxOption) (*client.Box, *tokenapp.MQTTTokens) {
	t.Helper()
	box := em.Sandbox(t, append(options, client.At(start), client.Frozen())...)
	return box, &tokenapp.MQTTTokens{
		Endpoint: em.Addr(), AccessKeyID: box.ACS.AccessKeyID, AccessKeySecret: box.ACS.AccessKeySecret,
		InstanceID: "post-cn-example", Topics: []string{"orders/#"}, Now: box.Now,
		Wait: func(_ context.Context, d time.Duration) error { box.Advance(d); return nil },
	}
}

func mustToken(t *testing.T, app *tokenapp.MQTTTokens) string {
	t.Helper()
	token, err := app.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func mqttContract(t *testing.T, em *client.Emulator) {
	t.Helper()
	t.Run("a token is kept until it is about to end", func(t *testing.T) {
		t.Parallel()
		box, app := mqttApp(t, em)
		first := mustToken(t, app)
		box.Advance(54 * time.Minute)
		if mustToken(t, app) != first {
			t.Error("a good token was thrown away")
		}
		box.Advance(2 * time.Minute)
		if mustToken(t, app) == first {
			t.Error("a token was handed out that ends within four minutes")
		}
		box.Expect(t, applyToken).Param("InstanceId", "post-cn-example").Param("Resources", "orders/#").Outcomes("ok", "ok")
	})
	t.Run("an overflow is waited out", func(t *testing.T) {
		t.Parallel()
		box, app := mqttApp(t, em, client.Script("busy", throttledTwice))
		mustToken(t, app)
		box.Expect(t, applyToken).Outcomes("ApplyTokenOverFlow", "ApplyTokenOverFlow", "ok")
		if waited := box.Now().Sub(start); waited != 1500*time.Millisecond {
			t.Errorf("waited %s, want 500 ms and then 1 s", waited)
		}
	})
	t.Run("an overflow that does not end is reported", func(t *testing.T) {
		t.Parallel()
		box, app := mqttApp(t, em, client.Play("error/onsmqtt.ApplyToken/ApplyTokenOverFlow"))
		_, err := app.Token(t.Context())
		if refusal, ok := errors.AsType[*tokenapp.APIError](err); !ok || refusal.Code != "ApplyTokenOverFlow" {
			t.Errorf("got %v", err)
		}
		box.Expect(t, applyToken).Outcome("ApplyTokenOverFlow").Times(4)
	})
	t.Run("any other refusal is reported at once", func(t *testing.T) {
		t.Parallel()
		box, app := mqttApp(t, em)
		app.AccessKeySecret = "fake-wrong-secret"
		if _, err := app.Token(t.Context()); err == nil {
			t.Error("no error")
		}
		box.Expect(t, applyToken).Outcomes("SignatureDoesNotMatch")
	})
}

func chatApp(t *testing.T, em *client.Emulator, options ...client.SandboxOption) (*client.Box, *tokenapp.Chat) {
	t.Helper()
	box := em.Sandbox(t, options...)
	return box, &tokenapp.Chat{
		BaseURL: em.URL(), AppKey: box.Fabric.AppKey, AppSecret: box.Fabric.AppSecret, ChannelID: "202402195001",
	}
}

func chatContract(t *testing.T, em *client.Emulator) {
	t.Helper()
	t.Run("a lapsed access token is replaced", func(t *testing.T) {
		t.Parallel()
		box, app := chatApp(t, em)
		for range 2 {
			if _, err := app.CustomerToken(t.Context(), "alice", "Alice"); err != nil {
				t.Fatal(err)
			}
			box.Advance(61 * time.Minute)
		}
		box.Expect(t, "ccmessaging.tokenByAkSk").Outcomes("ok", "ok")
		box.Expect(t, "ccmessaging.applyToken").Outcomes("ok", "401", "ok")
	})
	t.Run("an access token that never works gives up", func(t *testing.T) {
		t.Parallel()
		box, app := chatApp(t, em, client.Play("error/ccmessaging.applyToken/401"))
		if _, err := app.CustomerToken(t.Context(), "alice", "Alice"); err == nil {
			t.Error("no error")
		}
		box.Expect(t, "ccmessaging.applyToken").Outcomes("401", "401")
	})
}

const (
	getAuthCode = "appstream.GetAuthCode"
	redeem      = "appstream.GetStsToken"
	getTicket   = "appstream.GetConnectionTicket"
)

// cloudApp is a client of the app beside its server, which has the key.
func cloudApp(t *testing.T, em *client.Emulator, options ...client.SandboxOption) (*client.Box, *tokenapp.CloudApp) {
	t.Helper()
	box := em.Sandbox(t, append(options, client.At(start), client.Frozen())...)
	server := &tokenapp.CodeServer{
		Endpoint: em.Addr(), AccessKeyID: box.ACS.AccessKeyID, AccessKeySecret: box.ACS.AccessKeySecret, Now: box.Now,
	}
	return box, &tokenapp.CloudApp{
		Endpoint: em.Addr(), AppID: "ca-e4s0puhmwi7v0001",
		Code: func(ctx context.Context) (string, error) { return server.Code(ctx, "alice") },
		Wait: func(_ context.Context, d time.Duration) error { box.Advance(d); return nil },
	}
}

func mustOpen(t *testing.T, app *tokenapp.CloudApp) {
	t.Helper()
	if ticket, err := app.Open(t.Context()); err != nil || ticket == "" {
		t.Fatalf("ticket %q, %v", ticket, err)
	}
}

func cloudContract(t *testing.T, em *client.Emulator) {
	t.Helper()
	t.Run("an application opens with a code", func(t *testing.T) {
		t.Parallel()
		box, app := cloudApp(t, em)
		mustOpen(t, app)
		box.Expect(t, getAuthCode).Param("EndUserId", "alice").Outcomes("ok")
		box.Expect(t, redeem).Outcomes("ok")
		box.Expect(t, getTicket).Param("AppId", "ca-e4s0puhmwi7v0001").Outcome("ok").AtLeast(2)
		for _, token := range box.Tokens() {
			if want := map[string]client.State{"GetAuthCode": client.Redeemed}[token.Operation]; want != "" && token.State != want {
				t.Errorf("%s is %s, want %s", token.ID, token.State, want)
			}
		}
	})
	t.Run("a code whose answer was lost is not sent again", func(t *testing.T) {
		t.Parallel()
		box, app := cloudApp(t, em, client.Play("login-answer-lost"))
		mustOpen(t, app)
		box.Expect(t, getAuthCode).Outcomes("ok", "ok")
		box.Expect(t, redeem).Outcomes("ok", "ok")
		box.Expect(t, redeem).Delivery(client.DeliveryReset).Once()
	})
	t.Run("a code that came too late is replaced", func(t *testing.T) {
		t.Parallel()
		box, app := cloudApp(t, em)
		slow := app.Code
		app.Code = func(ctx context.Context) (string, error) {
			code, err := slow(ctx)
			if len(box.Tokens()) == 1 {
				box.Advance(3 * time.Minute)
			}
			return code, err
		}
		mustOpen(t, app)
		box.Expect(t, redeem).Outcomes("InvalidAuthCode.Expired", "ok")
	})
	t.Run("an application that does not start is reported", func(t *testing.T) {
		t.Parallel()
		box, app := cloudApp(t, em, client.Script("stuck", failedTask))
		if _, err := app.Open(t.Context()); err == nil {
			t.Error("no error")
		}
		box.Expect(t, getTicket).Once()
	})
}

// failedTask is a scenario whose task ends badly.
const failedTask = `
name: stuck
rules:
  - on: appstream.GetConnectionTicket
    script:
      - respond:
          body: '{"RequestId":{{ json (requestId) }},"TaskId":"f3d1b31c-605e-4d04-a896-015fc9fc0001","TaskStatus":"Failed"}'
`
