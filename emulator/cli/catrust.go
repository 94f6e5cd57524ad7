package cli

import (
	"io"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
)

// trustGuide describes how clients of one kind are made to trust the CA. In the text, {file} stands for the file of its
// certificate and {tls} for the address of the emulator, which has a {host} and a {port}; {first} and {last} are hosts
// of two real services.
type trustGuide struct {
	kind        clientKind
	title, text string
}

// trustGuides returns all guides in the order in which they are printed.
func trustGuides() []trustGuide {
	return []trustGuide{
		{"go", "Go", `
  # for one process, on Linux and BSD; it then trusts no other roots
  SSL_CERT_FILE={file} ./app

  // or in code, in addition to the system's roots
  roots, err := x509.SystemCertPool()
  roots.AppendCertsFromPEM(ca)
  http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
`},
		{"node", "Node", `
  # read once at the start, in addition to the built-in roots
  NODE_EXTRA_CA_CERTS={file} node app.js
`},
		{"java", "Java", `
  # a trust store for tests; it replaces the built-in one
  keytool -importcert -noprompt -alias tokenstage -file {file} \
    -keystore tokenstage.p12 -storetype PKCS12 -storepass changeit
  java -Djavax.net.ssl.trustStore=tokenstage.p12 -Djavax.net.ssl.trustStorePassword=changeit -jar app.jar
`},
		{"python", "Python", `
  # requests and SDKs that use it; it then trusts no other roots
  REQUESTS_CA_BUNDLE={file} python app.py
  # urllib, http.client, aiohttp and others that use module ssl
  SSL_CERT_FILE={file} python app.py
`},
		{"curl", "curl", `
  curl --cacert {file} --connect-to ::{tls} https://{first}/
  # the same for a single host
  curl --cacert {file} --resolve {last}:{port}:{host} https://{last}:{port}/
`},
		{"hosts", "/etc/hosts", "\n" + hostLines()},
	}
}

// hostLines returns lines for /etc/hosts. They need the emulator on port 443, since clients keep the port of the URL.
func hostLines() string {
	var text strings.Builder
	text.WriteString("  # the hosts that your app calls, with the emulator at --tls-addr 127.0.0.1:443;\n" +
		"  # remove the lines to reach the real services again\n")
	for _, host := range gateways.Hosts() {
		text.WriteString("  127.0.0.1 " + host + "\n")
	}
	return text.String()
}

// clientKind is the kind of clients that a guide is for, or "all".
type clientKind string

const allKinds clientKind = "all"

// Validate refuses kinds that have no guide.
func (k clientKind) Validate() error {
	known := func(t trustGuide) bool { return k == t.kind }
	if k == allKinds || slices.ContainsFunc(trustGuides(), known) {
		return nil
	}
	return usagef("must be go, node, java, python, curl, hosts or all, got %q", string(k))
}

// write prints the guides of the kind.
func (k clientKind) write(out io.Writer, ca caDetails) {
	if ca.fetch != "" {
		printf(out, "The certificate:\n\n  %s\n\n", ca.fetch)
	}
	colon := strings.LastIndexByte(ca.tls, ':') // an address of IPv6 keeps its brackets
	profiles := gateways.Profiles()
	first, last := profiles[0].Hosts()[0], profiles[len(profiles)-1].Hosts()[0]
	fill := strings.NewReplacer("{file}", shellescape.Quote(ca.file),
		"{tls}", ca.tls, "{host}", ca.tls[:colon], "{port}", ca.tls[colon+1:],
		"{first}", first.Names[0], "{last}", last.Names[0])
	for _, t := range trustGuides() {
		if k == t.kind || k == allKinds {
			printf(out, "%s:%s\n", t.title, fill.Replace(t.text))
		}
	}
}
