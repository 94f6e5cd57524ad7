package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
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

// Registry creates, finds and removes sandboxes. Which there are, and whose a credential is, stands in the store alone:
// what a registry remembers spares it looks into the store and is judged by the first access to the sandbox itself,
// which fails with ErrGone where another emulator on the same store removed it.
type Registry struct {
	store     store.Store
	root      store.Space
	realNow   func() time.Time
	limit     int
	schemes   schemes
	pushHosts []string
	secrets   *Secrets
	leaving   Leaving
	standing  *Definition
	restored  func(ctx context.Context, box *Sandbox) error

	// entering is held while a sandbox is remembered or forgotten, so that its entries in the three maps agree.
	entering     sync.Mutex
	byID         sync.Map // id -> *Sandbox
	byCredential sync.Map // digest of a wire.Credential -> *Sandbox
	byTag        sync.Map // token.Tag -> *Sandbox
}

// RegistryOptions configure a Registry.
type RegistryOptions struct {
	Store store.Store
	// RealNow is real time, from which running clocks are measured.
	RealNow func() time.Time
	// Schemes read the credentials of the gateways, and draw them in this order.
	Schemes []Scheme
	// Limit is the number of sandboxes that can exist; zero means DefaultLimit.
	Limit int
	// PushHosts are the hosts beside this machine that sandboxes may push to.
	PushHosts []string
	// Leaving keeps what outlives a sandbox; nil means that nothing does.
	Leaving Leaving
	// Standing is the sandbox Default, which is made anew where somebody asks for it in a store that was emptied; nil
	// means that there is none. Restored is called with it whenever it is another than before, also where another
	// emulator on the store made it.
	Standing *Definition
	Restored func(ctx context.Context, box *Sandbox) error
}

// Leaving is asked before everything that is kept of a sandbox goes, with a reset or with the sandbox itself. The steps
// are carried out together with that, so that they read the last word; keep is called afterwards.
type Leaving func(box *Sandbox) (steps []store.Step, keep func(ctx context.Context) error)

// DefaultLimit is the number of sandboxes that can exist at once.
const DefaultLimit = 20_000

// NewRegistry returns a registry of the sandboxes in the store.
func NewRegistry(o RegistryOptions) *Registry {
	return &Registry{
		store: o.Store, root: o.Store.Space(rootSpace), realNow: o.RealNow, limit: cmp.Or(o.Limit, DefaultLimit),
		schemes: o.Schemes, secrets: NewSecrets(), leaving: o.Leaving, standing: o.Standing, restored: o.Restored,
		pushHosts: o.PushHosts,
	}
}

// Secrets knows the secrets of all sandboxes that the registry has met.
func (r *Registry) Secrets() *Secrets { return r.secrets }

// Create makes a sandbox. It fails with an *InvalidError, ErrExists, ErrCredential or ErrTooMany, and then changes
// nothing.
func (r *Registry) Create(ctx context.Context, def Definition) (*Sandbox, error) {
	return r.createWith(ctx, def, func(box *Sandbox) ([]store.Step, error) {
		return box.start(r.realNow(), 0).firstSteps()
	})
}

// Continue makes a sandbox that stands at a place of its life already, where further steps write what else is in its
// space. It fails as Create does.
func (r *Registry) Continue(ctx context.Context, def Definition, life Life, further []store.Step) (*Sandbox, error) {
	if err := life.validate(); err != nil {
		return nil, err
	}
	return r.createWith(ctx, def, func(box *Sandbox) ([]store.Step, error) {
		steps, err := life.firstSteps(box)
		return append(steps, further...), err
	})
}

// beginning are the steps that begin a new sandbox.
type beginning func(*Sandbox) ([]store.Step, error)

