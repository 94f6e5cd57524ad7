// Package gateways lists the gateways: whoever adds one adds its line here.
package gateways

import (
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/acs"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/fabric"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/oss"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/speech"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/top"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// Profiles are what is known of the gateways, in the order in which people see them.
func Profiles() []gateway.Profile {
	return []gateway.Profile{acs.Profile{}, top.Profile{}, oss.Profile{}, fabric.Profile{}}
}

// Find returns the profile of the gateway of that name, and whether there is one.
func Find(name string) (gateway.Profile, bool) {
	for _, profile := range Profiles() {
		if profile.Name() == name {
			return profile, true
		}
	}
	return nil, false
}

// Schemes are how the credentials are written of the gateways that have some of their own, in the same order.
func Schemes() []sandbox.Scheme {
	var schemes []sandbox.Scheme
	for _, profile := range Profiles() {
		if scheme := profile.Scheme(); scheme != nil {
			schemes = append(schemes, scheme)
		}
	}
	return schemes
}

// New returns the gateways over the APIs of a catalogue, in the order in which they are asked whose a request is: oss,
// whose paths are its users' and which knows its requests by host and signature alone, then those that know theirs by
// the path, then acs, which also knows its own by a header or parameter.
func New(catalogue *contract.Catalogue, checks ...fabric.TokenCheck) []gateway.Gateway {
	return []gateway.Gateway{oss.New(catalogue), top.New(catalogue), fabric.New(catalogue, checks...), acs.New(catalogue)}
}

// PlainHTTP is how clients of the gateways are told to speak plain HTTP, in a sentence.
func PlainHTTP() string {
	var ways []string
	for _, profile := range Profiles() {
		ways = append(ways, profile.Name()+" takes "+profile.PlainHTTP())
	}
	return "Have the client speak plain HTTP: " + strings.Join(ways, ", ") +
		"; or have it call the port for HTTPS, where there is one."
}

// Hosts are the names of the hosts of all real services, one by one.
func Hosts() []string {
	var names []string
	for _, host := range hosts() {
		names = append(names, host.Names...)
	}
	return names
}

// hosts are those of all real services.
func hosts() []gateway.Host {
	var all []gateway.Host
	for _, profile := range Profiles() {
		all = append(all, profile.Hosts()...)
	}
	return append(all, speech.Hosts...)
}

// Domains are the domains in which services have a host for each of their customers' instances.
func Domains() []string { return append([]string{mqtt.Domain}, oss.Domains()...) }

// CAHosts are what a CA of ours may speak for: hosts and domains.
func CAHosts() []string { return append(Hosts(), Domains()...) }

// HostPatterns are hosts and those in the domains as people read them.
func HostPatterns() []string {
	var patterns []string
	for _, host := range hosts() {
		patterns = append(patterns, host.Pattern)
	}
	return append(patterns, mqtt.Pattern, oss.BucketPattern)
}
