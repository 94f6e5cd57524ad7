package world

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// SnapshotFormat is the number of the format of a Snapshot. Another is refused.
const SnapshotFormat = 1

// MaxSnapshot is how many bytes of a sandbox's state a snapshot holds, and of its journal beside that; the definition
// is as long as any.
const MaxSnapshot = 4 << 20

// maxDefinition is as long as the body that creates a sandbox.
const maxDefinition = 1 << 20

// Snapshot is a sandbox in a file. Nonces are not in it, as a store keeps hashes of them alone, the one in memory under
// a seed of its own; nor is coverage, which counts what one server has seen. What is kept as bytes stands there as the
// store has it, so that nothing is lost on the way.
type Snapshot struct {
	Format int `json:"format"`
	// Secrets says that credentials are in it.
	Secrets    bool               `json:"secrets"`
	Definition sandbox.Definition `json:"definition"`
	Life       sandbox.Life       `json:"life"`
	Values     []SnapshotValue    `json:"values,omitempty"`
	// Tokens are the records of the list of issued tokens, Journal those of the journal, oldest first.
	Tokens  [][]byte `json:"tokens,omitempty"`
	Journal [][]byte `json:"journal,omitempty"`
}

// SnapshotValue is a key of the sandbox's space. Expires counts milliseconds from 1970 by the sandbox's clock; zero
// means never.
type SnapshotValue struct {
	Key     []byte `json:"key"`
	Value   []byte `json:"value"`
	Expires int64  `json:"expires,omitempty"`
}

// SnapshotOptions say what else a snapshot is to hold.
type SnapshotOptions struct{ Secrets, Journal bool }

// Snapshot writes down a sandbox as it is at one instant.
func (w *World) Snapshot(ctx context.Context, box *sandbox.Sandbox, o SnapshotOptions) (Snapshot, error) {
	life, values, tokens, err := box.Export(ctx, MaxSnapshot)
	if err != nil {
		return Snapshot{}, err
	}
	s := Snapshot{
		Format: SnapshotFormat, Secrets: o.Secrets, Definition: box.Definition, Life: life, Tokens: tokens,
	}
	for _, v := range values {
		if !strings.HasPrefix(v.Key, journal.CoveragePrefix) && v.Key != stoppedKey {
			s.Values = append(s.Values, SnapshotValue{[]byte(v.Key), v.Value, expiresMillis(v.Expires)})
		}
	}
	if o.Journal {
		if s.Journal, err = w.Journal(box).Keep(ctx, MaxSnapshot); err != nil {
			return Snapshot{}, err
		}
	}
	if o.Secrets {
		return s, nil
	}
	return s, w.withoutSecrets(&s)
}

// withoutSecrets takes out the credentials, and every known secret that clients sent in another place.
func (w *World) withoutSecrets(s *Snapshot) error {
	raw, err := json.Marshal(s.Definition.WithoutSecrets())
	if err != nil {
		return fmt.Errorf("write the definition of the sandbox: %w", err)
	}
	blank := w.registry.Secrets().Blank
	s.Definition = sandbox.Definition{}
	if err := json.Unmarshal(blank(raw), &s.Definition); err != nil {
		return fmt.Errorf("write the definition of the sandbox without secrets: %w", err)
	}
	for i := range s.Values {
		s.Values[i].Key, s.Values[i].Value = blank(s.Values[i].Key), blank(s.Values[i].Value)
	}
	for i := range s.Tokens {
		s.Tokens[i] = blank(s.Tokens[i])
	}
	return nil
}

func expiresMillis(expires time.Time) int64 {
	if expires.IsZero() {
		return 0
	}
	return max(expires.Add(time.Millisecond-1).UnixMilli(), 1)
}

func millisExpire(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis)
}

// LoadSnapshot makes the sandbox that a snapshot holds. What is none is an *sandbox.InvalidError, an id that exists is
// sandbox.ErrExists. Where credentials are not in it, new ones are made.
func (w *World) LoadSnapshot(ctx context.Context, s Snapshot) (*sandbox.Sandbox, error) {
	steps, err := w.stepsOf(&s)
	if err != nil {
		return nil, err
	}
	box, err := w.continueDrawn(ctx, s, steps)
	if err == nil {
		w.notify(box.ID)
	}
	return box, err
}

