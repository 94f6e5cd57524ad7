package emulator_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/listen"
)

// manySecrets are bodies of 60 KB whose fields look like secrets, or are some.
func manySecrets() []string {
	var all []string
	for _, form := range []string{`,"secret%d":"s%dx%[1]d"`, `,"appSecret":"s%dx%d"`, `,"note%d":"%d"`} {
		var text strings.Builder
		for i := 0; text.Len() < 60<<10; i++ {
			_, _ = fmt.Fprintf(&text, form, i, i*i)
		}
		all = append(all, `{"app_key":"fabric-app","app_secret":"x"`+text.String()+"}")
	}
	return all
}

// follow reads the events of the journal until that many calls came, and tells of the first. It does not decode them,
// which would cost the test more than the server.
func (w *world) follow(t *testing.T, calls int, first func()) {
	t.Helper()
	conn := dial(t, w.ControlAddr())
	say(t, conn, "GET /v1/sandboxes/"+w.box.ID+"/events HTTP/1.1\r\nHost: "+w.ControlAddr()+"\r\n\r\n")
	in := bufio.NewReaderSize(conn, 1<<20)
	for seen := 0; seen < calls; {
		line, err := in.ReadSlice('\n')
		if err != nil {
			t.Errorf("after %d calls: %v", seen, err)
			return
		}
		if !bytes.HasPrefix(line, []byte("event: request")) {
			continue
		}
		if seen++; seen == 1 {
			first()
		}
	}
}

// TestFollowersOfLargeCalls: a call is masked once, however many follow the journal.
//
//nolint:paralleltest // it measures the processor time of the process
func TestFollowersOfLargeCalls(t *testing.T) {
	if underRace {
		t.Skip("it measures the processor, of which the race detector takes most")
	}
	const (
		followers, calls = 30, 9
		most             = 1500 * time.Millisecond
	)
	w, _ := started(t, listen.Limits{})
	bodies := manySecrets()
	var all, ready sync.WaitGroup
	ready.Add(followers)
	for range followers {
		all.Go(func() { w.follow(t, calls+1, ready.Done) })
	}
	call := func(body string) {
		req := httptest.NewRequest(http.MethodPost, "/apigovernance/api/oauth/tokenByAkSk", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		w.handler.ServeHTTP(httptest.NewRecorder(), req)
	}
	call(issueBody) // which each follower hears of first
	ready.Wait()
	began := processorTime(t)
	for i := range calls {
		call(bodies[i%len(bodies)])
	}
	all.Wait()
	spent := processorTime(t) - began
	if spent > most {
		t.Errorf("%d calls that %d follow took %s of the processor, want at most %s", calls, followers, spent, most)
	}
}
