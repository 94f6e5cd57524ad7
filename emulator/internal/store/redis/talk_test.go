package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redis"
	"github.com/tokenstage/tokenstage/emulator/internal/store/redistest"
)

// talker is a process that notes what it is told and asked.
type talker struct {
	*redis.Store

	mu   sync.Mutex
	told []string
}

func newTalker(t *testing.T, url, name string) *talker {
	t.Helper()
	made := &talker{Store: open(t, url)}
	made.Attend(func(message []byte) {
		made.mu.Lock()
		defer made.mu.Unlock()
		made.told = append(made.told, string(message))
	}, func(_ context.Context, question []byte) []byte {
		return append([]byte(name+" on "), question...)
	})
	return made
}

func (k *talker) all() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.told)
}

// ask asks until so many answer, and returns what they say, sorted.
func (k *talker) ask(t *testing.T, question string, count int) (said []string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d answer %q", count, question), func() bool {
		answers, err := k.Ask(t.Context(), []byte(question))
		if err != nil {
			t.Fatal(err)
		}
		said = nil
		for _, answer := range answers {
			said = append(said, string(answer))
		}
		return len(said) == count
	})
	slices.Sort(said)
	return said
}

// TestTalk of processes on a server, and on a cluster: every other one is told each message, in order, and answers.
func TestTalk(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T) (first, other string){
		"one server": func(t *testing.T) (string, string) {
			t.Helper()
			url := redistest.Start(t).URL()
			return url, url
		},
		"a cluster": func(t *testing.T) (string, string) {
			t.Helper()
			masters := redistest.StartCluster(t)
			return masters[0].URL(), masters[2].URL()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, other := start(t)
			a, b, c := newTalker(t, first, "a"), newTalker(t, other, "b"), newTalker(t, first, "c")
			apart := newTalker(t, first+"?prefix=apart", "apart")
			question := "one\ntwo!=? \x00\xff"
			if got, want := a.ask(t, question, 2), []string{"b on " + question, "c on " + question}; !slices.Equal(got, want) {
				t.Errorf("answers %q, want %q", got, want)
			}
			b.ask(t, "", 2)
			c.ask(t, "", 2)
			var want []string
			for i := range 200 {
				message := fmt.Sprintf("%d %s", i, question)
				if want = append(want, message); a.Tell(t.Context(), []byte(message)) != nil {
					t.Fatal("it could not be told")
				}
			}
			for _, k := range []*talker{b, c} {
				eventually(t, "all messages are told", func() bool { return len(k.all()) >= len(want) })
				if got := k.all(); !slices.Equal(got, want) {
					t.Errorf("told %d messages, want %d, in their order", len(got), len(want))
				}
			}
			if len(a.all())+len(apart.all()) > 0 {
				t.Error("it was told its own messages, or those of another prefix")
			}
		})
	}
}

// TestTalkWithoutOthers waits for nobody; who hangs is not waited for long, and who is gone not at all.
func TestTalkWithoutOthers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a := newTalker(t, server.URL(), "a")
	eventually(t, "it listens", func() bool { return strings.Contains(server.Do("CLIENT", "LIST", "TYPE", "pubsub"), "id=") })
	if answers, err := a.Ask(t.Context(), nil); err != nil || len(answers) > 0 {
		t.Errorf("%q, %v", answers, err)
	}
	hangs := open(t, server.URL())
	free := make(chan struct{})
	hangs.Attend(nil, func(context.Context, []byte) []byte { <-free; return nil })
	good := newTalker(t, server.URL(), "good")
	eventually(t, "all listen", func() bool {
		return strings.Count(server.Do("CLIENT", "LIST", "TYPE", "pubsub"), "id=") == 3
	})
	if got := a.ask(t, "x", 1); got[0] != "good on x" {
		t.Errorf("%q", got)
	}
	close(free)
	if err := good.Close(); err != nil {
		t.Fatal(err)
	}
	if got := a.ask(t, "x", 1); got[0] != "" {
		t.Errorf("%q", got)
	}
	server.Stop()
	if _, err := a.Ask(t.Context(), nil); !errors.Is(err, store.ErrDown) {
		t.Errorf("Ask = %v, want ErrDown", err)
	}
	if err := a.Tell(t.Context(), nil); !errors.Is(err, store.ErrDown) {
		t.Errorf("Tell = %v, want ErrDown", err)
	}
	server.Run()
	eventually(t, "it can be told again", func() bool { return a.Tell(t.Context(), nil) == nil })
}
