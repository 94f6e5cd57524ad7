package sandbox

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Default is the id of the sandbox that always exists.
const Default = "default"

// Errors of the registry.
var (
	ErrUnknown    = errors.New("no such sandbox")
	ErrExists     = errors.New("a sandbox of that id exists")
	ErrCredential = errors.New("a credential belongs to another sandbox already")
	ErrKept       = errors.New("the default sandbox cannot be removed")
	ErrTooMany    = errors.New("too many sandboxes")
)

// Registry creates, finds and removes sandboxes.
type Registry struct {
	store   store.Store
	root    store.Space
	realNow func() time.Time
	limit   int
	secrets *Secrets

	changes      sync.Mutex // one creation or removal at a time; lookups take no lock
	boxes        sync.Map   // id -> *Sandbox
	byCredential sync.Map   // digest of a wire.Credential -> *Sandbox
	byTag        sync.Map   // AppTag -> *Sandbox
	count        int        // guarded by changes, as all below

	mortal  map[string]*Sandbox // those that end when nobody uses them
	soonest time.Time           // when the first of them can end, or earlier
}

// RegistryOptions configure a Registry.
type RegistryOptions struct {
	Store store.Store
	// RealNow is real time, from which running clocks are measured.
	RealNow func() time.Time
	// Limit is the number of sandboxes that can exist; zero means DefaultLimit.
	Limit int
}

// DefaultLimit is the number of sandboxes that can exist at once.
const DefaultLimit = 20_000

// rootSpace holds the definitions of all sandboxes; its name cannot be that of a sandbox.
const rootSpace = "/sandboxes"

// NewRegistry returns an empty registry.
func NewRegistry(o RegistryOptions) *Registry {
	return &Registry{
		store: o.Store, root: o.Store.Space(rootSpace), realNow: o.RealNow, limit: cmp.Or(o.Limit, DefaultLimit),
		secrets: NewSecrets(), mortal: map[string]*Sandbox{},
	}
}

// Secrets knows the secrets of all sandboxes.
func (r *Registry) Secrets() *Secrets { return r.secrets }

// Create makes a sandbox. It fails with an *InvalidError, ErrExists, ErrCredential or ErrTooMany, and then changes
// nothing.
func (r *Registry) Create(ctx context.Context, def Definition) (*Sandbox, error) {
	if err := def.validate(); err != nil {
		return nil, err
	}
	r.changes.Lock()
	defer r.changes.Unlock()
	if _, err := r.sweep(ctx); err != nil {
		return nil, err
	}
	names := def.Credentials.names()
	if err := r.admit(def.ID, names); err != nil {
		return nil, err
	}
	box, err := newSandbox(def, r.store.Space(def.ID), r.realNow)
	if err != nil {
		return nil, err
	}
	if err := r.keep(ctx, box); err != nil {
		return nil, err
	}
	r.enter(box, names)
	return box, nil
}

// admit refuses a sandbox for which there is no place.
func (r *Registry) admit(id string, names []wire.Credential) error {
	if _, taken := r.boxes.Load(id); taken {
		return fmt.Errorf("%w: %s", ErrExists, id)
	}
	if r.count >= r.limit {
		return fmt.Errorf("%w: at most %d can exist at once", ErrTooMany, r.limit)
	}
	for i, name := range names {
		if r.Taken(name) || slices.Contains(names[:i], name) {
			return fmt.Errorf("%w: %s", ErrCredential, printable(name))
		}
	}
	return nil
}

// enter makes a sandbox known.
func (r *Registry) enter(box *Sandbox, names []wire.Credential) {
	r.secrets.add(box.Credentials.secrets(box.Fixtures))
	for _, name := range names {
		r.byCredential.Store(digest(name), box)
	}
	for _, app := range box.Credentials.Top {
		r.byTag.Store(tagFor(app.AppKey), box)
	}
	r.boxes.Store(box.ID, box)
	r.count++
	if box.idle.ttl > 0 {
		r.mortal[box.ID] = box
		r.expect(box)
	}
}

func (r *Registry) keep(ctx context.Context, box *Sandbox) error {
	raw, err := json.Marshal(box.Definition)
	if err != nil {
		return err
	}
	if err := box.Reset(ctx); err != nil {
		return err
	}
	if err := r.root.Put(ctx, box.ID, raw, time.Time{}); err != nil {
		return errors.Join(err, box.space.Clear(ctx))
	}
	return nil
}

