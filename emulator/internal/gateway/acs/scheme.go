package acs

import (
	"encoding/json"
	"errors"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Scheme is how the credentials of acs are written. It implements sandbox.Scheme.
type Scheme struct{}

// credential is a key pair, a key pair with a security token that every signed call must then carry, a bearer token, or
// a key pair and a bearer token.
type credential struct {
	AccessKeyID     string `json:"accessKeyId,omitempty"`
	AccessKeySecret string `json:"accessKeySecret,omitempty"`
	SecurityToken   string `json:"securityToken,omitempty"`
	BearerToken     string `json:"bearerToken,omitempty"`
	// Disabled keys are known and refused.
	Disabled bool `json:"disabled,omitempty"`
}

// Name is "acs".
func (Scheme) Name() string { return Name }

// Parse reads and checks one credential. One with a key pair and a bearer token holds two keys.
func (Scheme) Parse(raw json.RawMessage) ([]sandbox.ListedKey, error) {
	var c credential
	if err := gateway.ReadCredential(raw, &c); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	var keys []sandbox.ListedKey
	if c.AccessKeyID != "" {
		keys = append(keys, sandbox.ListedKey{
			Key: sandbox.Key{
				ID: c.AccessKeyID, Secret: c.AccessKeySecret, SecurityToken: c.SecurityToken, Disabled: c.Disabled,
			},
			Names: wire.Credential{Kind: wire.AccessKey, ID: c.AccessKeyID}, Secrets: []string{c.AccessKeySecret},
		})
	}
	if c.BearerToken != "" {
		keys = append(keys, sandbox.ListedKey{
			Key:     sandbox.Key{ID: c.AccessKeyID, Disabled: c.Disabled},
			Names:   wire.Credential{Kind: wire.Bearer, ID: c.BearerToken, Secret: true},
			Secrets: []string{c.BearerToken},
		})
	}
	return keys, nil
}

func (c credential) check() error {
	for _, secret := range []string{c.AccessKeySecret, c.BearerToken} {
		if err := sandbox.CheckSizes(secret, c.AccessKeyID, c.SecurityToken); err != nil {
			return err
		}
	}
	switch {
	case (c.AccessKeyID == "") != (c.AccessKeySecret == ""):
		return errors.New("needs accessKeyId and accessKeySecret together")
	case c.AccessKeyID == "" && c.BearerToken == "":
		return errors.New("needs a key pair (accessKeyId, accessKeySecret), a bearerToken, or both")
	case c.AccessKeyID == "" && c.SecurityToken != "":
		return errors.New("securityToken belongs to a key pair")
	}
	return nil
}

// Draw makes a key pair. Real AccessKey IDs of this length begin with LTAI; ours say what they are.
func (Scheme) Draw(draw func(n int, alphabet string) string, _ func() string) json.RawMessage {
	id := "LTAIfake" + draw(16, random.Base62)
	return gateway.WriteCredential(credential{AccessKeyID: id, AccessKeySecret: draw(30, random.Base62)})
}
