package broker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// Client is a connected client as people see it: never the text of its tokens.
type Client struct {
	// ID names the client within its sandbox.
	ID       string
	ClientID string
	Instance string
	// Mode is how it logged in: Signature, Token or Upload.
	Mode     string
	Protocol string // the version of MQTT
	Address  string // from which it came
	// Since is when it logged in, by the sandbox's clock.
	Since         time.Time
	CleanSession  bool
	Subscriptions []string
	Tokens        []ClientToken
}

// ClientToken is a token that a client holds.
type ClientToken struct {
	ID        string
	Type      string
	Resources []string
	ExpiresAt time.Time
}

// Clients are the clients that are connected to a sandbox, by instance and client id. A nil Broker has none.
func (b *Broker) Clients(box *sandbox.Sandbox) []Client {
	all := []Client{}
	for _, s := range b.connected(box) {
		all = append(all, s.shown())
	}
	slices.SortFunc(all, func(x, y Client) int {
		return cmp.Or(cmp.Compare(x.Instance, y.Instance), cmp.Compare(x.ClientID, y.ClientID))
	})
	return all
}

func (b *Broker) connected(box *sandbox.Sandbox) []*session {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	st := b.stages[box]
	b.mu.Unlock()
	if st == nil {
		return nil
	}
	return slices.DeleteFunc(st.all(), (*session).isKept)
}

func (s *session) shown() Client {
	c := Client{
		ID: s.id, ClientID: s.clientID, Instance: s.user.InstanceID, Mode: s.user.Mode,
		Protocol: versionName(s.version), Address: s.conn.RemoteAddr().String(), Since: s.since, CleanSession: s.clean,
		Subscriptions: []string{}, Tokens: []ClientToken{},
	}
	if client := s.mochi(); client != nil {
		for filter := range client.State.Subscriptions.GetAll() {
			c.Subscriptions = append(c.Subscriptions, filter)
		}
		slices.Sort(c.Subscriptions)
	}
	for _, h := range s.tokens() {
		t := ClientToken{Type: h.kind, Resources: h.grant.Resources}
		if h.grant.Claims.Issuer != "" {
			t.ID, t.ExpiresAt = h.grant.Claims.ID(), h.grant.Claims.Ends()
		}
		c.Tokens = append(c.Tokens, t)
	}
	return c
}

// Cut cuts the client of that id and returns what it was. why says to people who did so. The connection is over when it
// returns.
func (b *Broker) Cut(ctx context.Context, box *sandbox.Sandbox, id, why string) (Client, error) {
	for _, s := range b.connected(box) {
		if s.id != id {
			continue
		}
		was := s.shown()
		return was, s.cutAndWait(ctx, why)
	}
	return Client{}, fmt.Errorf("%w: %s", world.ErrNoClient, id)
}

// cutAndWait cuts a client as the service might, and returns when its connection is over.
func (s *session) cutAndWait(ctx context.Context, why string) error {
	s.cut(ending{code: mqtt.AdministrativeAction, why: why})
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// CutClient cuts the client of an instance that has a client id, and reports whether it was connected. The connection
// is over when it returns.
func (b *Broker) CutClient(
	ctx context.Context, box *sandbox.Sandbox, instance, clientID, why string,
) (bool, error) {
	s := b.find(box, instance, clientID)
	if s == nil {
		return false, nil
	}
	return true, s.cutAndWait(ctx, why)
}

// Online reports whether the client of an instance that has a client id is connected.
func (b *Broker) Online(box *sandbox.Sandbox, instance, clientID string) bool {
	return b.find(box, instance, clientID) != nil
}

// find returns the connected client of an instance that has a client id; nil where there is none.
func (b *Broker) find(box *sandbox.Sandbox, instance, clientID string) *session {
	r := b.room(box, instance)
	if r == nil {
		return nil
	}
	r.stage.mu.Lock()
	s := r.clients[clientID]
	isThere := s != nil && !s.isKept() && s.hosted.Load() // else its CONNACK is held back
	r.stage.mu.Unlock()
	if !isThere || !s.waitReady(b.ctx) {
		return nil
	}
	return s
}

// room is where clients of an instance are; nil where there are none.
func (b *Broker) room(box *sandbox.Sandbox, instance string) *room {
	b.mu.Lock()
	st := b.stages[box]
	b.mu.Unlock()
	if st == nil {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.rooms[instance]
}

// Send sends a message of the service's own to the clients of an instance, at QoS 1, as if one of them had.
func (b *Broker) Send(box *sandbox.Sandbox, instance, topic string, payload []byte) error {
	r := b.room(box, instance)
	if r == nil {
		return nil // nobody is there to get it
	}
	return r.server.Publish(topic, payload, false, 1)
}
