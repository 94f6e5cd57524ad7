package listen

import "net"

// IsLoopback reports whether only this machine reaches what listens on addr, a host and port. A name that is not
// localhost may mean anything.
func IsLoopback(addr string) bool {
	host, _, _ := net.SplitHostPort(addr)
	return host == "127.0.0.1" || host == "::1" || host == "localhost"
}

// Reachable is the address by which this machine reaches what listens on addr: that of every interface is none to
// connect to.
func Reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || host != "" && (ip == nil || !ip.IsUnspecified()) {
		return addr
	}
	return net.JoinHostPort("127.0.0.1", port)
}
