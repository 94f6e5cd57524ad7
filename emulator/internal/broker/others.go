package broker

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// others are the brokers of the other emulators on the store. A message reaches clients of its instance wherever they
// are connected, and clients are listed, found and cut wherever they are.
type others struct {
	broker *Broker
	// outbox holds what is told next; nil where nobody shares the store.
	outbox chan parcel
}

// parcel is a message to the clients of an instance on its way to the others.
type parcel struct {
	Sandbox    string `cbor:"1,keyasint"` // its space's name
	Generation uint64 `cbor:"2,keyasint"` // the life of the sandbox in which it was published
	Instance   string `cbor:"3,keyasint"`
	Packet     []byte `cbor:"4,keyasint"` // a PUBLISH of MQTT 5.0
}

// search is a question about clients: all that fit it are the answer, as clients, once they were cut where it says so.
type search struct {
	Sandbox string `cbor:"1,keyasint"`
	// ID, or Instance and ClientID, name one; a search without them is for all.
	ID       string `cbor:"2,keyasint"`
	Instance string `cbor:"3,keyasint"`
	ClientID string `cbor:"4,keyasint"`
	// Cut is the outcome with which they are cut; empty where they are left alone. Why says to people who did so.
	Cut string `cbor:"5,keyasint"`
	Why string `cbor:"6,keyasint"`
	// Before spares clients that logged in later, and forgets what is kept of those that left; zero spares none.
	Before uint64 `cbor:"7,keyasint"`
}

const (
	// maxOutbox is how many messages wait to be told; who publishes more waits, up to maxPatience for each.
	maxOutbox = 1024
	// maxTold bounds the bytes of messages that are told at once.
	maxTold = 256 << 10
	// maxInbox is how many messages of other emulators wait for the clients of a sandbox; more are dropped.
	maxInbox = 4096
)

// join makes the broker one of those on the store.
func (o *others) join(b *Broker) {
	o.broker = b
	if b.world.Attend(o.told, o.asked) {
		o.outbox = make(chan parcel, maxOutbox)
		b.running.Go(o.tell)
	}
}

// publish hands a message on.
func (o *others) publish(box *sandbox.Sandbox, generation uint64, instance string, pk packets.Packet) {
	if o.outbox == nil {
		return
	}
	pk.PacketID, pk.FixedHeader.Dup = min(uint16(pk.FixedHeader.Qos), 1), false
	pk.Mods.AllowResponseInfo = true // else topic and data for an answer would be left out
	p := parcel{Sandbox: box.Name(), Generation: generation, Instance: instance, Packet: encode(pk, version5)}
	select {
	case o.outbox <- p:
		return
	default:
	}
	late := time.NewTimer(maxPatience)
	defer late.Stop()
	select {
	case o.outbox <- p:
	case <-late.C:
		o.broker.options.Log.Warn("the store is too slow: clients of other emulators miss a message", "sandbox", box.ID)
	case <-o.broker.ctx.Done():
	}
}

// tell sends what waits in the outbox, as much as there is at once, until the broker ends.
func (o *others) tell() {
	for {
		var batch []parcel
		select {
		case p := <-o.outbox:
			batch = append(batch, p)
		case <-o.broker.ctx.Done():
			return
		}
		for size := len(batch[0].Packet); size < maxTold && len(o.outbox) > 0; {
			p := <-o.outbox
			batch, size = append(batch, p), size+len(p.Packet)
		}
		message, err := record.Write(batch)
		if err == nil {
			err = o.broker.world.Tell(o.broker.ctx, message)
		}
		if err != nil && o.broker.ctx.Err() == nil {
			o.broker.options.Log.Warn("clients of other emulators miss messages", "messages", len(batch), "error", err)
		}
	}
}

// told hands the messages of another emulator to the stages of their sandboxes.
func (o *others) told(message []byte) {
	var batch []parcel
	if err := record.Read(message, &batch); err != nil {
		o.broker.options.Log.Error("a message of another emulator could not be read", "error", err)
		return
	}
	for _, p := range batch {
		st := o.broker.stageNamed(p.Sandbox)
		if st == nil {
			continue
		}
		select {
		case st.inbox <- p:
		default:
			o.broker.options.Log.Warn("clients are too slow: they miss a message of another emulator", "sandbox", st.box.ID)
		}
	}
}

// stageNamed is the stage of the sandbox whose space has a name; nil where there is none.
func (b *Broker) stageNamed(sandbox string) *stage {
	b.mu.Lock()
	defer b.mu.Unlock()
	for box, st := range b.stages {
		if box.Name() == sandbox {
			return st
		}
	}
	return nil
}