func (r *Registry) createWith(ctx context.Context, def Definition, begin beginning) (*Sandbox, error) {
	if err := def.validate(r.schemes); err != nil {
		return nil, err
	}
	if push := def.Fixtures.Push; push != nil {
		if err := push.CheckHost(r.pushHosts); err != nil {
			return nil, &InvalidError{"fixtures.push.url", err.Error()}
		}
	}
	box, err := r.create(ctx, def, begin)
	if !errors.Is(err, ErrExists) && !errors.Is(err, ErrCredential) && !errors.Is(err, ErrTooMany) {
		return box, err
	}
	// What stands in the way may be a sandbox whose time is over.
	removed, sweepErr := r.Sweep(ctx)
	recounted := false
	if sweepErr == nil && errors.Is(err, ErrTooMany) {
		recounted, sweepErr = r.recount(ctx)
	}
	if sweepErr != nil || len(removed) == 0 && !recounted {
		return nil, errors.Join(err, sweepErr)
	}
	return r.create(ctx, def, begin)
}

// inFlight is how many more sandboxes may be counted than are listed: those that are being made or removed.
const inFlight = 100

// recount sets right how many sandboxes there are, where emulators that were killed have left the count too high.
func (r *Registry) recount(ctx context.Context) (bool, error) {
	all, listed := store.Increment{Key: countKey}, store.Keys{Prefix: listedPrefix}
	if err := r.root.Do(ctx, &all, &listed); err != nil {
		return false, fmt.Errorf("count the sandboxes: %w", err)
	}
	over := all.Sum - int64(len(listed.Keys))
	if over <= inFlight {
		return false, nil
	}
	return true, r.root.Do(ctx, &store.Increment{Key: countKey, Delta: -over})
}

// Ensure returns the sandbox of the definition's id as it is, and creates it where there is none.
func (r *Registry) Ensure(ctx context.Context, def Definition) (*Sandbox, error) {
	box, err := r.Get(ctx, def.ID)
	if !errors.Is(err, ErrUnknown) {
		return box, err
	}
	if box, err = r.Create(ctx, def); errors.Is(err, ErrExists) {
		return r.Get(ctx, def.ID) // another emulator was first
	}
	return box, err
}

// restore makes the standing sandbox anew.
func (r *Registry) restore(ctx context.Context) (*Sandbox, error) {
	box, err := r.Create(ctx, *r.standing)
	if errors.Is(err, ErrExists) { // another emulator was first
		get := store.Get{Key: sandboxKey(Default)}
		if err := r.root.Do(ctx, &get); err != nil {
			return nil, fmt.Errorf("look up the sandbox %s: %w", Default, err)
		}
		return r.load(ctx, Default, &get)
	}
	if err != nil {
		return nil, err
	}
	return r.met(ctx, box)
}

// met is a sandbox that was not remembered until now. Where that is the standing one and it cannot be restored, it is
// forgotten, so that whoever asks next tries again.
func (r *Registry) met(ctx context.Context, box *Sandbox) (*Sandbox, error) {
	if box.ID != Default || r.restored == nil {
		return box, nil
	}
	if err := r.restored(ctx, box); err != nil {
		r.Forget(box)
		return nil, err
	}
	return box, nil
}

func (r *Registry) create(ctx context.Context, def Definition, begin beginning) (*Sandbox, error) {
	number, all := store.Increment{Key: createdKey, Delta: 1}, store.Increment{Key: countKey, Delta: 1}
	if err := r.root.Do(ctx, &number, &all); err != nil {
		return nil, err
	}
	if err := r.startNumbers(ctx, &number); err != nil {
		return nil, err
	}
	half := halfKey(spaceName(def.ID, number.Sum), r.realNow())
	box, err := r.admit(ctx, def, begin, number.Sum, all.Sum, half)
	if errors.Is(err, store.ErrDown) {
		return nil, err // it may have been made: Sweep clears what is left of it where not
	}
	if err != nil {
		return nil, errors.Join(err, r.root.Do(ctx, &store.Increment{Key: countKey, Delta: -1}, &store.Take{Key: half}))
	}
	return r.enter(box), nil
}

