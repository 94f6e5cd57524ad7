package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
)

// mqttTokens is the part of an app that holds an MQTT token. Its own time can be given to it; that of the SDK, which
// signs, cannot.
type mqttTokens struct {
	client *openapi.Client
	now    func() time.Time

	token string
	ends  time.Time
}

// get returns the token, and applies for a new one once less than five minutes of it are left.
func (m *mqttTokens) get() (string, error) {
	if m.ends.Sub(m.now()) > 5*time.Minute {
		return m.token, nil
	}
	ends := m.now().Add(time.Hour)
	apply := applyToken()
	apply.query["ExpireTime"] = strconv.FormatInt(ends.UnixMilli(), 10)
	got, err := sendDarabonba(m.client, apply)
	if err != nil {
		return "", err
	}
	var reply struct{ Token string }
	err = json.Unmarshal(got.body, &reply)
	m.token, m.ends = reply.Token, ends
	return m.token, err
}

// steer calls the control API.
func steer(method, path, body string, into any) error {
	request, err := http.NewRequestWithContext(context.Background(), method, os.Getenv(controlEnv)+path,
		bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// A token ages by the sandbox's clock while the SDK goes on signing with the time of this machine: the sandbox takes
// signatures by either.
func Example_renewal() {
	var b box
	if err := steer(http.MethodPost, "/v1/sandboxes", "{}", &b); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = steer(http.MethodDelete, b.path(""), "", nil) }()
	client, err := openapi.NewClient(darabonbaConfig("", b.Credentials.ACS[plainKey]))
	if err != nil {
		fmt.Println(err)
		return
	}
	app := &mqttTokens{client: client, now: func() time.Time {
		var clock struct{ Now time.Time }
		_ = steer(http.MethodGet, b.path("/clock"), "", &clock)
		return clock.Now
	}}

	first, err := app.get()
	fmt.Println("a token:", first != "", err)
	same, err := app.get()
	fmt.Println("still that one:", same == first, err)

	_ = steer(http.MethodPatch, b.path("/clock"), `{"advance": "59m"}`, nil)
	next, err := app.get()
	fmt.Println("a new one:", next != "" && next != first, err)

	var calls struct {
		Requests []struct{ Operation, Outcome, SignatureTime string }
	}
	_ = steer(http.MethodGet, b.path("/requests"), "", &calls)
	for _, call := range calls.Requests {
		fmt.Println(call.Operation, call.Outcome, "signed by", call.SignatureTime)
	}
	// Output:
	// a token: true <nil>
	// still that one: true <nil>
	// a new one: true <nil>
	// onsmqtt.ApplyToken ok signed by clock
	// onsmqtt.ApplyToken ok signed by real
}
