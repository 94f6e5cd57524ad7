package ccmessaging

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Outgoing are messages to a user that a receiver is told of by HTTP.
type Outgoing struct {
	// ID is unique among those of a sandbox.
	ID     string
	URL    string
	Header http.Header
	Body   []byte
}

// pushPath stands below the URL of a receiver (guide "Message Push Interface Specifications", URI).
const pushPath = "/webhooks/v1/messages"

// pushPrefix begins keys that name chats with something to push, in the way of chatKey, and hold when in Unix
// milliseconds.
const pushPrefix = "ccmessaging/push/"

// maxPush is how many messages of a chat wait to be pushed; the oldest give way.
const maxPush = 100

// planPush keeps for the end of the turn when there is something to push; zero means that there is nothing.
func planPush(turn *sandbox.Turn, t clientToken, c *chat) {
	if at := c.nextPush(); at > 0 {
		turn.Write(&store.Put{Key: pushPrefix + t.place(), Value: strconv.AppendInt(nil, at, 10)})
	}
}

// nextPush is when the chat has something to push next, in Unix milliseconds; zero where it never has.
func (c *chat) nextPush() int64 {
	switch {
	case len(c.Outbox) > 0:
		return c.Outbox[0].At
	case !c.Open:
		return 0
	case len(c.Due) > 0:
		return min(c.Due[0].At, c.idleEnd().UnixMilli())
	}
	return c.idleEnd().UnixMilli()
}

// TakePushes returns what is due to be pushed at an instant of a sandbox's clock, each message once, and when there
// will be more; zero means that nothing is planned.
func TakePushes(ctx context.Context, box *sandbox.Sandbox, now time.Time) (due []Outgoing, next time.Time, err error) {
	planned := store.Values{Prefix: pushPrefix, Most: sandboxStateMost}
	if err := box.Space().Do(ctx, &planned); err != nil {
		return nil, time.Time{}, err
	}
	for _, entry := range planned.Values {
		at, err := strconv.ParseInt(string(entry.Value), 10, 64)
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("read when to push: %w", err)
		}
		if at <= now.UnixMilli() {
			taken, later, err := takeOf(ctx, box, strings.TrimPrefix(entry.Key, pushPrefix), now)
			if err != nil {
				return nil, time.Time{}, err
			}
			due, at = append(due, taken...), later
		}
		if planned := time.UnixMilli(at); at > 0 && (next.IsZero() || planned.Before(next)) {
			next = planned
		}
	}
	return due, next, nil
}

// sandboxStateMost is more than all state of a sandbox can take.
const sandboxStateMost = 1 << 30

// takeOf takes what one chat has to push, and returns when it has more.
func takeOf(ctx context.Context, box *sandbox.Sandbox, place string, now time.Time) ([]Outgoing, int64, error) {
	var taken []message
	var later int64
	err := box.Space().Update(ctx, chatPrefix+place, func(old []byte) ([]byte, time.Time, error) {
		c, err := readChat(old, now, true)
		if err != nil {
			return nil, time.Time{}, err
		}
		taken, c.Outbox = c.Outbox, nil
		later = c.nextPush()
		raw, err := record.Write(c)
		return raw, now.Add(historyLife), err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("take what is to be pushed: %w", err)
	}
	var plan store.Step = &store.Take{Key: pushPrefix + place}
	if later > 0 {
		plan = &store.Put{Key: pushPrefix + place, Value: strconv.AppendInt(nil, later, 10)}
	}
	if err := box.Space().Do(ctx, plan); err != nil || len(taken) == 0 {
		return nil, later, err
	}
	outgoing, err := pack(box.Fixtures.Push, place, taken, now)
	return []Outgoing{outgoing}, later, err
}

// pack writes messages as the receiver reads them, and signs them.
func pack(to *sandbox.Push, place string, messages []message, now time.Time) (Outgoing, error) {
	user, channel, err := readPlace(place)
	if err != nil {
		return Outgoing{}, err
	}
	list := make([]map[string]any, len(messages))
	for i, m := range messages {
		list[i] = m.pushed(user, channel)
	}
	body, err := json.Marshal(map[string]any{"timestamp": now.UnixMilli(), "messages": list})
	if err != nil {
		return Outgoing{}, fmt.Errorf("write what is pushed: %w", err)
	}
	address := strings.TrimSuffix(to.URL, "/") + pushPath
	target, err := url.Parse(address)
	if err != nil {
		return Outgoing{}, err
	}
	header := http.Header{"Content-Type": {pushContent}}
	header.Set("Authorization", authorize(to, target, body, now.UnixMilli()))
	return Outgoing{ID: cmp.Or(messages[0].Code, messages[0].CallID), URL: address, Header: header, Body: body}, nil
}

// pushed is a message with the members of the guide's samples.
func (m message) pushed(user, channel string) map[string]any {
	shown := map[string]any{}
	for _, member := range m.downlink(clientToken{UserID: user, ChannelID: channel}) {
		shown[member.Name] = member.Value
	}
	delete(shown, "robotGender")
	delete(shown, "senderAvatar")
	shown["messageCode"] = orNull(m.Code, m.Code != "")
	return shown
}

const (
	pushContent = "application/json;charset=UTF-8"
	pushScheme  = "auth-v2"
	pushSigned  = "content-type;host"
)

// authorize signs a push. The guide gives the header up to the names of the signed headers, and says that the body's
// timestamp goes into the signature; what is signed, and how, is ours: a key derived from the beginning of the header
// signs method, path, query, the two headers and the digest of the body.
func authorize(to *sandbox.Push, target *url.URL, body []byte, timestamp int64) string {
	prefix := fmt.Sprintf("%s/%s/%d/%s", pushScheme, to.AccessKey, timestamp, pushSigned)
	digest := sha256.Sum256(body)
	canonical := strings.Join([]string{
		http.MethodPost, target.EscapedPath(), "", "content-type:" + pushContent, "host:" + target.Host,
		hex.EncodeToString(digest[:]),
	}, "\n")
	return prefix + "/" + sign(sign(to.Key, prefix), canonical)
}

// sign is the HMAC-SHA256 in hex digits.
func sign(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// PushAccepted says whether a receiver took a push: anything but a 200 with result code 0 is a failure (guide "Message
// Push Interface Specifications", response).
func PushAccepted(status int, body []byte) bool {
	var answer struct {
		ResultCode any `json:"resultCode"`
	}
	return status == http.StatusOK && json.Unmarshal(body, &answer) == nil &&
		(answer.ResultCode == succeeded || answer.ResultCode == 0.0)
}
