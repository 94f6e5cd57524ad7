package clients_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/tea"
)

// darabonbaClients are the current generation, github.com/alibabacloud-go/darabonba-openapi/v2, in each signature
// mode; the product clients are thin wrappers of its CallApi. Option "v2" is signature version 1.0 on the wire.
func darabonbaClients() []client {
	var all []client
	for name, algorithm := range map[string]string{"V3": "", "V3 SM3": "ACS3-HMAC-SM3", "v1": "v2"} {
		all = append(all, client{
			name: "darabonba " + name,
			call: func(key acsKey, op operation) (answer, error) {
				return callDarabonba(algorithm, key, op)
			},
			refusal: darabonbaRefusal,
		})
	}
	return all
}

func callDarabonba(algorithm string, key acsKey, op operation) (answer, error) {
	client, err := openapi.NewClient(darabonbaConfig(algorithm, key))
	if err != nil {
		return answer{}, err
	}
	return sendDarabonba(client, op)
}

func sendDarabonba(client *openapi.Client, op operation) (answer, error) {
	params := &openapi.Params{
		Action: &op.action, Version: &op.version, Protocol: tea.String("HTTPS"), Pathname: &op.path,
		Method: &op.method, AuthType: tea.String("AK"), Style: tea.String(op.style()),
		ReqBodyType: tea.String("formData"), BodyType: tea.String("json"),
	}
	request := &openapi.OpenApiRequest{Query: map[string]*string{}}
	for name, value := range op.query {
		request.Query[name] = &value
	}
	if op.anonymous {
		params.AuthType = tea.String("Anonymous")
	}
	switch {
	case op.body != nil:
		params.ReqBodyType, request.Body = tea.String("json"), op.body
	case op.form != nil:
		request.Body = anyMap(op.form)
	}
	result, err := callAPI(client.CallApi, params, request)
	if err != nil {
		return answer{}, err
	}
	return darabonbaAnswer(result)
}

func darabonbaConfig(algorithm string, key acsKey) *openapi.Config {
	config := &openapi.Config{Endpoint: tea.String(os.Getenv(dataEnv)), Protocol: tea.String("http")}
	if algorithm != "" {
		config.SignatureAlgorithm = &algorithm
	}
	if key.Bearer != "" {
		config.BearerToken = &key.Bearer
		return config
	}
	if key.ID == "" {
		return config // of a client that only makes calls without a key
	}
	config.AccessKeyId, config.AccessKeySecret = &key.ID, &key.Secret
	if key.Token != "" {
		config.SecurityToken = &key.Token
	}
	return config
}

// anyMap is the only type of map that the SDK writes as a form.
func anyMap(form map[string]string) map[string]any {
	fields := map[string]any{}
	for name, value := range form {
		fields[name] = value
	}
	return fields
}

// callAPI leaves the type of the runtime options open: it is another one in each generation of the SDK.
func callAPI[R any](
	call func(*openapi.Params, *openapi.OpenApiRequest, *R) (map[string]any, error),
	params *openapi.Params, request *openapi.OpenApiRequest,
) (map[string]any, error) {
	return call(params, request, new(R))
}

func darabonbaAnswer(result map[string]any) (answer, error) {
	text, err := json.Marshal(result)
	if err != nil {
		return answer{}, err
	}
	var read struct {
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return answer{}, err
	}
	header := http.Header{}
	for name, value := range read.Headers {
		header.Set(name, value)
	}
	return answer{header: header, body: read.Body}, nil
}

// darabonbaRefusal reads what the SDK keeps of an error: its message holds the server's between two remarks of its
// own, and Data holds the server's body.
func darabonbaRefusal(t *testing.T, err error) refusal {
	t.Helper()
	var refused *tea.SDKError
	if !errors.As(err, &refused) {
		t.Fatalf("the error is a %T, want a *tea.SDKError: %v", err, err)
	}
	var data struct{ Code, Message, RequestID string }
	mustRead(t, []byte(tea.StringValue(refused.Data)), &data)
	_, message, _ := strings.Cut(tea.StringValue(refused.Message), ", ")
	message, id, _ := strings.Cut(message, " request id: ")
	if message != data.Message || id != data.RequestID {
		t.Errorf("Message is %q, and Data %q", tea.StringValue(refused.Message), tea.StringValue(refused.Data))
	}
	return refusal{
		Code: tea.StringValue(refused.Code), Status: tea.IntValue(refused.StatusCode),
		Message: message, RequestID: id,
	}
}
