package authority

import (
	"slices"
	"strings"
)

// localhost is the name of clients that name none: those that call an address. Any name below it is served too.
const localhost = "localhost"

// withOwn adds the names by which an emulator is reached that stands in for nobody: on the same machine, as a service
// of a network of containers, and from a container on the machine that runs it.
func withOwn(hosts []string) []string {
	return append(slices.Clone(hosts), localhost, "tokenstage", "host.docker.internal")
}

// serves reports whether the emulator answers under that name, which is in lower case.
func (a *Authority) serves(name string) bool {
	below, domain, _ := strings.Cut(name, ".")
	return slices.Contains(a.hosts, name) || strings.HasSuffix(name, "."+localhost) ||
		below != "" && slices.Contains(a.domains, domain)
}
