package cli

import (
	"github.com/tokenstage/tokenstage/emulator"
)

// defaultMQTTAddr is where the broker listens unless told otherwise, if nobody else does.
const defaultMQTTAddr = "127.0.0.1:4012"

// mqttFlags are the flags of serve about the broker.
type mqttFlags struct {
	MQTTAddr     brokerAddress `name:"mqtt-addr" placeholder:"ADDR" help:"MQTT, or off. Default: 127.0.0.1:4012, if free."`
	MQTTWSAddr   address       `name:"mqtt-ws-addr" placeholder:"ADDR" help:"MQTT over WebSocket, at /mqtt. Default: off."`
	MQTTSAddr    address       `name:"mqtts-addr" placeholder:"ADDR" help:"Address of MQTT over TLS. Default: off."`
	MQTTBadToken string        `name:"mqtt-bad-token" enum:"4,5,later" default:"4" help:"Answer to a bad token."`
	MQTTPayloads string        `name:"mqtt-payloads" enum:"on,off" default:"on" help:"Journal what is published."`
}

// set puts the flags into the options.
func (f mqttFlags) set(o *emulator.Options) {
	o.MQTTAddr, o.MQTTPreferred = string(f.MQTTAddr), defaultMQTTAddr
	o.MQTTWSAddr, o.MQTTSAddr = string(f.MQTTWSAddr), string(f.MQTTSAddr)
	o.MQTTBadToken, o.MQTTHidePayloads = f.MQTTBadToken, f.MQTTPayloads == emulator.Off
}

// brokerAddress is an address, or off.
type brokerAddress string

// Validate refuses what is neither.
func (a brokerAddress) Validate() error {
	if a == emulator.Off {
		return nil
	}
	return address(a).Validate()
}
