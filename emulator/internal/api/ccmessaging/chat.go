package ccmessaging

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// sessionIdle ends a session without send or poll. The pages speak of a default and give no value. Ours is longer than
// a client token lives, so that one jump of the clock past the token's end still finds the session open: that is how
// tests reach a renewal.
const sessionIdle = 12 * time.Hour

// historyLife is how long what was said is kept after the last send or poll; no page says.
const historyLife = 90 * 24 * time.Hour

// Bounds of what is kept of a chat; the oldest messages give way.
const (
	maxQueue        = 100
	maxDue          = 100 // further plans of a counterpart are dropped
	maxHistory      = 500
	maxHistoryBytes = 128 << 10
	// maxKept is how many characters of a message the history keeps.
	maxKept = 8 << 10
)

// chat is what is kept of a user on a channel: the session, if one is open, and what was said in this one and before.
type chat struct {
	// SeenAt is when the last send or poll came, in Unix milliseconds.
	SeenAt int64 `cbor:"1,keyasint"`
	Open   bool  `cbor:"2,keyasint,omitempty"`
	// Agent says that an agent serves the user, not the robot.
	Agent bool `cbor:"8,keyasint,omitempty"`
	// CallID is that of the session that is open, or was last.
	CallID string `cbor:"3,keyasint,omitempty"`
	// Queue waits for a poll, History is what was said; both stand oldest first.
	Queue   []message `cbor:"4,keyasint,omitempty"`
	History []message `cbor:"5,keyasint,omitempty"`
	// Due is what the counterpart will do, by its time.
	Due []message `cbor:"9,keyasint,omitempty"`
	// Outbox waits to be pushed.
	Outbox []message `cbor:"10,keyasint,omitempty"`
	// pushes says that the sandbox has a receiver of pushes.
	pushes bool
	// Rating is the last one that the user gave, Left what the user left when nobody was there.
	Rating *rating       `cbor:"6,keyasint,omitempty"`
	Left   []leftMessage `cbor:"7,keyasint,omitempty"`
}

// message is one of the user's, or one to the user.
type message struct {
	At          int64  `cbor:"1,keyasint"` // Unix milliseconds
	ControlType string `cbor:"2,keyasint"`
	// MediaType and Content are empty for a message that has none.
	MediaType string `cbor:"3,keyasint,omitempty"`
	Content   string `cbor:"4,keyasint,omitempty"`
	// Source is who speaks: USER, ROBOT, AGENT or SYSTEM; empty for whoever serves the user when it is said.
	Source   string `cbor:"5,keyasint"`
	Nickname string `cbor:"6,keyasint,omitempty"`
	// ID and Code are the ids of the message in the history.
	ID   string `cbor:"7,keyasint,omitempty"`
	Code string `cbor:"8,keyasint,omitempty"`
	// CallID is that of the session in which it was said.
	CallID string `cbor:"9,keyasint,omitempty"`
	// FileType is the type of the uploaded file that the content names.
	FileType string `cbor:"10,keyasint,omitempty"`
	// Do is what happens with it, as the sandbox's fixtures name it.
	Do string `cbor:"11,keyasint,omitempty"`
	// Offline says that the user waited too long, and may send again later.
	Offline bool `cbor:"12,keyasint,omitempty"`
}

// Who speaks.
const (
	bySystem = "SYSTEM"
	byAgent  = "AGENT"
	byRobot  = "ROBOT"
	byUser   = "USER"
)

// nicknames are what the other sides call themselves: page poll has what the tenant configures, and system for messages
// of the system (downlinkMessages, senderNickname).
var nicknames = map[string]string{byRobot: "robot", byAgent: "agent", bySystem: "system"}

// Control types that messages to a user have too.
const (
	controlChat       = "CHAT"
	controlDisconnect = "DISCONNECT"
)

func (c *chat) idleEnd() time.Time { return time.UnixMilli(c.SeenAt).Add(sessionIdle) }

// settle lets everything happen that is due by now.
func (c *chat) settle(now time.Time) {
	end := c.idleEnd()
	for c.Open && len(c.Due) > 0 && c.Due[0].At <= now.UnixMilli() && c.Due[0].At < end.UnixMilli() {
		next := c.Due[0]
		c.Due = c.Due[1:]
		c.perform(next)
	}
	if c.Open && !now.Before(end) {
		c.hangUp(message{At: end.UnixMilli(), Source: bySystem})
	}
}

// perform lets the counterpart do something now.
func (c *chat) perform(m message) {
	if m.Do == sandbox.ChatHandOver {
		c.Agent = true
	}
	if m.Source == "" {
		m.Source = c.server()
	}
	if m.Content != "" && m.Do != sandbox.ChatOffline {
		m.Nickname = nicknames[m.Source]
		c.tell(m)
	}
	switch m.Do {
	case sandbox.ChatClose:
		c.hangUp(message{At: m.At, Source: m.Source})
	case sandbox.ChatOffline:
		m.Source, m.Offline = bySystem, true
		c.hangUp(m)
	}
}

