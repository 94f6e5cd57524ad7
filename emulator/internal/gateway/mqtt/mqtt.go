// Package mqtt is the only home of the facts of the MQTT service as its clients see it: user names and passwords,
// client ids, what a token covers, system topics with their payloads, codes and limits. It speaks no MQTT itself:
// package broker does.
package mqtt

import (
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Name is the name of the gateway, and of its API.
const Name = "mqtt"

// The operations of the API: the packets of clients that the broker judges.
const (
	Connect    = "CONNECT"
	Publish    = "PUBLISH"
	Subscribe  = "SUBSCRIBE"
	Disconnect = "DISCONNECT"
)

// Path is where clients speak MQTT over WebSocket.
const Path = "/mqtt"

// The names of parameters of the operations.
const (
	ClientID     = "ClientId"
	InstanceID   = "InstanceId"
	UserName     = "UserName"
	Mode         = "Mode"
	Types        = "Types"
	CleanSession = "CleanSession"
	KeepAlive    = "KeepAlive"
	Version      = "Version"
	Topic        = "Topic"
	QoS          = "QoS"
	Retain       = "Retain"
	Bytes        = "Bytes"
)

// Return codes of CONNACK: MQTT 3.1.1, section 3.2.2.3.
const (
	BadVersion    = "1"
	BadClientID   = "2"
	Unavailable   = "3"
	BadLogin      = "4"
	NotAuthorized = "5"
)

// Codes of $SYS/tokenInvalidNotice: Client-related methods, code table.
const (
	Forged        = "1"
	Expired       = "2"
	Revoked       = "3"
	WrongResource = "4"
	WrongType     = "5"
)

// Outcomes of packets that pass a limit, and of connections that end.
const (
	MessageTooLarge      = "MessageTooLarge"
	TopicTooLong         = "TopicTooLong"
	TooManySubscriptions = "TooManySubscriptions"
	SharedSubscription   = "SharedSubscription"
	InvalidFilter        = "InvalidFilter"

	SessionTakenOver     = "SessionTakenOver"
	KeepAliveTimeout     = "KeepAliveTimeout"
	ConnectionLost       = "ConnectionLost"
	ProtocolError        = "ProtocolError"
	AdministrativeAction = "AdministrativeAction"
	SandboxGone          = "SandboxGone"
	Stopped              = "Stopped"
)

// Limits: the page Limits, and the MQTT 5.0 overview for the keep-alive.
const (
	MaxPayload       = 64 << 10
	MaxTopic         = 64
	MaxSubscriptions = 30
	MaxKeepAlive     = 8 * time.Minute
	// KeptFor is how long sessions are kept of clients that left: Offline messages.
	KeptFor = 3 * 24 * time.Hour
	// NoticeAhead is how long before its end a client is told of a token's: Client-related methods.
	NoticeAhead = 5 * time.Minute
)

// Table is how the broker answers faults of the emulator itself.
var Table = gateway.Table{wire.Internal: "InternalError"}

// Domain is the domain in which each instance has a host, and Pattern how people read such a host.
const (
	Domain  = "mqtt.aliyuncs.com"
	Pattern = "<instance>." + Domain
)
