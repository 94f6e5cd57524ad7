package controlapi_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Gateways to come bring credentials of their own: they pass through unchanged.
func TestCredentialsOfOtherGatewaysSurvive(t *testing.T) {
	t.Parallel()
	const text = `{"acs":[{"accessKeyId":"i","accessKeySecret":"s3cr"}],"fabric":[],` +
		`"oss":[{"accessKeyId":"i","scopes":["a",{"b":null}]},{}],"top":[{"appKey":"k","appSecret":"s3cr"}]}`
	var got controlapi.Credentials
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := controlapi.Credentials{
		ACS:    []controlapi.ACSCredential{{AccessKeyID: "i", AccessKeySecret: "s3cr"}},
		Top:    []controlapi.App{{AppKey: "k", AppSecret: "s3cr"}},
		Fabric: []controlapi.App{},
		AdditionalProperties: map[string][]map[string]any{
			"oss": {{"accessKeyId": "i", "scopes": []any{"a", map[string]any{"b": nil}}}, {}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != text {
		t.Errorf("written as %s, read as %s", raw, text)
	}
}

// A list of credentials that is left out is filled in by the server, one that is empty stays empty; what is left out of
// a definition is not sent at all.
func TestWhatIsLeftOutIsNotSent(t *testing.T) {
	t.Parallel()
	for want, value := range map[string]any{
		`{}`: controlapi.SandboxDefinition{},
		`{"credentials":{"acs":[]}}`: controlapi.SandboxDefinition{
			Credentials: controlapi.Credentials{ACS: []controlapi.ACSCredential{}},
		},
		`{"frozen":false}`:                    controlapi.ClockChange{Frozen: new(bool)},
		`{"line":1,"column":2,"message":"m"}`: controlapi.ScenarioProblem{Line: 1, Column: 2, Message: "m"},
	} {
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if string(raw) != want {
			t.Errorf("%T is %s, want %s", value, raw, want)
		}
	}
}

// Whoever imports the types compiles nothing else.
func TestOnlyTheStandardLibrary(t *testing.T) {
	t.Parallel()
	const format = `{{if not .Standard}}{{.ImportPath}}{{end}}`
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const own = "github.com/tokenstage/tokenstage/openapi/controlapi"
	if got := strings.TrimSpace(string(out)); got != own {
		t.Errorf("compiles %s", got)
	}
}
