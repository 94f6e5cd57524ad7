package contract_test

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/openapi"
)

func shipped(tb testing.TB) *contract.Catalogue {
	tb.Helper()
	catalogue, err := contract.Load(openapi.Files)
	if err != nil {
		tb.Fatal(err)
	}
	return catalogue
}

// shippedOperations are all operations that ship.
func shippedOperations(tb testing.TB) []*contract.Operation {
	tb.Helper()
	var all []*contract.Operation
	for _, api := range shipped(tb).APIs {
		all = append(all, api.Operations...)
	}
	if len(all) == 0 {
		tb.Error("no operation ships")
	}
	return all
}

// The examples of the documents are good requests and good replies.
func TestShippedExamples(t *testing.T) {
	t.Parallel()
	for _, op := range shippedOperations(t) {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			text, body, err := op.RequestExample()
			if err != nil {
				t.Fatal(err)
			}
			values := contract.Values{Text: text, Path: text, Body: body, Header: map[string][]string{}}
			for _, in := range op.Inputs {
				if in.In == "header" {
					values.Header.Set(in.Name, text[in.Name])
				}
			}
			if _, problems := op.Check(values); len(problems) > 0 {
				t.Errorf("the example of a request: %+v", problems)
			}
			for seed := range uint64(20) {
				value := op.Sample(rand.New(rand.NewPCG(seed, seed)), noon)
				if err := op.CheckReply(cmp.Or(op.Success, http.StatusOK), value); err != nil {
					t.Errorf("the example of a reply: %v", err)
				}
			}
		})
	}
}

// Every statement says where it comes from, and every error what it means.
func TestShippedEvidence(t *testing.T) {
	t.Parallel()
	good := func(e contract.Evidence) bool { return e.Mark != "" && e.Source != "" }
	for _, op := range shippedOperations(t) {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			if !good(op.Evidence) || op.Summary == "" || op.Action == "" && op.API.Gateway.Name != "fabric" {
				t.Errorf("evidence %+v, summary %q, action %q", op.Evidence, op.Summary, op.Action)
			}
			if len(op.Errors) == 0 || len(op.Checks) == 0 {
				t.Errorf("%d errors and %d checks", len(op.Errors), len(op.Checks))
			}
			for _, e := range op.Errors {
				if !good(e.Evidence) || e.Meaning == "" || e.Origin == "" || strings.Count(e.Code, "%s") > 1 {
					t.Errorf("error %+v", e)
				}
			}
			for _, c := range append(op.Checks, op.API.Gateway.Checks...) {
				if !good(c.Evidence) || c.Rule == "" {
					t.Errorf("check %+v", c)
				}
			}
			for _, in := range op.Inputs {
				if !good(in.Evidence) || in.Description == "" {
					t.Errorf("input %s: evidence %+v", in.Name, in.Evidence)
				}
			}
			if op.Quota != nil && !good(op.Quota.Evidence) {
				t.Errorf("quota %+v", op.Quota)
			}
		})
	}
}

// Actions tell operations of one gateway apart: no two share action and version.
func TestShippedActions(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, op := range shippedOperations(t) {
		key := op.API.Gateway.Name + " " + op.Action + " " + op.Version + " " + op.Path
		if other := seen[key]; other != "" {
			t.Errorf("%s and %s are told apart by nothing", other, op.Name)
		}
		seen[key] = op.Name
	}
}

// free are the texts of any length: the spec says so, and the head of a request bounds those in headers.
var free = map[string]bool{"ccmessaging.send content": true}

// Every text that a caller can write has a length, so that what is kept of a call has one.
func TestShippedLengths(t *testing.T) {
	t.Parallel()
	for _, op := range shippedOperations(t) {
		for _, in := range op.Inputs {
			if in.In != "header" {
				checkLengths(t, op.Name+" "+in.Name, in.Schema())
			}
		}
	}
}

func checkLengths(t *testing.T, name string, s *openapi3.Schema) {
	t.Helper()
	if s.Type.Is(openapi3.TypeString) && len(s.Enum) == 0 && s.Pattern == "" && s.MaxLength == nil && !free[name] {
		t.Errorf("%s has no maxLength", name)
	}
	for member, ref := range s.Properties {
		checkLengths(t, name+"."+member, ref.Value)
	}
	if s.Items != nil {
		checkLengths(t, name+"[]", s.Items.Value)
	}
}
