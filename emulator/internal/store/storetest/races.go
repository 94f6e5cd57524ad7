package storetest

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// A race is repeated for this many rounds, each with this many concurrent callers.
const (
	callers = 64
	rounds  = 50
)

var raceCases = []testCase{
	{"race: Claim succeeds for one caller", func(t tester) {
		t.oneWinner(nil, func(round int) (bool, error) {
			return t.space.Claim(t.ctx, "nonce "+strconv.Itoa(round), startTime(), startTime().Add(time.Hour))
		})
	}},
	{"race: Claim of an expired key succeeds for one caller", func(t tester) {
		t.oneWinner(nil, func(round int) (bool, error) {
			now := startTime().Add(time.Duration(round) * time.Minute)
			return t.space.Claim(t.ctx, "nonce", now, now.Add(time.Minute))
		})
	}},
	{"race: Take gives the value to one caller", func(t tester) {
		t.oneWinner(func(round int) {
			t.put("code "+strconv.Itoa(round), "value", time.Time{})
		}, func(round int) (bool, error) {
			_, ok, err := t.space.Take(t.ctx, "code "+strconv.Itoa(round))
			return ok, err
		})
	}},
	{"race: no sum of Increment is lost or repeated", checkIncrementRace},
	{"race: no Update is lost", checkUpdateRace},
	{"race: Append numbers without gaps", checkAppendRace},
	{"race: no first write to a space or log is lost", checkFirstWriteRace},
	{"race: what a run writes after Clear appears together with the clearing", checkClearAndPutRace},
	{"race: nothing is written behind a needed key that was dropped", func(t tester) {
		t.neededKeyRace(&store.Drop{Prefix: "gate"}, &store.Drop{Prefix: "behind/"})
	}},
	{"race: nothing is written behind a needed key that was cleared", func(t tester) { t.neededKeyRace(&store.Clear{}) }},
	{"race: everything at once", checkRaceOfAll},
}

// atOnce runs f in many goroutines that start at the same time.
func (t tester) atOnce(f func(caller int) error) {
	t.Helper()
	var wg sync.WaitGroup
	gate := make(chan struct{})
	errs := make([]error, callers)
	for i := range callers {
		wg.Go(func() {
			<-gate
			errs[i] = f(i)
		})
	}
	close(gate)
	wg.Wait()
	for _, err := range errs {
		t.must(err)
	}
}

func (t tester) oneWinner(prepare func(round int), try func(round int) (bool, error)) {
	t.Helper()
	for round := range rounds {
		if prepare != nil {
			prepare(round)
		}
		var winners atomic.Int64
		t.atOnce(func(int) error {
			won, err := try(round)
			if won {
				winners.Add(1)
			}
			return err
		})
		if n := winners.Load(); n != 1 {
			t.Fatalf("round %d: %d of %d callers won, want 1", round, n, callers)
		}
	}
}

func checkIncrementRace(t tester) {
	sums := make([][]int64, callers)
	t.atOnce(func(caller int) error {
		for range rounds {
			sum, err := t.space.Increment(t.ctx, "count", 1, time.Time{})
			if err != nil {
				return err
			}
			sums[caller] = append(sums[caller], sum)
		}
		return nil
	})
	all := slices.Concat(sums...)
	slices.Sort(all)
	for i, sum := range all {
		if sum != int64(i)+1 {
			t.Fatalf("sum number %d is %d: repeated or lost", i+1, sum)
		}
	}
	t.increment("count", 0, callers*rounds)
}

