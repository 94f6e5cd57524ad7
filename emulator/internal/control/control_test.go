package control_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	var got map[string]string
	open(t).get(t, "/healthz", &got)
	if diff := cmp.Diff(map[string]string{"status": "ok"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestContractIsServed(t *testing.T) {
	t.Parallel()
	got := open(t).call(t, http.MethodGet, "/openapi.yaml", "", http.StatusOK)
	doc, err := openapi3.NewLoader().LoadFromData([]byte(got.body))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	if doc.Paths.Find("/v1/sandboxes") == nil {
		t.Error("no /v1/sandboxes in the contract")
	}
}

type apiList struct {
	APIs []struct {
		Name, Title, Gateway, Version, Product string
		Operations                             []operation
	}
}

type operation struct {
	ID, Summary, Action, Version, Path string
	Methods                            []string
	Errors                             []documentedError
}

type documentedError struct {
	Code, Message, Detail, Meaning, Evidence, Source, Origin string
	Status, Number                                           int
}

func TestAPIsAreListed(t *testing.T) {
	t.Parallel()
	w := open(t)
	var got apiList
	w.get(t, "/v1/apis", &got)
	var names, operations, want []string
	for _, a := range w.Catalogue().APIs {
		want = append(want, a.Gateway.Name+" "+a.Name)
	}
	for _, a := range got.APIs {
		names = append(names, a.Gateway+" "+a.Name)
		for _, op := range a.Operations {
			operations = append(operations, op.ID)
		}
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"acs aicontent", "acs appstream", "fabric ccmessaging", "top deepvision", "acs onsmqtt"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not listed in %q", name, names)
		}
	}
	for _, id := range []string{
		"aicontent.CreateAccessWarrant", "appstream.GetAuthCode", "ccmessaging.applyToken", "ccmessaging.tokenByAkSk",
		"deepvision.SecurityTokenGet", "onsmqtt.ApplyToken", "onsmqtt.QueryToken", "onsmqtt.RevokeToken",
	} {
		if !slices.Contains(operations, id) {
			t.Errorf("%s is not listed in %q", id, operations)
		}
	}
}

// TestApplyTokenListsItsErrors holds the list to the vendor page ApplyToken, Error codes, in the page's order.
func TestApplyTokenListsItsErrors(t *testing.T) {
	t.Parallel()
	var list apiList
	open(t).get(t, "/v1/apis", &list)
	var got []string
	for _, a := range list.APIs {
		for _, op := range a.Operations {
			for _, e := range op.Errors {
				if op.ID == "onsmqtt.ApplyToken" && e.Origin == "operation" {
					got = append(got, e.Code)
				}
			}
		}
	}
	want := []string{
		"ApiNotSupport", "ApplyTokenOverFlow", "CheckAccountInfoFailed", "InstancePermissionCheckFailed", "InternalError",
		"ParameterCheckFailed", "PermissionCheckFailed", "SystemOverFlow", "InvalidParameter.%s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestContractOfAnAPI(t *testing.T) {
	t.Parallel()
	w := open(t)
	for _, a := range w.Catalogue().APIs {
		got := w.call(t, http.MethodGet, "/v1/apis/"+a.Name+"/openapi.yaml", "", http.StatusOK)
		if got.body != string(a.Source) {
			t.Errorf("%s: not the document as it was written", a.Name)
		}
	}
	for _, name := range []string{"nope", "control", "..", "%2e%2e%2fcontrol", "acs", "gateways%2Facs"} {
		w.refused(t, http.MethodGet, "/v1/apis/"+name+"/openapi.yaml", "", http.StatusNotFound)
	}
}

func TestStrayCalls(t *testing.T) {
	t.Parallel()
	w := open(t)
	tests := map[string]struct {
		method, path string
		status       int
	}{
		"root":                  {http.MethodGet, "/", http.StatusNotFound},
		"unknown path":          {http.MethodGet, "/v1/nope", http.StatusNotFound},
		"version alone":         {http.MethodGet, "/v1", http.StatusNotFound},
		"slash at the end":      {http.MethodGet, "/v1/sandboxes/", http.StatusNotFound},
		"below a request":       {http.MethodGet, "/v1/sandboxes/default/requests/a/b", http.StatusBadRequest},
		"below a change":        {http.MethodPost, "/v1/sandboxes/default/tokens/a-1/expire/b", http.StatusNotFound},
		"markup in the path":    {http.MethodGet, "/%3Cscript%3E", http.StatusNotFound},
		"not UTF-8":             {http.MethodGet, "/%ff%fe", http.StatusNotFound},
		"unknown method":        {"BREW", "/healthz", http.StatusMethodNotAllowed},
		"health by POST":        {http.MethodPost, "/healthz", http.StatusMethodNotAllowed},
		"put a sandbox":         {http.MethodPut, "/v1/sandboxes/default", http.StatusMethodNotAllowed},
		"delete all":            {http.MethodDelete, "/v1/sandboxes", http.StatusMethodNotAllowed},
		"clock by POST":         {http.MethodPost, "/v1/sandboxes/default/clock", http.StatusMethodNotAllowed},
		"reset by GET":          {http.MethodGet, "/v1/sandboxes/default/reset", http.StatusMethodNotAllowed},
		"token change by GET":   {http.MethodGet, "/v1/sandboxes/default/tokens/a-1/expire", http.StatusMethodNotAllowed},
		"one entry by DELETE":   {http.MethodDelete, "/v1/sandboxes/default/requests/a", http.StatusMethodNotAllowed},
		"another of no sandbox": {http.MethodPatch, "/v1/sandboxes/none/reset", http.StatusMethodNotAllowed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := w.refused(t, test.method, test.path, "", test.status)
			if p.Detail == "" {
				t.Error("no detail")
			}
		})
	}
}

// TestProblemsQuoteNoMoreThanPeopleRead of what was sent.
func TestProblemsQuoteNoMoreThanPeopleRead(t *testing.T) {
	t.Parallel()
	w := open(t)
	long := strings.Repeat("long-", 100_000)
	for name, got := range map[string]string{
		"an id":       w.call(t, http.MethodPost, "/v1/sandboxes", `{"id":"`+long+`"}`, http.StatusUnprocessableEntity).body,
		"a scenario":  w.call(t, http.MethodPut, "/v1/sandboxes/default/scenarios/x", long, http.StatusUnprocessableEntity).body,
		"an outcome":  w.call(t, http.MethodGet, "/v1/sandboxes/default/requests?outcome="+long[:50_000], "", http.StatusBadRequest).body,
		"an instance": w.call(t, http.MethodPost, "/v1/sandboxes", `{"quotas":{"`+long+`":"5/s"}}`, http.StatusUnprocessableEntity).body,
	} {
		if len(got) > 32<<10 {
			t.Errorf("%s is answered with %d bytes", name, len(got))
		}
	}
}
