package appstream_test

import (
	"errors"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/openapi"
)

// Who the code is for, and who must be known: GetAuthCode, Request parameters; the errors are the emulator's own.
func TestUsers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		users  []string
		params map[string]any
		want   string // user of the code
		code   string // or error
	}{
		"nobody":                       {nil, nil, "", "InvalidUser.Missing"},
		"nobody to create":             {nil, map[string]any{"AutoCreateUser": true}, "", "InvalidUser.Missing"},
		"EndUserId":                    {nil, map[string]any{"EndUserId": "alice"}, "alice", ""},
		"ExternalUserId":               {nil, map[string]any{"ExternalUserId": "ext"}, "ext", ""},
		"both":                         {nil, map[string]any{"EndUserId": "alice", "ExternalUserId": "ext"}, "alice", ""},
		"listed":                       {[]string{"bob", "alice"}, map[string]any{"EndUserId": "alice"}, "alice", ""},
		"by glob":                      {[]string{"a*"}, map[string]any{"EndUserId": "alice"}, "alice", ""},
		"not listed":                   {[]string{"bob"}, map[string]any{"EndUserId": "alice"}, "", "InvalidUser.NotFound"},
		"external listed":              {[]string{"ext"}, map[string]any{"ExternalUserId": "ext"}, "ext", ""},
		"external not listed":          {[]string{"bob"}, map[string]any{"ExternalUserId": "ext"}, "", "InvalidUser.NotFound"},
		"external created":             {[]string{"bob"}, map[string]any{"ExternalUserId": "ext", "AutoCreateUser": true}, "ext", ""},
		"external, not to be created":  {[]string{"bob"}, map[string]any{"ExternalUserId": "ext", "AutoCreateUser": false}, "", "InvalidUser.NotFound"},
		"no creation beside EndUserId": {[]string{"bob"}, map[string]any{"EndUserId": "alice", "AutoCreateUser": true}, "", "InvalidUser.NotFound"},
		"EndUserId over a listed external": {
			[]string{"ext"}, map[string]any{"EndUserId": "alice", "ExternalUserId": "ext", "AutoCreateUser": true}, "", "InvalidUser.NotFound",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := newSandbox(t, c.users...)
			result, err := getAuthCode(t, box, c.params)
			if c.code != "" {
				var fault *wire.Fault
				if !errors.As(err, &fault) || fault.Kind != wire.Documented || fault.Code != c.code || fault.Findings[0].Check != "user" {
					t.Errorf("got %v, want %s", err, c.code)
				}
				if issued := states(t, box); len(issued) != 0 {
					t.Errorf("a refused call issued %v", issued)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			model := contract.Plain(result.Body).(map[string]any)["AuthModel"].(map[string]any)
			if model["EndUserId"] != c.want {
				t.Errorf("got %v", model)
			}
		})
	}
}

// Policy is JSON text with a version and the resource that the code may open: Request parameters, Policy.
func TestPolicies(t *testing.T) {
	t.Parallel()
	catalogue, err := contract.Load(openapi.Files)
	if err != nil {
		t.Fatal(err)
	}
	op := catalogue.ByAction("acs", "GetAuthCode")[0]
	for name, c := range map[string]struct {
		policy string
		good   bool
	}{
		"absent":               {"", true},
		"group":                {`{"Version":"1","Resource":{"Type":"AppInstanceGroup","Id":"aig-1"}}`, true},
		"instance":             {`{"Version":"1","Resource":{"Type":"AppInstance","Id":"ai-1"}}`, true},
		"app, blanks":          {` { "Version" : "1", "Resource" : {"Type":"App","Id":"ca-1"} } `, true},
		"further members":      {`{"Version":"1","Resource":{"Type":"App","Id":"ca-1","More":1},"More":[]}`, true},
		"no JSON":              {`allow everything`, false},
		"cut":                  {`{"Version":"1","Resource":{"Type":"App"`, false},
		"a list":               {`[]`, false},
		"null":                 {`null`, false},
		"empty object":         {`{}`, false},
		"version as a number":  {`{"Version":1,"Resource":{"Type":"App","Id":"ca-1"}}`, false},
		"version 2":            {`{"Version":"2","Resource":{"Type":"App","Id":"ca-1"}}`, false},
		"no version":           {`{"Resource":{"Type":"App","Id":"ca-1"}}`, false},
		"no resource":          {`{"Version":"1"}`, false},
		"resource as a list":   {`{"Version":"1","Resource":[{"Type":"App","Id":"ca-1"}]}`, false},
		"unknown type":         {`{"Version":"1","Resource":{"Type":"Desktop","Id":"ca-1"}}`, false},
		"type in another case": {`{"Version":"1","Resource":{"Type":"app","Id":"ca-1"}}`, false},
		"no type":              {`{"Version":"1","Resource":{"Id":"ca-1"}}`, false},
		"no id":                {`{"Version":"1","Resource":{"Type":"App"}}`, false},
		"empty id":             {`{"Version":"1","Resource":{"Type":"App","Id":""}}`, false},
		"members in lower case": {
			`{"version":"1","resource":{"type":"App","id":"ca-1"}}`, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := &wire.Call{}
			err := gateway.Validate(op, call, contract.Values{Text: map[string]string{"EndUserId": "alice", "Policy": c.policy}})
			if c.good {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var fault *wire.Fault
			if !errors.As(err, &fault) || fault.Kind != wire.Documented || fault.Code != "InvalidPolicy" {
				t.Errorf("got %v, want InvalidPolicy", err)
			}
		})
	}
}
