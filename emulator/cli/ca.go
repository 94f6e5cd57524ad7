package cli

import (
	"context"
	"time"

	"github.com/tokenstage/tokenstage/emulator/authority"
)

// caCommand prints the certificate of the CA, or how clients come to trust it.
type caCommand struct {
	Trust    trustee    `placeholder:"WHO" help:"Tell how these trust it: go, node, java, python, curl, hosts or all."`
	Control  controlURL `placeholder:"URL" group:"remote" help:"Ask this control plane, not the state folder."`
	Token    string     `name:"control-token" placeholder:"T" group:"remote" help:"Its token, where it needs one."`
	StateDir stateDir   `placeholder:"DIR" group:"remote" help:"Where the CA is kept. Default: ~/.local/state/tokenstage."`
}

// Help gives the examples.
func (caCommand) Help() string {
	return examples(
		"tokenstage ca > ca.pem", "the CA that this machine keeps, made when there is none",
		"tokenstage ca --control http://127.0.0.1:4011 > ca.pem", "that of a running emulator, such as one in a container",
		"tokenstage ca --trust node", "what to set for Node",
		"tokenstage ca --trust hosts", "lines for /etc/hosts, so that apps keep their endpoints",
	)
}

// savedAs is what the texts call the file of a CA that came from a running emulator.
const savedAs = "ca.pem"

// Run prints the certificate alone on standard output, so that it can be redirected; the rest is for people.
func (c *caCommand) Run(ctx context.Context, world World) error {
	certificate, file, err := c.find(ctx, world)
	if err != nil {
		return err
	}
	if c.Trust != "" {
		c.Trust.write(world.Stdout, file)
		return nil
	}
	say(world.Stdout, "%s", certificate)
	if file != savedAs {
		say(world.Stderr, "The file is %s.\n", file)
	}
	say(world.Stderr, "How clients come to trust it: tokenstage ca --trust all (or go, node, java, python, curl, hosts)\n")
	return nil
}

// find returns the certificate and the file that holds it.
func (c *caCommand) find(ctx context.Context, world World) (certificate []byte, file string, err error) {
	if c.Control != "" {
		running := remote{Control: c.Control, Token: c.Token}
		certificate, err = running.client().CA(ctx)
		return certificate, savedAs, running.failure(err, "serve --help")
	}
	folder := c.StateDir.find(world)
	if folder == "" {
		return nil, "", usagef("there is no state folder on this machine: name one with --state-dir, " +
			"or a running emulator with --control")
	}
	ca, err := authority.Keep(folder, time.Now())
	if err != nil {
		return nil, "", err
	}
	return ca.PEM(), authority.CertFile(folder), nil
}
