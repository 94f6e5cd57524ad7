package contract_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// An operation says that it takes calls without a key, and which token leads to their sandbox.
func TestAnonymousOperations(t *testing.T) {
	t.Parallel()
	const good = `x-anonymous: {token: Size, evidence: "page: a test"}`
	op := operation(t, load(t, files("gateway", "x-anonymous: true", "operation", good)), "shop.ItemPut")
	if op.Anonymous == nil || op.Anonymous.Token != "Size" || op.Anonymous.Evidence.Mark != contract.Page {
		t.Errorf("got %+v", op.Anonymous)
	}
	if op := operation(t, load(t, files("gateway", "x-anonymous: true")), "shop.ItemPut"); op.Anonymous != nil {
		t.Error("an operation that says nothing takes calls without a key")
	}
	for name, c := range map[string]struct{ gateway, operation, want string }{
		"another gateway": {"", good, "the gateway acs takes no calls without a key"},
		"unknown token":   {"x-anonymous: true", `x-anonymous: {token: Code}`, `must name a required parameter, got "Code"`},
		"optional token":  {"x-anonymous: true", `x-anonymous: {token: Filter}`, `must name a required parameter, got "Filter"`},
		"no token":        {"x-anonymous: true", `x-anonymous: {}`, `must name a required parameter, got ""`},
		"bad evidence":    {"x-anonymous: true", `x-anonymous: {token: Size, evidence: hearsay}`, "x-anonymous: x-evidence"},
		"a typo":          {"x-anonymous: true", `x-anonymous: {tokn: Size}`, "unknown field"},
		"a flag":          {"x-anonymous: true", `x-anonymous: true`, "x-anonymous"},
	} {
		_, err := contract.Load(files("gateway", c.gateway, "operation", c.operation))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, err, c.want)
		})
	}
	_, err := contract.LoadComplete(files("gateway", "x-anonymous: true", "operation", "x-anonymous: {token: Size}"))
	if err == nil {
		t.Error("a document that ships needs no evidence")
	}
}

// An operation can have another version than its API; two of one action are told apart by it.
func TestVersionOfAnOperation(t *testing.T) {
	t.Parallel()
	const another = `
  /#Action=ItemPut&Version=2027-01-01:
    post:
      operationId: ItemPut20270101
      x-action: ItemPut
      VERSION
      responses:
        default: {$ref: "#/components/responses/Anything"}`
	with := func(version string) fstest.MapFS {
		return files("paths", strings.Replace(another, "VERSION", version, 1))
	}
	var got []string
	for _, op := range load(t, with(`x-version: "2027-01-01"`)).ByAction("acs", "ItemPut") {
		got = append(got, op.ID+" "+op.Version)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"ItemPut 2026-01-01", "ItemPut20270101 2027-01-01"}, got); diff != "" {
		t.Error(diff)
	}
	for _, version := range []string{"", `x-version: "2026-01-01"`} {
		_, err := contract.Load(with(version))
		wantError(t, err, `"ItemPut" of version "2026-01-01" is that of`)
	}
}
