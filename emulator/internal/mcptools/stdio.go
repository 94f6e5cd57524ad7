package mcptools

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Serve answers the agent at the other end of a pipe, a message a line, until what comes in ends. Whatever was asked
// before is answered first. It returns nil as well when ctx ends.
func Serve(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	pipe := &mcp.IOTransport{Reader: io.NopCloser(in), Writer: openWriter{out}, MaxLineLength: maxMessage}
	err := newServer(o).Run(ctx, finishing{pipe})
	if ctx.Err() != nil || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// openWriter stays open: others may still write to it.
type openWriter struct{ io.Writer }

func (openWriter) Close() error { return nil }

// finishing is a transport that tells of the end of the input only when all calls before it are answered: the SDK
// gives up those that it still works on.
type finishing struct{ mcp.Transport }

func (f finishing) Connect(ctx context.Context) (mcp.Connection, error) {
	c, err := f.Transport.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &finishingConn{Connection: c, open: map[jsonrpc.ID]bool{}, changed: make(chan struct{}, 1)}, nil
}

type finishingConn struct {
	mcp.Connection
	mu      sync.Mutex
	open    map[jsonrpc.ID]bool // calls without an answer
	over    bool                // nothing can be answered any more
	changed chan struct{}       // holds a word when one of the above changed
}

// Read notes the calls, and waits for their answers at the end.
func (c *finishingConn) Read(ctx context.Context) (jsonrpc.Message, error) {
	message, err := c.Connection.Read(ctx)
	if errors.Is(err, io.EOF) {
		c.await(ctx)
	}
	if call, ok := message.(*jsonrpc.Request); ok && err == nil && call.IsCall() {
		c.note(func() { c.open[call.ID] = true })
	}
	return message, err
}

// maxFinishing is how long calls may take that are open when the input ends.
const maxFinishing = 30 * time.Second

// await returns when no call is open, or none can be answered.
func (c *finishingConn) await(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, maxFinishing)
	defer cancel()
	for !c.isDone() {
		select {
		case <-c.changed:
		case <-limited.Done():
			return
		}
	}
}

func (c *finishingConn) isDone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over || len(c.open) == 0
}

// note changes what is open.
func (c *finishingConn) note(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	select {
	case c.changed <- struct{}{}:
	default: // it holds one already
	}
}

// Write notes what is answered, and that nobody reads answers any more.
func (c *finishingConn) Write(ctx context.Context, message jsonrpc.Message) error {
	err := c.Connection.Write(ctx, message)
	c.note(func() {
		if answer, ok := message.(*jsonrpc.Response); ok {
			delete(c.open, answer.ID)
		}
		c.over = c.over || err != nil
	})
	return err
}

// Close ends the wait.
func (c *finishingConn) Close() error {
	c.note(func() { c.over = true })
	return c.Connection.Close()
}
