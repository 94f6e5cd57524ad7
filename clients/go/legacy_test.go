package clients_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/onsmqtt"
)

const region = "cn-hangzhou"

// legacyClient is the older generation, github.com/aliyun/alibaba-cloud-sdk-go: signature version 1.0 only. It has
// typed calls for onsmqtt; the other products go through its CommonRequest.
func legacyClient() client {
	return client{name: "alibaba-cloud-sdk-go", call: callLegacy, refusal: legacyRefusal}
}

func legacyCredential(key acsKey) auth.Credential {
	switch {
	case key.Bearer != "":
		return credentials.NewBearerTokenCredential(key.Bearer)
	case key.Token != "":
		return credentials.NewStsTokenCredential(key.ID, key.Secret, key.Token)
	default:
		return credentials.NewAccessKeyCredential(key.ID, key.Secret)
	}
}

func callLegacy(key acsKey, op operation) (answer, error) {
	if op.product == "OnsMqtt" {
		return callOnsmqtt(key, op)
	}
	return callCommon(key, op)
}

func callOnsmqtt(key acsKey, op operation) (answer, error) {
	client, err := onsmqtt.NewClientWithOptions(region, sdk.NewConfig(), legacyCredential(key))
	if err != nil {
		return answer{}, err
	}
	switch op.action {
	case "ApplyToken":
		response, err := client.ApplyToken(applyTokenRequest(op))
		return legacyAnswer(response, err)
	case "QueryToken":
		request := onsmqtt.CreateQueryTokenRequest()
		request.Domain, request.Method = os.Getenv(dataEnv), op.method
		request.InstanceId, request.Token = op.query["InstanceId"], op.query["Token"]
		response, err := client.QueryToken(request)
		return legacyAnswer(response, err)
	case "RevokeToken":
		request := onsmqtt.CreateRevokeTokenRequest()
		request.Domain, request.Method = os.Getenv(dataEnv), op.method
		request.InstanceId, request.Token = op.query["InstanceId"], op.query["Token"]
		response, err := client.RevokeToken(request)
		return legacyAnswer(response, err)
	default:
		return answer{}, fmt.Errorf("the SDK has no call %s", op.action)
	}
}

func applyTokenRequest(op operation) *onsmqtt.ApplyTokenRequest {
	request := onsmqtt.CreateApplyTokenRequest()
	request.Domain, request.Method = os.Getenv(dataEnv), op.method
	request.Actions = op.query["Actions"]
	request.ExpireTime = requests.Integer(op.query["ExpireTime"])
	request.InstanceId = op.query["InstanceId"]
	request.Resources = op.query["Resources"]
	return request
}

func callCommon(key acsKey, op operation) (answer, error) {
	client, err := sdk.NewClientWithOptions(region, sdk.NewConfig(), legacyCredential(key))
	if err != nil {
		return answer{}, err
	}
	request := requests.NewCommonRequest()
	request.Product, request.Version, request.ApiName = op.product, op.version, op.action
	request.Method, request.Domain = op.method, os.Getenv(dataEnv)
	request.FormParams = op.form
	if op.style() == "ROA" {
		// The URL of a ROA request is always built as Domain:Port (sdk/requests/roa_request.go, BuildUrl).
		if request.Domain, request.Port, err = net.SplitHostPort(request.Domain); err != nil {
			return answer{}, err
		}
		request.PathPattern = op.path
		request.SetContentType(requests.Json)
		if request.Content, err = json.Marshal(op.body); err != nil {
			return answer{}, err
		}
	}
	response, err := client.ProcessCommonRequest(request)
	if err != nil {
		return answer{}, err
	}
	return answer{header: response.GetHttpHeaders(), body: response.GetHttpContentBytes()}, nil
}

// legacyAnswer writes a typed response back to JSON, so that what is checked is what the SDK read.
func legacyAnswer(response responses.AcsResponse, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	body, err := json.Marshal(response)
	return answer{header: http.Header(response.GetHttpHeaders()), body: body}, err
}

func legacyRefusal(t *testing.T, err error) refusal {
	t.Helper()
	var refused *sdkerrors.ServerError
	if !errors.As(err, &refused) {
		t.Fatalf("the error is a %T, want a *errors.ServerError: %v", err, err)
	}
	if host, _, _ := strings.Cut(os.Getenv(dataEnv), ":"); !strings.HasPrefix(refused.HostId(), host) {
		t.Errorf("HostId is %q, want the host that was called", refused.HostId())
	}
	return refusal{
		Code: refused.ErrorCode(), Status: refused.HttpStatus(),
		Message: refused.Message(), RequestID: refused.RequestId(),
	}
}

// The SDK compares the server's string to sign with its own, byte for byte, and only then blames the secret
// (sdk/errors/signature_does_not_match_wrapper.go).
func TestLegacyBlamesTheSecret(t *testing.T) {
	t.Parallel()
	for _, op := range []operation{applyToken(), getAuthCode(), createAccessWarrant()} {
		t.Run(op.action, func(t *testing.T) {
			t.Parallel()
			key := newBox(t).Credentials.ACS[plainKey]
			key.Secret += "x"
			_, err := callLegacy(key, op)
			var refused *sdkerrors.ServerError
			if !errors.As(err, &refused) {
				t.Fatalf("the error is %v, want a *errors.ServerError", err)
			}
			if !strings.HasPrefix(refused.Recommend(), "InvalidAccessKeySecret") {
				t.Errorf("Recommend is %q, and the message %q", refused.Recommend(), refused.Message())
			}
		})
	}
}
