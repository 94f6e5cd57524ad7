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
  # requests; it then trusts no other roots
  REQUESTS_CA_BUNDLE={file} python app.py
  # urllib, http.client, aiohttp and others that use module ssl
  SSL_CERT_FILE={file} python app.py
`},
		{"php", "PHP", `
  # curl, Guzzle and PHP's own streams; they then trust no other roots
  php -d curl.cainfo={file} -d openssl.cafile={file} app.php
`},
		{"ruby", "Ruby", `
  # net/http, Faraday and all else that uses openssl; it then trusts no other roots
  SSL_CERT_FILE={file} ruby app.rb
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
		"  # with --addr 127.0.0.1:80 too for clients that speak plain HTTP unless told otherwise:\n")
	for _, profile := range gateways.Profiles() {
		for _, client := range profile.Habits().PlainHTTP {
			text.WriteString("  #   " + client + "\n")
		}
	}
	text.WriteString("  # remove the lines to reach the real services again\n")
	for _, host := range gateways.Hosts() {
		text.WriteString("  127.0.0.1 " + host + "\n")
	}
	return text.String()
}

// habitsOf returns what the gateways say of clients in that language.
func habitsOf(kind clientKind) string {
	var text strings.Builder
	for _, profile := range gateways.Profiles() {
		for _, client := range profile.Habits().Trust {
			if client.Name == string(kind) {
				text.WriteString("  # " + client.Title + "\n  " + client.Text + "\n")
			}
		}
	}
	return text.String()
}

// kinds lists what can be asked for.
func kinds(conjunction string) string {
	var names []string
	for _, t := range trustGuides() {
		names = append(names, string(t.kind))
	}
	return strings.Join(names, ", ") + " " + conjunction + " " + string(allKinds)
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
	return usagef("must be %s, got %q", kinds("or"), string(k))
}

// write prints the guides of the kind.
func (k clientKind) write(out io.Writer, ca caDetails) {
	if ca.fetch != "" {
		printf(out, "The certificate:\n\n  %s\n\n", ca.fetch)
	}
	for _, t := range k.guides(ca) {
		printf(out, "%s:%s\n", t.title, t.text)
	}
}

// describedCA is a CA and how clients are made to trust it, as JSON.
type describedCA struct {
	Certificate string            `json:"certificate"`
	File        string            `json:"file,omitempty"`
	Trust       map[string]string `json:"trust,omitempty"`
}

// describe returns the CA with the guides of the kind.
func (k clientKind) describe(ca caDetails) describedCA {
	described := describedCA{Certificate: string(ca.certificate), Trust: map[string]string{}}
	if ca.fetch == "" {
		described.File = ca.file
	}
	for _, t := range k.guides(ca) {
		described.Trust[string(t.kind)] = strings.TrimPrefix(t.text, "\n")
	}
	return described
}

// guides are those of the kind, with everything filled in.
func (k clientKind) guides(ca caDetails) []trustGuide {
	colon := strings.LastIndexByte(ca.tls, ':') // an address of IPv6 keeps its brackets
	profiles := gateways.Profiles()
	first, last := profiles[0].Hosts()[0], profiles[len(profiles)-1].Hosts()[0]
	fill := strings.NewReplacer("{file}", shellescape.Quote(ca.file),
		"{tls}", ca.tls, "{host}", ca.tls[:colon], "{port}", ca.tls[colon+1:],
		"{first}", first.Names[0], "{last}", last.Names[0])
	var chosen []trustGuide
	for _, t := range trustGuides() {
		if k == t.kind || k == allKinds {
			t.text = fill.Replace(t.text + habitsOf(t.kind))
			chosen = append(chosen, t)
		}
	}
	return chosen
}
