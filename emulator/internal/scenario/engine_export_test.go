package scenario

import (
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// ParseTemplate reports what is wrong with a template, as a *TemplateError.
func ParseTemplate(text string) error {
	_, err := newTemplate(text)
	return err
}

// RenderSample runs a template as the checks of a document do.
func RenderSample(op *contract.Operation, text string) (string, error) {
	t, err := newTemplate(text)
	if err != nil {
		return "", err
	}
	body, _, err := renderSample(op, t)
	return body, err
}

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

// CacheSize and CacheWeight bound each cache of a Stage.
const (
	CacheSize   = cacheSize
	CacheWeight = cacheWeight
)

// CacheWeights are what the caches of a Stage hold.
func (s *Stage) CacheWeights() (scripts, programs int) { return s.scripts.sizes, s.programs.sizes }

// Cached counts what a Stage keeps.
func (s *Stage) Cached() (scripts, programs int) {
	return len(s.scripts.values), len(s.programs.values)
}
