package play

import "strconv"

// The keys under which a sandbox's space keeps what plays in it. No other file of the package names a key.
const (
	// PlaylistKey holds the record of what plays, for Engine.Program.
	PlaylistKey = "scenario/playlist"
	// playsKey counts how often a scenario was played.
	playsKey = "scenario/plays"
)

// sourceKey holds the document that was played under that id.
func sourceKey(playID string) string { return "scenario/source/" + playID }

// cursorKey holds the cursor of a rule: the number of calls that its script took, or the token bucket of its quota.
func cursorKey(playID string, rule int) string {
	return "scenario/cursor/" + playID + "/" + strconv.Itoa(rule)
}

// headerPlayID is the id under which calls that name a scenario in a header move its cursors.
func headerPlayID(playID string) string { return "header/" + playID }

// defaultPlayID is the id under which a scenario plays by default.
func defaultPlayID(name string) string { return "default/" + name }
