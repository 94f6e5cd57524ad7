package cli

import (
	"context"
	"net/url"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// caCommand prints the certificate of the CA, or how clients come to trust it.
type caCommand struct {
	Trust    clientKind `placeholder:"WHO" help:"Print how clients trust it: go, node, java, python, curl, hosts or all."`
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

// caDetails is a CA and what the texts say of it.
type caDetails struct {
	certificate []byte
	file        string // that holds it
	fetch       string // the command that makes the file, where it is not there yet
	tls         string // where the emulator is, as host:port
}

const (
	// savedAs is what the texts call the file of a CA that came from a running emulator.
	savedAs = "ca.pem"
	// likelyTLS is where the texts have an emulator that was not asked.
	likelyTLS = "127.0.0.1:4443"
)

// Run prints the certificate alone on standard output, so that it can be redirected; the rest is for people.
func (c *caCommand) Run(ctx context.Context, env Env) error {
	find := c.kept
	if c.Control != "" {
		find = c.running
	}
	ca, err := find(ctx, env)
	if err != nil {
		return err
	}
	if c.Trust != "" {
		c.Trust.write(env.Stdout, ca)
		return nil
	}
	printf(env.Stdout, "%s", ca.certificate)
	if ca.fetch == "" {
		printf(env.Stderr, "The file is %s.\n", ca.file)
	}
	printf(env.Stderr, "How clients trust it: tokenstage ca --trust all (or go, node, java, python, curl, hosts)\n")
	return nil
}

// running is the CA of a running emulator, which may be the one that is kept here.
func (c *caCommand) running(ctx context.Context, env Env) (caDetails, error) {
	asked := controlFlags{Control: c.Control, Token: c.Token}
	certificate, err := asked.client().CA(ctx)
	if err != nil {
		return caDetails{}, asked.failure(err, "serve --help")
	}
	box, err := asked.client().Sandbox(ctx, sandbox.Default)
	if err != nil {
		return caDetails{}, asked.failure(err, "sandbox list")
	}
	ca := caDetails{certificate: certificate, file: c.StateDir.certFileOf(env, certificate), tls: likelyTLS}
	if base, err := url.Parse(box.Endpoints.TLS); err == nil && base.Port() != "" {
		ca.tls = base.Host
	}
	if ca.file == "" {
		ca.file, ca.fetch = savedAs, "tokenstage ca --control "+asked.client().URL()+" > "+savedAs
	}
	return ca, nil
}

// kept is the CA of the state folder, made when there is none.
func (c *caCommand) kept(_ context.Context, env Env) (caDetails, error) {
	folder := c.StateDir.find(env)
	if folder == "" {
		return caDetails{}, usagef("there is no state folder on this machine: name one with --state-dir, " +
			"or a running emulator with --control")
	}
	ca, err := authority.Keep(folder, time.Now())
	if err != nil {
		return caDetails{}, err
	}
	return caDetails{certificate: ca.PEM(), file: authority.CertFile(folder), tls: likelyTLS}, nil
}