// printable names a credential in an error: a bearer token is a secret.
func printable(c wire.Credential) string {
	if c.Kind == wire.Bearer {
		return "a bearer token"
	}
	return string(c.Kind) + " " + c.ID
}

// Get returns the sandbox of that id, or ErrUnknown. That counts as using it.
func (r *Registry) Get(id string) (*Sandbox, error) {
	if box, ok := r.boxes.Load(id); ok && box.(*Sandbox).use() {
		return box.(*Sandbox), nil
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknown, id)
}

// List returns all sandboxes, sorted by id.
func (r *Registry) List() []*Sandbox {
	var all []*Sandbox
	now := r.realNow()
	r.boxes.Range(func(_, found any) bool {
		if box := found.(*Sandbox); !box.idle.isOver(now) {
			all = append(all, box)
		}
		return true
	})
	slices.SortFunc(all, func(a, b *Sandbox) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Find returns the sandbox of a credential that a request names, and whether it is known anywhere. That counts as using
// it.
func (r *Registry) Find(c wire.Credential) (*Sandbox, bool) {
	box, ok := r.find(c)
	if !ok || !box.use() {
		return nil, false
	}
	return box, true
}

// Taken tells whether a credential belongs to a sandbox already.
func (r *Registry) Taken(c wire.Credential) bool {
	_, taken := r.byCredential.Load(digest(c))
	return taken
}

func (r *Registry) find(c wire.Credential) (*Sandbox, bool) {
	if box, ok := r.byCredential.Load(digest(c)); ok {
		return box.(*Sandbox), true
	}
	if c.Kind == wire.AccessKey {
		if tag, ok := TagOf(c.ID); ok {
			if box, ok := r.byTag.Load(tag); ok {
				return box.(*Sandbox), true
			}
		}
	}
	return nil, false
}

// Remove deletes a sandbox with all its state and frees its credentials.
func (r *Registry) Remove(ctx context.Context, id string) error {
	if id == Default {
		return ErrKept
	}
	r.changes.Lock()
	defer r.changes.Unlock()
	box, err := r.Get(id)
	if err != nil {
		return err
	}
	return r.remove(ctx, box)
}

// remove needs the lock on changes.
func (r *Registry) remove(ctx context.Context, box *Sandbox) error {
	for _, name := range box.Credentials.names() {
		r.byCredential.Delete(digest(name))
	}
	for _, app := range box.Credentials.Top {
		r.byTag.Delete(tagFor(app.AppKey))
	}
	r.boxes.Delete(box.ID)
	delete(r.mortal, box.ID)
	box.removed.Store(true)
	r.secrets.retire(box.Credentials.secrets(box.Fixtures))
	r.count--
	return errors.Join(r.root.Delete(ctx, box.ID), box.space.Clear(ctx))
}

// digest is what a credential is found by. A bearer token is a secret, so it is looked up by its hash: how long a look
// into a map takes can tell how much of a key is alike.
func digest(c wire.Credential) wire.Credential {
	c.Secret = false // it says how to show the id, not whose it is
	if c.Kind == wire.Bearer {
		sum := sha256.Sum256([]byte(c.ID))
		c.ID = string(sum[:])
	}
	return c
}

// names are the ids under which requests name these credentials.
func (c Credentials) names() []wire.Credential {
	var names []wire.Credential
	for _, a := range c.ACS {
		if a.AccessKeyID != "" {
			names = append(names, wire.Credential{Kind: wire.AccessKey, ID: a.AccessKeyID})
		}
		if a.BearerToken != "" {
			names = append(names, wire.Credential{Kind: wire.Bearer, ID: a.BearerToken})
		}
	}
	for _, a := range c.Top {
		names = append(names, wire.Credential{Kind: wire.TopApp, ID: a.AppKey})
	}
	for _, a := range c.Fabric {
		names = append(names, wire.Credential{Kind: wire.FabricApp, ID: a.AppKey})
	}
	return names
}

func (c Credentials) secrets(f Fixtures) []string {
	var all []string
	for _, a := range c.ACS {
		all = append(all, a.AccessKeySecret, a.BearerToken)
	}
	for _, a := range slices.Concat(c.Top, c.Fabric) {
		all = append(all, a.AppSecret)
	}
	for _, w := range f.Warrants {
		all = append(all, w.AppSecret)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}
