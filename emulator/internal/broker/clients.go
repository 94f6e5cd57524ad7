package broker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// Client is a connected client as people see it: never the text of its tokens.
type Client struct {
	// ID names the client within its sandbox.
	ID       string `cbor:"1,keyasint"`
	ClientID string `cbor:"2,keyasint"`
	Instance string `cbor:"3,keyasint"`
	// Mode is how it logged in: Signature, Token or Upload.
	Mode     string `cbor:"4,keyasint"`
	Protocol string `cbor:"5,keyasint"` // the version of MQTT
	Address  string `cbor:"6,keyasint"` // from which it came
	// Since is when it logged in, by the sandbox's clock.
	Since         time.Time     `cbor:"7,keyasint"`
	CleanSession  bool          `cbor:"8,keyasint"`
	Subscriptions []string      `cbor:"9,keyasint"`
	Tokens        []ClientToken `cbor:"10,keyasint"`
	// Number is that of the turn in which it logged in.
	Number uint64 `cbor:"11,keyasint"`
}

// ClientToken is a token that a client holds.
type ClientToken struct {
	ID        string    `cbor:"1,keyasint"`
	Type      string    `cbor:"2,keyasint"`
	Resources []string  `cbor:"3,keyasint"`
	ExpiresAt time.Time `cbor:"4,keyasint"`
}

// Clients are the clients that are connected to a sandbox, at whichever emulator on the store, by instance and client
// id. A nil Broker has none.
func (b *Broker) Clients(ctx context.Context, box *sandbox.Sandbox) ([]Client, error) {
	all := []Client{}
	if b == nil {
		return all, nil
	}
	for _, s := range b.connected(box) {
		all = append(all, s.shown())
	}
	elsewhere, err := b.others.find(ctx, search{Sandbox: box.Name()})
	all = append(all, elsewhere...)
	slices.SortFunc(all, func(x, y Client) int {
		return cmp.Or(cmp.Compare(x.Instance, y.Instance), cmp.Compare(x.ClientID, y.ClientID))
	})
	return all, err
}

func (b *Broker) connected(box *sandbox.Sandbox) []*session {
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
		ID: s.id, Number: s.number, ClientID: s.clientID, Instance: s.user.InstanceID, Mode: s.user.Mode,
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
	if b == nil {
		return Client{}, fmt.Errorf("%w: %s", world.ErrNoClient, id)
	}
	for _, s := range b.connected(box) {
		if s.id == id {
			was := s.shown()
			return was, s.cutAndWait(ctx, ending{code: mqtt.AdministrativeAction, why: why})
		}
	}
	cut, err := b.others.find(ctx, search{
		Sandbox: box.Name(), ID: id, Cut: mqtt.AdministrativeAction, Why: why,
	})
	if err == nil && len(cut) == 0 {
		err = fmt.Errorf("%w: %s", world.ErrNoClient, id)
	}
	if err != nil {
		return Client{}, err
	}
	return cut[0], nil
}

// cutAndWait cuts a client, and returns when its connection is over.
func (s *session) cutAndWait(ctx context.Context, e ending) error {
	s.cut(e)
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
	if s := b.find(box, instance, clientID); s != nil {
		return true, s.cutAndWait(ctx, ending{code: mqtt.AdministrativeAction, why: why})
	}
	cut, err := b.others.find(ctx, search{
		Sandbox: box.Name(), Instance: instance, ClientID: clientID, Cut: mqtt.AdministrativeAction, Why: why,
	})
	return len(cut) > 0, err
}

// Online reports whether the client of an instance that has a client id is connected.
func (b *Broker) Online(ctx context.Context, box *sandbox.Sandbox, instance, clientID string) (bool, error) {
	if b.find(box, instance, clientID) != nil {
		return true, nil
	}
	found, err := b.others.find(ctx, search{Sandbox: box.Name(), Instance: instance, ClientID: clientID})
	return len(found) > 0, err
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
func (b *Broker) Send(turn *sandbox.Turn, instance, topic string, payload []byte) error {
	b.others.publish(turn.Sandbox, turn.Generation(), instance, packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: 1}, TopicName: topic, Payload: payload,
	})
	r := b.room(turn.Sandbox, instance)
	if r == nil {
		return nil // nobody is here to get it
	}
	return r.server.Publish(topic, payload, false, 1)
}
