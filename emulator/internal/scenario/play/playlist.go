package play

import (
	"fmt"
	"slices"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
)

// playlist is the record of what plays in a sandbox: what was played, newest first, and which defaults were stopped.
type playlist struct {
	Playing []playing `cbor:"1,keyasint,omitempty"`
	Off     []string  `cbor:"2,keyasint,omitempty"`
}

// playing is one scenario of a playlist.
type playing struct {
	Name string `cbor:"1,keyasint"`
	// ID differs each time that something is played, so that a scenario that is played again gets new cursors.
	ID string `cbor:"2,keyasint"`
	// Hash is that of the document, which is kept under a key of its own. It is empty for a known scenario.
	Hash string `cbor:"3,keyasint,omitempty"`
	// Rules is the number of its rules.
	Rules int `cbor:"4,keyasint"`
}

// cacheKey is the key of the compiled scenario. It holds the name, since explanations repeat the name under which the
// scenario plays.
func (p playing) cacheKey() string { return p.Hash + "/" + p.Name }

// remove takes the entries of that name out of the list and returns them.
func (l *playlist) remove(name string) (removed []playing) {
	l.Playing = slices.DeleteFunc(l.Playing, func(p playing) bool {
		if p.Name == name {
			removed = append(removed, p)
		}
		return p.Name == name
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

// readPlaylist reads the record; nil is that of a sandbox in which nobody played or stopped anything.
func readPlaylist(raw []byte) (list playlist, err error) {
	if raw == nil {
		return list, nil
	}
	if err := record.Read(raw, &list); err != nil {
		return list, fmt.Errorf("read the list of playing scenarios: %w", err)
	}
	return list, nil
}
