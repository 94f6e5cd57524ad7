package cli

import (
	"context"
	"net/url"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// caCommand prints the certificate of the CA, or how to make clients trust it.
type caCommand struct {
	jsonFlag
	Trust    clientKind `placeholder:"WHO" help:"How to make these trust it: ${kinds}."`
	Control  controlURL `placeholder:"URL" group:"remote" help:"Ask this control plane, not the state folder."`
	Token    string     `name:"control-token" placeholder:"T" group:"remote" help:"Its token, if it needs one."`
	StateDir stateDir   `placeholder:"DIR" group:"remote" help:"Where the CA is kept. Default: ~/.local/state/tokenstage."`
}

// Help gives the examples.
func (caCommand) Help() string {
	return examples(
		"tokenstage ca > ca.pem", "the CA that this machine keeps; it is created if there is none",
		"tokenstage ca --control http://127.0.0.1:4011 > ca.pem", "the CA of a running emulator, such as one in a container",
		"tokenstage ca --trust node", "what to set for Node",
		"tokenstage ca --trust hosts", "lines for /etc/hosts, so that apps keep their endpoints",
	)
}

// caDetails are what the texts about a CA name.
type caDetails struct {
	certificate []byte
	file        string // that holds the certificate
	fetch       string // command that downloads the file, empty if it exists already
	tls         string // address of the emulator over HTTPS, as host:port
}

const (
	// savedAs is the name of the file into which the texts save the CA of a running emulator.
	savedAs = "ca.pem"
	// assumedTLSAddr is the address in the texts when no running emulator was asked.
	assumedTLSAddr = "127.0.0.1:4443"
)

// Run prints only the certificate on standard output, so that it can be redirected, and hints on standard error.
func (c *caCommand) Run(ctx context.Context, env Env) error {
	load := c.fromStateDir
	if c.Control != "" {
		load = c.fromEmulator
	}
	ca, err := load(ctx, env)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		return writeJSON(env.Stdout, c.Trust.describe(ca))
	case c.Trust != "":
		c.Trust.write(env.Stdout, ca)
		return nil
	}
	printf(env.Stdout, "%s", ca.certificate)
	if ca.fetch == "" {
		printf(env.Stderr, "The file is %s.\n", ca.file)
	}
	printf(env.Stderr, "To make clients trust it: %s ca --trust WHO, which is %s\n", env.Command, kinds("or"))
	return nil
}

// fromEmulator asks a running emulator for its CA, which may be the one in the state folder.
func (c *caCommand) fromEmulator(ctx context.Context, env Env) (caDetails, error) {
	asked := controlFlags{Control: c.Control, Token: c.Token}
	certificate, err := asked.client().CA(ctx)
	if err != nil {
		return caDetails{}, asked.failure(err, "serve --help")
	}
	box, err := asked.client().Sandbox(ctx, sandbox.Default)
	if err != nil {
		return caDetails{}, asked.failure(err, "sandbox list")
	}
	ca := caDetails{certificate: certificate, file: c.StateDir.certFileOf(env, certificate), tls: assumedTLSAddr}
	if base, err := url.Parse(box.Endpoints.TLS); err == nil && base.Port() != "" {
		ca.tls = base.Host
	}
	if ca.file == "" {
		ca.file, ca.fetch = savedAs, "tokenstage ca --control "+asked.client().URL()+" > "+savedAs
	}
	return ca, nil
}

// fromStateDir reads the CA of the state folder, and creates it if there is none.
func (c *caCommand) fromStateDir(_ context.Context, env Env) (caDetails, error) {
	folder := c.StateDir.path(env)
	if folder == "" {
		return caDetails{}, usagef("there is no state folder on this machine: name one with --state-dir, " +
			"or a running emulator with --control")
	}
	ca, err := authority.Keep(folder, time.Now(), gateways.CAHosts())
	if err != nil {
		return caDetails{}, err
	}
	return caDetails{certificate: ca.PEM(), file: authority.CertFile(folder), tls: assumedTLSAddr}, nil
}
