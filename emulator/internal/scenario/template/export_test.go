package template

import (
	"maps"
	"slices"
)

// OwnFunctions names the functions that a template gets beside Go's own.
func OwnFunctions() []string { return slices.Sorted(maps.Keys((&Environment{}).functions())) }
