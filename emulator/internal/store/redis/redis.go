// Package redis is a store that several emulators share: it keeps everything in Redis or Valkey, alone, behind Sentinel
// or as a cluster. It alone knows the client library.
package redis

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Format is the version of what is kept. Every key carries it; what another version kept is neither read nor changed.
const Format = "1"

// Bounds limit what is kept, in bytes; the callers bound most of it by themselves. A zero field means its default.
type Bounds struct {
	// SpaceValues bounds the keys of one space with their values: a write beyond it fails with store.ErrFull, if nothing
	// that has expired beside it can make room. Values bounds those of all spaces.
	SpaceValues, Values int64
	// Logs bounds the records of all logs. Beyond it the longest logs drop their oldest records.
	Logs int64
	// SpaceClaims bounds the number of claimed keys in one space. Beyond it the bucket that grows, of some tens, is
	// forgotten.
	SpaceClaims int64
	// Patience bounds the time of one access.
	Patience time.Duration
}

// The default Bounds.
const (
	MaxSpaceValues = 64 << 20
	MaxValues      = 1 << 30
	MaxLogs        = 1 << 30
	MaxSpaceClaims = 4 << 20
	MaxPatience    = 1200 * time.Millisecond
)

func (b Bounds) withDefaults() Bounds {
	return Bounds{
		SpaceValues: cmp.Or(b.SpaceValues, MaxSpaceValues), Values: cmp.Or(b.Values, MaxValues),
		Logs: cmp.Or(b.Logs, MaxLogs), SpaceClaims: cmp.Or(b.SpaceClaims, MaxSpaceClaims),
		Patience: cmp.Or(b.Patience, MaxPatience),
	}
}

// Store is a store.Shared. It is closed by its owner.
type Store struct {
	client  redis.UniversalClient
	prefix  string // of all keys, with the format
	bounds  Bounds
	caller  string // names this process among those that share the store
	scripts *scripts
	updates locks
	usage   usage
	health  health
	news    news
	talk    talk

	closing    sync.Once
	stop       context.CancelFunc
	background sync.WaitGroup
}

// Open connects to the store of a URL: redis:// or rediss://, as ParseURL reads it. It fails where no store answers,
// or one that is unfit; the error shows no password.
func Open(ctx context.Context, address string) (*Store, error) {
	return OpenWithin(ctx, address, Bounds{})
}

// OpenWithin is Open with bounds.
func OpenWithin(ctx context.Context, address string, bounds Bounds) (*Store, error) {
	quiet.Do(func() { redis.SetLogger(silence{}) })
	target, err := parse(address)
	if err != nil {
		return nil, err
	}
	client, err := target.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("the store at %s: %w", target.shown, explain(err))
	}
	s := &Store{
		client: client, prefix: target.prefix + ":" + Format + ":", bounds: bounds.withDefaults(),
		caller:  rand.Text(), //nolint:forbidigo // names this process; no answer to a call hangs on it
		scripts: newScripts(), news: news{pending: map[string]bool{}, wake: make(chan struct{}, 1)}, talk: newTalk(),
	}
	s.health.lastGood.Store(now().UnixNano())
	s.health.lastLook.Store(now().UnixNano())
	if err := s.claimFormat(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the store at %s: %w", target.shown, explain(err)), client.Close())
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.background.Go(func() { s.watchHealth(background) })
	s.background.Go(func() { s.tellNews(background) })
	s.background.Go(func() { s.hearNews(background) })
	s.background.Go(func() { s.reportUsage(background) })
	return s, nil
}

// quiet keeps the client library from writing to the standard error: all that it says comes as an error too.
var quiet sync.Once

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// Close ends what runs in the background and closes the connections.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		s.stop()
		s.background.Wait()
		err = s.client.Close()
	})
	return err
}

// UnfitError says why a store cannot be used that answers.
type UnfitError struct{ Reason string }

// Error is the reason.
func (e *UnfitError) Error() string { return e.Reason }

// claimFormat marks the prefix as one of this format, and refuses one of another format.
func (s *Store) claimFormat(ctx context.Context) error {
	prefix := strings.TrimSuffix(s.prefix, ":"+Format+":")
	key := prefix + ":format"
	if err := s.client.SetNX(ctx, key, Format, 0).Err(); err != nil {
		return err
	}
	found, err := s.client.Get(ctx, key).Result()
	if err != nil && !errors.Is(err, redis.Nil) { // flushed between the two
		return err
	}
	if found != "" && found != Format {
		return &UnfitError{fmt.Sprintf("under the prefix %q it holds format %.20s, and this program keeps format %s: "+
			"name another prefix (?prefix=NAME), or use the program of that format", prefix, found, Format)}
	}
	return nil
}

// The keys of a space, in the order in which the script has them.
var kinds = [...]string{"values", "expiries", "claims", "meta", "records", "ids"}

