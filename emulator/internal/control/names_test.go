package control_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// asked is what the refusal of an unknown name says of the one that was meant.
func asked(name string) string { return `did you mean "` + name + `"?` }

// TestUnknownNamesAreRefused goes through what people and tests select by: where a name that does not exist selected
// nothing, a check of it would pass whatever came.
func TestUnknownNamesAreRefused(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"id":"checkout"}`)
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		field, meant       string
	}{
		"API":                 {path: b.path("/requests?api=onsmqt"), status: 400, field: "api", meant: "onsmqtt"},
		"operation":           {path: b.path("/requests?operation=onsmqtt.AplyToken"), status: 400, field: "operation", meant: "onsmqtt.ApplyToken"},
		"operation by its ID": {path: b.path("/requests?operation=AplyToken"), status: 400, field: "operation", meant: "onsmqtt.ApplyToken"},
		"pattern in a filter": {path: b.path("/requests?operation=onsmqtt.*"), status: 400, field: "operation"},
		"outcome":             {path: b.path("/requests?outcome=OK"), status: 400, field: "outcome", meant: "ok"},
		"all but an outcome":  {path: b.path("/requests?outcome=!ApplyTokenOverflw"), status: 400, field: "outcome", meant: "ApplyTokenOverFlow"},
		"nothing but a !":     {path: b.path("/requests?outcome=!"), status: 400, field: "outcome"},
		"code with its place": {path: b.path("/requests?outcome=InvalidParameter.%25s"), status: 400, field: "outcome"},
		"no parameter there":  {path: b.path("/requests?outcome=InvalidParameter.Actons"), status: 400, field: "outcome", meant: "InvalidParameter.Actions"},
		"API of events":       {path: b.path("/events?api=onsmqt"), status: 400, field: "api", meant: "onsmqtt"},
		"operation of events": {path: b.path("/events?operation=QueryTokn"), status: 400, field: "operation", meant: "onsmqtt.QueryToken"},
		"outcome of events":   {path: b.path("/events?outcome=OK"), status: 400, field: "outcome", meant: "ok"},
		"filter":              {path: b.path("/requests?outcom=ok"), status: 400, meant: "outcome"},
		"filter of events":    {path: b.path("/events?operations=ok"), status: 400, meant: "operation"},
		"sandbox":             {path: "/v1/sandboxes/chekout", status: 404, meant: "checkout"},
		"sandbox of a list":   {path: "/v1/sandboxes/checkouts/requests", status: 404, meant: "checkout"},
		"sandbox of events":   {path: "/v1/sandboxes/default-/events", status: 404, meant: "default"},
		"sandbox to remove":   {method: http.MethodDelete, path: "/v1/sandboxes/checkot", status: 404, meant: "checkout"},
		"contract":            {path: "/v1/apis/onsmqt/openapi.yaml", status: 404, meant: "onsmqtt"},
		"quota": {
			method: http.MethodPost, path: "/v1/sandboxes", body: `{"quotas":{"onsmqtt.AplyToken":"off"}}`, status: 422,
			field: "quotas.onsmqtt.AplyToken", meant: "onsmqtt.ApplyToken",
		},
		"quota without its API": {
			method: http.MethodPost, path: "/v1/sandboxes", body: `{"quotas":{"ApplyToken":"off"}}`, status: 422,
			field: "quotas.ApplyToken", meant: "onsmqtt.ApplyToken",
		},
		"gateway of credentials": {
			method: http.MethodPost, path: "/v1/sandboxes", body: `{"credentials":{"tpo":[]}}`, status: 422,
			field: "credentials.tpo", meant: "top",
		},
		"member": {
			method: http.MethodPost, path: "/v1/sandboxes", body: `{"scenario":[]}`, status: 400, field: "scenario",
			meant: "scenarios",
		},
		"member inside": {
			method: http.MethodPost, path: "/v1/sandboxes", body: `{"fixtures":{"instance":[]}}`, status: 400,
			field: "instance", meant: "instances",
		},
		"scenario": {method: http.MethodPut, path: b.path("/scenarios/hostile-dy"), status: 404, meant: "hostile-day"},
		"scenario to stop": {
			method: http.MethodDelete, path: b.path("/scenarios/magic-value"), status: 404, meant: "magic-values",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method := test.method
			if method == "" {
				method = http.MethodGet
			}
			p := w.refused(t, method, test.path, test.body, test.status)
			if p.Field != test.field {
				t.Errorf("field %q, want %q: %s", p.Field, test.field, p.Detail)
			}
			if test.meant != "" && !strings.Contains(p.Detail, asked(test.meant)) {
				t.Errorf("%q does not ask for %s", p.Detail, test.meant)
			}
		})
	}
}

// TestKnownNames holds that no name is refused by which a call can be selected, now or later.
func TestKnownNames(t *testing.T) {
	t.Parallel()
	w := open(t)
	b := w.create(t, `{"scenarios":[{"name":"a","rules":[
		{"on":"onsmqtt.ApplyToken","script":[{"respond":{"status":418,"body":"{\"Code\":\"Teapot\"}","offSpec":true}}]}]}]}`)
	gone := w.create(t, `{"scenarios":[{"name":"a","rules":[
		{"on":"onsmqtt.ApplyToken","script":[{"respond":{"status":418,"body":"{\"Code\":\"Kettle\"}","offSpec":true}}]}]}]}`)
	w.outcomes(t, gone, 1)
	w.call(t, http.MethodDelete, gone.path("/scenarios/a"), "", http.StatusNoContent)
	for _, test := range []struct {
		in    box
		query url.Values
	}{
		{b, url.Values{"operation": {"onsmqtt.*"}}},
		{b, url.Values{"operation": {"*"}, "outcome": {"ok"}}},
		{b, url.Values{"outcome": {"InvalidParameter.Actions"}}},
		{b, url.Values{"outcome": {"InvalidParameter.*"}}},
		{b, url.Values{"outcome": {"*DoesNotMatch"}}},
		{b, url.Values{"outcome": {"http.404"}}},
		{b, url.Values{"operation": {"onsmqtt.ApplyToken"}, "outcome": {"Teapot"}}}, // it can come from what plays
		{gone, url.Values{"outcome": {"Kettle"}}},                                   // it came
		{b, url.Values{"operation": {"onsmqtt.ApplyToken"}, "parameter": {"InstanceId"}}},
		{b, url.Values{"operation": {"onsmqtt.ApplyToken"}, "parameter": {"SignatureNonce"}}},
		{b, url.Values{"operation": {"ccmessaging.*"}, "parameter": {"app_key"}}},
		{b, url.Values{"credential": {b.Credentials.ACS[0].ID}}},
		{b, url.Values{"credential": {b.Credentials.ACS[0].ID[:5] + "*"}}},
		{box{ID: "default"}, url.Values{"credential": {"of-nobody"}}}, // calls of unknown credentials come there
	} {
		w.call(t, http.MethodGet, test.in.path("/names?"+test.query.Encode()), "", http.StatusNoContent)
	}
	for want, query := range map[string]url.Values{
		"no operation is named":                       {"operation": {"ApplyToken"}}, // a claim goes by the full name
		asked("onsmqtt.*"):                            {"operation": {"onsmqt.*"}},
		asked("InstanceId"):                           {"operation": {"onsmqtt.ApplyToken"}, "parameter": {"Instanceid"}},
		"no parameter of onsmqtt.ApplyToken is named": {"operation": {"onsmqtt.ApplyToken"}, "parameter": {"content.text"}},
		asked("ok"):                                   {"outcome": {"OK"}},
		"no call of onsmqtt.RevokeToken can end in":   {"operation": {"onsmqtt.RevokeToken"}, "outcome": {"ApplyTokenOverFlow"}},
		"no call can end in":                          {"outcome": {"Kettle"}},
		asked(b.Credentials.ACS[0].ID):                {"credential": {b.Credentials.ACS[0].ID[1:]}},
		asked("outcome"):                              {"outcomes": {"ok"}},
	} {
		if p := w.refused(t, http.MethodGet, b.path("/names?"+query.Encode()), "", 400); !strings.Contains(p.Detail, want) {
			t.Errorf("%v: %q lacks %q", query, p.Detail, want)
		}
	}
}
