package console

import (
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
)

// magicValue is a value of a request that sets off an error.
type magicValue struct {
	On    string // the operation, or all of an API
	Field string // of the request, such as params.InstanceId
	Value string
	Code  string
}

// Parameter is the field without what says that it is a parameter.
func (v magicValue) Parameter() string { return strings.TrimPrefix(v.Field, "params.") }

// defaults are the scenarios that are on by default.
func (c *console) defaults() []*scenario.Scenario {
	var all []*scenario.Scenario
	library := c.World.Library()
	for _, name := range library.Names() {
		if s, ok := library.Get(name); ok && c.World.IsDefault(name) {
			all = append(all, s)
		}
	}
	return all
}

// magicValues are those of rules that fail for one exact value.
func magicValues(all []*scenario.Scenario) []magicValue {
	var values []magicValue
	for _, s := range all {
		for _, rule := range s.Rules {
			if len(rule.When) != 1 || rule.When[0].Test == nil || len(rule.Script) == 0 || rule.Script[0].Fail == nil {
				continue
			}
			condition := rule.When[0]
			value, exact := strings.CutPrefix(condition.Expected, "equal to ")
			if exact && condition.Test(value, true) {
				values = append(values, magicValue{rule.OnText(), condition.Field, value, rule.Script[0].Fail.Code})
			}
		}
	}
	return values
}

// magicPattern is what the magic values of an API have in common.
type magicPattern struct {
	API, Parameter string
	// Prefix goes before the code of the error.
	Prefix string
	// Example is one of the values.
	Example string
}

func magicPatterns(all []*scenario.Scenario) []magicPattern {
	var patterns []magicPattern
	for _, v := range magicValues(all) {
		prefix, ends := strings.CutSuffix(v.Value, v.Code)
		if !ends {
			continue
		}
		api, _, _ := strings.Cut(v.On, ".")
		p := magicPattern{api, v.Parameter(), prefix, v.Value}
		if !slices.ContainsFunc(patterns, func(o magicPattern) bool {
			return o.API == p.API && o.Parameter == p.Parameter && o.Prefix == p.Prefix
		}) {
			patterns = append(patterns, p)
		}
	}
	return patterns
}

// magicFor are the values that set off an error of an operation.
func magicFor(all []*scenario.Scenario, op *contract.Operation, code string) []magicValue {
	return slices.DeleteFunc(magicValues(all), func(v magicValue) bool {
		return v.Code != code || v.On != op.Name && v.On != op.API.Name+".*"
	})
}
