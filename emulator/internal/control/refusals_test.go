package control_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestUnreadableBodies holds problems of reading to the place that they name.
func TestUnreadableBodies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body         string
		field        string
		line, column int
	}{
		"broken":                {`{"id": x}`, "", 1, 8},
		"broken on line 3":      {"{\n  \"id\": \"a\",\n  \"seed\" 1\n}", "", 3, 10},
		"cut off":               {`{"id":"a"`, "", 1, 9},
		"more behind":           {`{"id":"a"} {}`, "", 1, 12},
		"comment":               {"// mine\n{}", "", 1, 1},
		"byte order mark":       {"\ufeff{}", "", 1, 1},
		"array":                 {`[]`, "", 1, 1},
		"null":                  {`null`, "", 1, 1},
		"unknown":               {`{"id":"a", "sed":1}`, "sed", 1, 12},
		"unknown on line 3":     {"{\n\"id\":\"a\",\n  \"sed\": 1\n}", "sed", 3, 3},
		"unknown inside":        {"{\"credentials\":{\"acs\":[\n {\"key\":\"k\"}]}}", "key", 2, 3},
		"unknown, odd":          {`{"a\"b\u00e9":1}`, "a\"bé", 1, 2},
		"now is of the reply":   {`{"endpoints":{}}`, "endpoints", 1, 2},
		"text as seed":          {`{"seed":"1"}`, "seed", 1, 11},
		"negative seed":         {`{"seed":-1}`, "seed", 1, 10},
		"fraction as seed":      {`{"seed":1.5}`, "seed", 1, 11},
		"seed beyond 64 bits":   {`{"seed":18446744073709551616}`, "seed", 1, 28},
		"number as id":          {`{"id":7}`, "id", 1, 7},
		"flag as text":          {`{"frozen":"true"}`, "frozen", 1, 16},
		"object as credentials": {`{"credentials":[]}`, "credentials", 1, 16},
		"number as quota":       {`{"quotas":{"onsmqtt.ApplyToken":5}}`, "quotas", 1, 33},
	}
	w := open(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := w.refused(t, http.MethodPost, "/v1/sandboxes", test.body, http.StatusBadRequest)
			if p.Line != test.line || p.Column != test.column {
				t.Errorf("line %d, column %d, want %d and %d: %s", p.Line, p.Column, test.line, test.column, p.Detail)
			}
			if p.Field != test.field {
				t.Errorf("field %q, want %q: %s", p.Field, test.field, p.Detail)
			}
		})
	}
	t.Cleanup(func() {
		if n := w.boxes(t); n != 1 {
			t.Errorf("refused bodies made %d sandboxes", n-1)
		}
	})
}

// The fields of credentials.
const (
	acs    = "credentials.acs"
	top    = "credentials.top"
	fabric = "credentials.fabric"
)