func checkUpdateRace(t tester) {
	t.atOnce(func(int) error {
		for range rounds {
			err := t.space.Update(t.ctx, "key", func(old []byte) ([]byte, time.Time, error) {
				return append(bytes.Clone(old), '+'), time.Time{}, nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	value, _, err := t.space.Get(t.ctx, "key")
	t.must(err)
	if len(value) != callers*rounds {
		t.Errorf("%d updates were kept, want %d", len(value), callers*rounds)
	}
}

func checkAppendRace(t tester) {
	numbers := make([][]uint64, callers)
	t.atOnce(func(caller int) error {
		for round := range rounds {
			data := []byte(strconv.Itoa(caller) + "/" + strconv.Itoa(round))
			seq, err := t.space.Append(t.ctx, "log", data, largeBound())
			if err != nil {
				return err
			}
			numbers[caller] = append(numbers[caller], seq)
		}
		return nil
	})
	all := slices.Concat(numbers...)
	slices.Sort(all)
	for i, seq := range all {
		if seq != uint64(i)+1 {
			t.Fatalf("number %d is %d: repeated or left out", i+1, seq)
		}
	}
	page := t.page("log", 0, 2*largeBound().Records)
	if page.Last != callers*rounds || page.Dropped+uint64(len(page.Records)) != page.Last {
		t.Errorf("last %d, dropped %d, kept %d, want kept plus dropped to be last, %d",
			page.Last, page.Dropped, len(page.Records), callers*rounds)
	}
}

func checkFirstWriteRace(t tester) {
	for round := range 40 * rounds { // a write can be lost only in a short moment, so there are many rounds
		t.space = t.store.Space("new " + strconv.Itoa(round))
		t.atOnce(func(int) error {
			if _, err := t.space.Increment(t.ctx, "count", 1, time.Time{}); err != nil {
				return err
			}
			_, err := t.space.Append(t.ctx, "log", []byte("record"), largeBound())
			return err
		})
		t.increment("count", 0, callers)
		t.append("log", "record", largeBound(), callers+1)
	}
}

func checkClearAndPutRace(t tester) {
	t.put("key", "value", time.Time{})
	t.atOnce(func(caller int) error {
		for range rounds {
			if caller == 0 {
				if err := t.space.Do(t.ctx, &store.Clear{}, &store.Put{Key: "key", Value: []byte("value")}); err != nil {
					return err
				}
			} else if _, ok, err := t.space.Get(t.ctx, "key"); err != nil || !ok {
				t.Errorf("the key is absent: %v", err)
			}
		}
		return nil
	})
}

// neededKeyRace checks that what callers write behind a needed key is gone once a run removed both.
func (t tester) neededKeyRace(removal ...store.Step) {
	t.Helper()
	for range rounds {
		t.put("gate", "x", time.Time{})
		t.atOnce(func(caller int) error {
			switch caller % 8 {
			case 0:
				return t.space.Do(t.ctx, removal...)
			case 1:
				err := t.space.Update(t.ctx, "behind/updated", func([]byte) ([]byte, time.Time, error) {
					return []byte("x"), time.Time{}, nil
				}, "gate")
				if absent := (*store.AbsentError)(nil); errors.As(err, &absent) {
					return nil
				}
				return err
			}
			return t.space.Do(t.ctx, &store.Get{Key: "gate", Needed: true}, &store.Increment{Key: "behind/count", Delta: 1})
		})
		t.wantKeys("", "")
	}
}

// checkRaceOfAll is for the race detector: concurrent callers use one space in every way and clear it.
func checkRaceOfAll(t tester) {
	t.atOnce(func(caller int) error {
		for round := range rounds {
			if err := t.doNth(caller+round, strconv.Itoa(round%7)); err != nil {
				return err
			}
		}
		return nil
	})
	t.must(t.space.Clear(t.ctx))
	wantEmptySpace(t)
}

func (t tester) doNth(n int, key string) error {
	var err error
	switch n % 11 {
	case 0:
		err = t.space.Put(t.ctx, key, []byte(key), startTime())
	case 1:
		_, _, err = t.space.Get(t.ctx, key)
	case 2:
		_, _, err = t.space.Take(t.ctx, key)
	case 3:
		_, err = t.space.Claim(t.ctx, key, startTime(), startTime())
	case 4:
		_, err = t.space.Increment(t.ctx, "count "+key, 1, startTime())
	case 5:
		err = t.space.Update(t.ctx, key, func([]byte) ([]byte, time.Time, error) { return nil, startTime(), nil })
	case 6:
		_, err = t.space.Append(t.ctx, key, []byte(key), largeBound())
	case 7:
		_, err = t.space.Range(t.ctx, key, 0, 10)
	case 8:
		err = t.space.Truncate(t.ctx, key)
	case 9:
		err = t.space.Do(t.ctx, &store.Reclaim{Now: startTime()}, &store.Drop{Prefix: key})
	case 10:
		err = t.space.Clear(t.ctx)
	}
	return err
}
