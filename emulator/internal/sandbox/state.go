package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// The keys of a sandbox's own state. Others in its space belong to packages token, journal and scenario/play, to
// gateways and APIs.
const (
	// stateKey is that of the state, which is there for as long as the sandbox exists.
	stateKey = "sandbox"
	// generationPrefix begins the key that is there for as long as a generation of the sandbox lasts.
	generationPrefix = "generation/"
	// callsKey counts the calls since the last reset.
	callsKey = "calls"
	// quotaPrefix begins the counters of documented rate limits.
	quotaPrefix = "quota/"
)

// ErrGone says that the sandbox was removed while something still held it.
var ErrGone = errors.New("the sandbox was removed")

// state is what is kept of a sandbox beside its definition. The clock is kept as its instant while it is frozen, and as
// its distance from real time while it runs.
type state struct {
	_      struct{} `cbor:",toarray"`
	Frozen bool
	// Seconds and Nanos count from 1970 when frozen, else they are added to real time.
	Seconds, Nanos int64
	// Generation counts from 1 how often the sandbox began: when it was created and with each reset.
	Generation uint64
	// Moved says that people moved or froze the clock, and did not set it back to real time.
	Moved bool
	// Lowest is the second at which the clock was lowest when people moved it; zero where nobody did. It can be set back
	// to there.
	Lowest int64
}

// stateStep reads the state, and ends a run where the sandbox is gone.
func stateStep() store.Get { return store.Get{Key: stateKey, Needed: true} }

// step keeps the state.
func (s state) step() (*store.Put, error) {
	raw, err := record.Write(s)
	if err != nil {
		return nil, fmt.Errorf("write the state of the sandbox: %w", err)
	}
	return &store.Put{Key: stateKey, Value: raw}, nil
}

// firstSteps begin the generation of the state.
func (s state) firstSteps() ([]store.Step, error) {
	put, err := s.step()
	if err != nil {
		return nil, err
	}
	return []store.Step{put, &store.Put{Key: s.generationKey()}}, nil
}

// start is the state at the start of the generation after that one, which is zero for the first.
func (b *Sandbox) start(real time.Time, before uint64) state {
	clock := Clock{Now: real, Frozen: b.Frozen}
	if b.Now != nil {
		clock.Now = b.Now.UTC()
	}
	return state{Generation: before + 1}.with(clock, real)
}

// generationKey is the key that is there for as long as the generation lasts.
func (s state) generationKey() string { return generationPrefix + strconv.FormatUint(s.Generation, 36) }

// stateCache spares the decoding of a state that is the same as the last time: it changes far less often than it is
// read.
type stateCache struct{ last atomic.Pointer[decodedState] }

type decodedState struct {
	state

	raw []byte
	// lasting is the key that is there for as long as the generation lasts.
	lasting string
}

// readState is the state that was read, or ErrGone.
func (b *Sandbox) readState(read *store.Get) (*decodedState, error) {
	if !read.Found {
		return nil, ErrGone
	}
	return b.decodeState(read.Value)
}

func (b *Sandbox) decodeState(raw []byte) (*decodedState, error) {
	if last := b.state.last.Load(); last != nil && bytes.Equal(last.raw, raw) {
		return last, nil
	}
	made := &decodedState{raw: raw}
	if err := record.Read(raw, &made.state); err != nil {
		return nil, fmt.Errorf("read the state of the sandbox: %w", err)
	}
	made.lasting = made.generationKey()
	b.state.last.Store(made)
	return made, nil
}
