package browser_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/onsmqtt"
)

// app is what people point at a sandbox: the vendor's SDK, unmodified.
type app struct {
	t      *testing.T
	server *server
	client *onsmqtt.Client
}

// app has a credential of its own.
func (s *server) app(t *testing.T, key acsKey) *app {
	t.Helper()
	client, err := onsmqtt.NewClientWithOptions(
		"cn-hangzhou", sdk.NewConfig().WithAutoRetry(false),
		credentials.NewAccessKeyCredential(key.ID, key.Secret),
	)
	if err != nil {
		t.Fatal(err)
	}
	return &app{t, s, client}
}

// defaultApp has the documented credential of the default sandbox.
func (s *server) defaultApp(t *testing.T) *app {
	t.Helper()
	return s.app(t, s.sandbox(t, "default").Credentials.ACS[0])
}

// tokenLife is for how long an app asks.
const tokenLife = time.Hour

// apply asks for a token. The outcome is "ok" or the code of the SDK's typed error.
func (a *app) apply(instance string) (token, outcome string) {
	a.t.Helper()
	request := onsmqtt.CreateApplyTokenRequest()
	request.Domain, request.Scheme = a.server.data, "http"
	request.Actions, request.Resources, request.InstanceId = "R", "TopicA/+", instance
	request.ExpireTime = requests.Integer(strconv.FormatInt(time.Now().Add(tokenLife).UnixMilli(), 10))
	reply, err := a.client.ApplyToken(request)
	var refused *sdkerrors.ServerError
	switch {
	case errors.As(err, &refused):
		return "", refused.ErrorCode()
	case err != nil:
		a.t.Fatal(err)
	case reply.Token == "":
		a.t.Fatal("the SDK got a success without a token")
	}
	return reply.Token, "ok"
}

// instance is one that the default sandbox has.
const instance = "post-cn-example"

// gets asks for a token and fails the test on another outcome.
func (a *app) gets(outcome string) (token string) {
	a.t.Helper()
	token, got := a.apply(instance)
	if got != outcome {
		a.t.Fatalf("the SDK got %s, want %s", got, outcome)
	}
	return token
}

// isGood asks whether a token is good.
func (a *app) isGood(token string) bool {
	a.t.Helper()
	request := onsmqtt.CreateQueryTokenRequest()
	request.Domain, request.Scheme = a.server.data, "http"
	request.InstanceId, request.Token = instance, token
	reply, err := a.client.QueryToken(request)
	if err != nil {
		a.t.Fatal(err)
	}
	return reply.TokenStatus
}
