package broker

import (
	"bytes"
	"fmt"
	"io"

	"github.com/mochi-mqtt/server/v2/packets"
)

// maxPacket is the largest packet that is read. What the service takes is far less, and has an answer of its own.
const maxPacket = 1 << 20

// maxConnect is the largest CONNECT: user name and password have at most 64 KB each.
const maxConnect = 256 << 10

// readPacket reads a packet of a client that the library has not met yet: its header and what follows. The bytes are
// all that came, also beside an error.
func readPacket(r io.Reader, limit int) (header packets.FixedHeader, raw []byte, err error) {
	counted := &keeping{r: r}
	first, err := counted.ReadByte()
	if err != nil {
		return header, counted.kept, err
	}
	if err := header.Decode(first); err != nil {
		return header, counted.kept, fmt.Errorf("the first byte of a packet, 0x%02x, is none of MQTT: %w", first, err)
	}
	if header.Remaining, _, err = packets.DecodeLength(counted); err != nil {
		return header, counted.kept, fmt.Errorf("the length of a packet: %w", err)
	}
	if header.Remaining > limit {
		return header, counted.kept, fmt.Errorf("a packet of %d bytes; at most %d are read", header.Remaining, limit)
	}
	body, err := io.ReadAll(io.LimitReader(r, int64(header.Remaining))) // grows with what comes, whatever is announced
	raw = append(counted.kept, body...)
	if err == nil && len(body) < header.Remaining {
		err = io.ErrUnexpectedEOF
	}
	return header, raw, err
}

// keeping reads byte by byte, and keeps what it read: nothing is read ahead.
type keeping struct {
	r    io.Reader
	kept []byte
}

// ReadByte implements io.ByteReader.
func (k *keeping) ReadByte() (byte, error) {
	var one [1]byte
	if _, err := io.ReadFull(k.r, one[:]); err != nil {
		return 0, err
	}
	k.kept = append(k.kept, one[0])
	return one[0], nil
}

// bodyOf is what follows the header in the bytes of a packet.
func bodyOf(header packets.FixedHeader, raw []byte) []byte { return raw[len(raw)-header.Remaining:] }

// decodeConnect reads a CONNECT.
func decodeConnect(header packets.FixedHeader, raw []byte) (pk packets.Packet, err error) {
	if header.Type != packets.Connect {
		return pk, fmt.Errorf("the first packet of a client is CONNECT, not %s", packets.PacketNames[header.Type])
	}
	pk.FixedHeader = header
	if err := pk.ConnectDecode(bodyOf(header, raw)); err != nil {
		return pk, fmt.Errorf("the CONNECT cannot be read: %w", err)
	}
	return pk, nil
}

// encode writes a packet for a client of that version.
func encode(pk packets.Packet, version byte) []byte {
	var out bytes.Buffer
	pk.ProtocolVersion = version
	switch pk.FixedHeader.Type {
	case packets.Connect:
		_ = pk.ConnectEncode(&out)
	case packets.Connack:
		_ = pk.ConnackEncode(&out)
	case packets.Disconnect:
		_ = pk.DisconnectEncode(&out)
	case packets.Pingresp:
		_ = pk.PingrespEncode(&out)
	case packets.Publish:
		_ = pk.PublishEncode(&out)
	}
	return out.Bytes()
}

// connack is the answer to a CONNECT.
func connack(code, version byte) []byte {
	return encode(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Connack}, ReasonCode: code}, version)
}

// noticePacket is a message of the service to a client.
func noticePacket(topic string, payload []byte) packets.Packet {
	return packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish}, TopicName: topic, Payload: payload,
	}
}

// nothing is a packet that the library takes and that changes nothing: it stands for one that was answered already, or
// that no answer comes to.
func nothing() packets.Packet {
	return packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pubcomp}}
}

// version5 is MQTT 5.0, version311 is 3.1.1.
const (
	version311 = 4
	version5   = 5
)
