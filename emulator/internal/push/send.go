package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Bounds of a push.
const (
	maxAttempts = 3
	maxWait     = 5 * time.Second // for an answer
	maxAnswer   = 64 << 10
)

// pauses stand between the attempts.
var pauses = [maxAttempts - 1]time.Duration{200 * time.Millisecond, 2 * time.Second}

// Refused is the outcome of a push that the receiver did not take.
const Refused = "push.refused"

var errElsewhere = errors.New("the address is not on this machine, and its host is not among --push-hosts")

// newClient returns a client that follows no redirects and asks no proxy; one that stays here connects to this machine
// alone, whatever a name resolves to.
func newClient(staysHere bool) *http.Client {
	dialer := &net.Dialer{Timeout: maxWait}
	if staysHere {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			if !sandbox.StaysHere(address) {
				return errElsewhere
			}
			return nil
		}
	}
	return &http.Client{
		Timeout:       maxWait,
		Transport:     &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 1, IdleConnTimeout: maxWait},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// attempt is what came of one attempt.
type attempt struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// send tells a receiver, and again where it did not take it, and writes the last attempt to the journal.
func (p *Pusher) send(box *sandbox.Sandbox, now time.Time, parcel *Parcel) error {
	began := p.options.World.RealNow()
	entry := &journal.Entry{
		ID: parcel.ID, Time: now, Arrived: began, Sandbox: box.ID, Gateway: parcel.Gateway, API: parcel.API,
		Request: journal.Request{
			Method: http.MethodPost, URL: parcel.URL, Headers: parcel.Header,
			Content: journal.Content{Body: string(parcel.Body)},
		},
		Outcome: Refused,
	}
	var last attempt
	tries := 0
	for tries < maxAttempts {
		last = p.try(box, parcel)
		tries++
		if last.err == nil && parcel.Accepted(last.status, last.body) {
			entry.Outcome = wire.OutcomeOK
			break
		}
		if tries == maxAttempts {
			break
		}
		select {
		case <-p.ctx.Done():
			return p.ctx.Err()
		case <-p.options.After(pauses[tries-1]):
		}
	}
	entry.Status, entry.Findings = last.status, []wire.Finding{last.finding(entry.Outcome, tries)}
	entry.Response = journal.Response{
		Status: last.status, Headers: last.header, Content: journal.Content{Body: string(last.body)},
	}
	entry.DurationMicros = p.options.World.RealNow().Sub(began).Microseconds()
	entry.Delivery = journal.Delivery{
		State: journal.Whole, Bytes: len(last.body), DurationMicros: entry.DurationMicros,
	}
	return p.options.World.RecordOwn(p.ctx, box, entry)
}

// finding says what came of the push.
func (a *attempt) finding(outcome string, tries int) wire.Finding {
	said := wire.Finding{Check: "push", Level: wire.LevelError}
	switch {
	case outcome == wire.OutcomeOK:
		said.Level = wire.LevelAdvice
		said.Message = fmt.Sprintf("Tokenstage pushed this, and the receiver took it at attempt %d of %d.", tries,
			maxAttempts)
	case a.err != nil:
		said.Message = fmt.Sprintf("Tokenstage could not push this to the receiver, at %d attempts: %v.", tries, a.err)
	default:
		said.Message = fmt.Sprintf("The receiver did not take this, at %d attempts; its last answer is shown here.", tries)
	}
	return said
}

// try sends a parcel once.
func (p *Pusher) try(box *sandbox.Sandbox, parcel *Parcel) attempt {
	client := p.here
	if err := box.Fixtures.Push.CheckHost(nil); err != nil {
		if err := box.Fixtures.Push.CheckHost(p.options.Hosts); err != nil {
			return attempt{err: err}
		}
		client = p.named
	}
	ctx, cancel := context.WithTimeout(p.ctx, maxWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, parcel.URL, bytes.NewReader(parcel.Body))
	if err != nil {
		return attempt{err: err}
	}
	request.Header = parcel.Header.Clone()
	response, err := client.Do(request)
	if err != nil {
		return attempt{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return attempt{response.StatusCode, response.Header, body, err}
}
