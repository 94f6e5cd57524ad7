package cli

import (
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
)

// tlsFlags are the flags of serve about HTTPS.
type tlsFlags struct {
	TLSAddr   address  `name:"tls-addr" placeholder:"ADDR" help:"The APIs over HTTPS, at their real hosts. Default: off."`
	TLSCACert string   `name:"tls-ca-cert" placeholder:"FILE" help:"Certificate (PEM) of a CA to use instead of our own."`
	TLSCAKey  string   `name:"tls-ca-key" placeholder:"FILE" help:"Its key."`
	StateDir  stateDir `placeholder:"DIR" help:"Where our own CA is kept. Default: ~/.local/state/tokenstage."`
}

// chooseCA takes the given CA, else that of the state folder; none without an address for HTTPS. Where no folder was
// named and none can be written, as in the image, the CA lives as long as the process.
func (f tlsFlags) chooseCA(world World, log *slog.Logger) (*authority.CA, error) {
	switch {
	case f.TLSAddr == "" && (f.TLSCACert != "" || f.TLSCAKey != ""):
		return nil, usagef("--tls-ca-cert and --tls-ca-key have no effect without --tls-addr")
	case f.TLSAddr == "":
		return nil, nil //nolint:nilnil // without HTTPS there is no CA
	case (f.TLSCACert == "") != (f.TLSCAKey == ""):
		return nil, usagef("--tls-ca-cert and --tls-ca-key belong together: give both or none")
	case f.TLSCACert != "":
		return f.givenCA()
	}
	folder := f.StateDir.find(world)
	if folder == "" {
		log.Warn("the CA is new and kept nowhere, for want of a state folder: name one with --state-dir")
		return authority.NewCA(time.Now(), gateways.Hosts())
	}
	ca, err := authority.Keep(folder, time.Now(), gateways.Hosts())
	if f.StateDir == "" && errors.Is(err, authority.ErrNotKept) {
		log.Warn("the CA is new and kept nowhere: name a folder that can be written with --state-dir", "reason", err)
		return ca, nil
	}
	return ca, err
}

func (f tlsFlags) givenCA() (*authority.CA, error) {
	certificate, err := os.ReadFile(f.TLSCACert)
	if err != nil {
		return nil, usagef("--tls-ca-cert: %v", err)
	}
	key, err := os.ReadFile(f.TLSCAKey)
	if err != nil {
		return nil, usagef("--tls-ca-key: %v", err)
	}
	ca, err := authority.ParseCA(certificate, key, time.Now())
	if err != nil {
		return nil, usagef("--tls-ca-cert %s, --tls-ca-key %s: %v", f.TLSCACert, f.TLSCAKey, err)
	}
	return ca, nil
}
