package mcptools

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Serve answers the agent at the other end of a pipe, a message a line, until what comes in ends. Whatever was asked
// before is answered first. It returns nil as well when ctx ends.
func Serve(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	err := newServer(o).Run(ctx, lines{in, out})
	if ctx.Err() != nil || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// lines is a transport. That of the SDK ends at the first line that is no message, and gives up the calls that it still
// works on when the input ends.
type lines struct {
	in  io.Reader
	out io.Writer
}

// Connect begins to read. Nothing ends that but the input: a read from a pipe cannot be called off.
func (l lines) Connect(context.Context) (mcp.Connection, error) {
	c := &connection{
		out: l.out, came: make(chan line), closed: make(chan struct{}), open: map[jsonrpc.ID]bool{},
		changed: make(chan struct{}, 1),
	}
	go c.read(bufio.NewReader(l.in))
	return c, nil
}

// line is one line of the input, or why there is none.
type line struct {
	text []byte
	err  error
}

type connection struct {
	came   chan line
	closed chan struct{} // is closed when nobody reads and writes any more
	once   sync.Once     // closes it

	writing sync.Mutex
	out     io.Writer

	mu      sync.Mutex
	open    map[jsonrpc.ID]bool // calls without an answer
	changed chan struct{}       // holds a word when those changed
}

// SessionID is empty: a pipe has one session.
func (c *connection) SessionID() string { return "" }

// read hands lines on until the input ends.
func (c *connection) read(in *bufio.Reader) {
	for {
		text, err := readLine(in)
		select {
		case c.came <- line{text, err}:
		case <-c.closed:
			return
		}
		if err != nil && !errors.Is(err, errTooLong) {
			return
		}
	}
}

var errTooLong = fmt.Errorf("a message has more than %d bytes", maxMessage)

// readLine reads a line; the last needs no end. One that is too long is read to its end and dropped.
func readLine(in *bufio.Reader) ([]byte, error) {
	var text []byte
	tooLong := false
	for {
		part, err := in.ReadSlice('\n')
		if tooLong = tooLong || len(text)+len(part) > maxMessage; !tooLong {
			text = append(text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(text) > 0, err == nil && !tooLong:
			return text, nil
		case err != nil:
			return nil, err
		}
		return nil, errTooLong
	}
}

// Read returns the next message. What is none is answered with an error.
func (c *connection) Read(ctx context.Context) (jsonrpc.Message, error) {
	for {
		var next line
		select {
		case next = <-c.came:
		case <-c.closed:
			return nil, io.EOF
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		text := bytes.TrimSpace(next.text)
		switch {
		case errors.Is(next.err, errTooLong):
			c.refuse(jsonrpc.CodeInvalidRequest, next.err)
			continue
		case next.err != nil:
			c.await(ctx)
			return nil, next.err
		case len(text) == 0:
			continue
		case !json.Valid(text):
			c.refuse(jsonrpc.CodeParseError, errors.New("the line is no JSON"))
			continue
		}
		message, err := jsonrpc.DecodeMessage(text)
		if err != nil {
			c.refuse(jsonrpc.CodeInvalidRequest, err)
			continue
		}
		if call, ok := message.(*jsonrpc.Request); ok && call.IsCall() {
			c.note(func() { c.open[call.ID] = true })
		}
		return message, nil
	}
}

// refuse answers what is no message, and therefore names no call.
func (c *connection) refuse(code int, reason error) {
	raw, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": nil, "error": map[string]any{"code": code, "message": reason.Error()},
	})
	if err == nil {
		_ = c.writeLine(raw) // who does not read this does not read the next answer either, which ends the session
	}
}

// maxFinishing is how long calls may take that are open when the input ends.
const maxFinishing = 30 * time.Second

// await returns when no call is open, or none can be answered.
func (c *connection) await(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, maxFinishing)
	defer cancel()
	for c.hasOpen() {
		select {
		case <-c.changed:
		case <-c.closed:
			return
		case <-limited.Done():
			return
		}
	}
}

func (c *connection) hasOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open) > 0
}

// note changes which calls are open.
func (c *connection) note(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	select {
	case c.changed <- struct{}{}:
	default: // it holds a word already
	}
}

// Write writes a message. Where that fails nothing can be answered any more.
func (c *connection) Write(_ context.Context, message jsonrpc.Message) error {
	raw, err := jsonrpc.EncodeMessage(message)
	if err != nil {
		return err
	}
	if err = c.writeLine(raw); err != nil {
		_ = c.Close() // it never fails
	}
	if answer, ok := message.(*jsonrpc.Response); ok {
		c.note(func() { delete(c.open, answer.ID) })
	}
	return err
}

func (c *connection) writeLine(raw []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err := c.out.Write(append(raw, '\n'))
	return err
}

// Close ends reading and waiting.
func (c *connection) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}
