package ccmessaging

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// sessionIdle ends a session without send or poll. The pages speak of a default and give no value. Ours is longer than
// a client token lives, so that one jump of the clock past the token's end still finds the session open: that is how
// tests reach a renewal.
const sessionIdle = 12 * time.Hour

// maxQueue bounds the messages that wait for a user; the oldest give way.
const maxQueue = 100

// session is the open conversation of a user on a channel.
type session struct {
	// SeenAt is when the last send or poll came, in Unix milliseconds.
	SeenAt int64     `cbor:"1,keyasint"`
	Queue  []message `cbor:"2,keyasint,omitempty"`
}

// message waits for a poll.
type message struct {
	At        int64  `cbor:"1,keyasint"` // Unix milliseconds
	MediaType string `cbor:"2,keyasint"`
	Content   string `cbor:"3,keyasint"`
}

func (s session) ends() time.Time { return time.UnixMilli(s.SeenAt).Add(sessionIdle) }

func (s *session) put(m message) {
	s.Queue = append(s.Queue, m)
	if extra := len(s.Queue) - maxQueue; extra > 0 {
		s.Queue = s.Queue[extra:]
	}
}

func sessionKey(t clientToken) string {
	return "ccmessaging/session/" + url.QueryEscape(t.UserID) + "/" + url.QueryEscape(t.ChannelID)
}

// readSession returns the session and whether it is open at now; a raw of nil is none.
func readSession(raw []byte, now time.Time) (session, bool, error) {
	var s session
	if raw == nil {
		return s, false, nil
	}
	if err := record.Read(raw, &s); err != nil {
		return s, false, fmt.Errorf("read the session: %w", err)
	}
	return s, now.Before(s.ends()), nil
}

func hasSession(ctx context.Context, turn *sandbox.Turn, t clientToken) (bool, error) {
	raw, ok, err := turn.Space().Get(ctx, sessionKey(t))
	if err != nil || !ok {
		return false, err
	}
	_, open, err := readSession(raw, turn.Now)
	return open, err
}

// openSession opens a session; one that is open stays as it is.
func openSession(ctx context.Context, turn *sandbox.Turn, t clientToken) error {
	return turn.Space().Update(ctx, sessionKey(t), func(old []byte) ([]byte, time.Time, error) {
		s, open, err := readSession(old, turn.Now)
		if err != nil {
			return nil, time.Time{}, err
		}
		if !open {
			s = session{}
		}
		return s.touched(turn.Now)
	})
}

// touched is what to keep of a session that was used now.
func (s session) touched(now time.Time) ([]byte, time.Time, error) {
	s.SeenAt = now.UnixMilli()
	raw, err := record.Write(s)
	return raw, s.ends(), err
}

var errClosed = errors.New("no session is open")

// inSession changes the open session in one step, and reports whether there was one. change may run more than once.
func inSession(ctx context.Context, turn *sandbox.Turn, t clientToken, change func(*session)) (bool, error) {
	err := turn.Space().Update(ctx, sessionKey(t), func(old []byte) ([]byte, time.Time, error) {
		s, open, err := readSession(old, turn.Now)
		if err != nil {
			return nil, time.Time{}, err
		}
		if !open {
			return nil, time.Time{}, errClosed
		}
		change(&s)
		return s.touched(turn.Now)
	})
	if errors.Is(err, errClosed) {
		return false, nil
	}
	return err == nil, err
}

// closeSession ends the session with everything that waits in it, and reports whether one was open.
func closeSession(ctx context.Context, turn *sandbox.Turn, t clientToken) (bool, error) {
	raw, ok, err := turn.Space().Take(ctx, sessionKey(t))
	if err != nil || !ok {
		return false, err
	}
	_, open, err := readSession(raw, turn.Now)
	return open, err
}
