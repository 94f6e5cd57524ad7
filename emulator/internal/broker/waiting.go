package broker

import (
	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// waiting are the messages of QoS 1 and 2 that a connected client has not acknowledged, by packet id.
type waiting struct {
	sizes map[uint16]int
	bytes int
}

// await notes that a message of that size has to be acknowledged; none any more for a size of zero. s.mu is held.
func (s *session) await(id uint16, size int) {
	w := &s.waiting
	change := size - w.sizes[id]
	if size > 0 && w.sizes == nil {
		w.sizes = map[uint16]int{}
	}
	if size > 0 {
		w.sizes[id] = size
	} else {
		delete(w.sizes, id)
	}
	w.bytes += change
	s.stage.waiting.Add(int64(change))
}

// isHeavy reports whether what the client, or all those of its sandbox, have not acknowledged takes too much memory.
func (s *session) isHeavy() bool {
	limits := s.stage.broker.options.Limits
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting.bytes > 0 &&
		(s.waiting.bytes >= limits.WaitingBytes || s.stage.waiting.Load() >= int64(limits.SandboxWaitingBytes))
}

// recount forgets messages that the library dropped without a word.
func (s *session) recount(cl *mochi.Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.waiting.sizes {
		if _, ok := cl.State.Inflight.Get(id); !ok {
			s.await(id, 0)
		}
	}
}

// keepWaiting turns what a client that left has not acknowledged into what is kept for it; s.mu is held.
func (s *session) keepWaiting() {
	s.giveUpWaiting()
	for _, pk := range s.client.State.Inflight.GetAll(false) {
		if pk.FixedHeader.Type == packets.Publish {
			s.keep(s.client, pk)
		}
	}
}

// giveUpWaiting stops to count what the client has not acknowledged; s.mu is held.
func (s *session) giveUpWaiting() {
	s.stage.waiting.Add(-int64(s.waiting.bytes))
	s.waiting = waiting{}
}

// keep counts a message that waits for a client that left, or drops it where there is no room; s.mu is held.
func (s *session) keep(cl *mochi.Client, pk packets.Packet) {
	size, limit := len(pk.Payload), int64(s.stage.broker.options.Limits.QueuedBytes)
	if pk.FixedHeader.Qos == 2 || s.stage.keptBytes.Load()+int64(size) > limit {
		cl.State.Inflight.Delete(pk.PacketID)
		return
	}
	s.kept.bytes += size
	s.stage.keptBytes.Add(int64(size))
}
