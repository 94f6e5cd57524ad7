package contract_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	catalogue := load(t, files())
	api := catalogue.API("shop")
	if api == nil || api.Title != "Shop" || api.Product != "Shop" || api.Version != "2026-01-01" ||
		api.Description != "Sells things." || api.Gateway != catalogue.Gateway("acs") || !strings.HasPrefix(string(api.Source), "openapi") {
		t.Fatalf("the API is %+v", api)
	}
	if gw := api.Gateway; gw.Title != "Test gateway" || len(gw.Errors) != 2 || gw.Checks[0].Name != "order" {
		t.Errorf("the gateway is %+v", gw)
	}
	op := operation(t, catalogue, "shop.ItemPut")
	if op.ID != "ItemPut" || op.Action != "ItemPut" || op.Path != "/" || op.Summary != "Put an item." || op.HasBody ||
		op.InvalidCode != "Bad" || op.MissingCode != "" {
		t.Errorf("the operation is %+v", op)
	}
	if diff := cmp.Diff([]string{"GET", "POST"}, op.Methods); diff != "" {
		t.Error(diff)
	}
	own := operation(t, load(t, files("operation", "x-invalid: Busy\n      x-missing: Shared")), "shop.ItemPut")
	if own.InvalidCode != "Busy" || own.MissingCode != "Shared" {
		t.Errorf("the operation's own codes are %q and %q", own.InvalidCode, own.MissingCode)
	}
	want := &contract.Quota{Rate: contract.Rate{Calls: 5, Per: time.Second}, Code: "Busy", Evidence: contract.Evidence{Mark: contract.Page, Source: "a test"}}
	if diff := cmp.Diff(want, op.Quota); diff != "" {
		t.Error(diff)
	}
	if op.Evidence != (contract.Evidence{Mark: contract.Captured, Source: "a test"}) || op.Checks[0].Rule != "It must be round." {
		t.Errorf("evidence %+v, checks %+v", op.Evidence, op.Checks)
	}
	if methods := operation(t, catalogue, "shop.ItemGet").Methods; len(methods) != 1 || methods[0] != "GET" {
		t.Errorf("methods %v", methods)
	}
}

// What is nearer to the operation wins: its own errors, then the API's, then the gateway's.
func TestDocumentedErrors(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t, files()), "shop.ItemPut")
	var got []string
	for _, e := range op.Errors {
		got = append(got, e.Origin+" "+e.Code)
	}
	if diff := cmp.Diff([]string{"operation Busy", "api Shared", "api Bad", "gateway Missing%s"}, got); diff != "" {
		t.Error(diff)
	}
	if e, ok := op.Error("Shared"); !ok || e.Status != 503 || e.Evidence.Mark != contract.Observed {
		t.Errorf("got %+v, %v", e, ok)
	}
	if _, ok := op.Error("Nothing"); ok {
		t.Error("an error that nobody documents")
	}
	if e, ok := op.API.Gateway.Error("Shared"); !ok || e.Status != 500 {
		t.Errorf("got %+v, %v", e, ok)
	}
	if _, ok := op.API.Gateway.Error("Busy"); ok {
		t.Error("the gateway has the operation's error")
	}
}

func TestInputs(t *testing.T) {
	t.Parallel()
	op := operation(t, load(t, files()), "shop.ItemPut")
	var got []string
	for _, in := range op.Inputs {
		got = append(got, in.In+" "+in.Name+map[bool]string{true: " required"}[in.Required]+map[bool]string{true: " " + in.InvalidCode}[in.InvalidCode != ""])
	}
	// A form's members: required ones in the order of the list, then the others by name.
	want := []string{"query Color required", "query Filter", "form Size required Busy", "form Weight required", "form Tags"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLookingUp(t *testing.T) {
	t.Parallel()
	catalogue := load(t, files())
	if catalogue.API("none") != nil || catalogue.Gateway("none") != nil || catalogue.ByAction("top", "ItemPut") != nil ||
		catalogue.ByAction("acs", "itemput") != nil {
		t.Error("found what is not there")
	}
	for name, c := range map[string]struct {
		gateway, method, path string
		want, id              string
		err                   error
	}{
		"known":             {"acs", "GET", "/items/7", "shop.ItemGet", "7", nil},
		"escaped":           {"acs", "GET", "/items/a%2Fb%20c", "shop.ItemGet", "a/b c", nil},
		"plus":              {"acs", "GET", "/items/a+b", "shop.ItemGet", "a+b", nil},
		"other method":      {"acs", "POST", "/items/7", "", "", contract.ErrNoMethod},
		"unknown path":      {"acs", "GET", "/things/7", "", "", contract.ErrNoRoute},
		"deeper":            {"acs", "GET", "/items/7/8", "", "", contract.ErrNoRoute},
		"slash at the end":  {"acs", "GET", "/items/7/", "", "", contract.ErrNoRoute},
		"other gateway":     {"top", "GET", "/items/7", "", "", contract.ErrNoRoute},
		"action is no path": {"acs", "POST", "/", "", "", contract.ErrNoRoute},
		"no path":           {"acs", "GET", "", "", "", contract.ErrNoRoute},
		"bad escape":        {"acs", "GET", "/items/%zz", "", "", contract.ErrNoRoute},
		"odd method":        {"acs", "BREW", "/items/7", "", "", contract.ErrNoMethod},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op, params, err := catalogue.ByRoute(c.gateway, c.method, c.path)
			if !errors.Is(err, c.err) {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			if c.err == nil && (op.Name != c.want || params["id"] != c.id) {
				t.Errorf("got %s with %v", op.Name, params)
			}
		})
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		values []string
		want   string
	}{
		"nothing to fill":  {"plain 100%", []string{"x"}, "plain 100%"},
		"one":              {"a %s b", []string{"x"}, "a x b"},
		"two":              {"%s and %s", []string{"x", "y"}, "x and y"},
		"too few values":   {"%s and %s", []string{"x"}, "x and "},
		"none":             {"Missing%s", nil, "Missing"},
		"too many values":  {"%s", []string{"x", "y"}, "x"},
		"value with a %s":  {"%s-%s", []string{"%s", "y"}, "%s-y"},
		"other directives": {"%d %v %s", []string{"x"}, "%d %v x"},
		"empty":            {"", []string{"x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := contract.Fill(c.text, c.values); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
