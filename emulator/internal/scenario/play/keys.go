package play

import (
	"fmt"
	"strconv"
)

// The keys under which a sandbox's space keeps what plays in it. No other file of the package names a key.
const (
	// PlaylistKey holds the record of what plays, for Engine.Program.
	PlaylistKey = "scenario/playlist"
	// playsKey counts how often a scenario was played.
	playsKey = "scenario/plays"
)

// playedPrefix begins the keys of what was played under that id. All of them go when it is stopped.
func playedPrefix(playID string) string { return "scenario/played/" + playID + "/" }

// playedKey is there for as long as what was played under that id plays.
func playedKey(playID string) string { return playedPrefix(playID) + "plays" }

// sourceKey holds the document that was played under that id.
func sourceKey(playID string) string { return playedPrefix(playID) + "source" }

// defaultPrefix begins the keys of a scenario that plays by default.
func defaultPrefix(name string) string { return "scenario/default/" + name + "/" }

// knownPrefix begins the keys of a known scenario that does not play, but is named by calls in a header.
func knownPrefix(name string) string { return "scenario/known/" + name + "/" }

// headerPrefix begins the keys of the cursors that calls move which name a scenario in a header.
func headerPrefix(prefix string) string { return prefix + "header/" }

// recordKey holds what the rules of a scenario remember that keep one record for all calls.
func recordKey(prefix string) string { return prefix + "record" }

// valueRecordKey holds what those remember that keep one for each value of a field, by the hash of field and value.
func valueRecordKey(prefix, hash string) string { return prefix + "per/" + hash }

// valuesKey counts the values for which there are or were records; valueKey holds the name of the n-th of them.
func valuesKey(prefix string) string { return prefix + "values" }

func valueKey(prefix string, n int64) string { return fmt.Sprintf("%s%020d", valuePrefix(prefix), n) }

func valuePrefix(prefix string) string { return prefix + "value/" }

// cursorKey holds the cursor of a rule: the number of calls that its script took, or the token bucket of its quota.
func cursorKey(prefix string, rule int) string { return prefix + "cursor/" + strconv.Itoa(rule) }
