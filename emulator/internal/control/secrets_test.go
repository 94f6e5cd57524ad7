package control_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// canaries are the secrets of a sandbox, one of each kind.
var canaries = []string{
	"canary-acs/secret+1", "canary-sts-secret2", "canary-bearer-token3", "canary-top-secret4", "canary-fabric-secret5",
	"canary-warrant-secret6",
}

func withCanaries(t *testing.T, w *world) box {
	t.Helper()
	return w.create(t, `{
		"id": "canaries", "now": "2030-01-01T00:00:00Z", "frozen": true,
		"credentials": {
			"acs": [
				{"accessKeyId": "canary-id", "accessKeySecret": "canary-acs/secret+1"},
				{"accessKeyId": "canary-sts", "accessKeySecret": "canary-sts-secret2", "securityToken": "canary-security-token"},
				{"bearerToken": "canary-bearer-token3"}
			],
			"top": [{"appKey": "555", "appSecret": "canary-top-secret4"}],
			"fabric": [{"appKey": "canary-app", "appSecret": "canary-fabric-secret5"}]
		},
		"fixtures": {"warrants": [{"appId": "w", "appSecret": "canary-warrant-secret6"}]}
	}`)
}

// leaks are the canaries that stand in a text, as they are or in an encoding that anyone can undo.
func leaks(text string) []string {
	var found []string
	for _, canary := range canaries {
		quoted, _ := json.Marshal(canary)
		for _, spelling := range []string{
			canary, url.QueryEscape(canary), url.QueryEscape(url.QueryEscape(canary)), url.PathEscape(canary),
			strings.Trim(string(quoted), `"`), strings.ReplaceAll(canary, "/", `\/`),
		} {
			if strings.Contains(text, spelling) {
				found = append(found, spelling)
			}
		}
	}
	return found
}

// oddCalls put a secret where none belongs, each in a way of its own.
func oddCalls(t *testing.T, w *world, secret string) []*http.Request {
	t.Helper()
	to := func(method, path, body string) *http.Request {
		req := w.request(t, method, path, body)
		req.URL.Host, req.Host = w.data, ""
		return req
	}
	escaped := url.QueryEscape(secret)
	calls := []*http.Request{
		to(http.MethodGet, "/?Action=ApplyToken&Version=2020-04-20&AccessKeyId=canary-id&Signature="+escaped, ""),
		to(http.MethodPost, "/?Action=ApplyToken&Version=2020-04-20&AccessKeyId="+escaped, ""),
		to(http.MethodPost, "/?Action="+escaped+"&Version="+escaped+"&AccessKeyId=canary-id", ""),
		to(http.MethodGet, "/?Action=QueryToken&Version=2020-04-20&AccessKeyId=canary-id&Format="+escaped, ""),
		to(http.MethodGet, "/router/rest?method="+escaped+"&app_key=555&sign="+escaped, ""),
		to(http.MethodPost, "/router/rest", "app_key=555&method=x&app_secret="+escaped),
		to(http.MethodPost, "/router/rest", "app_key=555&"+secret+"="+secret+"&%%%"),
		to(http.MethodPost, "/apigovernance/api/oauth/tokenByAkSk", `{"app_key":"canary-app","app_secret":"`+secret+`"}`),
		to(http.MethodPost, "/apigovernance/api/oauth/tokenByAkSk", `{"app_key":"canary-app","app_secret":"`+secret),
		to(http.MethodPost, "/apigovernance/api/oauth/tokenByAkSk", `{"`+secret+`":1,"app_key":"canary-app"}`),
		to(http.MethodPost, "/apiaccess/ccmessaging/applyToken", `<a>`+secret+`</a>`),
		to(http.MethodGet, "/"+url.PathEscape(secret), ""),
		to(http.MethodPut, "/nowhere?"+escaped, secret),
	}
	for name, value := range map[string]string{
		"X-Canary": secret, "Cookie": "a=" + escaped, "Authorization": "Bearer " + secret, "x-acs-bearer-token": secret,
		"X-App-Key": secret, "User-Agent": "client " + secret, "x-acs-security-token": secret,
		"Referer":             "http://x/?s=" + escaped,
		"Proxy-Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("canary-id:"+secret)),
	} {
		req := to(http.MethodPost, "/?Action=ApplyToken&Version=2020-04-20&AccessKeyId=canary-id", "")
		req.Header.Set(name, value)
		calls = append(calls, req)
	}
	return calls
}

// TestSecretsAreShownOnceOnly sends every secret in odd places and then reads all that the control plane shows.
func TestSecretsAreShownOnceOnly(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := withCanaries(t, w)
	for _, secret := range canaries {
		for _, req := range oddCalls(t, w, secret) {
			exchange(t, http.DefaultClient, req)
		}
		w.signed(t, b, "GetAuthCode", appstreamVersion, url.Values{"EndUserId": {secret}})
		w.signed(t, b, "ApplyToken", mqttVersion, url.Values{
			"Actions": {"R"}, "InstanceId": {secret}, "Resources": {secret}, "ExpireTime": {"1893460000000"},
		})
	}
	if n := len(w.tokens(t, b)); n != 2*len(canaries) {
		t.Fatalf("%d tokens: the odd calls did not get that far", n)
	}
	paths := []string{"/v1/sandboxes", "/v1/apis", "/openapi.yaml"}
	for _, id := range []string{"canaries", "default"} {
		base := "/v1/sandboxes/" + id
		paths = append(paths, base+"/requests?limit=1000", base+"/tokens", base+"/clock")
		p := w.requests(t, box{ID: id}, "?limit=1000")
		if len(p.Requests) == 0 {
			t.Errorf("the journal of %s is empty", id)
		}
		for _, e := range p.Requests {
			paths = append(paths, base+"/requests/"+e.ID)
		}
	}
	for _, path := range paths {
		got := w.call(t, http.MethodGet, path, "", http.StatusOK)
		if found := leaks(got.body); found != nil {
			t.Errorf("%s shows %q: %.2000s", path, found, got.body)
		}
	}
	got := w.call(t, http.MethodPost, b.path("/tokens/"+w.tokens(t, b)[0].ID+"/expire"), "", http.StatusOK)
	if found := leaks(got.body); found != nil {
		t.Errorf("a changed token shows %q: %s", found, got.body)
	}
}

