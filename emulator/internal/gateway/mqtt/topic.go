package mqtt

import (
	"strings"
	"unicode/utf8"
)

// Covers reports whether a resource of a token covers a topic or a subscription: everything that the subscription can
// bring lies within the resource. "+" stands for one level, "#" for the level above it and all below.
func Covers(resource, filter string) bool {
	for {
		level, rest, more := strings.Cut(resource, "/")
		if level == "#" {
			return true
		}
		wanted, further, deeper := strings.Cut(filter, "/")
		if wanted == "#" || level != "+" && level != wanted {
			return false
		}
		if !deeper {
			return !more || rest == "#"
		}
		if !more {
			return false
		}
		resource, filter = rest, further
	}
}

// PeerOf is the client that a point-to-point topic names: <parent>/p2p/<clientId>.
func PeerOf(topic string) (clientID string, ok bool) {
	_, rest, _ := strings.Cut(topic, "/")
	clientID, ok = strings.CutPrefix(rest, "p2p/")
	return clientID, ok && clientID != "" && !strings.Contains(clientID, "/")
}

// PeerFilter is the subscription that brings a client its point-to-point messages.
func PeerFilter(clientID string) string { return "+/p2p/" + clientID }

// IsTooLong reports whether a topic has more characters than topics may have.
func IsTooLong(topic string) bool { return utf8.RuneCountInString(topic) > MaxTopic }

// sharePrefix begins shared subscriptions: MQTT 5.0, section 4.8.2.
const sharePrefix = "$share/"

// IsShared reports whether a subscription is a shared one. As with system topics, case does not count.
func IsShared(filter string) bool {
	return len(filter) >= len(sharePrefix) && strings.EqualFold(filter[:len(sharePrefix)], sharePrefix)
}

// IsFilter reports whether text is a topic filter: MQTT 3.1.1, section 4.7.1.
func IsFilter(text string) bool {
	levels := strings.Split(text, "/")
	for i, level := range levels {
		if len(level) > 1 && strings.ContainsAny(level, "+#") || level == "#" && i < len(levels)-1 {
			return false
		}
	}
	return text != ""
}
