package redis

import (
	_ "embed"

	"github.com/redis/go-redis/v9"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// The files of which scripts are made; values.lua says how.
var (
	//go:embed values.lua
	valuesPart string
	//go:embed claims.lua
	claimsPart string
	//go:embed logs.lua
	logsPart string
	//go:embed space.lua
	spacePart string
	//go:embed update.lua
	updatePart string
	//go:embed run.lua
	runPart string
)

// parts are the further files that a script needs.
type parts uint8

const (
	claims parts = 1 << iota
	logs
	wholeSpace // space.lua reclaims claims too
	update

	everyPart
)

// script is one of the scripts, with the hash by which a store knows it that has seen it.
type script struct{ text, hash string }

// scripts are those of all combinations of parts.
type scripts [everyPart]script

func newScripts() *scripts {
	var all scripts
	for needed := range everyPart {
		text := valuesPart
		for _, part := range []struct {
			part parts
			text string
		}{{claims | wholeSpace, claimsPart}, {logs, logsPart}, {wholeSpace, spacePart}, {update, updatePart}} {
			if needed&part.part != 0 {
				text += part.text
			}
		}
		text += runPart
		all[needed] = script{text, redis.NewScript(text).Hash()}
	}
	return &all
}

// partsOf are those that steps need.
func partsOf(steps []store.Step) (needed parts) {
	for _, step := range steps {
		switch step.(type) {
		case *store.Claim:
			needed |= claims
		case *store.Append, *store.Range, *store.Find, *store.Truncate:
			needed |= logs
		case *store.Keys, *store.Values, *store.Reclaim, *rest, *store.Drop, *store.Clear:
			needed |= wholeSpace
		}
	}
	return needed
}