// TestBadDefinitions holds refusals of what a body says to the member that they name.
func TestBadDefinitions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body, field  string
		line, column int
	}{
		"id with capitals":     {`{"id":"Mine"}`, "id", 1, 2},
		"id with a slash":      {`{"id":"a/b"}`, "id", 1, 2},
		"id with dots":         {`{"id":".."}`, "id", 1, 2},
		"id not ASCII":         {`{"id":"沙箱"}`, "id", 1, 2},
		"id with a line's end": {`{"id":"a\n"}`, "id", 1, 2},
		"id of 65 characters":  {`{"id":"` + strings.Repeat("a", 65) + `"}`, "id", 1, 2},
		"no instant":           {`{"now":"now"}`, "now", 1, 2},
		"empty instant":        {`{"now":""}`, "now", 1, 2},
		"before 1970":          {`{"now":"1969-12-31T23:59:59Z"}`, "now", 1, 2},
		"year 10000 in UTC":    {`{"now":"9999-12-31T23:59:59-01:00"}`, "now", 1, 2},
		"unknown operation":    {"{\"quotas\":{\n\"onsmqtt.Nope\":\"off\"}}", "quotas.onsmqtt.Nope", 2, 1},
		"no quota there":       {`{"quotas":{"appstream.GetAuthCode":"off"}}`, "quotas.appstream.GetAuthCode", 1, 12},
		"operation alone":      {`{"quotas":{"ApplyToken":"off"}}`, "quotas.ApplyToken", 1, 12},
		"key without secret":   {`{"credentials":{"acs":[{"accessKeyId":"i"}]}}`, acs + "[0]", 1, 24},
		"secret without key":   {`{"credentials":{"acs":[{"accessKeySecret":"abcd"}]}}`, acs + "[0]", 1, 24},
		"token without key":    {`{"credentials":{"acs":[{"securityToken":"s","bearerToken":"abcd"}]}}`, acs + "[0]", 1, 24},
		"empty credential":     {`{"credentials":{"acs":[{}]}}`, acs + "[0]", 1, 24},
		"second is empty":      {"{\"credentials\":{\"acs\":[{\"bearerToken\":\"abcd\"},\n {}]}}", acs + "[1]", 2, 2},
		"short secret":         {`{"credentials":{"acs":[{"accessKeyId":"i","accessKeySecret":"abc"}]}}`, acs + "[0]", 1, 24},
		"short bearer":         {`{"credentials":{"acs":[{"bearerToken":"abc"}]}}`, acs + "[0]", 1, 24},
		"top without secret":   {`{"credentials":{"top":[{"appKey":"i"}]}}`, top + "[0]", 1, 24},
		"fabric without key":   {`{"credentials":{"fabric":[{"appSecret":"abcd"}]}}`, fabric + "[0]", 1, 27},
		"short app secret":     {`{"credentials":{"fabric":[{"appKey":"i","appSecret":"abc"}]}}`, fabric + "[0]", 1, 27},
		"short warrant secret": {`{"fixtures":{"warrants":[{"appId":"","appSecret":"a"}]}}`, "fixtures.warrants[0]", 1, 26},
		"2 bytes, 1 letter":    {`{"credentials":{"acs":[{"bearerToken":"é"}]}}`, acs + "[0]", 1, 24},
		"null in the list":     {`{"credentials":{"top":[null]}}`, top + "[0]", 1, 24},
	}
	for _, quota := range []string{"", "on", "0/s", "-1/s", "5", "5/", "5/w", "5 / s", "1.5/s", "9999999999/s", "OFF"} {
		tests["quota "+quota] = struct {
			body, field  string
			line, column int
		}{fmt.Sprintf(`{"quotas":{"onsmqtt.ApplyToken":%q}}`, quota), "quotas.onsmqtt.ApplyToken", 1, 12}
	}
	w := open(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := w.refused(t, http.MethodPost, "/v1/sandboxes", test.body, http.StatusUnprocessableEntity)
			if p.Field != test.field || p.Line != test.line || p.Column != test.column {
				t.Errorf("%s at line %d, column %d, want %s at %d, %d: %s",
					p.Field, p.Line, p.Column, test.field, test.line, test.column, p.Detail)
			}
		})
	}
	t.Cleanup(func() {
		if n := w.boxes(t); n != 1 {
			t.Errorf("refused bodies made %d sandboxes", n-1)
		}
	})
}

// TestCredentialsOfUnknownGateways are refused by the name of the gateway, not ignored.
func TestCredentialsOfUnknownGateways(t *testing.T) {
	t.Parallel()
	w := open(t)
	for body, want := range map[string]string{
		`{"credentials":{"acs":[],"osss":[{"accessKeyId":"i"}]}}`: "credentials.osss at 1:26",
		`{"credentials":{"osss":[]}}`:                             "credentials.osss at 1:17",
		`{"credentials":{"osss":{"accessKeyId":"i"}}}`:            "credentials at 1:2",
	} {
		p := w.refused(t, http.MethodPost, "/v1/sandboxes", body, http.StatusUnprocessableEntity)
		if got := fmt.Sprintf("%s at %d:%d", p.Field, p.Line, p.Column); got != want {
			t.Errorf("%s: %s, want %s: %s", body, got, want, p.Detail)
		}
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"id":             `{"id":"given-1"}`,
		"default":        `{"id":"default"}`,
		"access key":     `{"credentials":{"acs":[{"accessKeyId":"given-id","accessKeySecret":"other"}]}}`,
		"bearer token":   `{"credentials":{"acs":[{"bearerToken":"given-bearer"}]}}`,
		"top app":        `{"credentials":{"top":[{"appKey":"2","appSecret":"other"}]}}`,
		"fabric app":     `{"credentials":{"fabric":[{"appKey":"given-app","appSecret":"other"}]}}`,
		"key of default": `{"credentials":{"acs":[{"accessKeyId":"LTAIfakeDefault","accessKeySecret":"other"}]}}`,
		"key in one body": `{"credentials":{"acs":[{"bearerToken":"abcd"},{"accessKeyId":"i","accessKeySecret":"abcd"},
			{"accessKeyId":"i","accessKeySecret":"efgh"}]}}`,
		"app in one body": `{"credentials":{"top":[{"appKey":"i","appSecret":"abcd"},{"appKey":"i","appSecret":"abcd"}]}}`,
		"one of three bad": `{"id":"free","credentials":{"top":[{"appKey":"3","appSecret":"abcd"},
			{"appKey":"1","appSecret":"abcd"}]}}`,
	}
	w := open(t)
	w.create(t, given)
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.refused(t, http.MethodPost, "/v1/sandboxes", body, http.StatusConflict)
		})
	}
	t.Cleanup(func() {
		if n := w.boxes(t); n != 2 {
			t.Errorf("refused bodies made %d sandboxes", n-2)
		}
	})
}

