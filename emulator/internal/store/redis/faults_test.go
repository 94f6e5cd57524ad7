package redis_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redis"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
)

// took runs f and returns how long it took.
func took(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

func increment(t *testing.T, space store.Space) (int64, error) {
	t.Helper()
	return space.Increment(t.Context(), "count", 1, time.Time{})
}

// TestDownAndBack ends, hangs and parts the store: each access fails soon, the next ones at once, Ready says so, and all
// goes on by itself.
func TestDownAndBack(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		begin, end func(*redistest.Server, *redistest.Proxy)
		empty      bool
	}{
		"killed": {
			func(s *redistest.Server, _ *redistest.Proxy) { s.Stop() },
			func(s *redistest.Server, _ *redistest.Proxy) { s.Run() }, true,
		},
		"hanging": {
			func(s *redistest.Server, _ *redistest.Proxy) { s.Pause() },
			func(s *redistest.Server, _ *redistest.Proxy) { s.Continue() }, false,
		},
		"parted": {
			func(_ *redistest.Server, p *redistest.Proxy) { p.Cut() },
			func(_ *redistest.Server, p *redistest.Proxy) { p.Heal() }, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			proxy := redistest.StartProxy(t, server)
			s := open(t, proxy.URL())
			space := s.Space("one")
			if _, err := increment(t, space); err != nil {
				t.Fatal(err)
			}
			fault.begin(server, proxy)
			var all time.Duration
			for range 3 { // of one call
				all += took(func() {
					if _, err := increment(t, space); !errors.Is(err, store.ErrDown) {
						t.Errorf("Increment = %v, want ErrDown", err)
					}
				})
			}
			if all > 1900*time.Millisecond {
				t.Errorf("three accesses took %s", all)
			}
			if d := took(func() { eventually(t, "Ready fails", func() bool { return s.Ready() != nil }) }); d > 3*time.Second {
				t.Errorf("Ready fails after %s", d)
			}
			fault.end(server, proxy)
			if d := took(func() { eventually(t, "Ready", func() bool { return s.Ready() == nil }) }); d > 4*time.Second {
				t.Errorf("Ready again after %s", d)
			}
			sum, err := increment(t, space)
			if err != nil || fault.empty != (sum == 1) {
				t.Errorf("Increment = %d, %v", sum, err)
			}
		})
	}
}

// TestFullMemory of the store is an error of its own, and ends when there is room.
func TestFullMemory(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--maxmemory", "8mb")
	s := open(t, server.URL())
	space, other := s.Space("one"), s.Space("other")
	if _, err := increment(t, other); err != nil {
		t.Fatal(err)
	}
	var err error
	for i := 0; i < 100_000 && err == nil; i++ {
		_, err = space.Append(t.Context(), "log", make([]byte, 10_000), store.Bound{Records: 1 << 20, Bytes: 1 << 30})
	}
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("Append = %v, want ErrFull", err)
	}
	server.Do("CONFIG", "SET", "maxmemory", "6mb") // it lies a little to both sides of its bound
	steps := []store.Step{&store.Increment{Key: "count", Delta: 1}, &store.Put{Key: "key", Value: []byte("x")}}
	if err := other.Do(t.Context(), steps...); !errors.Is(err, store.ErrFull) {
		t.Errorf("Do = %v, want ErrFull", err)
	}
	if _, there, err := other.Get(t.Context(), "key"); there || err != nil {
		t.Errorf("a refused run left a key, %v", err)
	}
	eventually(t, "Ready says that it is full", func() bool { return errors.Is(s.Ready(), store.ErrFull) })
	if err := space.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	var sum int64
	eventually(t, "there is room", func() bool {
		sum, err = increment(t, other)
		return err == nil
	})
	if sum != 2 {
		t.Errorf("Increment = %d, want 2", sum)
	}
}

// TestScriptFlush makes a store forget the script at any moment: no run is lost or repeated.
func TestScriptFlush(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	space := open(t, server.URL()).Space("one")
	var all sync.WaitGroup
	const callers, each = 8, 50
	for range callers {
		all.Go(func() {
			for range each {
				if _, err := increment(t, space); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range each {
			server.Do("SCRIPT", "FLUSH")
		}
	})
	all.Wait()
	if sum, err := increment(t, space); err != nil || sum != callers*each+1 {
		t.Errorf("Increment = %d, %v, want %d", sum, err, callers*each+1)
	}
}

// TestUpdatesOfSeveralProcesses are exact, and one with a long way to the store is not left behind.
func TestUpdatesOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server)
	slow := open(t, proxy.URL()).Space("one")
	proxy.Delay(10 * time.Millisecond)
	fast := []store.Space{open(t, server.URL()).Space("one"), open(t, server.URL()).Space("one")}
	add := func(old []byte) ([]byte, time.Time, error) { return append(bytes.Clone(old), '+'), time.Time{}, nil }
	const callers, rounds, slowRounds = 32, 30, 10
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for range rounds {
				if err := fast[caller%2].Update(t.Context(), "key", add); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range slowRounds {
			if err := slow.Update(t.Context(), "key", add); err != nil {
				t.Errorf("the slow one: %v", err)
			}
		}
	})
	all.Wait()
	if value, _, err := fast[0].Get(t.Context(), "key"); err != nil || len(value) != callers*rounds+slowRounds {
		t.Errorf("%d updates were kept, %v, want %d", len(value), err, callers*rounds+slowRounds)
	}
}