// startNumbers lets the numbers of a new store begin at real time: where it was emptied, others may still remember
// sandboxes of before, and a number that comes again would make one of them look like another.
func (r *Registry) startNumbers(ctx context.Context, number *store.Increment) error {
	if number.Sum != 1 {
		return nil
	}
	later := store.Increment{Key: createdKey, Delta: max(r.realNow().UnixMilli(), 0)}
	err := r.root.Do(ctx, &later)
	number.Sum = later.Sum
	return err
}

// stepsAtOnce is how many steps begin a sandbox in one trip: a shared store does nothing else meanwhile.
const stepsAtOnce = 500

// admit makes a sandbox in a space of its own and then lets it be found.
func (r *Registry) admit(
	ctx context.Context, def Definition, begin beginning, number, all int64, half string,
) (*Sandbox, error) {
	if all > int64(r.limit) {
		return nil, fmt.Errorf("%w: at most %d can exist at once", ErrTooMany, r.limit)
	}
	box, err := r.newSandbox(def, spaceName(def.ID, number))
	if err != nil {
		return nil, err
	}
	first, err := begin(box)
	if err != nil {
		return nil, err
	}
	if err := r.root.Do(ctx, &store.Put{Key: half}); err != nil {
		return nil, err
	}
	for some := range slices.Chunk(first, stepsAtOnce) {
		if err := box.space.Do(ctx, some...); err != nil {
			return nil, errors.Join(err, box.space.Clear(ctx))
		}
	}
	if err := r.publish(ctx, box, half); errors.Is(err, store.ErrDown) {
		return nil, err
	} else if err != nil {
		return nil, errors.Join(err, box.space.Clear(ctx))
	}
	return box, nil
}

// publish adds the definition and the credentials, or none of them where one is taken.
func (r *Registry) publish(ctx context.Context, box *Sandbox, half string) error {
	raw, err := record.Write(kept{Definition: box.Definition, Space: box.name})
	if err != nil {
		return fmt.Errorf("write the definition of the sandbox: %w", err)
	}
	adds := []*store.Add{{Key: sandboxKey(box.ID), Value: raw, Needed: true}}
	names := box.names()
	for _, c := range names {
		adds = append(adds, &store.Add{Key: ownerKey(c), Value: []byte(box.ID), Needed: true})
	}
	var steps []store.Step
	for _, add := range adds {
		steps = append(steps, add)
	}
	steps = append(steps, &store.Put{Key: listedKey(box.name)}, &store.Take{Key: half})
	for _, c := range names {
		steps = append(steps, &store.Put{Key: tagKey(token.TagFor(c)), Value: []byte(box.ID)})
	}
	if use := box.idle.firstUse(r.realNow()); use != nil {
		steps = append(steps, &store.Put{Key: usedKey(box.name), Value: use})
	}
	if err := r.root.Do(ctx, steps...); err != nil {
		return err
	}
	return r.withdraw(ctx, box.ID, names, adds)
}

// withdraw takes back what was added where one of the additions failed, and says which.
func (r *Registry) withdraw(ctx context.Context, id string, names []wire.Credential, adds []*store.Add) error {
	failed := slices.IndexFunc(adds, func(a *store.Add) bool { return !a.Added })
	if failed < 0 {
		return nil
	}
	var steps []store.Step
	for _, add := range adds[:failed] {
		steps = append(steps, &store.Take{Key: add.Key})
	}
	if err := r.root.Do(ctx, steps...); err != nil {
		return err
	}
	if failed == 0 {
		return fmt.Errorf("%w: %s", ErrExists, id)
	}
	if taken := names[failed-1]; !taken.Secret {
		return fmt.Errorf("%w: %s %s", ErrCredential, taken.Kind, taken.ID)
	}
	return fmt.Errorf("%w: a %s token", ErrCredential, names[failed-1].Kind)
}

