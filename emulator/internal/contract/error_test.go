package contract_test

import (
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
)

// Every documented code, its placeholder filled, is found as itself and never as another that begins alike.
func TestErrorOfEveryShippedCode(t *testing.T) {
	t.Parallel()
	check := func(of string, documented []contract.Error, find func(string) (contract.Error, bool)) {
		for _, want := range documented {
			outcome := contract.Fill(want.Code, []string{"Xyz"})
			if got, ok := find(outcome); !ok || got != want {
				t.Errorf("%s: %s is %q", of, outcome, got.Code)
			}
		}
	}
	for _, gw := range shipped(t).Gateways {
		check(gw.Name, gw.Errors, gw.ErrorOf)
	}
	for _, op := range shippedOperations(t) {
		check(op.Name, op.Errors, op.ErrorOf)
	}
}

func TestFindError(t *testing.T) {
	t.Parallel()
	var documented []contract.Error
	for _, code := range []string{"Missing%s", "Missing%s.Again", "MissingKey", "Missing", "InvalidParameter.%s", "%s"} {
		documented = append(documented, contract.Error{Code: code, Meaning: "of " + code})
	}
	for outcome, want := range map[string]string{
		"MissingKey": "MissingKey", "MissingKeys": "Missing%s", "Missing": "Missing", "Missing.Again": "Missing%s.Again",
		"MissingX.Again": "Missing%s.Again", "InvalidParameter.": "InvalidParameter.%s", "InvalidParameter": "%s",
		"InvalidParameter.%s": "InvalidParameter.%s", "Other": "%s", "": "%s",
	} {
		if got, ok := contract.FindError(documented, outcome); !ok || got.Code != want || got.Meaning != "of "+want {
			t.Errorf("%q is %+v", outcome, got)
		}
	}
	for _, outcome := range []string{"Other", "missingKey", "AgainMissing", ""} {
		if got, ok := contract.FindError(documented[:5], outcome); ok {
			t.Errorf("%q is %+v", outcome, got)
		}
	}
}

func TestFilled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code, outcome, value string
		ok                   bool
	}{
		{"A.%s", "A.b", "b", true},
		{"A.%s", "A.", "", true},
		{"A%sA", "A", "", false},
		{"A%sA", "AA", "", true},
		{"A.%s", "B.b", "", false},
		{"A", "A", "", false},
	} {
		e := contract.Error{Code: c.code}
		if value, ok := e.Filled(c.outcome); ok != c.ok || ok && value != c.value {
			t.Errorf("%s in %s is %q, %v", c.outcome, c.code, value, ok)
		}
	}
}
