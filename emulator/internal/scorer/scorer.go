// Package scorer is where clients use access warrants: a WebSocket for spoken-language scoring that judges warrant,
// user and application, counts the audio and answers with the score of the sandbox's fixtures. The facts of its frames
// are package gateway/speech's.
package scorer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/speech"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// Options are what a Scorer is made of.
type Options struct {
	World    *world.World
	Warrants Warrants
	// After is how a scripted delay waits.
	After func(time.Duration) <-chan time.Time
	// Observe is told of every frame that is journaled; nil means that nobody watches.
	Observe func(context.Context, Observation)
	Log     *slog.Logger
}

// Warrants are judged by the API that creates them.
type Warrants struct {
	// Find returns a warrant, and whether the sandbox created it.
	Find func(ctx context.Context, turn *sandbox.Turn, id string) (Warrant, bool, error)
	// GoodSig judges what a client signs itself with.
	GoodSig func(box *sandbox.Sandbox, appID, timestamp, sig string) bool
}

// Warrant is whom a warrant was created for; empty texts are anybody.
type Warrant struct {
	Claims        token.Claims
	AppID, UserID string
}

// Observation is one frame as it was journaled.
type Observation struct {
	Entry     *journal.Entry
	Operation *contract.Operation
	Request   *wire.Request
}

// Bounds of connections.
const (
	maxSockets = 500
	maxFrame   = 1 << 20
	maxAudio   = 16 << 20
	maxSilence = 2 * time.Minute  // between two frames
	maxSend    = 10 * time.Second // for an answer to be taken
	maxBye     = 2 * time.Second  // for a client to take leave
)

// Scorer serves the sockets. It is safe for concurrent use.
type Scorer struct {
	options Options
	api     *contract.API
	ctx     context.Context //nolint:containedctx // sockets live as long as the scorer, not as a call
	stop    context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	sockets map[*websocket.Conn]bool
}

