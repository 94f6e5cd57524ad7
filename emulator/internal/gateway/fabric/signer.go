package fabric

import (
	"errors"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// The members of a body that ask for an AccessToken (page "System configuration interface, authentication").
const (
	appKeyMember    = "app_key"
	appSecretMember = "app_secret"
)

// Sign names the app of a key in a copy of a request. A call that asks for an AccessToken has key and secret in its
// body. Any other has the key in a header, and carries the key's security token as its AccessToken; without one it
// keeps the AccessToken that it has. Nothing is signed, so time and nonce play no part.
func (Profile) Sign(req *wire.Request, key sandbox.Key, _ time.Time, _ string) (*wire.Request, error) {
	if key.ID == "" {
		return nil, errors.New("a call needs an app key")
	}
	signed := gateway.CopyRequest(req)
	if members, ok := membersOf(req.Body); ok && members[appSecretMember] != nil {
		members[appKeyMember], members[appSecretMember] = key.ID, key.Secret
		gateway.SetBody(signed, gateway.AppendJSON(nil, members))
		return signed, nil
	}
	signed.Header.Set(appHeader, key.ID)
	if key.SecurityToken != "" {
		signed.Header.Set(authHeader, scheme+key.SecurityToken)
	}
	return signed, nil
}

// membersOf are the members of a body that is a JSON object.
func membersOf(body []byte) (map[string]any, bool) {
	value, err := contract.DecodeJSON(body)
	if err != nil {
		return nil, false
	}
	members, ok := value.(map[string]any)
	return members, ok
}