// How long tests wait for what must come, and listen for what must not.
const (
	inTime = 10 * time.Second
	quiet  = 300 * time.Millisecond
)

// TestNews reaches the other processes soon, and who was parted learns that it may have missed some.
func TestNews(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server)
	one, other, apart := open(t, server.URL()), open(t, proxy.URL()), open(t, server.URL()+"?prefix=apart")
	heard := make(chan []string, 100)
	listen := func(s *redis.Store, name string) {
		s.Listen(func(names []string) {
			slices.Sort(names)
			heard <- append([]string{name}, names...)
		})
	}
	listen(one, "one")
	listen(apart, "apart")
	listen(other, "other")
	eventually(t, "all listen", func() bool {
		return strings.Count(server.Do("CLIENT", "LIST", "TYPE", "pubsub"), "id=") == 3
	})
	drain := func(d time.Duration, until ...[]string) (all [][]string) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		for {
			select {
			case news := <-heard:
				all = append(all, news)
				until = slices.DeleteFunc(until, func(wanted []string) bool { return slices.Equal(wanted, news) })
				if len(until) == 0 && d > quiet {
					return all
				}
			case <-timer.C:
				return all
			}
		}
	}
	drain(quiet)
	for range 1000 { // gathered, not one message each
		one.Announce("a")
		one.Announce("b")
	}
	got := append(drain(inTime, []string{"other", "a", "b"}), drain(quiet)...)
	if len(got) == 0 || len(got) > 100 {
		t.Errorf("2000 changes came in %d messages", len(got))
	}
	for _, news := range got {
		if news[0] != "other" {
			t.Errorf("heard %q, want news at the other alone", news)
		}
	}
	proxy.Cut()
	other.Announce("later") // it cannot be told yet
	drain(quiet)
	one.Announce("c")
	proxy.Heal()
	anything, later := []string{"other"}, []string{"one", "later"}
	got = drain(inTime, anything, later)
	for _, want := range [][]string{anything, later} {
		if !slices.ContainsFunc(got, func(n []string) bool { return slices.Equal(n, want) }) {
			t.Errorf("heard %q, want %q", got, want)
		}
	}
}

// TestSentinelsChangeTheMaster and the store goes on with the new one.
func TestSentinelsChangeTheMaster(t *testing.T) {
	t.Parallel()
	master, sentinels := redistest.StartSentinels(t)
	s := open(t, sentinels[0].URL()+"?master_name=main&addr="+sentinels[1].Addr())
	space := s.Space("one")
	if _, err := increment(t, space); err != nil {
		t.Fatal(err)
	}
	master.AwaitFollower()
	master.Stop()
	eventually(t, "the new master answers", func() bool {
		_, err := increment(t, space)
		return err == nil
	})
	if sum, err := increment(t, space); err != nil || sum != 3 {
		t.Errorf("Increment = %d, %v, want 3", sum, err)
	}
}

// TestMasterOfAClusterHangs: spaces at the others go on.
func TestMasterOfAClusterHangs(t *testing.T) {
	t.Parallel()
	masters := redistest.StartCluster(t)
	s := open(t, masters[0].URL())
	masters[2].Pause()
	defer masters[2].Continue()
	good, bad := 0, 0
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		switch _, err := increment(t, s.Space(name)); {
		case err == nil:
			good++
		case errors.Is(err, store.ErrDown):
			bad++
		default:
			t.Errorf("Increment = %v", err)
		}
	}
	if good == 0 || bad == 0 {
		t.Errorf("%d spaces answer and %d do not", good, bad)
	}
	eventually(t, "Ready fails", func() bool { return s.Ready() != nil })
}

// TestLostAnswer: what the store may have carried out is not sent once more.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server)
	space := open(t, proxy.URL()).Space("one")
	if _, err := increment(t, space); err != nil {
		t.Fatal(err)
	}
	proxy.LoseAnswer("increment")
	if _, err := increment(t, space); !errors.Is(err, store.ErrDown) {
		t.Errorf("Increment = %v, want ErrDown", err)
	}
	if sum, err := increment(t, space); err != nil || sum != 3 {
		t.Errorf("Increment = %d, %v, want 3: the lost one counted once", sum, err)
	}
}
