package sandbox

import (
	"bytes"
	"errors"
	"fmt"
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
	// CallsBefore is at least the greatest number that a call had before the sandbox was reset.
	CallsBefore uint64
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

// start is the state at the start.
func (b *Sandbox) start(real time.Time) state {
	clock := Clock{Now: real, Frozen: b.Frozen}
	if b.Now != nil {
		clock.Now = b.Now.UTC()
	}
	return state{}.with(clock, real)
}

// stateCache spares the decoding of a state that is the same as the last time: it changes far less often than it is
// read.
type stateCache struct{ last atomic.Pointer[decodedState] }

type decodedState struct {
	raw   []byte
	state state
}

// readState is the state that was read, or ErrGone.
func (b *Sandbox) readState(read *store.Get) (state, error) {
	if !read.Found {
		return state{}, ErrGone
	}
	return b.decodeState(read.Value)
}

func (b *Sandbox) decodeState(raw []byte) (state, error) {
	if last := b.state.last.Load(); last != nil && bytes.Equal(last.raw, raw) {
		return last.state, nil
	}
	made := &decodedState{raw: raw}
	if err := record.Read(raw, &made.state); err != nil {
		return state{}, fmt.Errorf("read the state of the sandbox: %w", err)
	}
	b.state.last.Store(made)
	return made.state, nil
}