// TestRefusedCredentialsStayFree creates a sandbox after its credentials came with a refused body.
func TestRefusedCredentialsStayFree(t *testing.T) {
	t.Parallel()
	w := open(t)
	const fresh = `"credentials":{"top":[{"appKey":"77","appSecret":"abcd"}]}`
	w.refused(t, http.MethodPost, "/v1/sandboxes", `{"id":"default",`+fresh+`}`, http.StatusConflict)
	w.create(t, `{"id":"fresh",`+fresh+`}`)
}

func TestSameKeyAtTwoGateways(t *testing.T) {
	t.Parallel()
	open(t).create(t, `{"credentials":{
		"top":[{"appKey":"7","appSecret":"abcd"}],"fabric":[{"appKey":"7","appSecret":"abcd"}]}}`)
}

func TestTooLargeABody(t *testing.T) {
	t.Parallel()
	w := open(t)
	const limit = 1 << 20
	w.create(t, "{}"+strings.Repeat(" ", limit-2))
	for path, method := range map[string]string{"": http.MethodPost, "/default/clock": http.MethodPatch} {
		w.refused(t, method, "/v1/sandboxes"+path, "{}"+strings.Repeat(" ", limit-1), http.StatusRequestEntityTooLarge)
	}
}

func TestBadIDs(t *testing.T) {
	t.Parallel()
	w := open(t)
	long := strings.Repeat("a", 65)
	tests := map[string]struct {
		method, path string
		status       int
	}{
		"unknown":              {http.MethodGet, "/v1/sandboxes/none", http.StatusNotFound},
		"delete unknown":       {http.MethodDelete, "/v1/sandboxes/none", http.StatusNotFound},
		"capitals":             {http.MethodGet, "/v1/sandboxes/Default", http.StatusBadRequest},
		"delete capitals":      {http.MethodDelete, "/v1/sandboxes/Default", http.StatusBadRequest},
		"blank":                {http.MethodGet, "/v1/sandboxes/a%20b", http.StatusBadRequest},
		"escaped slash":        {http.MethodGet, "/v1/sandboxes/a%2Fb", http.StatusBadRequest},
		"store space":          {http.MethodGet, "/v1/sandboxes/%2Fsandboxes/clock", http.StatusBadRequest},
		"dots":                 {http.MethodGet, "/v1/sandboxes/..%2f..", http.StatusBadRequest},
		"line's end":           {http.MethodGet, "/v1/sandboxes/default%0A", http.StatusBadRequest},
		"65 characters":        {http.MethodGet, "/v1/sandboxes/" + long, http.StatusBadRequest},
		"64 characters":        {http.MethodGet, "/v1/sandboxes/" + long[1:], http.StatusNotFound},
		"clock of none":        {http.MethodGet, "/v1/sandboxes/none/clock", http.StatusNotFound},
		"reset of a bad id":    {http.MethodPost, "/v1/sandboxes/%25/reset", http.StatusBadRequest},
		"requests of none":     {http.MethodGet, "/v1/sandboxes/none/requests", http.StatusNotFound},
		"clear of none":        {http.MethodDelete, "/v1/sandboxes/none/requests", http.StatusNotFound},
		"unknown request":      {http.MethodGet, "/v1/sandboxes/default/requests/none", http.StatusNotFound},
		"bad request id":       {http.MethodGet, "/v1/sandboxes/default/requests/a_b", http.StatusBadRequest},
		"long request id":      {http.MethodGet, "/v1/sandboxes/default/requests/" + long, http.StatusBadRequest},
		"unknown token":        {http.MethodPost, "/v1/sandboxes/default/tokens/none-1/expire", http.StatusNotFound},
		"bad token id":         {http.MethodPost, "/v1/sandboxes/default/tokens/None/expire", http.StatusBadRequest},
		"unknown token change": {http.MethodPost, "/v1/sandboxes/default/tokens/none-1/explode", http.StatusNotFound},
		"tokens of none":       {http.MethodPost, "/v1/sandboxes/none/tokens/none-1/expire", http.StatusNotFound},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w.refused(t, test.method, test.path, "", test.status)
		})
	}
}