// enter remembers a sandbox, in the place of one of the same id, and returns it; where it is remembered already, that
// one.
func (r *Registry) enter(box *Sandbox) *Sandbox {
	r.entering.Lock()
	defer r.entering.Unlock()
	if known := r.remembered(box.name); known != nil {
		return known
	}
	if before, known := r.byID.Load(box.ID); known {
		r.drop(before.(*Sandbox))
	}
	r.secrets.add(box.secrets())
	for _, name := range box.names() {
		r.byCredential.Store(digest(name), box)
		r.byTag.Store(token.TagFor(name), box)
	}
	r.byID.Store(box.ID, box)
	return box
}

// Forget drops what is remembered of a sandbox that is gone.
func (r *Registry) Forget(box *Sandbox) {
	r.entering.Lock()
	defer r.entering.Unlock()
	r.drop(box)
}

// drop must be called with the lock held.
func (r *Registry) drop(box *Sandbox) {
	if !r.byID.CompareAndDelete(box.ID, box) {
		return
	}
	for _, name := range box.names() {
		r.byCredential.CompareAndDelete(digest(name), box)
		r.byTag.CompareAndDelete(token.TagFor(name), box)
	}
	r.secrets.retire(box.secrets())
}

// Get returns the sandbox of that id, or ErrUnknown. That counts as using it.
func (r *Registry) Get(ctx context.Context, id string) (*Sandbox, error) {
	box, err := r.used(ctx, func() (*Sandbox, error) { return r.get(ctx, id) })
	if !errors.Is(err, ErrUnknown) {
		return box, err
	}
	boxes, failure := r.List(ctx)
	if failure != nil {
		return nil, errors.Join(err, failure)
	}
	known := make([]string, len(boxes))
	for i, other := range boxes {
		known[i] = other.ID
	}
	return nil, &unknownError{id, nearest.Name(id, known)}
}

// unknownError is ErrUnknown with the id that was probably meant.
type unknownError struct{ id, meant string }

func (e *unknownError) Error() string { return nearest.Ask(unknown(e.id).Error(), e.meant) }

func (e *unknownError) Unwrap() error { return ErrUnknown }

// used returns what find finds and uses it; ErrUnknown where its time is over. What another emulator removed is
// forgotten, and find asked once more.
func (r *Registry) used(ctx context.Context, find func() (*Sandbox, error)) (*Sandbox, error) {
	for range 2 {
		box, err := find()
		if err != nil {
			return nil, err
		}
		used, err := r.use(ctx, box)
		switch {
		case errors.Is(err, ErrGone):
			r.Forget(box)
			continue
		case err != nil:
			return nil, err
		case !used:
			return nil, unknown(box.ID)
		}
		return box, nil
	}
	return nil, ErrUnknown
}

func unknown(id string) error { return fmt.Errorf("%w: %q", ErrUnknown, id) }

func (r *Registry) get(ctx context.Context, id string) (*Sandbox, error) {
	if box, ok := r.byID.Load(id); ok {
		return box.(*Sandbox), nil
	}
	get := store.Get{Key: sandboxKey(id)}
	if err := r.root.Do(ctx, &get); err != nil {
		return nil, fmt.Errorf("look up the sandbox %s: %w", id, err)
	}
	if !get.Found && id == Default && r.standing != nil {
		return r.restore(ctx)
	}
	return r.load(ctx, id, &get)
}

// load is the sandbox that was read, which is remembered.
func (r *Registry) load(ctx context.Context, id string, read *store.Get) (*Sandbox, error) {
	if !read.Found {
		return nil, unknown(id)
	}
	var found kept
	if err := record.Read(read.Value, &found); err != nil {
		return nil, fmt.Errorf("read the sandbox %s: %w", id, err)
	}
	box, err := r.newSandbox(found.Definition, found.Space)
	if err != nil {
		return nil, err
	}
	return r.met(ctx, r.enter(box))
}

