package broker

import (
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// ReadConnect and Resend give tests the reader of a CONNECT.
var (
	ReadPacket    = readPacket
	DecodeConnect = decodeConnect
)

// MaxConnect is the largest CONNECT.
const MaxConnect = maxConnect

// Deliver delivers a message to the clients of an instance that another emulator published in a life of the sandbox.
func (b *Broker) Deliver(box *sandbox.Sandbox, generation uint64, instance, topic string) error {
	pk := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish}, TopicName: topic}
	return b.stageNamed(box.Name()).deliver(parcel{Generation: generation, Instance: instance, Packet: encode(pk, version5)})
}
