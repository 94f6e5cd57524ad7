package sandbox

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Sandbox is one isolated world. What it was defined from never changes; everything else is in its space.
type Sandbox struct {
	Definition

	space   store.Space
	realNow func() time.Time
	key     [32]byte     // from the seed; seals tokens and derives secrets
	aead    cipher.AEAD  // over key
	macs    sync.Pool    // of HMACs with key, which take longer to make than to use
	access  cipher.Block // hides the claims of access tokens
	quotas  map[string]contract.Rate
	idle    idle
	removed atomic.Bool // set by the registry
}

func newSandbox(def Definition, space store.Space, realNow func() time.Time) (*Sandbox, error) {
	key := sealingKey(def.Seed)
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	box := &Sandbox{
		Definition: def, space: space, realNow: realNow, key: key, aead: aead, quotas: map[string]contract.Rate{},
	}
	if box.access, err = aes.NewCipher(box.mac("access token", nil)); err != nil {
		return nil, err
	}
	if box.idle.ttl, err = parseTTL(def.TTL); err != nil {
		return nil, err
	}
	box.idle.touched.Store(realNow().UnixNano())
	for name, text := range def.Quotas {
		if box.quotas[name], err = parseQuota(text); err != nil {
			return nil, &InvalidError{"quotas." + name, err.Error()}
		}
	}
	return box, nil
}

// Space is where the sandbox keeps its state.
func (b *Sandbox) Space() store.Space { return b.space }

// Reset puts state, clock and journal back to the start; credentials stay.
func (b *Sandbox) Reset(ctx context.Context) error {
	calls, err := b.calls(ctx)
	if err != nil {
		return err
	}
	before, err := b.space.Increment(ctx, callsBeforeKey, 0, time.Time{})
	if err != nil {
		return err
	}
	if err := b.space.Clear(ctx); err != nil {
		return err
	}
	if err := b.startClock(ctx); err != nil {
		return err
	}
	_, err = b.space.Increment(ctx, callsBeforeKey, max(before, int64(calls)), time.Time{})
	return err
}

// Key is a credential by which requests are signed.
type Key struct {
	ID     string
	Secret string
	// SecurityToken must come with every signed call when it is not empty.
	SecurityToken string
	Disabled      bool
	// Temporary keys were issued by the sandbox; Expires is theirs.
	Temporary bool
	Expires   time.Time
}

// Key returns the key of that credential: one of the definition, or a temporary one that the sandbox issued.
func (b *Sandbox) Key(c wire.Credential) (Key, bool) {
	switch c.Kind {
	case wire.AccessKey:
		for _, a := range b.Credentials.ACS {
			if a.AccessKeyID == c.ID && c.ID != "" {
				return Key{a.AccessKeyID, a.AccessKeySecret, a.SecurityToken, a.Disabled, false, time.Time{}}, true
			}
		}
		return b.temporaryKey(c.ID)
	case wire.Bearer:
		for _, a := range b.Credentials.ACS {
			if same(a.BearerToken, c.ID) && c.ID != "" {
				return Key{ID: a.AccessKeyID, Disabled: a.Disabled}, true
			}
		}
	case wire.TopApp:
		return findApp(b.Credentials.Top, c.ID)
	case wire.FabricApp:
		return findApp(b.Credentials.Fabric, c.ID)
	}
	return Key{}, false
}

// same compares secrets in a time that does not tell how much of them is alike.
func same(secret, got string) bool {
	return subtle.ConstantTimeCompare([]byte(secret), []byte(got)) == 1
}

func findApp(apps []App, key string) (Key, bool) {
	for _, a := range apps {
		if a.AppKey == key {
			return Key{ID: a.AppKey, Secret: a.AppSecret}, true
		}
	}
	return Key{}, false
}

// HasSecurityToken reports whether any credential of the definition has this security token.
func (b *Sandbox) HasSecurityToken(token string) bool {
	for _, a := range b.Credentials.ACS {
		if token != "" && same(a.SecurityToken, token) {
			return true
		}
	}
	return false
}
