package cli

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/authority"
)

// tlsFlags are the flags of serve about HTTPS.
type tlsFlags struct {
	TLSAddr   address  `name:"tls-addr" placeholder:"ADDR" help:"Address of the APIs over HTTPS. Default: off."`
	TLSCACert string   `name:"tls-ca-cert" placeholder:"FILE" help:"Certificate (PEM) of a CA of your own."`
	TLSCAKey  string   `name:"tls-ca-key" placeholder:"FILE" help:"Private key of that CA."`
	StateDir  stateDir `placeholder:"DIR" help:"Where the built-in CA is kept. Default: ~/.local/state/tokenstage."`
}

// tlsPlane is the data plane over HTTPS, the zero value if that is off.
type tlsPlane struct {
	server *emulator.Server
	ca     *authority.CA
}

func (f tlsFlags) open(
	ctx context.Context, env Env, handler http.Handler, log *slog.Logger, limits emulator.ServerLimits,
) (tlsPlane, error) {
	switch given := f.TLSCACert != "" || f.TLSCAKey != ""; {
	case f.TLSAddr == "" && given:
		return tlsPlane{}, usagef("--tls-ca-cert and --tls-ca-key have no effect without --tls-addr")
	case f.TLSAddr == "":
		return tlsPlane{}, nil
	}
	ca, err := f.chooseCA(env, log)
	if err != nil {
		return tlsPlane{}, err
	}
	issuer, err := authority.New(authority.Options{CA: ca, Now: time.Now, Log: log})
	if err != nil {
		return tlsPlane{}, err
	}
	server, err := emulator.ListenTLS(ctx, string(f.TLSAddr), handler, log, limits, issuer.TLSConfig())
	if err != nil {
		return tlsPlane{}, listenError("--tls-addr", f.TLSAddr, err)
	}
	log.Info("serving TLS", "address", server.Addr(), "ca", ca.Name())
	return tlsPlane{server: server, ca: ca}, nil
}

// chooseCA returns the given CA, or else that of the state folder. If no folder was given and the default one cannot be
// written, as in the image, it returns a new CA that lives as long as the process.
func (f tlsFlags) chooseCA(env Env, log *slog.Logger) (*authority.CA, error) {
	switch {
	case (f.TLSCACert == "") != (f.TLSCAKey == ""):
		return nil, usagef("--tls-ca-cert and --tls-ca-key belong together: give both or neither")
	case f.TLSCACert != "":
		return f.givenCA()
	}
	folder := f.StateDir.path(env)
	if folder == "" {
		log.Warn("the CA is new and kept nowhere, since there is no state folder: name one with --state-dir")
		return authority.NewCA(time.Now())
	}
	ca, err := authority.Keep(folder, time.Now())
	if f.StateDir == "" && errors.Is(err, authority.ErrNotKept) {
		log.Warn("the CA is new and kept nowhere: name a writable folder with --state-dir", "reason", err)
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

// addr returns the address at which this machine reaches the listener, empty if there is none.
func (p tlsPlane) addr() string {
	if p.server == nil {
		return ""
	}
	return reachable(p.server.Addr())
}

func (p tlsPlane) pem() []byte {
	if p.ca == nil {
		return nil
	}
	return p.ca.PEM()
}

// with adds the listener to servers that are stopped together.
func (p tlsPlane) with(servers ...*emulator.Server) []*emulator.Server {
	if p.server == nil {
		return servers
	}
	return append(servers, p.server)
}