// Space returns the space of that name.
func (s *Store) Space(name string) store.Space {
	made := &space{store: s, name: name}
	tag := s.prefix + "{s:" + url.PathEscape(name) + "}:" // what stands in braces chooses the place in a cluster
	for _, kind := range kinds {
		made.keys = append(made.keys, tag+kind)
	}
	return store.Space{Executor: made}
}

// space is a handle of one space.
type space struct {
	store *Store
	name  string
	keys  []string
}

// Do implements store.Executor.
func (s *space) Do(ctx context.Context, steps ...store.Step) error {
	if len(steps) == 0 {
		return nil
	}
	ctx, cancel := s.within(ctx)
	defer cancel()
	return s.do(ctx, steps)
}

func (s *space) do(ctx context.Context, steps []store.Step) error {
	results, err := s.run(ctx, partsOf(steps), encode(s.header(), steps))
	if err != nil {
		return err
	}
	var unfinished []store.Step
	for i, result := range results {
		next, err := decode(steps[i], result)
		if err != nil {
			return fmt.Errorf("read the store's reply: %w", err)
		}
		if next != nil {
			unfinished = append(unfinished, next)
		}
	}
	if len(unfinished) > 0 {
		return s.do(ctx, unfinished)
	}
	return nil
}

// headerLength is the number of arguments before those of the steps.
const headerLength = 3

func (s *space) header() []any {
	full := 0
	if s.store.usage.full.Load() {
		full = 1
	}
	return append(make([]any, 0, 32), s.store.bounds.SpaceValues, s.store.bounds.SpaceClaims, full)
}

// once is a command that is sent once: one whose reply was lost may have been carried out.
type once struct{ *redis.Cmd }

// NoRetry implements redis.Cmder.
func (once) NoRetry() bool { return true }

// run carries out the script of those parts and returns the results of its steps. The script is sent once more in full
// where the store has forgotten it, since it was not carried out then.
func (s *space) run(ctx context.Context, needed parts, args []any) ([]any, error) {
	script := s.store.scripts[needed]
	reply, err := s.send(ctx, "evalsha", script.hash, args)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		reply, err = s.send(ctx, "eval", script.text, args)
	}
	if err != nil {
		return nil, s.note(ctx, err)
	}
	if len(reply) != 2 {
		return nil, fmt.Errorf("the store replied %d parts", len(reply))
	}
	if held, ok := reply[0].([]any); ok {
		s.store.usage.note(s.name, held)
	}
	results, _ := reply[1].([]any)
	return results, nil
}

func (s *space) send(ctx context.Context, command, script string, args []any) ([]any, error) {
	all := make([]any, 0, len(kinds)+headerLength+len(args))
	all = append(all, command, script, len(s.keys))
	for _, key := range s.keys {
		all = append(all, key)
	}
	cmd := once{redis.NewCmd(ctx, append(all, args...)...)}
	if err := s.store.client.Process(ctx, cmd); err != nil {
		return nil, err
	}
	return cmd.Slice()
}

// impatience says what part of its time an access has where the last one failed and the store was not seen well since:
// a call that is refused because of the first is not to wait once more for the next.
const impatience = 4

// within bounds the time of one access.
func (s *space) within(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := s.store.bounds.Patience
	if s.store.health.isDoubtful() {
		limit /= impatience
	}
	return context.WithTimeout(ctx, limit)
}

// note says what an error means, and remembers that the store did not answer.
func (s *space) note(ctx context.Context, err error) error {
	said := explain(err)
	if errors.Is(said, store.ErrDown) && !errors.Is(context.Cause(ctx), context.Canceled) {
		s.store.health.failed.Store(now().UnixNano())
	}
	return said
}

func now() time.Time { return time.Now() } //nolint:forbidigo // how long a store takes to answer is real time

// explain says what an error of the client library means.
func explain(err error) error {
	if unfit, ok := errors.AsType[*UnfitError](err); ok {
		return unfit
	}
	switch text := err.Error(); {
	case redis.IsOOMError(err):
		return fmt.Errorf("%w: its memory is used up", store.ErrFull)
	case strings.HasPrefix(text, "TSFULL"):
		return store.ErrFull
	case isAnswer(err) && !isPassing(text):
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrDown, err)
}

// isAnswer reports whether the store itself said so.
func isAnswer(err error) bool {
	_, ok := errors.AsType[redis.Error](err)
	return ok
}

// isPassing reports whether the store says that it cannot answer at the moment.
func isPassing(text string) bool {
	for _, prefix := range []string{
		"LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY", "TRYAGAIN", "BUSY", "NOREPLICAS", "MISCONF", "ERR max number",
	} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}

// options that go-redis leaves open are set for a server that many callers use at once.
const (
	connections = 64
	dialTime    = 2 * time.Second
)

// noMaintenance switches off what only a managed service speaks.
func noMaintenance() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
