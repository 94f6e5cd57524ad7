package cli

import (
	"errors"
	"log/slog"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
)

// tlsFlags are the flags of serve about HTTPS.
type tlsFlags struct {
	TLSAddr   address  `name:"tls-addr" placeholder:"ADDR" help:"Address of the APIs over HTTPS. Default: off."`
	TLSCACert string   `name:"tls-ca-cert" placeholder:"FILE" help:"Certificate (PEM) of a CA of your own."`
	TLSCAKey  string   `name:"tls-ca-key" placeholder:"FILE" help:"Private key of that CA."`
	StateDir  stateDir `placeholder:"DIR" help:"Where the built-in CA is kept. Default: ~/.local/state/tokenstage."`
}

// chooseCA returns the given CA, or else that of the state folder, and none if neither HTTPS nor the broker needs one.
// If no folder was given and the default one cannot be written, as in the image, it returns a new CA that lives as long
// as the process.
func (f tlsFlags) chooseCA(env Env, log *slog.Logger, broker bool) (*authority.CA, error) {
	off := f.TLSAddr == "" && !broker
	switch {
	case off && (f.TLSCACert != "" || f.TLSCAKey != ""):
		return nil, usagef("--tls-ca-cert and --tls-ca-key have no effect without --tls-addr or --mqtts-addr")
	case off:
		return nil, nil //nolint:nilnil // without TLS there is no CA
	case (f.TLSCACert == "") != (f.TLSCAKey == ""):
		return nil, usagef("--tls-ca-cert and --tls-ca-key belong together: give both or neither")
	case f.TLSCACert != "":
		return f.givenCA()
	}
	folder := f.StateDir.path(env)
	if folder == "" {
		log.Warn("the CA is new and kept nowhere, since there is no state folder: name one with --state-dir")
		return authority.NewCA(time.Now(), gateways.CAHosts())
	}
	ca, err := authority.Keep(folder, time.Now(), gateways.CAHosts())
	if f.StateDir == "" && errors.Is(err, authority.ErrNotKept) {
		log.Warn("the CA is new and kept nowhere: name a writable folder with --state-dir", "reason", err)
		return ca, nil
	}
	return ca, err
}

func (f tlsFlags) givenCA() (*authority.CA, error) {
	certificate, err := readFile(f.TLSCACert)
	if err != nil {
		return nil, usagef("--tls-ca-cert: %v", err)
	}
	key, err := readFile(f.TLSCAKey)
	if err != nil {
		return nil, usagef("--tls-ca-key: %v", err)
	}
	ca, err := authority.ParseCA(certificate, key, time.Now())
	if err != nil {
		return nil, usagef("--tls-ca-cert %s, --tls-ca-key %s: %v", f.TLSCACert, f.TLSCAKey, err)
	}
	return ca, nil
}
