package play

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// KeptPrefix begins every key of what plays.
const KeptPrefix = "scenario/"

// Readmit holds what a space kept of what plays, which can come from a file, to what a player writes: whatever
// KeptPrefix begins. It changes the record of what plays so that it names the documents that are there.
func (e *Engine) Readmit(values []store.Value) error {
	at := make(map[string]*store.Value, len(values))
	for i := range values {
		v := &values[i]
		at[v.Key] = v
		if n, err := strconv.ParseInt(string(v.Value), 10, 64); err == nil && n < 0 {
			return fmt.Errorf("%.80q is negative", v.Key)
		}
	}
	plays := int64(0)
	if v := at[playsKey]; v != nil {
		var err error
		if plays, err = strconv.ParseInt(string(v.Value), 10, 64); err != nil {
			return fmt.Errorf("%q is no number", playsKey)
		}
	}
	if kept := at[PlaylistKey]; kept != nil {
		return e.readmitList(kept, at, plays)
	}
	return nil
}

func (e *Engine) readmitList(kept *store.Value, at map[string]*store.Value, plays int64) error {
	list, err := readPlaylist(kept.Value)
	if err != nil {
		return err
	}
	if len(list.Playing) > MaxPlaying || len(list.Off) > MaxPlaying {
		return fmt.Errorf("more than %d scenarios play", MaxPlaying)
	}
	for i := range list.Playing {
		if err := list.Playing[i].readmit(at, plays, list.Playing[:i]); err != nil {
			return err
		}
	}
	source := func(entry playlistEntry) ([]byte, error) { return at[sourceKey(entry.ID)].Value, nil }
	if _, err := e.newProgram(list, source); err != nil {
		return err
	}
	kept.Value, err = list.write()
	return err
}

// readmit checks an entry, and takes the hash of its document, by which engines find it, from the document itself.
func (e *playlistEntry) readmit(at map[string]*store.Value, plays int64, others []playlistEntry) error {
	n, err := strconv.ParseInt(e.ID, 10, 64)
	if err != nil || n < 1 || n > plays || strconv.FormatInt(n, 10) != e.ID || at[playedKey(e.ID)] == nil {
		return fmt.Errorf("the scenario %.80q has a number under which nothing was played", e.Name)
	}
	if slices.ContainsFunc(others, func(o playlistEntry) bool { return o.ID == e.ID || o.Name == e.Name }) {
		return fmt.Errorf("the scenario %.80q plays twice", e.Name)
	}
	document := at[sourceKey(e.ID)]
	switch {
	case e.Hash == "":
		return nil
	case document == nil:
		return fmt.Errorf("the document of the scenario %.80q is not there", e.Name)
	}
	sum := sha256.Sum256(document.Value)
	e.Hash = hex.EncodeToString(sum[:])
	return nil
}
