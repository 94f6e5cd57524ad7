package sandbox

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Push is where what happens in a sandbox is told by itself.
type Push struct {
	// URL is that of the receiver, below which the service's own path stands.
	URL string `json:"url"`
	// AccessKey names the receiver's key, Key is that key: it signs what is pushed.
	AccessKey string `json:"accessKey"`
	Key       string `json:"key"`
}

// pushKey is the documented form of a message push key (guide "How Do I Enable Message Push?").
var pushKey = regexp.MustCompile(`^[A-Za-z0-9]{43}$`)

// pushAccessKey keeps what parts the header out of the access key.
var pushAccessKey = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func (p *Push) validate() error {
	at, err := url.Parse(p.URL)
	switch {
	case err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Hostname() == "":
		return &InvalidError{"url", "must be a URL such as http://127.0.0.1:9000"}
	case len(p.URL) > maxMatched || at.User != nil || at.RawQuery != "" || at.Fragment != "":
		return &InvalidError{"url", "must have neither a user, a query nor a fragment, and at most 1024 bytes"}
	case !pushAccessKey.MatchString(p.AccessKey):
		return &InvalidError{"accessKey", "must match " + pushAccessKey.String()}
	case !pushKey.MatchString(p.Key):
		return &InvalidError{"key", "must have 43 letters and digits, as the service's own"}
	}
	return nil
}

// CheckHost refuses a receiver that is neither on this machine nor among the hosts that the server may reach.
func (p *Push) CheckHost(hosts []string) error {
	at, err := url.Parse(p.URL)
	if err != nil {
		return err
	}
	host := at.Hostname()
	if isLoopback(host) || slices.ContainsFunc(hosts, func(named string) bool { return strings.EqualFold(named, host) }) {
		return nil
	}
	return errors.New("the host " + host + " is not on this machine, and the server was started without " +
		"--push-hosts " + host)
}

// isLoopback reports whether a host is this machine, judged by its name.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// StaysHere reports whether an address that a connection is about to be made to is this machine: names are resolved by
// then. It is for receivers whose host is not named to the server.
func StaysHere(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isLoopback(host)
}