// server is who serves the user.
func (c *chat) server() string {
	if c.Agent {
		return byAgent
	}
	return byRobot
}

// hangUp ends the session from the other side: the user is told by a DISCONNECT.
func (c *chat) hangUp(m message) {
	m.ControlType, m.CallID = controlDisconnect, c.CallID
	c.wait(m)
	c.Open, c.Agent, c.Due = false, false, nil
}

// planAll lets the counterpart do what is due now, and plans the rest in the order of time.
func (c *chat) planAll(plans []message, now time.Time) {
	for _, m := range plans {
		switch {
		case !c.Open:
			return
		case m.At <= now.UnixMilli():
			c.perform(m)
		case len(c.Due) < maxDue:
			at := sort.Search(len(c.Due), func(i int) bool { return c.Due[i].At > m.At })
			c.Due = slices.Insert(c.Due, at, m)
		}
	}
}

// open begins a session; one that is open stays as it is. What waited in an earlier one is forgotten.
func (c *chat) open(callID string) {
	if !c.Open {
		c.Open, c.CallID, c.Queue, c.Due = true, callID, nil, nil
	}
}

// end closes the session with everything that waits in it.
func (c *chat) end() { c.Open, c.Agent, c.Queue, c.Due = false, false, nil, nil }

// tell lets a message wait for the user, and remembers it.
func (c *chat) tell(m message) {
	c.wait(m)
	c.remember(m)
}

// wait lets a message wait for the user's poll, and to be pushed where messages are.
func (c *chat) wait(m message) {
	c.Queue = append(c.Queue, m)
	c.Queue = c.Queue[max(len(c.Queue)-maxQueue, 0):]
	if c.pushes {
		c.Outbox = append(c.Outbox, m)
		c.Outbox = c.Outbox[max(len(c.Outbox)-maxPush, 0):]
	}
}

// remember keeps a message in the history.
func (c *chat) remember(m message) {
	m.CallID, m.Content = c.CallID, shorten(m.Content, maxKept)
	c.History = append(c.History, m)
	drop, size := max(len(c.History)-maxHistory, 0), 0
	for i := len(c.History) - 1; i >= drop; i-- {
		if size += len(c.History[i].Content); size > maxHistoryBytes {
			drop = i + 1
		}
	}
	c.History = c.History[drop:]
}

// shorten cuts a text to so many characters.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// chatPrefix begins the keys of chats; the place of one follows.
const chatPrefix = "ccmessaging/chat/"

// place names the chat of a user on a channel in keys.
func (t clientToken) place() string {
	return url.QueryEscape(t.UserID) + "/" + url.QueryEscape(t.ChannelID)
}

// readPlace is the reverse of place.
func readPlace(place string) (user, channel string, err error) {
	first, second, _ := strings.Cut(place, "/")
	user, err = url.QueryUnescape(first)
	if err != nil {
		return "", "", fmt.Errorf("read the place of a chat: %w", err)
	}
	channel, err = url.QueryUnescape(second)
	return user, channel, err
}

// readChat returns the chat as it stands at now; a raw of nil is a new one.
func readChat(raw []byte, now time.Time, pushes bool) (chat, error) {
	c := chat{pushes: pushes}
	if raw == nil {
		return c, nil
	}
	if err := record.Read(raw, &c); err != nil {
		return c, fmt.Errorf("read the chat: %w", err)
	}
	c.settle(now)
	return c, nil
}

// aliveInChat is inChat for what is a sign of life: it puts the end of an idle session off.
func aliveInChat(ctx context.Context, turn *sandbox.Turn, t clientToken, change func(*chat)) error {
	return inChat(ctx, turn, t, func(of *chat) {
		change(of)
		of.SeenAt = turn.Now.UnixMilli()
	})
}

// chatOf is the chat of a user without any change to it.
func chatOf(ctx context.Context, turn *sandbox.Turn, t clientToken) (chat, error) {
	raw, _, err := turn.Space().Get(ctx, chatPrefix+t.place())
	if err != nil {
		return chat{}, fmt.Errorf("look up the chat: %w", err)
	}
	return readChat(raw, turn.Now, false)
}

// inChat changes the chat of a user in one step. change may run more than once.
func inChat(ctx context.Context, turn *sandbox.Turn, t clientToken, change func(*chat)) error {
	var changed chat
	err := turn.Space().Update(ctx, chatPrefix+t.place(), func(old []byte) ([]byte, time.Time, error) {
		c, err := readChat(old, turn.Now, turn.Fixtures.Push != nil)
		if err != nil {
			return nil, time.Time{}, err
		}
		change(&c)
		changed = c
		raw, err := record.Write(c)
		return raw, turn.Now.Add(historyLife), err
	})
	if err == nil && changed.pushes {
		planPush(turn, t, &changed)
	}
	return err
}