func TestSecretsAreShownWhereTheyBelong(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := withCanaries(t, w)
	got := w.call(t, http.MethodGet, b.path(""), "", http.StatusOK)
	for _, canary := range canaries {
		if !slices.Contains(leaks(got.body), canary) {
			t.Errorf("%s is not shown to who reads the sandbox", canary)
		}
	}
}

// TestProblemsHoldNoSecrets sends secrets to the control plane itself in calls that it refuses.
func TestProblemsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := withCanaries(t, w)
	for _, secret := range canaries {
		escaped, segment := url.QueryEscape(secret), url.PathEscape(secret)
		for _, call := range []struct{ method, path, body string }{
			{http.MethodGet, "/" + segment, ""},
			{http.MethodGet, "/v1/apis/" + segment + "/openapi.yaml", ""},
			{http.MethodGet, "/v1/sandboxes/" + segment, ""},
			{http.MethodGet, b.path("/requests?") + escaped + "=1", ""},
			{http.MethodGet, b.path("/requests?after=") + escaped, ""},
			{http.MethodGet, b.path("/requests?limit=1&limit=") + escaped, ""},
			{http.MethodGet, b.path("/requests?api=%zz") + escaped, ""},
			{http.MethodGet, b.path("/requests/") + segment, ""},
			{http.MethodPost, b.path("/tokens/") + segment + "/expire", ""},
			{http.MethodPost, b.path("/tokens/a-1/") + segment, ""},
			{http.MethodPatch, b.path("/clock"), `{"now":"` + secret + `"}`},
			{http.MethodPatch, b.path("/clock"), `{"advance":"` + secret + `"}`},
			{http.MethodPatch, b.path("/clock"), `{"` + secret + `":1}`},
			{http.MethodPatch, b.path("/clock"), secret},
			{http.MethodPost, "/v1/sandboxes", `{"id":"` + strings.ToUpper(secret[:1]) + secret + `"}`},
			{http.MethodPost, "/v1/sandboxes", `{"` + secret + `":1}`},
			{http.MethodPost, "/v1/sandboxes", `{"quotas":{"` + secret + `":"off"}}`},
			{http.MethodPost, "/v1/sandboxes", `{"quotas":{"onsmqtt.ApplyToken":"` + secret + `"}}`},
			{http.MethodPost, "/v1/sandboxes", `{"credentials":{"top":[{"appKey":"a","appSecret":"` + secret + `"}` + secret},
			{http.MethodPost, "/v1/sandboxes", `{"credentials":{"acs":[{"bearerToken":"canary-bearer-token3"}]}}`},
			{http.MethodPost, "/v1/sandboxes", `{"credentials":{"top":[
				{"appKey":"` + secret + `","appSecret":"abcd"},{"appKey":"` + secret + `","appSecret":"abcd"}]}}`},
		} {
			got := w.send(t, w.request(t, call.method, call.path, call.body))
			if got.status < http.StatusBadRequest {
				t.Errorf("%s %s %s: status %d", call.method, call.path, call.body, got.status)
			}
			if found := leaks(got.body); found != nil {
				t.Errorf("%s %s %s shows %q: %s", call.method, call.path, call.body, found, got.body)
			}
		}
	}
}

// TestNewSecretsAreNotRepeated refuses bodies with secrets that the server does not know yet.
func TestNewSecretsAreNotRepeated(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, body := range []string{
		`{"credentials":{"acs":[{"accessKeyId":"k","accessKeySecret":987654321}]}}`,
		`{"credentials":{"acs":[{"accessKeyId":"k","accessKeySecret":["987654321"]}]}}`,
		`{"credentials":{"acs":[{"accessKeySecret":"987654321"}]}}`,
		`{"credentials":{"acs":[{"bearerToken":"987654321"},{"bearerToken":"987654321"}]}}`,
		`{"credentials":{"top":[{"appSecret":"987654321"}]}}`,
		`{"id":"default","credentials":{"top":[{"appKey":"k","appSecret":"987654321"}]}}`,
		`{"credentials":{"fabric":[{"appKey":"k","appSecret":"987654321"} "987654321"`,
	} {
		got := w.send(t, w.request(t, http.MethodPost, "/v1/sandboxes", body))
		if got.status < http.StatusBadRequest || strings.Contains(got.body, "98765") {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
}

// TestRemovedSecretsStayHidden reads the journal of the default sandbox after the sandbox of a secret is gone.
func TestRemovedSecretsStayHidden(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := withCanaries(t, w)
	for _, secret := range canaries {
		for _, req := range oddCalls(t, w, secret) {
			exchange(t, http.DefaultClient, req)
		}
	}
	w.call(t, http.MethodDelete, b.path(""), "", http.StatusNoContent)
	got := w.call(t, http.MethodGet, "/v1/sandboxes/default/requests?limit=1000", "", http.StatusOK)
	if found := leaks(got.body); found != nil {
		t.Errorf("the journal shows %q: %.2000s", found, got.body)
	}
}
