package clients_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"
)

// box is a sandbox of the server under test. Every test has its own, so that tests run side by side.
type box struct {
	ID          string `json:"id"`
	Credentials struct {
		ACS    []acsKey `json:"acs"`
		Top    []app    `json:"top"`
		Fabric []app    `json:"fabric"`
	} `json:"credentials"`
}

type acsKey struct {
	ID     string `json:"accessKeyId,omitempty"`
	Secret string `json:"accessKeySecret,omitempty"`
	Token  string `json:"securityToken,omitempty"`
	Bearer string `json:"bearerToken,omitempty"`
}

type app struct {
	Key    string `json:"appKey"`
	Secret string `json:"appSecret"`
}

// The kinds of acs credential that a new box holds, by their place in Credentials.ACS.
const (
	plainKey = iota
	stsKey
	bearerToken
)

// definition is what a box is made from.
type definition struct {
	Credentials struct {
		ACS []acsKey `json:"acs"`
	} `json:"credentials"`
	Quotas map[string]string `json:"quotas,omitempty"`
	// SignatureTime is the rule for the times of signatures.
	SignatureTime string `json:"signatureTime,omitempty"`
	Fixtures      struct {
		Warrants []warrantApp `json:"warrants,omitempty"`
	} `json:"fixtures"`
}

type warrantApp struct {
	AppID string `json:"appId"`
}

// newBox creates a sandbox with one acs credential of each kind and removes it after the test.
func newBox(t *testing.T, changes ...func(*definition)) *box {
	t.Helper()
	var d definition
	d.Credentials.ACS = []acsKey{
		plainKey:    {ID: "LTAIfake" + rand.Text(), Secret: rand.Text()},
		stsKey:      {ID: "STS.fake" + rand.Text(), Secret: rand.Text(), Token: "CAISfake+/" + rand.Text() + "=="},
		bearerToken: {Bearer: "bearer-" + rand.Text()},
	}
	for _, change := range changes {
		change(&d)
	}
	created := new(box)
	control(t, http.MethodPost, "/v1/sandboxes", d, created)
	t.Cleanup(func() { control(t, http.MethodDelete, created.path(""), nil, nil) })
	return created
}

func (b *box) path(rest string) string { return "/v1/sandboxes/" + b.ID + rest }

// advance moves the sandbox clock; the SDKs go on signing with the real time.
func (b *box) advance(t *testing.T, by time.Duration) {
	t.Helper()
	control(t, http.MethodPatch, b.path("/clock"), map[string]string{"advance": by.String()}, nil)
}

// play starts a scenario by its name.
func (b *box) play(t *testing.T, scenario string) {
	t.Helper()
	control(t, http.MethodPut, b.path("/scenarios/"+url.PathEscape(scenario)), nil, nil)
}

// entry is what these tests read of a journal entry.
type entry struct {
	ID        string `json:"id"`
	Operation string `json:"operation"`
	Outcome   string `json:"outcome"`
	Status    int    `json:"status"`
}

// journal returns what came in, oldest first.
func (b *box) journal(t *testing.T) []entry {
	t.Helper()
	var page struct {
		Requests []entry `json:"requests"`
		Dropped  int     `json:"dropped"`
	}
	control(t, http.MethodGet, b.path("/requests"), nil, &page)
	if page.Dropped != 0 {
		t.Errorf("the journal dropped %d requests", page.Dropped)
	}
	return page.Requests
}

// control calls the control API and fails the test on anything but success.
func control(t *testing.T, method, path string, in, out any) {
	t.Helper()
	var body io.Reader
	if in != nil {
		body = bytes.NewReader(mustJSON(t, in))
	}
	// Cleanups come after the end of the test's own context.
	ctx := context.WithoutCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, method, os.Getenv(controlEnv)+path, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	reply, response := exchange(t, request)
	if response.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s, %s", method, path, response.Status, reply)
	}
	if out != nil {
		mustRead(t, reply, out)
	}
}

// exchange sends a request and reads the whole answer.
func exchange(t *testing.T, request *http.Request) ([]byte, *http.Response) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body, response
}

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func mustRead(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(fmt.Errorf("read %q: %w", text, err))
	}
}
