package fabric

import (
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Profile is what is known of the gateway without any spec. It implements gateway.Profile.
type Profile struct{}

// Name is "fabric".
func (Profile) Name() string { return Name }

// Window is zero: requests carry no time.
func (Profile) Window() time.Duration { return 0 }

// Endpoint is the base URL that clients take.
func (Profile) Endpoint(address string) string { return "http://" + address }

// PlainHTTP is in the URL, which clients are given whole.
func (Profile) PlainHTTP() string { return "a URL that begins with http://" }

// Selector is empty: method and path say it all.
func (Profile) Selector(string, string, string) string { return "" }

// CommonParameters are none: what all calls carry stands in headers.
func (Profile) CommonParameters() []string { return nil }

// Scheme is how the credentials are written.
func (Profile) Scheme() sandbox.Scheme { return Scheme{} }

// Repeat finds every request good for as long as its tokens are: there is neither nonce nor signature.
func (Profile) Repeat(*wire.Request) gateway.Repeat {
	return gateway.Repeat{Result: gateway.RepeatWorks, Why: "this call needs neither nonce nor signature"}
}

// Hosts are that of production (vendor's system configuration guide), and those of public clients.
func (Profile) Hosts() []gateway.Host {
	return gateway.SingleHosts("service.besclouds.com", "servicestage.aicccloud.com", "brazilsaas.aicccloud.com")
}
