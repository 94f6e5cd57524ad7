package template

import (
	"maps"
	"slices"
)

// OwnFunctions returns the names of the functions that templates have in addition to those of text/template.
func OwnFunctions() []string { return slices.Sorted(maps.Keys((&Environment{}).functions())) }