// receive publishes what comes from other emulators to the clients of its instance, until the stage ends.
func (st *stage) receive(ctx context.Context) {
	for {
		select {
		case p := <-st.inbox:
			if err := st.deliver(p); err != nil {
				st.broker.options.Log.Error("a message of another emulator could not be delivered", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (st *stage) deliver(p parcel) error {
	st.mu.Lock()
	r := st.rooms[p.Instance]
	isIn := r != nil && r.isIn(p.Generation)
	st.mu.Unlock()
	if !isIn {
		return nil
	}
	header, raw, err := readPacket(bytes.NewReader(p.Packet), maxPacket)
	if err != nil {
		return err
	}
	pk := packets.Packet{FixedHeader: header, ProtocolVersion: version5}
	if err := pk.PublishDecode(bodyOf(header, raw)); err != nil {
		return err
	}
	publisher := r.server.NewClient(nil, "local", "", true)
	publisher.Properties.ProtocolVersion = version5
	return r.server.InjectPacket(publisher, pk)
}

// isIn reports whether a client of the room logged in in that life of the sandbox; st.mu is held.
func (r *room) isIn(generation uint64) bool {
	for _, s := range r.clients {
		if s.generation == generation {
			return true
		}
	}
	return false
}

// asked answers the search of another emulator.
func (o *others) asked(ctx context.Context, question []byte) []byte {
	var wanted search
	if err := record.Read(question, &wanted); err != nil {
		o.broker.options.Log.Error("a question of another emulator could not be read", "error", err)
		return nil
	}
	st := o.broker.stageNamed(wanted.Sandbox)
	if st == nil {
		return nil
	}
	answer, err := record.Write(st.find(ctx, wanted))
	if err != nil {
		o.broker.options.Log.Error("a question of another emulator could not be answered", "error", err)
	}
	return answer
}

// find returns the clients that a search is for. They are cut when it returns, where it says so.
func (st *stage) find(ctx context.Context, wanted search) []Client {
	found := []Client{}
	for _, s := range st.all() {
		switch {
		case !wanted.fits(s):
		case s.isKept():
			if wanted.Before > s.number {
				st.drop(s)
			}
		case wanted.Before == 0 && (!s.hosted.Load() || !s.waitReady(ctx)): // else its CONNACK is held back
		default:
			found = append(found, s.shown())
			if wanted.Cut != "" && (wanted.Before == 0 || s.number < wanted.Before) {
				_ = s.cutAndWait(ctx, ending{code: wanted.Cut, why: wanted.Why})
			}
		}
	}
	return found
}

// drop forgets a client that left.
func (st *stage) drop(s *session) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.sessions[s.id] == s && s.kept != nil {
		st.forget(s)
		st.endIfEmpty()
	}
}

func (w search) fits(s *session) bool {
	switch {
	case w.ID != "":
		return s.id == w.ID
	case w.ClientID != "":
		return s.clientID == w.ClientID && s.user.InstanceID == w.Instance
	}
	return true
}

// find returns the clients that a search is for at other emulators, by their instances and client ids.
func (o *others) find(ctx context.Context, wanted search) ([]Client, error) {
	if o.outbox == nil {
		return nil, nil
	}
	question, err := record.Write(wanted)
	if err != nil {
		return nil, err
	}
	answers, err := o.broker.world.Ask(ctx, question)
	if err != nil {
		return nil, fmt.Errorf("ask the other emulators for their MQTT clients: %w", err)
	}
	var all []Client
	for _, answer := range answers {
		var found []Client
		if len(answer) == 0 {
			continue
		}
		if err := record.Read(answer, &found); err != nil {
			return nil, fmt.Errorf("read an answer about MQTT clients: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// takeOver ends older connections under the client id of a session at other emulators. Where two come at once, the one
// that logged in later stays.
func (o *others) takeOver(ctx context.Context, s *session) {
	elsewhere, err := o.find(ctx, search{
		Sandbox: s.stage.box.Name(), Instance: s.user.InstanceID, ClientID: s.clientID, Before: s.number,
		Cut: mqtt.SessionTakenOver, Why: takenOver(s.clientID),
	})
	if err != nil {
		o.broker.options.Log.Warn("older connections at other emulators were not ended", "error", err)
	}
	for _, client := range elsewhere {
		if client.Number > s.number {
			s.cut(ending{code: mqtt.SessionTakenOver, why: takenOver(s.clientID)})
		}
	}
}

func takenOver(clientID string) string {
	return fmt.Sprintf("A newer connection logged in as %s: each client needs a client id of its own.", clientID)
}
