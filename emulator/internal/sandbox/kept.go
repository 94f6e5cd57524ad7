package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// rootSpace holds what is kept of all sandboxes together; its name cannot be that of a sandbox's space.
const rootSpace = "/sandboxes"

// The keys of the root space.
const (
	sandboxPrefix = "sandbox/" // and an id: kept
	ownerPrefix   = "owner/"   // and a credential: the id of its sandbox
	tagPrefix     = "tag/"     // and the tag of a credential: the same
	usedPrefix    = "used/"    // and the id of a sandbox with a ttl: until when it counts as used
	createdKey    = "created"  // how many were ever created
	countKey      = "count"    // how many there are
)

// kept is a sandbox as the root space keeps it.
type kept struct {
	// Definition is JSON, as the control API shows it.
	Definition []byte `cbor:"1,keyasint"`
	// Space is the name of its space.
	Space string `cbor:"2,keyasint"`
}

// spaceName is the name of a sandbox's space: one that is created anew under the id of another has nothing of it.
func spaceName(id string, number int64) string { return id + "#" + strconv.FormatInt(number, 10) }

func sandboxKey(id string) string { return sandboxPrefix + id }

func usedKey(id string) string { return usedPrefix + id }

func tagKey(tag token.Tag) string { return tagPrefix + hex.EncodeToString(tag[:]) }

func ownerKey(c wire.Credential) string {
	c = digest(c)
	return ownerPrefix + string(c.Kind) + "/" + c.ID
}

// digest is what a credential is found by. A bearer token is a secret, so it is looked up by its hash: how long a look
// into a map takes can tell how much of a key is alike.
func digest(c wire.Credential) wire.Credential {
	c.Secret = false // it says how to show the id, not whose it is
	if c.Kind == wire.Bearer {
		sum := sha256.Sum256([]byte(c.ID))
		c.ID = hex.EncodeToString(sum[:])
	}
	return c
}

// names are the ids under which requests name these credentials.
func (c Credentials) names() []wire.Credential {
	var names []wire.Credential
	for _, a := range c.ACS {
		if a.AccessKeyID != "" {
			names = append(names, wire.Credential{Kind: wire.AccessKey, ID: a.AccessKeyID})
		}
		if a.BearerToken != "" {
			names = append(names, wire.Credential{Kind: wire.Bearer, ID: a.BearerToken})
		}
	}
	for _, a := range c.Top {
		names = append(names, wire.Credential{Kind: wire.TopApp, ID: a.AppKey})
	}
	for _, a := range c.Fabric {
		names = append(names, wire.Credential{Kind: wire.FabricApp, ID: a.AppKey})
	}
	return names
}

func (c Credentials) secrets(f Fixtures) []string {
	var all []string
	for _, a := range c.ACS {
		all = append(all, a.AccessKeySecret, a.BearerToken)
	}
	for _, a := range slices.Concat(c.Top, c.Fabric) {
		all = append(all, a.AppSecret)
	}
	for _, w := range f.Warrants {
		all = append(all, w.AppSecret)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}
