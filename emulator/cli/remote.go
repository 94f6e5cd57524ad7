package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// defaultControl is the URL of the control plane at its default address.
const defaultControl = "http://127.0.0.1:4011"

// remoteGroup is the key of the group of these flags in the help.
const remoteGroup = "remote"

// controlFlags are the flags of the commands that talk to a running emulator.
type controlFlags struct {
	Control controlURL `default:"${control}" placeholder:"URL" group:"remote" help:"Control plane of the emulator."`
	Token   string     `name:"control-token" placeholder:"T" group:"remote" help:"Its token, if it needs one."`
}

func (f controlFlags) client() *client.Client {
	if f.Token == "" {
		return client.New(string(f.Control))
	}
	return client.New(string(f.Control), client.WithToken(f.Token))
}

// failure explains in one line why a call failed and what to do next; nil stays nil. show is the command that lists the
// known names when one was not found.
func (f controlFlags) failure(err error, show string) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*client.Problem](err); ok {
		return f.refusal(p, show)
	}
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted")
	}
	if unknown, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("the host of the control plane %s is not known (%s: %s): name another one with --control",
			f.Control, unknown.Name, unknown.Err)
	}
	if isUnreached(err) {
		return fmt.Errorf("no control plane at %s: start one with: tokenstage serve", f.Control)
	}
	return err
}

func (f controlFlags) refusal(p *client.Problem, show string) error {
	switch {
	case p.Type == "":
		return fmt.Errorf("%s is not a control plane (it answers with status %d): name one with --control",
			f.Control, p.Status)
	case p.Status == http.StatusNotFound:
		return fmt.Errorf("%s see: tokenstage %s", sentence(p.Detail), show)
	}
	return errors.New(p.Detail)
}

// unknownName refuses a name with the nearest one of those that are known.
func unknownName(what, name string, known []string) error {
	if near := nearest.Name(name, known); near != "" {
		return usagef("no %s %q, did you mean %q?", what, name, near)
	}
	return usagef("no %s %q; see: tokenstage apis", what, name)
}

// sentence ends a text with punctuation so that another can follow.
func sentence(text string) string {
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + ";"
}

// controlFlag returns the flag that commands need to reach a control plane, and nothing for the default one.
func controlFlag(url string) string {
	if url == defaultControl {
		return ""
	}
	return " --control " + url
}

// sandboxFlags are the flags of the commands about one sandbox.
type sandboxFlags struct {
	controlFlags
	Sandbox string `default:"default" placeholder:"ID" group:"remote" help:"Sandbox to use."`
}

// chosen returns the flag that chooses this sandbox, and nothing for the default one.
func (f sandboxFlags) chosen() string {
	if f.Sandbox == sandbox.Default {
		return ""
	}
	return "--sandbox " + f.Sandbox
}

// controlURL is a flag with the base URL of a control plane; the scheme may be left out.
type controlURL string

// Validate refuses what is not a URL of HTTP.
func (u controlURL) Validate() error {
	text := string(u)
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return fmt.Errorf("must be a URL such as %s, got %q", defaultControl, string(u))
	}
	return nil
}
