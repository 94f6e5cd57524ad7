package client

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the service signs with it
	"encoding/base64"
	"strings"
)

// MQTT is what MQTT clients of a sandbox are configured with: the broker's addresses, and user names and passwords by
// the sandbox's first AccessKey.
type MQTT struct {
	// Addr is the broker as host:port, URL the same as mqtt://host:port; empty where it is off.
	Addr, URL string
	// WebSocketURL and TLSURL are where it speaks MQTT over WebSocket and over TLS; empty where that is off.
	WebSocketURL, TLSURL string

	key ACSCredential
}

// The types under which clients give tokens: to read, to write, or both.
const (
	Read      = "R"
	Write     = "W"
	ReadWrite = "RW"
)

// SignatureUser is the user name of a client that logs in to an instance by a signature.
func (m MQTT) SignatureUser(instance string) string { return m.user("Signature", instance) }

// SignaturePassword is the password of such a client.
func (m MQTT) SignaturePassword(clientID string) string {
	mac := hmac.New(sha1.New, []byte(m.key.AccessKeySecret))
	mac.Write([]byte(clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// TokenUser is the user name of a client that logs in to an instance by tokens of ApplyToken.
func (m MQTT) TokenUser(instance string) string { return m.user("Token", instance) }

// TokenPassword is the password of such a client: types and tokens by turns, as in TokenPassword(client.Read, token).
func (MQTT) TokenPassword(typesAndTokens ...string) string { return strings.Join(typesAndTokens, "|") }

// UploadTopic is where a client publishes Upload to replace its token of that type.
func (MQTT) UploadTopic() string { return "$SYS/uploadToken" }

// Upload is the message with a new token.
func (MQTT) Upload(kind, token string) string {
	return `{"token":"` + token + `","type":"` + kind + `"}` // tokens are base64
}

func (m MQTT) user(mode, instance string) string {
	return mode + "|" + m.key.AccessKeyID + "|" + instance
}

// newMQTT is what the endpoints and the credentials of a sandbox say.
func newMQTT(e Endpoints, key ACSCredential) MQTT {
	return MQTT{
		Addr: strings.TrimPrefix(e.MQTT, "mqtt://"), URL: e.MQTT, WebSocketURL: e.MQTTWS, TLSURL: e.MQTTS, key: key,
	}
}
