package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Credentials are the credentials of a sandbox by the name of their gateway, each as JSON that the gateway's Scheme
// reads.
type Credentials map[string][]json.RawMessage

// Scheme says how the credentials of one gateway are written, checked, drawn and found.
type Scheme interface {
	// Name is the gateway's name, under which a definition lists its credentials.
	Name() string
	// Parse reads and checks one credential as JSON, strictly; the error says what is wrong. A credential can hold more
	// than one key.
	Parse(raw json.RawMessage) ([]ListedKey, error)
	// Draw makes the credential of a sandbox that lists none, from its chance.
	Draw(draw func(n int, alphabet string) string, uuid func() string) json.RawMessage
}

// ListedKey is one key of a credential in a definition.
type ListedKey struct {
	Key
	// Names is what requests name it by.
	Names wire.Credential
	// Secrets are its texts that nobody may see.
	Secrets []string
}

// schemes are those of all gateways, in the order in which they are drawn and checked.
type schemes []Scheme

// read reads and checks the credentials of a definition: the keys of each gateway, by its name.
func (s schemes) read(c Credentials) (map[string][]ListedKey, error) {
	all := make(map[string][]ListedKey, len(s))
	for _, scheme := range s {
		for i, raw := range c[scheme.Name()] {
			keys, err := readKeys(scheme, raw)
			if err != nil {
				return nil, &InvalidError{fmt.Sprintf("credentials.%s[%d]", scheme.Name(), i), err.Error()}
			}
			all[scheme.Name()] = append(all[scheme.Name()], keys...)
		}
	}
	return all, nil
}

// readKeys reads one credential, and holds its keys to their sizes whatever the scheme does.
func readKeys(scheme Scheme, raw json.RawMessage) ([]ListedKey, error) {
	keys, err := scheme.Parse(raw)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		for _, secret := range key.Secrets {
			if err := CheckSizes(secret, key.ID, key.Names.ID, key.SecurityToken); err != nil {
				return nil, err
			}
		}
	}
	return keys, nil
}

// checkNames refuses credentials of a gateway that has no scheme.
func (s schemes) checkNames(c Credentials) error {
	names := make([]string, len(s))
	for i, scheme := range s {
		names[i] = scheme.Name()
	}
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if !slices.Contains(names, name) {
			return &InvalidError{
				"credentials." + name, nearest.Ask(
					"no gateway of that name has credentials, "+enumerate(names)+" have", nearest.Name(name, names)),
			}
		}
	}
	return nil
}

// enumerate lists names as in a sentence.
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

const (
	// minSecret is the shortest secret: shorter ones could not be kept out of the journal without hiding everything.
	minSecret = 4
	// maxText bounds each text of a credential: a server holds many, and every secret in several spellings.
	maxText = 8 << 10
)

// CheckSizes holds a secret, which may be empty, and the texts beside it to their lengths.
func CheckSizes(secret string, others ...string) error {
	if secret != "" && len(secret) < minSecret {
		return fmt.Errorf("secrets have at least %d characters", minSecret)
	}
	if slices.ContainsFunc(append(others, secret), func(text string) bool { return len(text) > maxText }) {
		return fmt.Errorf("no key, secret or token has more than %d bytes", maxText)
	}
	return nil
}