func (w *World) continueDrawn(ctx context.Context, s Snapshot, steps []store.Step) (*sandbox.Sandbox, error) {
	if s.Secrets {
		return w.registry.Continue(ctx, s.Definition, s.Life, steps)
	}
	w.chanceMu.Lock()
	defer w.chanceMu.Unlock()
	if err := w.registry.Complete(ctx, &s.Definition, rand.New(w.options.Chance)); err != nil {
		return nil, err
	}
	return w.registry.Continue(ctx, s.Definition, s.Life, steps)
}

// stepsOf checks what a snapshot holds and returns what writes it into a space.
func (w *World) stepsOf(s *Snapshot) ([]store.Step, error) {
	if s.Format != SnapshotFormat {
		return nil, &sandbox.InvalidError{
			Field:  "format",
			Reason: fmt.Sprintf("is %d; this server reads format %d", s.Format, SnapshotFormat),
		}
	}
	if err := w.checkDefinition(s); err != nil {
		return nil, err
	}
	steps, err := w.valuesOf(s)
	if err != nil {
		return nil, err
	}
	if len(s.Tokens) > token.MaxIssued() {
		return nil, &sandbox.InvalidError{Field: "tokens", Reason: fmt.Sprintf("there are %d; at most %d are listed",
			len(s.Tokens), token.MaxIssued())}
	}
	logs := []struct {
		field   string
		records [][]byte
		check   func([]byte) (store.Step, error)
	}{
		{"tokens", s.Tokens, token.CheckIssued},
		{"journal", s.Journal, journal.New(store.Space{}, w.viewer, w.options.Journal).CheckEntry},
	}
	for _, log := range logs {
		for i, raw := range log.records {
			step, err := log.check(raw)
			if err != nil {
				return nil, &sandbox.InvalidError{Field: fmt.Sprintf("%s[%d]", log.field, i), Reason: err.Error()}
			}
			steps = append(steps, step)
		}
	}
	return steps, nil
}

func (w *World) checkDefinition(s *Snapshot) error {
	raw, err := json.Marshal(s.Definition)
	if err != nil || len(raw) > maxDefinition {
		return &sandbox.InvalidError{
			Field: "definition", Reason: fmt.Sprintf("has more than %d bytes, or a time that nobody can write", maxDefinition),
		}
	}
	if s.Definition.ID == "" {
		return &sandbox.InvalidError{Field: "definition.id", Reason: "is missing"}
	}
	if !s.Secrets {
		for gateway, list := range s.Definition.Credentials {
			if len(list) > 0 {
				return &sandbox.InvalidError{
					Field: "definition.credentials." + gateway, Reason: `are there although "secrets" is false`,
				}
			}
		}
	}
	if err := w.checkScripts(s.Definition.Scenarios); err != nil {
		return &sandbox.InvalidError{Field: "definition", Reason: err.Error()}
	}
	return w.checkQuotas(s.Definition.Quotas)
}

// valuesOf checks the keys: each belongs to somebody who keeps it in a sandbox's space.
func (w *World) valuesOf(s *Snapshot) ([]store.Step, error) {
	known := append(sandbox.OwnPrefixes(), play.KeptPrefix)
	for _, api := range w.options.Catalogue.APIs {
		known = append(known, api.Name+"/")
	}
	seen := make(map[string]bool, len(s.Values))
	var playing, all []store.Value
	for i, v := range s.Values {
		key := store.Value{Key: string(v.Key), Value: v.Value, Expires: millisExpire(v.Expires)}
		refuse := func(why string) error {
			return &sandbox.InvalidError{Field: fmt.Sprintf("values[%d]", i), Reason: fmt.Sprintf("%.80q %s", key.Key, why)}
		}
		of := slices.IndexFunc(known, func(prefix string) bool { return strings.HasPrefix(key.Key, prefix) })
		switch {
		case of < 0:
			return nil, refuse("is no key that a sandbox keeps")
		case seen[key.Key]:
			return nil, refuse("is there twice")
		case known[of] == play.KeptPrefix:
			playing = append(playing, key)
		default:
			all = append(all, key)
		}
		seen[key.Key] = true
		if of < len(sandbox.OwnPrefixes()) {
			if err := sandbox.CheckOwn(key); err != nil {
				return nil, refuse("is not good: " + err.Error())
			}
		}
	}
	if err := w.engine.Readmit(playing); err != nil {
		return nil, &sandbox.InvalidError{Field: "values", Reason: "what plays is not good: " + err.Error()}
	}
	var steps []store.Step
	for _, v := range append(all, playing...) {
		steps = append(steps, &store.Put{Key: v.Key, Value: v.Value, Expires: v.Expires})
	}
	return steps, nil
}
