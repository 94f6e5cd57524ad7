package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// rootSpace holds what is kept of all sandboxes together; its name cannot be that of a sandbox's space.
const rootSpace = "/sandboxes"

// The keys of the root space.
const (
	sandboxPrefix = "sandbox/" // and an id: kept
	listedPrefix  = "listed/"  // and the name of a sandbox's space: nothing, it is for lists
	ownerPrefix   = "owner/"   // and a credential: the id of its sandbox
	tagPrefix     = "tag/"     // and the tag of a credential: the same
	usedPrefix    = "used/"    // and the name of the space of a sandbox with a ttl: until when it counts as used
	halfPrefix    = "half/"    // and the name of a space and a Unix second: one that is being made, or removed, since then
	createdKey    = "created"  // how many were ever created
	countKey      = "count"    // how many there are
)

// kept is a sandbox as the root space keeps it.
type kept struct {
	Definition Definition `cbor:"1,keyasint"`
	// Space is the name of its space.
	Space string `cbor:"2,keyasint"`
}

// spaceName is the name of a sandbox's space: one that is created anew under the id of another has nothing of it.
func spaceName(id string, number int64) string { return id + "#" + strconv.FormatInt(number, 10) }

// idOf is the id of the sandbox that has the space of that name.
func idOf(spaceName string) string {
	id, _, _ := strings.Cut(spaceName, "#")
	return id
}

// halfKey is that of a space that is half made or half removed.
func halfKey(spaceName string, since time.Time) string {
	return halfPrefix + spaceName + "/" + strconv.FormatInt(since.Unix(), 10)
}

// halfOf is the space of such a key, and since when it is.
func halfOf(key string) (spaceName string, since time.Time) {
	spaceName, text, _ := strings.Cut(strings.TrimPrefix(key, halfPrefix), "/")
	second, _ := strconv.ParseInt(text, 10, 64)
	return spaceName, time.Unix(second, 0)
}

func listedKey(spaceName string) string { return listedPrefix + spaceName }

func sandboxKey(id string) string { return sandboxPrefix + id }

func usedKey(spaceName string) string { return usedPrefix + spaceName }

func tagKey(tag token.Tag) string { return tagPrefix + hex.EncodeToString(tag[:]) }

func ownerKey(c wire.Credential) string {
	c = digest(c)
	return ownerPrefix + string(c.Kind) + "/" + c.ID
}

// digest is what a credential is found by. An id that is a secret is looked up by its hash: how long a look into a map
// takes can tell how much of a key is alike.
func digest(c wire.Credential) wire.Credential {
	if c.Secret {
		sum := sha256.Sum256([]byte(c.ID))
		c.ID = hex.EncodeToString(sum[:])
	}
	return c
}

// names are the ids under which requests name the credentials.
func (b *Sandbox) names() []wire.Credential {
	names := make([]wire.Credential, len(b.keys))
	for i, key := range b.keys {
		names[i] = key.Names
	}
	return names
}

// CredentialIDs are the ids of the credentials as the journal names them, without those that are secrets themselves.
func (b *Sandbox) CredentialIDs() []string {
	var ids []string
	for _, name := range b.names() {
		if !name.Secret {
			ids = append(ids, name.ID)
		}
	}
	return ids
}

// FirstCredentials name the first credential of each gateway that has an id which may be shown, as in "acs LTAI…".
func (b *Sandbox) FirstCredentials() []string {
	var all []string
	seen := map[wire.CredentialKind]bool{}
	for _, name := range b.names() {
		if name.Secret || seen[name.Kind] {
			continue
		}
		seen[name.Kind] = true
		all = append(all, string(name.Kind)+" "+name.ID)
	}
	return all
}

// IssuedCredential reports whether the id is that of a temporary key that a credential of the sandbox was issued.
func (b *Sandbox) IssuedCredential(id string) bool {
	tag, temporary := token.TagOf(id)
	return temporary && slices.ContainsFunc(b.keys, func(key ListedKey) bool { return token.TagFor(key.Names) == tag })
}

// secrets are the texts that nobody may see.
func (b *Sandbox) secrets() []string {
	var all []string
	for _, key := range b.keys {
		all = append(all, key.Secrets...)
	}
	for _, w := range b.Fixtures.Warrants {
		all = append(all, w.AppSecret)
	}
	if b.Fixtures.Push != nil {
		all = append(all, b.Fixtures.Push.Key)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}
