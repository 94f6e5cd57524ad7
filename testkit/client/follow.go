package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Event is what happened in a journal: exactly one of its fields says something.
type Event struct {
	// Entry is a call that came.
	Entry *Entry
	// Delivered completes an entry that came before, or one behind which following began.
	Delivered *Delivered
	// Cleared says that the journal was emptied, by hand or by a reset of its sandbox.
	Cleared bool
	// Missed counts entries that gave way to later ones before they could be sent.
	Missed uint64
	// Removed says that the sandbox is no more; nothing of it comes after that.
	Removed bool
	// Sandbox is where all but an Entry happened, when all sandboxes are followed.
	Sandbox string
}

// ErrStopped ends following when the emulator stops.
var ErrStopped = errors.New("the emulator stopped")

// maxEvent bounds one line of a stream: an entry with two bodies of 64 KiB fits however they are escaped.
const maxEvent = 8 << 20

// Follow yields what is in a sandbox's journal behind filter.After and what comes, as it comes, until ctx ends, the
// sandbox is removed or the emulator stops. An error is the last that it yields. filter.Limit has no meaning here.
func (c *Client) Follow(ctx context.Context, id string, filter Filter) iter.Seq2[Event, error] {
	return c.follow(ctx, sandboxPath(id, "events"), filter, true)
}

// FollowAll is Follow for the journals of all sandboxes, in the order of arrival at first, until ctx ends or the
// emulator stops. filter.After is a time, as in AllRequests.
func (c *Client) FollowAll(ctx context.Context, filter Filter) iter.Seq2[Event, error] {
	return c.follow(ctx, "/v1/events", filter, false)
}

func (c *Client) follow(ctx context.Context, path string, filter Filter, ofOne bool) iter.Seq2[Event, error] {
	filter.Limit = 0
	return func(yield func(Event, error) bool) {
		stream, err := c.stream(ctx, path+filter.query())
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer func() { _ = stream.Close() }()
		lines := bufio.NewScanner(stream)
		lines.Buffer(nil, maxEvent)
		for {
			event, err := readEvent(lines)
			if err != nil && ctx.Err() != nil {
				err = ctx.Err()
			}
			if !yield(event, err) || err != nil || event.Removed && ofOne {
				return
			}
		}
	}
}

// stream opens a reply that has no end; the time limit of other calls is not for it.
func (c *Client) stream(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", http.MethodGet, path, err)
	}
	withoutTimeout := *c.http
	withoutTimeout.Timeout = 0
	reply, err := withoutTimeout.Do(req)
	if err != nil {
		return nil, err // it names method and URL
	}
	if reply.StatusCode == http.StatusOK {
		return reply.Body, nil
	}
	defer func() { _ = reply.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(reply.Body, maxReply))
	if err != nil {
		return nil, fmt.Errorf("%s %s: read the reply: %w", http.MethodGet, path, err)
	}
	return nil, fmt.Errorf("%s %s: %w", http.MethodGet, path, readProblem(reply.StatusCode, raw))
}

// readEvent reads up to the end of the next event that has a meaning here. Comments and what is unknown are passed
// over, as the HTML standard wants it, section 9.2.6.
func readEvent(lines *bufio.Scanner) (Event, error) {
	var name, data string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if event, known, err := decodeEvent(name, data); known || err != nil {
				return event, err
			}
			name, data = "", ""
		case field == "event":
			name = value
		case field == "data":
			data += value
		}
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Event{}, fmt.Errorf("read the events: %w", err)
	}
	return Event{}, ErrStopped
}

func decodeEvent(name, data string) (event Event, known bool, err error) {
	switch name {
	case "request":
		err = json.Unmarshal([]byte(data), &event.Entry)
	case "delivery":
		err = json.Unmarshal([]byte(data), &event.Delivered)
	case "missed":
		var body controlapi.MissedWhere
		err = json.Unmarshal([]byte(data), &body)
		event.Missed, event.Sandbox = body.Missed, body.Sandbox
	case "cleared":
		event.Cleared = true
		err = readSandbox(data, &event)
	case "removed":
		event.Removed = true
		err = readSandbox(data, &event)
	default:
		return Event{}, false, nil
	}
	if err != nil {
		return Event{}, true, fmt.Errorf("an event %s is none of a control plane: %w", name, err)
	}
	return event, true, nil
}

// readSandbox reads where something happened, which only a stream of all sandboxes tells.
func readSandbox(data string, event *Event) error {
	var body controlapi.Where
	err := json.Unmarshal([]byte(data), &body)
	event.Sandbox = body.Sandbox
	return err
}