// List returns all sandboxes, sorted by id.
func (r *Registry) List(ctx context.Context) ([]*Sandbox, error) {
	keys := store.Keys{Prefix: listedPrefix}
	if err := r.root.Do(ctx, &keys); err != nil {
		return nil, fmt.Errorf("list the sandboxes: %w", err)
	}
	reads := make([]store.Get, len(keys.Keys))
	var steps []store.Step
	for i, key := range keys.Keys {
		name := strings.TrimPrefix(key, listedPrefix)
		if reads[i].Key = sandboxKey(idOf(name)); r.remembered(name) == nil {
			steps = append(steps, &reads[i])
		}
	}
	if len(steps) > 0 {
		if err := r.root.Do(ctx, steps...); err != nil {
			return nil, fmt.Errorf("list the sandboxes: %w", err)
		}
	}
	all, err := r.missing(ctx, keys.Keys)
	if err != nil {
		return nil, err
	}
	for i, key := range keys.Keys {
		box, err := r.listed(ctx, strings.TrimPrefix(key, listedPrefix), &reads[i])
		if err != nil {
			return nil, err
		}
		if box != nil {
			all = append(all, box)
		}
	}
	slices.SortFunc(all, func(a, b *Sandbox) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// missing is the standing sandbox where the list does not have it, since the store was emptied.
func (r *Registry) missing(ctx context.Context, listed []string) ([]*Sandbox, error) {
	isDefault := func(key string) bool { return idOf(strings.TrimPrefix(key, listedPrefix)) == Default }
	if r.standing == nil || slices.ContainsFunc(listed, isDefault) {
		return nil, nil
	}
	if known, ok := r.byID.Load(Default); ok {
		r.Forget(known.(*Sandbox))
	}
	box, err := r.Get(ctx, Default)
	if err != nil {
		return nil, err
	}
	return []*Sandbox{box}, nil
}

// remembered is the sandbox with the space of that name, nil where another or none is remembered under its id.
func (r *Registry) remembered(name string) *Sandbox {
	if known, ok := r.byID.Load(idOf(name)); ok && known.(*Sandbox).name == name {
		return known.(*Sandbox)
	}
	return nil
}

// listed is one sandbox of a list, nil where it went meanwhile or its time is over.
func (r *Registry) listed(ctx context.Context, name string, read *store.Get) (*Sandbox, error) {
	box := r.remembered(name)
	if box == nil && read.Found {
		loaded, err := r.load(ctx, idOf(name), read)
		if err != nil {
			return nil, err
		}
		if loaded.name == name { // else another has its id by now, which is listed itself
			box = loaded
		}
	}
	if box == nil {
		return nil, nil //nolint:nilnil // removed between the two readings
	}
	over, err := r.isOver(ctx, box)
	if errors.Is(err, ErrGone) {
		r.Forget(box)
		return nil, nil //nolint:nilnil // another emulator removed it
	}
	if err != nil || over {
		return nil, err
	}
	return box, nil
}

// Find returns the sandbox of a credential that a request names, nil where none has it. That counts as using it.
func (r *Registry) Find(ctx context.Context, c wire.Credential) (*Sandbox, error) {
	box, err := r.used(ctx, func() (*Sandbox, error) { return r.find(ctx, c) })
	if errors.Is(err, ErrUnknown) {
		return nil, nil //nolint:nilnil // no sandbox has it
	}
	return box, err
}

// find returns the sandbox of a credential, or ErrUnknown.
func (r *Registry) find(ctx context.Context, c wire.Credential) (*Sandbox, error) {
	if c.ID == "" {
		return nil, ErrUnknown // nobody was named
	}
	if box, ok := r.byCredential.Load(digest(c)); ok {
		return box.(*Sandbox), nil
	}
	owner := store.Get{Key: ownerKey(c)}
	if tag, issued := token.TagIn(c); issued {
		if box, ok := r.byTag.Load(tag); ok {
			return box.(*Sandbox), nil
		}
		owner.Key = tagKey(tag)
	}
	if err := r.root.Do(ctx, &owner); err != nil {
		return nil, fmt.Errorf("look up a credential: %w", err)
	}
	if !owner.Found {
		return nil, ErrUnknown
	}
	return r.get(ctx, string(owner.Value))
}

// Remove deletes a sandbox with all its state and frees its credentials.
func (r *Registry) Remove(ctx context.Context, id string) error {
	if id == Default {
		return ErrKept
	}
	box, err := r.Get(ctx, id)
	if err == nil && errors.Is(box.exists(ctx), ErrGone) {
		r.Forget(box) // another emulator removed it, and may have made one of the same id
		box, err = r.Get(ctx, id)
	}
	if err != nil {
		return err
	}
	return r.remove(ctx, box)
}

func (r *Registry) remove(ctx context.Context, box *Sandbox) error {
	defer r.Forget(box)
	// Of several that remove it one takes its place in the list; tags go before owners, since who has an owner's key
	// writes the tag anew.
	listed := store.Take{Key: listedKey(box.name), Needed: true}
	half := halfKey(box.name, r.realNow())
	steps := []store.Step{
		&listed, &store.Put{Key: half}, &store.Take{Key: usedKey(box.name)}, &store.Take{Key: sandboxKey(box.ID)},
	}
	for _, c := range box.names() {
		steps = append(steps, &store.Take{Key: tagKey(token.TagFor(c))}, &store.Take{Key: ownerKey(c)})
	}
	if err := r.root.Do(ctx, steps...); err != nil {
		return fmt.Errorf("remove the sandbox %s: %w", box.ID, err)
	}
	if !listed.Found {
		return unknown(box.ID) // somebody else was first
	}
	last := []store.Step{&store.Increment{Key: countKey, Delta: -1}}
	err := box.clear(ctx)
	if err == nil {
		last = append(last, &store.Take{Key: half})
	}
	return errors.Join(err, r.root.Do(ctx, last...))
}

// Known is how many sandboxes the registry remembers, which costs no look into the store.
func (r *Registry) Known() int { return len(r.all()) }

// maxAlike is how many credentials are compared with one that is not known.
const maxAlike = 1000

// Nearest is the credential of the same kind whose id is the nearest to one that is not known, with its sandbox; empty
// where none is alike, and for ids that are secrets. It looks at the sandboxes that the registry remembers.
func (r *Registry) Nearest(c wire.Credential) (id, box string) {
	if c.ID == "" || c.Secret {
		return "", ""
	}
	owners := map[string]string{}
	for _, known := range r.all() {
		for i := range known.keys {
			if names := known.keys[i].Names; names.Kind == c.Kind && !names.Secret && len(owners) < maxAlike {
				owners[names.ID] = known.ID
			}
		}
	}
	id = nearest.Name(c.ID, slices.Sorted(maps.Keys(owners)))
	return id, owners[id]
}

// Remembered is the sandbox that the registry remembers as that of a credential, which costs no look into the store;
// nil where it remembers none.
func (r *Registry) Remembered(c wire.Credential) *Sandbox {
	if box, ok := r.byCredential.Load(digest(c)); ok {
		return box.(*Sandbox)
	}
	if tag, temporary := token.TagOf(c.ID); temporary {
		if box, ok := r.byTag.Load(tag); ok {
			return box.(*Sandbox)
		}
	}
	return nil
}

// IDs are those of the sandboxes that the registry remembers.
func (r *Registry) IDs() []string {
	var ids []string
	for _, box := range r.all() {
		ids = append(ids, box.ID)
	}
	return ids
}

// all are the sandboxes that the registry remembers.
func (r *Registry) all() []*Sandbox {
	var all []*Sandbox
	r.byID.Range(func(_, box any) bool {
		all = append(all, box.(*Sandbox))
		return true
	})
	return all
}
