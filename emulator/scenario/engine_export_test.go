package scenario

import (
	"time"

	"github.com/tokenstage/tokenstage/emulator/wire"
)

// ParseTemplate and RenderSample are what the checks of a document use.
var (
	ParseTemplate = parseTemplate
	RenderSample  = renderSample
)

// RenderTemplate runs a template for a call.
func RenderTemplate(text string, call *wire.Call, now time.Time, seed uint64) (string, error) {
	t, err := newTemplate(text)
	if err != nil {
		return "", err
	}
	return t.render(&environment{fields: &callFields{call: call}, now: now, chance: chanceOf(seed, 1, 1)})
}

// OwnFunctions names the functions that a template gets beside Go's own.
func OwnFunctions() []string { return keysOf((&environment{}).functions()) }

// CacheSize bounds each cache of a Stage.
const CacheSize = cacheSize

// Cached counts what a Stage keeps.
func (s *Stage) Cached() (scripts, programs int) {
	return len(s.scripts.values), len(s.programs.values)
}
