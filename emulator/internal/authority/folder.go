package authority

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Names below the state folder.
const (
	caFolder = "ca"
	certFile = "ca.pem"
	keyFile  = "ca-key.pem"
)

// ErrNotKept says that a CA could not be written down. It is good for as long as the process lives.
var ErrNotKept = errors.New("the CA cannot be kept")

// CertFile is where the certificate of the CA stands in a state folder.
func CertFile(stateDir string) string { return filepath.Join(stateDir, caFolder, certFile) }

// Keep returns the CA of a state folder, and makes one for these hosts where none can be read. Beside an ErrNotKept it
// returns a CA too.
func Keep(stateDir string, now time.Time, hosts []string) (*CA, error) {
	folder := filepath.Join(stateDir, caFolder)
	ca, err := load(folder, now)
	if _, unread := errors.AsType[*fs.PathError](err); !unread {
		return ca, err
	}
	if ca, err = NewCA(now, hosts); err != nil {
		return nil, err
	}
	unsaved := ca.save(stateDir, folder)
	if unsaved == nil {
		return ca, nil
	}
	// Another process may have been quicker: its CA is then everybody's.
	if first, err := load(folder, now); err == nil {
		return first, nil
	}
	return ca, fmt.Errorf("%w in %s: %w", ErrNotKept, stateDir, unsaved)
}

func load(folder string, now time.Time) (*CA, error) {
	certificate, err := os.ReadFile(filepath.Join(folder, certFile))
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(folder, keyFile))
	if err != nil {
		return nil, err
	}
	ca, err := ParseCA(certificate, key, now)
	if err != nil {
		return nil, fmt.Errorf("the CA in %s: %w; remove the folder for a new one", folder, err)
	}
	return ca, nil
}

// save writes both files into a folder of their own and gives it its name last, which is one step: nobody sees half a
// CA, and of two processes that start together one fails here and takes the other's.
func (ca *CA) save(stateDir, folder string) error {
	key, err := x509.MarshalPKCS8PrivateKey(ca.key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return err
	}
	draft, err := os.MkdirTemp(stateDir, caFolder+"-*") // of mode 0700
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(draft) }()
	if err := os.WriteFile(filepath.Join(draft, certFile), ca.PEM(), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(draft, keyFile), encode(privateKeyBlock, key), 0o600); err != nil {
		return err
	}
	return os.Rename(draft, folder)
}
