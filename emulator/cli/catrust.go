package cli

import (
	"io"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
)

// trustGuide tells how clients of one kind come to trust the CA. {file} stands for its certificate, {tls} for where the
// emulator is, which has a {host} and a {port}.
type trustGuide struct {
	who         clientKind
	title, text string
}

// trustGuides come in the order in which they are told.
func trustGuides() []trustGuide {
	return []trustGuide{
		{"go", "Go", `
  # on Linux and BSD, for a process; these are then all the roots it has
  SSL_CERT_FILE={file} ./app

  // or in code: beside the system's roots
  roots, err := x509.SystemCertPool()
  roots.AppendCertsFromPEM(ca)
  http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
`},
		{"node", "Node", `
  # read once at the start, beside the built-in roots
  NODE_EXTRA_CA_CERTS={file} node app.js
`},
		{"java", "Java", `
  # a trust store for tests; it stands in for the built-in one
  keytool -importcert -noprompt -alias tokenstage -file {file} \
    -keystore tokenstage.p12 -storetype PKCS12 -storepass changeit
  java -Djavax.net.ssl.trustStore=tokenstage.p12 -Djavax.net.ssl.trustStorePassword=changeit -jar app.jar
`},
		{"python", "Python", `
  # requests, and SDKs on it; these are then all the roots it has
  REQUESTS_CA_BUNDLE={file} python app.py
  # urllib, http.client, aiohttp and others on module ssl
  SSL_CERT_FILE={file} python app.py
`},
		{"curl", "curl", `
  curl --cacert {file} --connect-to ::{tls} https://onsmqtt.cn-hangzhou.aliyuncs.com/
  # the same, for one host
  curl --cacert {file} --resolve service.besclouds.com:{port}:{host} https://service.besclouds.com:{port}/
`},
		{"hosts", "/etc/hosts", "\n" + hostLines()},
	}
}

// hostLines need the emulator at port 443, which is where clients of a bare host go.
func hostLines() string {
	var text strings.Builder
	text.WriteString("  # those that your app calls, with the emulator at --tls-addr 127.0.0.1:443;\n" +
		"  # take them out again to reach the real services\n")
	for _, host := range authority.RealHosts() {
		text.WriteString("  127.0.0.1 " + host + "\n")
	}
	return text.String()
}

// clientKind is a kind of clients, or all of them.
type clientKind string

const allKinds clientKind = "all"

// Validate refuses the kinds that there is nothing to tell about.
func (who clientKind) Validate() error {
	known := func(t trustGuide) bool { return who == t.who }
	if who == allKinds || slices.ContainsFunc(trustGuides(), known) {
		return nil
	}
	return usagef("must be go, node, java, python, curl, hosts or all, got %q", string(who))
}

// write tells how they come to trust the CA.
func (who clientKind) write(out io.Writer, ca caDetails) {
	if ca.fetch != "" {
		printf(out, "The certificate:\n\n  %s\n\n", ca.fetch)
	}
	colon := strings.LastIndexByte(ca.tls, ':') // an address of IPv6 keeps its brackets
	fill := strings.NewReplacer("{file}", shellescape.Quote(ca.file),
		"{tls}", ca.tls, "{host}", ca.tls[:colon], "{port}", ca.tls[colon+1:])
	for _, t := range trustGuides() {
		if who == t.who || who == allKinds {
			printf(out, "%s:%s\n", t.title, fill.Replace(t.text))
		}
	}
}