// New returns a scorer.
func New(o Options) (*Scorer, error) {
	api := o.World.Catalogue().API(speech.Name)
	if api == nil {
		return nil, errors.New("there is no spec of the API " + speech.Name)
	}
	s := &Scorer{options: o, api: api, sockets: map[*websocket.Conn]bool{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// Close ends all sockets and waits for them.
func (s *Scorer) Close() {
	s.mu.Lock()
	s.stop()
	for socket := range s.sockets {
		_ = socket.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Wants reports whether a request asks for a socket.
func Wants(r *http.Request) bool { return websocket.IsWebSocketUpgrade(r) }

// upgrader takes clients of any origin: what they may do their warrant says.
var upgrader = websocket.Upgrader{ //nolint:gochecknoglobals // read-only
	CheckOrigin: func(*http.Request) bool { return true },
}

// ServeHTTP serves a client until it leaves.
func (s *Scorer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.hasRoom() {
		http.Error(w, fmt.Sprintf("there are %d sockets already", maxSockets), http.StatusServiceUnavailable)
		return
	}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the client has its answer
	}
	if !s.enter(socket) {
		_ = socket.Close()
		return
	}
	defer s.leave(socket)
	scheme := "ws"
	if r.TLS != nil {
		scheme = "wss"
	}
	c := &client{scorer: s, socket: socket, url: scheme + "://" + r.Host + r.URL.EscapedPath()}
	socket.SetReadLimit(maxFrame)
	for c.next() {
	}
	s.bye(socket)
}

// bye closes a socket in good order: what the client sends meanwhile is passed over, since a connection that is closed
// with something unread takes back the last answer.
func (s *Scorer) bye(socket *websocket.Conn) {
	until := s.options.World.RealNow().Add(maxBye)
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if socket.WriteControl(websocket.CloseMessage, message, until) != nil {
		return
	}
	_ = socket.SetReadDeadline(until)
	for {
		if _, _, err := socket.NextReader(); err != nil {
			return
		}
	}
}

func (s *Scorer) hasRoom() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets) < maxSockets
}

func (s *Scorer) enter(socket *websocket.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil || len(s.sockets) >= maxSockets {
		return false
	}
	s.sockets[socket] = true
	s.running.Add(1)
	return true
}

func (s *Scorer) leave(socket *websocket.Conn) {
	_ = socket.Close()
	s.mu.Lock()
	delete(s.sockets, socket)
	s.mu.Unlock()
	s.running.Done()
}

// client is one socket: who speaks, and what it evaluates.
type client struct {
	scorer  *Scorer
	socket  *websocket.Conn
	url     string
	app     speech.App
	request *speech.Request // nil while nothing is started
	audio   int             // bytes since the start
}

// next reads a frame and answers it; it reports whether the connection goes on.
func (c *client) next() bool {
	now := c.scorer.options.World.RealNow
	_ = c.socket.SetReadDeadline(now().Add(maxSilence))
	kind, raw, err := c.socket.ReadMessage()
	if err != nil {
		return false
	}
	_ = c.socket.SetWriteDeadline(now().Add(maxSend))
	if kind == websocket.BinaryMessage {
		return c.feed(raw)
	}
	frame, err := speech.ReadFrame(raw)
	if err != nil {
		return c.misplaced(speech.Connect, raw, err.Error()+".")
	}
	switch frame.Cmd {
	case speech.Connect:
		return c.connect(frame, raw)
	case speech.Start:
		return c.start(frame, raw)
	case speech.Feed:
		return c.feed(frame.Data)
	}
	return c.finish(raw)
}

// misplaced refuses a frame that cannot be read, or that has no place here.
func (c *client) misplaced(operation string, raw []byte, why string) bool {
	a := c.newAct(operation, raw)
	return a.answer(func() { a.refuse(speech.InvalidFrame, "frame", why) }, nil)
}

func (c *client) connect(frame speech.Frame, raw []byte) bool {
	c.app, c.request = frame.Param.App, nil
	a := c.newAct(speech.Connect, raw)
	return a.answer(func() { a.judge(false) }, func() []byte { return speech.Connected(c.app) })
}

func (c *client) start(frame speech.Frame, raw []byte) bool {
	c.app = frame.Param.App.Merge(c.app)
	c.request, c.audio = frame.Param.Request, 0
	a := c.newAct(speech.Start, raw)
	return a.answer(func() {
		switch a.judge(true); {
		case a.Fault != nil:
		case c.request == nil:
			a.refuse(speech.NoRequest, "param.request", "param.request is missing.")
		case c.request.CoreType == "":
			a.refuse(speech.NoCoreType, "param.request.coreType", "param.request.coreType is missing.")
		case frame.Param.Audio == nil:
			a.refuse(speech.NoAudio, "param.audio", "param.audio is missing.")
		}
	}, nil)
}

// feed counts audio.
func (c *client) feed(data []byte) bool {
	if c.request == nil {
		return c.misplaced(speech.Stop, nil, "Audio came before a start.")
	}
	if c.audio += len(data); c.audio <= maxAudio {
		return true
	}
	a := c.newAct(speech.Stop, nil)
	return a.answer(func() {
		a.refuse(speech.AudioTooLarge, "audio", fmt.Sprintf("More than %d bytes of audio came.", maxAudio))
	}, nil)
}

// finish answers with the score.
func (c *client) finish(raw []byte) bool {
	if c.request == nil {
		return c.misplaced(speech.Stop, raw, "A stop came before a start.")
	}
	a := c.newAct(speech.Stop, raw)
	return a.answer(func() {}, func() []byte {
		request := *c.request
		c.request = nil
		score := a.turn.Fixtures.ScoreOf(request.CoreType, request.RefText)
		result := speech.Result{
			App: c.app, Request: request, RecordID: strings.ReplaceAll(a.turn.UUID(), "-", ""),
			At: a.turn.Now.UTC().Format(speech.InstantLayout), Overall: score.Part(nil), Pron: score.Part(score.Pron),
			Fluency: score.Part(score.Fluency), Integrity: score.Part(score.Integrity), Words: strings.Fields(request.RefText),
		}
		return result.Frame()
	})
}
