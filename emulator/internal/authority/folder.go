package authority

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
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
	ca, err := load(folder, now, hosts)
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
	if first, err := load(folder, now, hosts); err == nil {
		return first, nil
	}
	return ca, fmt.Errorf("%w in %s: %w", ErrNotKept, stateDir, unsaved)
}

// load reads a CA that an emulator of this user made for these hosts, or for fewer of them. Clients trust it, so one
// whose key others may have, or that somebody planted with more power, is refused.
func load(folder string, now time.Time, hosts []string) (*CA, error) {
	certificate, err := readOwn(filepath.Join(folder, certFile), anyReads)
	if err != nil {
		return nil, err
	}
	key, err := readOwn(filepath.Join(folder, keyFile), ownerReads)
	if err != nil {
		return nil, err
	}
	ca, err := ParseCA(certificate, key, now)
	if err == nil {
		err = checkConstraints(ca.certificate, hosts)
	}
	if err != nil {
		return nil, fmt.Errorf("the CA in %s: %w; remove the folder for a new one", folder, err)
	}
	return ca, nil
}

// What others may do with a file, as bits of its mode.
const (
	anyReads   fs.FileMode = 0o022 // must not be set: nobody else may write it
	ownerReads fs.FileMode = 0o077 // nobody else may read it either
)

// readOwn reads a regular file for which none of the bits is set.
func readOwn(file string, forbidden fs.FileMode) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file; remove the folder %s for a new CA", file, filepath.Dir(file))
	}
	// Windows keeps no such bits.
	if open := info.Mode().Perm() & forbidden; open != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s has mode %#o, so that others can get at the CA that clients here trust: "+
			"remove the folder %s for a new one", file, info.Mode().Perm(), filepath.Dir(file))
	}
	return os.ReadFile(file)
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
