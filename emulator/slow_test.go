package emulator_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
)

// TestBodiesSentSlowly has a real client feel what scripts do to the body of an answer, and reads of it in the journal.
func TestBodiesSentSlowly(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	body := strings.Repeat("x", 1000)
	respond := "respond: {offSpec: true, headers: {Content-Type: text/plain}, body: " + body + "}"
	tests := map[string]struct {
		step string
		// came is how much of the body comes, before the connection breaks where broken is set.
		came   int
		broken bool
		// waited is how often the server waits for so long.
		waited  map[time.Duration]int
		state   journal.State
		network string
	}{
		"drip":               {"network: drip", 1000, false, map[time.Duration]int{100 * ms: 62}, journal.Dripped, "drip"},
		"bandwidth":          {"network: {drip: 2KB/s}", 1000, false, map[time.Duration]int{100 * ms: 4}, journal.Dripped, "drip"},
		"less than a byte":   {"network: {drip: 5B/s, truncate: 3}", 3, true, map[time.Duration]int{200 * ms: 2}, journal.Truncated, "truncate"},
		"odd bandwidth":      {"network: {drip: 3333B/s}", 1000, false, map[time.Duration]int{100 * ms: 3}, journal.Dripped, "drip"},
		"cut":                {"network: {truncate: 300}", 300, true, nil, journal.Truncated, "truncate"},
		"cut behind the end": {"network: {truncate: 1000}", 1000, false, nil, journal.Whole, "truncate"},
		"cut while slow":     {"network: {drip: 1KB/s, truncate: 300}", 300, true, map[time.Duration]int{100 * ms: 2}, journal.Truncated, "truncate"},
		"first":              {"delay: {first: 3s}", 1000, false, map[time.Duration]int{3 * time.Second: 1}, journal.Delayed, ""},
		"between":            {"delay: {first: 1s, between: 200ms}", 1000, false, map[time.Duration]int{time.Second: 1, 200 * ms: 62}, journal.Dripped, ""},
		"between of a drip":  {"delay: {between: 1s}, network: {drip: 400B/s}", 1000, false, map[time.Duration]int{time.Second: 2}, journal.Dripped, "drip"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			waited := &waits{}
			w := newWorldWith(t, emulator.Options{After: waited.after})
			client := w.listen(t)
			w.play(t, w.box, onApplyToken("{"+test.step+", "+respond+"}"))
			response, err := client.Do(w.apply(t.Context(), t))
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			got, err := io.ReadAll(response.Body)
			if len(got) != test.came || errors.Is(err, io.ErrUnexpectedEOF) != test.broken || !test.broken && err != nil {
				t.Errorf("%d bytes came, then %v", len(got), err)
			}
			if response.ContentLength != 1000 {
				t.Errorf("%d bytes were announced", response.ContentLength)
			}
			counts := map[time.Duration]int{}
			for _, text := range waited.all() {
				d, _ := time.ParseDuration(text)
				counts[d]++
			}
			for d, n := range test.waited {
				if counts[d] != n {
					t.Errorf("waited %v, want %s %d times", counts, d, n)
				}
			}
			entry := w.until(t, func(e *journal.Entry) bool { return e.Delivery.State != journal.Pending })
			if d := entry.Delivery; d.State != test.state || d.Network != test.network || d.Bytes != test.came {
				t.Errorf("delivered %+v", d)
			}
		})
	}
}

// TestLate has a client that gives up by closing its own side of the connection: it reads the answer after that.
func TestLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.listen(t)
	w.play(t, w.box, onApplyToken("{network: late}, pass"))
	conn, err := client.Transport.(*http.Transport).DialContext(t.Context(), "tcp", "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	request := w.apply(t.Context(), t)
	if err := request.Write(conn); err != nil {
		t.Fatal(err)
	}
	stalled := w.until(t, inState(journal.Stalled))
	if stalled.Outcome != "ok" || stalled.Delivery.Network != "late" {
		t.Errorf("while it waits: %+v", stalled.Delivery)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), `"Token":"`) {
		t.Errorf("status %d, %q, %v", response.StatusCode, body, err)
	}
	if d := w.until(t, inState(journal.Abandoned)).Delivery; d.Network != "late" {
		t.Errorf("delivered %+v", d)
	}
}

// TestEffectsOfRefusedCalls wants effects at arrival to slow down a call that is refused, and the rules that it did not
// reach to be named.
func TestEffectsOfRefusedCalls(t *testing.T) {
	t.Parallel()
	waited := &waits{}
	w := newWorldWith(t, emulator.Options{After: waited.after})
	client := w.listen(t)
	w.play(t, w.box, "name: slow\nrules:\n  - {on: '*', at: arrival, also: {delay: 2s}}\n  - {on: onsmqtt.*, script: [fail: InternalError]}\n")
	request := w.apply(t.Context(), t)
	request.Header.Set("Authorization", request.Header.Get("Authorization")+"0")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	entry := w.until(t, inState(journal.Delayed))
	if entry.Outcome == "ok" || entry.Delivery.DelayMillis != 2000 || len(entry.Also) != 1 || entry.Also[0].Scenario != "slow" {
		t.Errorf("%s, %+v, also %+v", entry.Outcome, entry.Delivery, entry.Also)
	}
	want := journal.Miss{
		Scenario: "slow", Rule: 1, Condition: "refused", Got: entry.Outcome,
		Expected: "a call that passes authentication and validation; at: arrival asks before them",
	}
	if len(entry.Misses) != 1 || entry.Misses[0] != want {
		t.Errorf("missed %+v, want %+v", entry.Misses, want)
	}
}
