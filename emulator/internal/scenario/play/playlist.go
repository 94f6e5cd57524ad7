package play

import (
	"fmt"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
)

// playlist is the record of what plays in a sandbox: what was played, newest first, and which defaults were stopped.
type playlist struct {
	Playing []playlistEntry `cbor:"1,keyasint,omitempty"`
	Off     []string        `cbor:"2,keyasint,omitempty"`
}

// playlistEntry is one scenario of a playlist.
type playlistEntry struct {
	Name string `cbor:"1,keyasint"`
	// ID is new each time that a scenario is played, so that one that is played again gets new cursors.
	ID string `cbor:"2,keyasint"`
	// Hash is the hash of the document, which is kept under a key of its own. It is empty for a known scenario.
	Hash string `cbor:"3,keyasint,omitempty"`
}

// cacheKey is the key of the compiled scenario. It holds the name, since explanations repeat the name under which the
// scenario plays.
func (e playlistEntry) cacheKey() string { return e.Hash + "/" + e.Name }

// remove takes the entries of that name out of the list and returns them.
func (l *playlist) remove(name string) (removed []playlistEntry) {
	l.Playing = slices.DeleteFunc(l.Playing, func(entry playlistEntry) bool {
		if entry.Name == name {
			removed = append(removed, entry)
		}
		return entry.Name == name
	})
	return removed
}

func (l *playlist) write() ([]byte, error) {
	raw, err := record.Write(l)
	if err != nil {
		return nil, fmt.Errorf("write the list of playing scenarios: %w", err)
	}
	return raw, nil
}

// readPlaylist reads the record. It is nil for a sandbox in which nobody played or stopped anything.
func readPlaylist(raw []byte) (list playlist, err error) {
	if raw == nil {
		return list, nil
	}
	if err := record.Read(raw, &list); err != nil {
		return list, fmt.Errorf("read the list of playing scenarios: %w", err)
	}
	return list, nil
}
