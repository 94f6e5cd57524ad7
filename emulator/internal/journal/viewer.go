package journal

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Bounds of what a Viewer remembers. Records below smallestRemembered are masked faster than they are found.
const (
	smallestRemembered = 4 << 10
	maxRemembered      = 4 << 20 // bytes of records
)

// Viewer makes what journals keep fit to be seen: it takes the secrets out. Large entries that many look at, as the
// followers of a sandbox, are masked once.
type Viewer struct {
	secrets *sandbox.Secrets
	seed    maphash.Seed

	mu    sync.Mutex
	views []*view // the newest last
	size  int     // of their records

	found found
}

// found are the texts of calls in which somebody looked for something: the next look, for a word more, is near.
type found struct {
	mu    sync.Mutex
	texts map[uint64]string // by the hash of the record
	size  int
	known uint64 // how many secrets had been learned before
}

// maxFoundTexts bounds what is remembered of texts, in bytes.
const maxFoundTexts = 32 << 20

// foundText is the text of a record that was looked through before.
func (v *Viewer) foundText(raw []byte) (string, bool) {
	hash, known := maphash.Bytes(v.seed, raw), v.secrets.Learned()
	v.found.mu.Lock()
	defer v.found.mu.Unlock()
	text, ok := v.found.texts[hash]
	return text, ok && v.found.known == known
}

// keepText remembers the text of a record. When there are too many, all are forgotten.
func (v *Viewer) keepText(raw []byte, text string) {
	hash, known := maphash.Bytes(v.seed, raw), v.secrets.Learned()
	v.found.mu.Lock()
	defer v.found.mu.Unlock()
	if v.found.texts == nil || v.found.known != known || v.found.size+len(text) > maxFoundTexts {
		v.found.texts, v.found.size, v.found.known = map[uint64]string{}, 0, known
	}
	v.found.texts[hash] = text
	v.found.size += len(text)
}

// view is an entry as people may see it.
type view struct {
	hash  uint64
	raw   []byte
	known uint64 // how many secrets had been learned before
	once  sync.Once
	entry Entry
}

// NewViewer returns a viewer that never shows any of secrets.
func NewViewer(secrets *sandbox.Secrets) *Viewer {
	return &Viewer{secrets: secrets, seed: maphash.MakeSeed()}
}

// entry is the whole entry of a record. It is shared by those who look at it, and must not be changed.
func (v *Viewer) entry(kept store.Record) Entry {
	if len(kept.Data) < smallestRemembered {
		return v.read(kept)
	}
	of := v.find(kept.Data)
	of.once.Do(func() { of.entry = v.read(kept) })
	e := of.entry
	e.Seq = kept.Seq
	return e
}

// find returns the view of a record, which may be still to be made. One from before a secret was learned is made anew.
func (v *Viewer) find(raw []byte) *view {
	hash, known := maphash.Bytes(v.seed, raw), v.secrets.Learned()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, of := range v.views {
		if of.hash == hash && of.known == known && bytes.Equal(of.raw, raw) {
			return of
		}
	}
	of := &view{hash: hash, raw: raw, known: known}
	v.views, v.size = append(v.views, of), v.size+len(raw)
	for v.size > maxRemembered && len(v.views) > 1 {
		v.size -= len(v.views[0].raw)
		v.views = slices.Delete(v.views, 0, 1)
	}
	return of
}

// unreadable is the outcome of an entry of which nothing can be read. One such entry hides no other.
const unreadable = "unreadable"

func (v *Viewer) read(kept store.Record) Entry {
	e := Entry{Seq: kept.Seq}
	if err := record.Read(kept.Data, &e); err != nil {
		e = Entry{Seq: kept.Seq, Outcome: unreadable, Findings: []wire.Finding{{
			Check: "journal", Level: wire.LevelError,
			Message: "The journal kept this call, and cannot read it: " + err.Error() + ".",
		}}}
	}
	mask(&e, v.secrets)
	return e
}
