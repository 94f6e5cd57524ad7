package storetest

import (
	"bytes"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// callers is how many call at once, in each of so many rounds.
const (
	callers = 64
	rounds  = 50
)

var racePromises = []promise{
	{"race: Claim tells one caller true", func(k kit) {
		k.oneWinner(nil, func(round int) (bool, error) {
			return k.space.Claim(k.ctx, "nonce "+strconv.Itoa(round), start(), start().Add(time.Hour))
		})
	}},
	{"race: Claim of an expired key tells one caller true", func(k kit) {
		k.oneWinner(nil, func(round int) (bool, error) {
			now := start().Add(time.Duration(round) * time.Minute)
			return k.space.Claim(k.ctx, "nonce", now, now.Add(time.Minute))
		})
	}},
	{"race: Take gives the value to one caller", func(k kit) {
		k.oneWinner(func(round int) {
			k.put("code "+strconv.Itoa(round), "value", time.Time{})
		}, func(round int) (bool, error) {
			_, ok, err := k.space.Take(k.ctx, "code "+strconv.Itoa(round))
			return ok, err
		})
	}},
	{"race: Increment loses nothing and repeats nothing", checkIncrementRace},
	{"race: Update loses nothing", checkUpdateRace},
	{"race: Append numbers without gaps", checkAppendRace},
	{"race: no first write to a space or log is lost", checkFirstWriteRace},
	{"race: nobody sees a space that was cleared without what is written behind it", checkRenewRace},
	{"race: everything at once", checkRaceOfAll},
}

// atOnce runs f in many goroutines that start together.
func (k kit) atOnce(f func(caller int) error) {
	k.Helper()
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
		k.must(err)
	}
}

func (k kit) oneWinner(prepare func(round int), try func(round int) (bool, error)) {
	k.Helper()
	for round := range rounds {
		if prepare != nil {
			prepare(round)
		}
		var winners atomic.Int64
		k.atOnce(func(int) error {
			won, err := try(round)
			if won {
				winners.Add(1)
			}
			return err
		})
		if n := winners.Load(); n != 1 {
			k.Fatalf("round %d: %d of %d callers won, want 1", round, n, callers)
		}
	}
}

func checkIncrementRace(k kit) {
	sums := make([][]int64, callers)
	k.atOnce(func(caller int) error {
		for range rounds {
			sum, err := k.space.Increment(k.ctx, "count", 1, time.Time{})
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
			k.Fatalf("sum number %d is %d: repeated or lost", i+1, sum)
		}
	}
	k.increment("count", 0, callers*rounds)
}

func checkUpdateRace(k kit) {
	k.atOnce(func(int) error {
		for range rounds {
			err := k.space.Update(k.ctx, "key", func(old []byte) ([]byte, time.Time, error) {
				return append(bytes.Clone(old), '+'), time.Time{}, nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	value, _, err := k.space.Get(k.ctx, "key")
	k.must(err)
	if len(value) != callers*rounds {
		k.Errorf("%d updates left a trace, want %d", len(value), callers*rounds)
	}
}

func checkAppendRace(k kit) {
	numbers := make([][]uint64, callers)
	k.atOnce(func(caller int) error {
		for round := range rounds {
			data := []byte(strconv.Itoa(caller) + "/" + strconv.Itoa(round))
			seq, err := k.space.Append(k.ctx, "log", data, wide())
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
			k.Fatalf("number %d is %d: repeated or left out", i+1, seq)
		}
	}
	page := k.page("log", 0, 2*wide().Records)
	if page.Last != callers*rounds || page.Dropped+uint64(len(page.Records)) != page.Last {
		k.Errorf("last %d, dropped %d, kept %d, want kept plus dropped to be last, %d",
			page.Last, page.Dropped, len(page.Records), callers*rounds)
	}
}

func checkFirstWriteRace(k kit) {
	for round := range 40 * rounds { // the gap in which one could be lost is short
		k.space = k.store.Space("new " + strconv.Itoa(round))
		k.atOnce(func(int) error {
			if _, err := k.space.Increment(k.ctx, "count", 1, time.Time{}); err != nil {
				return err
			}
			_, err := k.space.Append(k.ctx, "log", []byte("record"), wide())
			return err
		})
		k.increment("count", 0, callers)
		k.append("log", "record", wide(), callers+1)
	}
}

func checkRenewRace(k kit) {
	k.put("key", "value", time.Time{})
	k.atOnce(func(caller int) error {
		for range rounds {
			if caller == 0 {
				if err := k.space.Do(k.ctx, &store.Clear{}, &store.Put{Key: "key", Value: []byte("value")}); err != nil {
					return err
				}
			} else if _, ok, err := k.space.Get(k.ctx, "key"); err != nil || !ok {
				k.Errorf("the key was gone: %v", err)
			}
		}
		return nil
	})
}

// checkRaceOfAll is for the race detector: its callers use and clear one space in every way at once.
func checkRaceOfAll(k kit) {
	k.atOnce(func(caller int) error {
		for round := range rounds {
			if err := k.step(caller+round, strconv.Itoa(round%7)); err != nil {
				return err
			}
		}
		return nil
	})
	k.must(k.space.Clear(k.ctx))
	emptySpace(k)
}

func (k kit) step(n int, key string) error {
	var err error
	switch n % 11 {
	case 0:
		err = k.space.Put(k.ctx, key, []byte(key), start())
	case 1:
		_, _, err = k.space.Get(k.ctx, key)
	case 2:
		_, _, err = k.space.Take(k.ctx, key)
	case 3:
		_, err = k.space.Claim(k.ctx, key, start(), start())
	case 4:
		_, err = k.space.Increment(k.ctx, "count "+key, 1, start())
	case 5:
		err = k.space.Update(k.ctx, key, func([]byte) ([]byte, time.Time, error) { return nil, start(), nil })
	case 6:
		_, err = k.space.Append(k.ctx, key, []byte(key), wide())
	case 7:
		_, err = k.space.Range(k.ctx, key, 0, 10)
	case 8:
		err = k.space.Truncate(k.ctx, key)
	case 9:
		err = k.space.Reclaim(k.ctx, start())
	case 10:
		err = k.space.Clear(k.ctx)
	}
	return err
}
