package emulator

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// Public says where clients reach an emulator where that is not where it listens, as behind a balancer: host:port by
// the names of endpoints, data, tls, mqtt, mqttWs and mqtts. Endpoints, console and settings to paste show them.
type Public map[string]string

// The names of endpoints that are addresses.
const (
	publicData   = "data"
	publicTLS    = "tls"
	publicMQTT   = "mqtt"
	publicMQTTWS = "mqttWs"
	publicMQTTS  = "mqtts"
)

// Validate refuses names that no endpoint has, and what is no address.
func (p Public) Validate() error {
	known := []string{publicData, publicTLS, publicMQTT, publicMQTTWS, publicMQTTS}
	for name, address := range p {
		if !slices.Contains(known, name) {
			said := fmt.Sprintf("%.40q is no endpoint: there are %s", name, strings.Join(known, ", "))
			return fmt.Errorf("%s", nearest.Ask(said, nearest.Name(name, known)))
		}
		host, port, err := net.SplitHostPort(address)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil || host == "" {
			return fmt.Errorf("%s must be HOST:PORT such as tokenstage.example:80, got %.80q", name, address)
		}
	}
	return nil
}

// shown is where clients are told to reach a listener: its address, or the public one. What is off is not shown.
func (e *Emulator) shown(name, listening string) string {
	if listening == "" {
		return ""
	}
	return cmp.Or(e.options.Public[name], listening)
}

func (e *Emulator) shownData() string { return e.shown(publicData, e.Addr()) }

func (e *Emulator) shownTLS() string { return e.shown(publicTLS, e.TLSAddr()) }

func (e *Emulator) shownMQTT() string { return e.shown(publicMQTT, e.MQTTAddr()) }

// endpoints are the URLs at which clients reach the broker, by their names; those that are off are absent.
func (e *Emulator) endpoints() map[string]string {
	all := map[string]string{}
	for name, at := range map[string][2]string{
		publicMQTT:   {"mqtt://", e.shownMQTT()},
		publicMQTTS:  {"mqtts://", e.shown(publicMQTTS, e.MQTTSAddr())},
		publicMQTTWS: {"ws://", e.shown(publicMQTTWS, e.MQTTWSAddr())},
	} {
		if at[1] != "" {
			all[name] = at[0] + at[1]
		}
	}
	if url, ok := all[publicMQTTWS]; ok {
		all[publicMQTTWS] = url + mqtt.Path
	}
	return all
}
